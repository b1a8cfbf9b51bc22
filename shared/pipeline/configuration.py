"""A tenant's configuration: definitions of every kind in one small collection, whole in memory.

It is a collection like any other, so it has history and undo, and what it says can be changed in
one commit together with the data that it is about.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final, Generic, NamedTuple, TypeVar

from shared.engine.prepare import Edit
from shared.engine.table import Held
from shared.errors import Problem
from shared.exact import Exact
from shared.query.answers import Item

CONFIGURATION: Final = "config"
"""The collection's id."""
_DEFINITION: Final = "g.definition"
_NEAREST: Final = 3
_MOST_PARSED: Final = 4096


class Definition(Exact):
    """What one record of the configuration says."""

    id: str


D = TypeVar("D", bound=Definition)


@dataclass(frozen=True, slots=True)
class Kind(Generic[D]):
    """A kind of definition: the first part of its keys, its model, and what a person calls one."""

    name: str
    model: type[D]
    noun: str

    def key(self, id_: str) -> str:
        """The key of its record."""
        return f"{self.name}:{id_}"


class Defined(NamedTuple, Generic[D]):
    """A definition as it is now; `seq` is the commit that changed it last."""

    value: D
    seq: int
    updated: datetime


class Configuration:
    """Everything a tenant has defined, as of one commit."""

    def __init__(self, held: Held, parsed: dict[tuple[str, str, int], Definition]) -> None:
        self._held = held
        self._parsed = parsed

    @property
    def seq(self) -> int:
        """The commit up to which this is everything."""
        return self._held.seq

    def find(self, kind: Kind[D], id_: str) -> Defined[D] | None:
        """The definition of that id, or None."""
        item = self._held.items.get(kind.key(id_))
        return None if item is None else self._defined(kind, item)

    def get(self, kind: Kind[D], id_: str) -> Defined[D]:
        """The definition of that id. Raises `not_found`, naming the nearest ids."""
        found = self.find(kind, id_)
        if found is None:
            ids = [each.value.id for each in self.every(kind)]
            near = get_close_matches(id_, ids, _NEAREST, 0.5) or sorted(ids)[:_NEAREST]
            there = f" There are {', '.join(near)}." if near else ""
            raise Problem("not_found", f"There is no {kind.noun} {id_[:100]!r}.{there}", near=near)
        return found

    def every(self, kind: Kind[D]) -> Iterator[Defined[D]]:
        """All definitions of a kind, in order of id."""
        prefix = kind.key("")
        for key in sorted(key for key in self._held.items if key.startswith(prefix)):
            yield self._defined(kind, self._held.items[key])

    def _defined(self, kind: Kind[D], item: Item) -> Defined[D]:
        known = (kind.name, item.key, item.seq)
        value: Any = self._parsed.get(known)
        if value is None:
            if len(self._parsed) >= _MOST_PARSED:
                self._parsed.clear()
            value = self._parsed[known] = definition_of(kind, item.body)
        return Defined(value, item.seq, item.updated)


def put(kind: Kind[D], value: D, seen: Defined[D] | None) -> Edit:
    """The edit that stores a definition, if it is still as it was seen."""
    body: Mapping[str, Any] = {_DEFINITION: value.model_dump(mode="json", exclude_defaults=True)}
    return Edit(kind.key(value.id), body, combine="replace", seen=seen.seq if seen else 0)


def definition_of(kind: Kind[D], body: Mapping[str, Any]) -> D:
    """The definition that a record of the configuration holds."""
    return kind.model.model_validate(body[_DEFINITION])


def remove(kind: Kind[D], seen: Defined[D]) -> Edit:
    """The edit that removes a definition, if it is still as it was seen."""
    return Edit(kind.key(seen.value.id), combine="delete", seen=seen.seq)
