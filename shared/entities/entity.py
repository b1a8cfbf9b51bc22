"""Entities and associations as records of one collection: their keys, and what the engine marks.

An entity's key is its id. What it is (`g.type`, `g.lineage`, `g.state`) is marked by the engine's
own keys, so that one term finds all of a type. An association is a record too, so it is checked
under the same head: `~{role}~{origin}~{target}`.
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from shared.engine.prepare import Stored
from shared.entities.graph import EntityType, Graph
from shared.entities.values import WELL_KNOWN_NAME, shown
from shared.query import ast
from shared.query.answers import Item
from shared.query.ast import Marked, Node
from shared.query.kinds import Body, Kind, body_key

TYPE: Final = "type"
LINEAGE: Final = "lineage"
STATE: Final = "state"
ROLE: Final = "role"
ORIGIN: Final = "origin"
TARGET: Final = "target"
ARCHIVED: Final = "archived"
CREATED: Final = "rtCreationDateTime"
ARCHIVED_AT: Final = "rtArchivedDateTime"
State = Literal["Active", "Archived"]


class Entity(NamedTuple):
    """An entity as it is at one version."""

    id: str
    body: Body
    version: int
    changed: datetime | None

    @property
    def type(self) -> str:
        """The id of its type."""
        return str(self.body[mark(TYPE)])

    @property
    def state(self) -> State:
        """Whether it is archived: kept, and left out of everything that does not ask for it."""
        return "Archived" if self.body.get(mark(STATE)) == ARCHIVED else "Active"


class Edge(NamedTuple):
    """That an entity is associated with another by a role."""

    role: str
    origin: str
    target: str

    @property
    def key(self) -> str:
        """Of its record. A slash cannot be in one."""
        return f"~{self.role.replace('/', ':')}~{self.origin}~{self.target}"

    @property
    def ends(self) -> tuple[str, str]:
        """The entities at both ends."""
        return self.origin, self.target


def new_id() -> str:
    """An id nobody has."""
    return secrets.token_hex(12)


def mark(name: str) -> str:
    """The key a body has a word of the engine's under."""
    return body_key(Kind.ENGINE, name)


def of_item(item: Item) -> Entity:
    """The entity of a record that was found."""
    return Entity(item.key, item.body, item.version, item.updated)


def of_stored(key: str, record: Stored, changed: datetime | None = None) -> Entity:
    """The entity of a record that was read by its key."""
    return Entity(key, record.body, record.version, changed)


def edge_of(item: Item) -> Edge:
    """The association of a record that was found."""
    return Edge(*(str(item.body[mark(name)]) for name in (ROLE, ORIGIN, TARGET)))


def begun(type_: EntityType, now: datetime) -> dict[str, Any]:
    """The body of a new entity, without its attributes."""
    return {
        mark(TYPE): type_.id,
        mark(LINEAGE): list(type_.lineage),
        body_key(Kind.TIMESTAMP, CREATED): written(now),
    }


def edge_body(edge: Edge) -> dict[str, Any]:
    """The body of an association."""
    return {mark(ROLE): edge.role, mark(ORIGIN): edge.origin, mark(TARGET): edge.target}


def archived(body: Body, now: datetime) -> dict[str, Any]:
    """The same, archived."""
    return {
        **body,
        mark(STATE): ARCHIVED,
        body_key(Kind.TIMESTAMP, ARCHIVED_AT): written(now),
    }


def written(at: datetime) -> str:
    """A time as bodies hold it."""
    return at.isoformat().replace("+00:00", "Z")


def living(*nodes: Node) -> Node:
    """Those of what matches that are not archived."""
    return ast.All((*nodes, ast.Not(Marked(STATE, (ARCHIVED,)))))


def of_type(type_: EntityType) -> Node:
    """Entities of a type and of those derived from it."""
    return Marked(LINEAGE, (type_.id,))


def view(graph: Graph, entity: Entity, paths: Collection[str] = ()) -> dict[str, Any]:
    """An entity as callers see it; of its attributes those at some lower-case paths, none: all."""
    type_ = graph.types[entity.type]
    attributes = shown(type_.fields.values(), entity.body)
    known_by = (type_.display_name or "").lower()
    names = {each["attributeName"].lower(): each["value"] for each in attributes}
    return {
        "rtId": entity.id,
        "ckTypeId": type_.id,
        "rtCreationDateTime": entity.body.get(body_key(Kind.TIMESTAMP, CREATED)),
        "rtChangedDateTime": None if entity.changed is None else written(entity.changed),
        "rtArchivedDateTime": entity.body.get(body_key(Kind.TIMESTAMP, ARCHIVED_AT)),
        "rtWellKnownName": entity.body.get(body_key(Kind.TEXT, WELL_KNOWN_NAME)),
        "rtDisplayName": names.get(known_by),
        "rtVersion": entity.version,
        "rtState": entity.state,
        "attributes": _cut(attributes, paths) if paths else attributes,
    }


def _cut(attributes: list[dict[str, Any]], paths: Collection[str]) -> list[dict[str, Any]]:
    """Those of some paths; of records what a path names in them."""
    found = []
    for each in attributes:
        name = each["attributeName"].lower()
        if name in paths:
            found.append(each)
            continue
        below = {path.partition(".")[2] for path in paths if path.startswith(f"{name}.")}
        if below and (value := _cut_value(each["value"], below)):
            found.append({**each, "value": value})
    return found


def _cut_value(value: Any, below: Collection[str]) -> Any:
    """A record's value, or each of a list of records, cut."""
    if value and isinstance(value[0], list):
        return [_cut(each, below) for each in value]
    return _cut(value, below)
