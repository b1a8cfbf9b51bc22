"""Questions about entities: of one type, along associations, as trees."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from shared.entities import entity
from shared.entities.associating import Moment
from shared.entities.comparing import wrong
from shared.entities.entity import Edge, Entity
from shared.entities.filters import Asked, Filters
from shared.entities.graph import EntityType, Graph
from shared.entities.installed import ENTITIES, graph_of
from shared.errors import Problem
from shared.pipeline.workspace import Workspace
from shared.query import ast
from shared.query.ast import (
    MOST_COMPARISONS,
    MOST_ITEMS,
    MOST_VALUES,
    Keys,
    Marked,
    Question,
    Sort,
)

MOST_NEIGHBOURS: Final = (MOST_COMPARISONS - 10) * MOST_VALUES
"""Associations of one entity that are followed at once."""
MOST_NODES: Final = 1000
"""Of a tree."""


class Slice(NamedTuple):
    """Which part of an answer: so many behind so many."""

    offset: int = 0
    limit: int = 100


class Page(NamedTuple):
    """Entities, how many match in all, and the types they are shown by."""

    graph: Graph
    entities: tuple[Entity, ...]
    total: int


class Branch(NamedTuple):
    """An entity in a tree, and those below it."""

    entity: Entity
    children: "tuple[Branch, ...]"


def matching(
    space: Workspace,
    type_: EntityType,
    asked: Asked,
    wanted: Slice,
    order: Sequence[Sort] = (),
) -> tuple[tuple[Entity, ...], int]:
    """Entities of a type, and of those derived from it, that match; and how many there are.

    In order of id where none is given. Raises `invalid`, `too_broad`.
    """
    where = ast.All((entity.of_type(type_), asked.of_living))
    found: list[Entity] = []
    cursor, total, left = None, 0, wanted.limit
    while True:
        question = Question(
            where=where,
            order=tuple(order),
            limit=min(left, MOST_ITEMS),
            skip=wanted.offset,
            cursor=cursor,
        )
        answer, _ = space.collections.ask(space.name(ENTITIES), question, space.head(ENTITIES))
        found += map(entity.of_item, answer.items)
        total, cursor, left = answer.total, answer.cursor, wanted.limit - len(found)
        if cursor is None or left <= 0:
            return tuple(found), total


def neighbours(
    space: Workspace,
    edges_of: Entity,
    role: str,
    *,
    outbound: bool,
    target: EntityType,
    asked: Asked,
    wanted: Slice,
) -> tuple[tuple[Entity, ...], int]:
    """Entities of a type that one is associated with by a role, in one direction.

    Raises `too_broad` for more than MOST_NEIGHBOURS associations.
    """
    moment = Moment(space, graph_of(space.configuration))
    edges = _edges(moment, role, [edges_of.id], outbound=outbound)
    if len(edges) > MOST_NEIGHBOURS:
        raise Problem(
            "too_broad",
            f"The entity has more than {MOST_NEIGHBOURS} such associations. Ask for the other type "
            "with query_entities.",
            limit=MOST_NEIGHBOURS,
        )
    ids = sorted(_other(edge, outbound=outbound) for edge in edges)
    if not ids:
        return (), 0
    those = ast.Any(tuple(Keys(chunk) for chunk in _chunks(ids)))
    node = ast.All((those, asked.node))
    return matching(space, target, Asked(node, asked.names_state), wanted)


def tree(
    space: Workspace, roots: Sequence[Entity], role: str, *, outbound: bool, depth: int
) -> tuple[Branch, ...]:
    """Entities below some, by one role in one direction, level by level.

    An entity that is its own ancestor is shown without what is below it. Raises `too_broad` for
    more than MOST_NODES in all.
    """
    moment = Moment(space, graph_of(space.configuration))
    known = {each.id: each for each in roots}
    below: dict[str, list[str]] = {}
    level = list(known)
    for _ in range(depth):
        level = [id_ for id_ in level if id_ not in below]
        if not level:
            break
        below |= {id_: [] for id_ in level}
        for edge in _edges(moment, role, level, outbound=outbound):
            near = edge.origin if outbound else edge.target
            below[near].append(_other(edge, outbound=outbound))
        level = sorted({id_ for each in level for id_ in below[each]})
        if len(known) + len(level) > MOST_NODES:
            raise _too_large()
        new = [id_ for id_ in level if id_ not in known]
        for chunk in _chunks(new):
            items = moment.every(entity.living(Keys(chunk)))
            known |= {item.key: entity.of_item(item) for item in items}
    counted = [0]
    return tuple(_branch(each.id, known, below, (), counted) for each in roots)


def _branch(
    id_: str,
    known: dict[str, Entity],
    below: dict[str, list[str]],
    above: tuple[str, ...],
    counted: list[int],
) -> Branch:
    counted[0] += 1
    if counted[0] > MOST_NODES:
        raise _too_large()
    path = (*above, id_)
    inside = () if id_ in above else sorted(each for each in below.get(id_, ()) if each in known)
    children = tuple(_branch(each, known, below, path, counted) for each in inside)
    return Branch(known[id_], children)


def _too_large() -> Problem:
    return Problem(
        "too_broad",
        f"The tree has more than {MOST_NODES} entities. Ask for fewer roots, or a lower maxDepth.",
        limit=MOST_NODES,
    )


def _edges(moment: Moment, role: str, ids: Iterable[str], *, outbound: bool) -> list[Edge]:
    """The living associations that some entities have by a role, in one direction."""
    end = entity.ORIGIN if outbound else entity.TARGET
    found: list[Edge] = []
    for chunk in _chunks(list(ids)):
        where = entity.living(Marked(entity.ROLE, (role,)), Marked(end, chunk))
        found += map(entity.edge_of, moment.every(where))
    return found


def _other(edge: Edge, *, outbound: bool) -> str:
    return edge.target if outbound else edge.origin


def _chunks(ids: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(ids[at : at + MOST_VALUES]) for at in range(0, len(ids), MOST_VALUES)]


def checked_paths(graph: Graph, type_: EntityType, paths: Collection[str]) -> frozenset[str]:
    """Paths of attributes in lower case. Raises `invalid` for one that no such entity has."""
    types = graph.derived(type_)
    known = {each.path.lower() for one in types for each in one.every}
    for number, path in enumerate(paths):
        if path.strip().lower() not in known:
            type_.field(path, f"attributePaths[{number}]")  # raises, naming the nearest
    return frozenset(path.strip().lower() for path in paths)


def sorting(type_: EntityType, columns: Sequence[tuple[str, bool]], path: str) -> list[Sort]:
    """An order by attributes of one value. Raises `invalid`."""
    found = []
    for number, (column, descending) in enumerate(columns):
        field = type_.field(column, f"{path}[{number}].attributePath")
        if field.many or field.is_record:
            message = f"{field.path} has several values; order by an attribute of one."
            raise wrong(f"{path}[{number}].attributePath", message)
        found.append(Sort("property", field.path, field.kind, descending=descending))
    return found


def asking(graph: Graph, type_id: str) -> tuple[EntityType, Filters]:
    """A type, and what reads filters about it. Raises `not_found`."""
    type_ = graph.type(type_id)
    return type_, Filters(type_)
