"""Entries as callers give them, by any way in."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.engine.typed import Entry, Given
from shared.exact import Exact
from shared.studio.arguments import EntryId


class ValueGiven(Exact):
    """One value; null clears the property (or, of a localized one, that language)."""

    id: Annotated[str, Field(min_length=1, max_length=256)]
    value: Annotated[Any, Field(description="null clears it.")]
    language: Annotated[str, Field(description="Of a localized property: en, sv-SE.")] = ""


class EntryGiven(Exact):
    """An entry: what it is given, or that it is deleted."""

    id: Annotated[EntryId, Field(description="Of A-Z a-z 0-9 _ -")]
    delete: bool = False
    properties: tuple[ValueGiven, ...] = ()


def entry_of(given: EntryGiven, mode: Literal["merge", "replace"]) -> Entry:
    """The entry as imports take it."""
    values = tuple(Given(each.id, each.value, each.language or None) for each in given.properties)
    return Entry(given.id, values, "delete" if given.delete else mode)
