"""Kinds of values, and how a record's body names them.

A body is JSON that describes itself: each key is the kind's letters, a dot and the property's id.

    {"s.brand": "Xerox", "n.price": 49.95, "i.pages": 23000, "b.touch": true,
     "t.released": "2009-12-10T00:00:00Z", "l.gtin": ["0095205", "0095206"],
     "m.name": {"en": "Printer", "sv": "Skrivare"}, "ml.tags": {"en": ["new"]}, "z.color": null}

A list of records is a list of bodies: `{"o.parts": [{"s.name": "Wheel", "i.count": 4}]}`. A value
may be a list of its kind's values: `{"i.sizes": [38, 39]}`. Keys of the engine say what a record is
(`g.type`); those whose value is a text, or a list of texts, can be asked for.

So a record can be stored, replayed and searched by whoever knows no schema, and changing what a
property holds is a change of data.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NamedTuple

Body = Mapping[str, Any]
MOST_KEYS: Final = 4096


class Kind(Enum):
    """What a value is. The value is the letters that a body writes before the property's id."""

    TEXT = "s"
    DECIMAL = "n"
    INTEGER = "i"
    BOOLEAN = "b"
    TIMESTAMP = "t"
    LIST = "l"
    LOCALIZED_TEXT = "m"
    LOCALIZED_LIST = "ml"
    RECORDS = "o"
    CLEARED = "z"
    ENGINE = "g"

    def __init__(self, letters: str) -> None:
        """What is asked of a kind for each value of each record is worked out once."""
        self.is_localized: bool = letters in ("m", "ml")
        """Whether a value is one for each language."""
        self.is_list: bool = letters in ("l", "ml")
        """Whether a value holds several texts."""
        self.is_text: bool = letters in ("s", "l", "m", "ml")
        """Whether what is compared is text."""
        self.is_number: bool = letters in ("n", "i")
        """Whether what is compared is a number."""


SEGMENTS: Final = "g.segments"
"""The engine's own list of the segments a record is in."""


class Held(NamedTuple):
    """One property of a body: its id, its kind, and the value as the body has it."""

    property: str
    kind: Kind
    value: Any


def body_key(kind: Kind, property_: str) -> str:
    """The key a body has a property under."""
    return f"{kind.value}.{property_}"


@lru_cache(maxsize=MOST_KEYS)
def parsed_key(key: str) -> tuple[Kind, str]:
    """The kind and the property of a body's key. Raises ValueError for any other text.

    Records of a collection have the same keys, so most were parsed before.
    """
    letters, dot, property_ = key.partition(".")
    if not dot:
        raise ValueError(f"no key of a body: {key!r}")
    return Kind(letters), property_


def held(body: Body) -> Iterator[Held]:
    """A body's properties, the engine's own left out."""
    for key, value in body.items():
        kind, property_ = parsed_key(key)
        if kind is not Kind.ENGINE:
            yield Held(property_, kind, value)


def folded(text: str) -> str:
    """The text as it is compared where case does not count.

    Letter by letter, as the search engine does it: a word's last sigma is a sigma like any other.
    """
    return text.lower() if text.isascii() else "".join(letter.lower() for letter in text)


def milliseconds(text: str) -> int:
    """A timestamp of a body as milliseconds since the epoch; finer parts are cut off."""
    return epoch_milliseconds(datetime.fromisoformat(text))


def epoch_milliseconds(at: datetime) -> int:
    """The same of a moment that has a time zone."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
