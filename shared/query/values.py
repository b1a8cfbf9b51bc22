"""What of a record's body is compared, listed and searched for words.

The search engine's documents and the predicate both read a body through these functions, so that
they cannot disagree about what a record has.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

from shared.query.kinds import (
    SEGMENTS,
    Body,
    Held,
    Kind,
    body_key,
    held,
    milliseconds,
    parsed_key,
)

_ADDRESS: Final = re.compile(r"\s*(?:https?|ftp)://", re.IGNORECASE)


def compared(kind: Kind, value: Any, language: str | None = None) -> list[Any]:
    """A value of a body as what comparisons see: texts, numbers, booleans, milliseconds.

    Of a localized value those in one language, or in any; each value comes once. Nothing of a
    cleared one and of an empty list.
    """
    if kind is Kind.CLEARED:
        return []
    is_one = not isinstance(value, list | dict)
    if is_one:
        return [milliseconds(value) if kind is Kind.TIMESTAMP else value]
    if kind.is_localized:
        chosen = value.values() if language is None else [value.get(language)]
        found = [each for each in chosen if each is not None]
        texts = [text for each in found for text in each] if kind.is_list else found
        return list(dict.fromkeys(texts))
    if kind is Kind.RECORDS:
        return list(value)
    several = map(milliseconds, value) if kind is Kind.TIMESTAMP else value
    return list(dict.fromkeys(several))


def values_of(body: Body, property_: str, kind: Kind, language: str | None = None) -> list[Any]:
    """What a record has as a property of this kind, as `compared` gives it."""
    return reading(property_, kind, language)(body)


def reading(property_: str, kind: Kind, language: str | None = None) -> Callable[[Body], list[Any]]:
    """What reads that from a record's body: for a property that many are asked for."""
    key, is_inside = body_key(kind, property_), "." in property_

    def read(body: Body) -> list[Any]:
        value = body.get(key)
        if value is None and is_inside:
            value = _inside(body, property_, kind)
        return [] if value is None else compared(kind, value, language)

    return read


def flat(body: Body) -> Iterator[Held]:
    """A body's properties, and those of the records in its lists: `parts.name`, all their values.

    Only what has one kind in all of a list's records is one property; else it is one for each.
    """
    for found in held(body):
        yield found
        if found.kind is Kind.RECORDS:
            inside: dict[tuple[str, Kind], list[Any]] = {}
            for property_, kind, value in chain.from_iterable(map(flat, found.value)):
                several = value if isinstance(value, list) else [value]
                inside.setdefault((property_, kind), []).extend(several)
            for (property_, kind), values in inside.items():
                yield Held(f"{found.property}.{property_}", kind, values)


def marks(body: Body) -> Iterator[tuple[str, str]]:
    """What the engine can be asked about a record: names and values of its own keys."""
    for key, value in body.items():
        kind, name = parsed_key(key)
        if kind is Kind.ENGINE and key != SEGMENTS:
            several = value if isinstance(value, list) else [value]
            yield from ((name, each) for each in several if isinstance(each, str))


def _inside(body: Body, property_: str, kind: Kind) -> Any:
    """The value of a property of the records in one of a body's lists."""
    return next(
        (each.value for each in flat(body) if each.property == property_ and each.kind is kind),
        None,
    )


def _value(body: Body, property_: str, kind: Kind) -> Any:
    """A property's value as a body has it, also of the records in one of its lists."""
    found = body.get(body_key(kind, property_))
    return _inside(body, property_, kind) if found is None and "." in property_ else found


def found_as(body: Body, property_: str) -> Held | None:
    """The property of a body, of whichever kind."""
    return next(
        (
            Held(property_, kind, body.get(key, _value(body, property_, kind)))
            for kind in Kind
            if kind is not Kind.ENGINE
            and ((key := body_key(kind, property_)) in body or _value(body, property_, kind))
        ),
        None,
    )


def searched(body: Body, on: tuple[str, ...] = ()) -> Iterator[str]:
    """The texts whose words can be searched for: all but addresses; of some properties only."""
    for property_, kind, value in flat(body):
        if kind.is_text and (not on or property_ in on):
            yield from sought(compared(kind, value))


def sought(texts: Iterable[str]) -> Iterator[str]:
    """Those of a property's texts whose words can be searched for."""
    return (text for text in texts if not _ADDRESS.match(text))
