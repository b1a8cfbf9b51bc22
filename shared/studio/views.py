"""How the studio shows definitions and values."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from shared.pipeline.configuration import Defined
from shared.pipeline.filters import filter_type
from shared.pipeline.sources import Property, Source, shown_type
from shared.query.kinds import MOST_KEYS, Body, Kind, parsed_key
from shared.tool import Result

MOST_PROPERTIES: Final = 100
"""Of one source in a list of sources."""


class PropertyShown(Result):
    """A property; `type` is empty while no value has come."""

    id: str
    type: str
    delimiter: str
    display_name: str
    description: str
    filter_type: str
    state: str


class SourceShown(Result):
    """A source; `more_properties` counts those that are not listed."""

    id: str
    name: str
    description: str
    type: str
    status: str
    languages: list[str]
    related_source_ids: list[str]
    properties: list[PropertyShown]
    more_properties: int
    entry_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ValueShown:
    """One value of a property; localized ones have one for each language."""

    id: str
    value: Any
    type: str
    language: str


def property_shown(id_: str, given: Property) -> PropertyShown:
    """A property."""
    return PropertyShown(
        id=id_,
        type=given.type or "",
        delimiter=given.delimiter or "",
        display_name=given.display_name or id_,
        description=given.description,
        filter_type=filter_type(given.kind),
        state=given.state,
    )


def source_shown(defined: Defined[Source], count: int) -> SourceShown:
    """A source, with its first properties."""
    source = defined.value
    some = list(source.properties.items())[:MOST_PROPERTIES]
    return SourceShown(
        id=source.id,
        name=source.name,
        description=source.description,
        type=source.type,
        status=source.status,
        languages=list(source.languages),
        related_source_ids=list(source.related),
        properties=[property_shown(id_, each) for id_, each in some],
        more_properties=len(source.properties) - len(some),
        entry_count=count,
        created_at=source.created_at,
        updated_at=defined.updated,
    )


def values_shown(
    body: Body, only: Collection[str] = (), language: str = ""
) -> Iterator[ValueShown]:
    """A record's values: those of some properties (none named: all), in one language or each."""
    for key, value in body.items():
        property_, type_, is_localized = _column(key)
        if property_ is None or (only and property_ not in only):
            continue
        if not is_localized:
            yield ValueShown(property_, value, type_, "")
            continue
        for each, text in value.items():
            if language in ("", each):
                yield ValueShown(property_, text, type_, each)


class _Column(NamedTuple):
    """What is said of each value under a body's key; without a property, the engine's own."""

    property: str | None
    type: str
    is_localized: bool


@lru_cache(maxsize=MOST_KEYS)
def _column(key: str) -> _Column:
    kind, property_ = parsed_key(key)
    if kind is Kind.ENGINE:
        return _Column(None, "", is_localized=False)
    type_ = "" if kind is Kind.CLEARED else shown_type(kind)
    return _Column(property_, type_, kind.is_localized)
