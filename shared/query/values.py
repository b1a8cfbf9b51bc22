"""What of a record's body is compared, listed and searched for words.

The search engine's documents and the predicate both read a body through these functions, so that
they cannot disagree about what a record has.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from shared.query.kinds import Body, Held, Kind, body_key, held, milliseconds

_ADDRESS: Final = re.compile(r"\s*(?:https?|ftp)://", re.IGNORECASE)


def compared(kind: Kind, value: Any, language: str | None = None) -> list[Any]:
    """A value of a body as what comparisons see: texts, numbers, booleans, milliseconds.

    Of a localized value those in one language, or in any; each value comes once. Nothing of a
    cleared one and of an empty list.
    """
    if kind is Kind.CLEARED:
        return []
    if kind.is_localized:
        chosen = value.values() if language is None else [value.get(language)]
        found = [each for each in chosen if each is not None]
        texts = [text for each in found for text in each] if kind.is_list else found
        return list(dict.fromkeys(texts))
    if kind.is_list:
        return list(dict.fromkeys(value))
    if kind is Kind.TIMESTAMP:
        return [milliseconds(value)]
    return [value]


def values_of(body: Body, property_: str, kind: Kind, language: str | None = None) -> list[Any]:
    """What a record has as a property of this kind, as `compared` gives it."""
    value = body.get(body_key(kind, property_))
    return [] if value is None else compared(kind, value, language)


def found_as(body: Body, property_: str) -> Held | None:
    """The property of a body, of whichever kind."""
    return next(
        (
            Held(property_, kind, body[key])
            for kind in Kind
            if kind is not Kind.ENGINE and (key := body_key(kind, property_)) in body
        ),
        None,
    )


def searched(body: Body, on: tuple[str, ...] = ()) -> Iterator[str]:
    """The texts whose words can be searched for: all but addresses; of some properties only."""
    for property_, kind, value in held(body):
        if kind.is_text and (not on or property_ in on):
            for text in compared(kind, value):
                if not _ADDRESS.match(text):
                    yield text
