"""What must hold between entities: which may be associated, and how many of them.

It depends on records that a change does not write, so it is decided by one commit of the
collection, and a change that is decided by an older one is decided anew (`Part.decided_at`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from shared.engine.prepare import MOST_EDITS, Outdated
from shared.entities import entity
from shared.entities.entity import Edge
from shared.entities.graph import EntityType, Graph
from shared.entities.installed import ENTITIES
from shared.errors import Problem
from shared.pipeline.workspace import Workspace
from shared.query.answers import Answer, Item
from shared.query.ast import MOST_ITEMS, MOST_VALUES, Keys, Marked, Node, Question

_TWO: Final = 2


class End(NamedTuple):
    """One side of an association: whose, by which role, in which direction."""

    id: str
    role: str
    outbound: bool

    @property
    def condition(self) -> Node:
        """The associations that an entity has on this side."""
        end = entity.ORIGIN if self.outbound else entity.TARGET
        return entity.living(Marked(end, (self.id,)), Marked(entity.ROLE, (self.role,)))


class Moment:
    """What holds of a tenant's entities as of one commit, whatever is asked one after the other."""

    def __init__(self, space: Workspace, graph: Graph) -> None:
        self._space = space
        self._graph = graph
        self._seq: int | None = None

    @property
    def seq(self) -> int | None:
        """The commit; None before anything was asked."""
        return self._seq

    def ask(self, *questions: Question) -> tuple[Answer, ...]:
        """Answers. Raises Outdated where a commit came between two of them."""
        name, head = self._space.name(ENTITIES), self._space.head(ENTITIES)
        answers = self._space.collections.ask_each(name, questions, head).answers
        for answer in answers:
            if self._seq not in (None, answer.seq):
                raise Outdated(ENTITIES)
            self._seq = answer.seq
        return answers

    def every(self, where: Node) -> list[Item]:
        """All that match."""
        found: list[Item] = []
        cursor = None
        while True:
            (answer,) = self.ask(Question(where, limit=MOST_ITEMS, cursor=cursor))
            found += answer.items
            cursor = answer.cursor
            if cursor is None:
                return found

    def types(self, ids: Iterable[str]) -> dict[str, EntityType]:
        """The types of entities. Raises `not_found`; `conflict` for one that is archived."""
        wanted = list(dict.fromkeys(ids))
        there = {
            item.key: entity.of_item(item)
            for at in range(0, len(wanted), MOST_VALUES)
            for item in self.every(Keys(tuple(wanted[at : at + MOST_VALUES])))
        }
        found = {}
        for id_ in wanted:
            each = there.get(id_)
            if each is None:
                raise Problem("not_found", f"There is no entity {id_!r}.")
            if each.state != "Active":
                message = f"The entity {id_!r} is archived; it takes no associations."
                raise Problem("conflict", message)
            found[id_] = self._graph.types[each.type]
        return found

    def edges(self, id_: str) -> list[Edge]:
        """All living associations of an entity. Raises `too_large` for more than may be ended."""
        found: dict[Edge, None] = {}
        for end in (entity.ORIGIN, entity.TARGET):
            where = entity.living(Marked(end, (id_,)))
            (counted,) = self.ask(Question(where, limit=0))
            if counted.total + len(found) >= MOST_EDITS:
                raise _too_many(id_)
            found |= dict.fromkeys(map(entity.edge_of, self.every(where)))
        return list(found)


def check_removed(
    moment: Moment, removed: Sequence[Edge], *, filled: Collection[End] = (), gone: str = ""
) -> None:
    """Raises `conflict` where an entity would be left without what it must have.

    `filled`: sides that get another association; `gone`: an entity that needs none any more.
    """
    ends = [end for edge in removed for end in ends_of(edge) if end not in filled]
    types = moment.types(end.id for end in ends if end.id != gone)
    for end in ends:
        type_ = types.get(end.id)
        sides = type_.may(end.role, outbound=end.outbound) if type_ else []
        if type_ and any(side.multiplicity == "One" for side in sides):
            raise Problem(
                "conflict",
                f"{type_.id} {end.id!r} must have an association {end.role}. Change or archive it "
                "first.",
                entity_id=end.id,
                role=end.role,
            )


def check_added(
    moment: Moment,
    graph: Graph,
    adding: Sequence[Edge],
    new: Mapping[str, EntityType],
    *,
    replace: bool = False,
) -> list[Edge]:
    """Check associations that are added, and what new entities must have; those that have to go.

    `replace`: an association takes the place of the one that there may be. Raises `invalid` for
    what may not be associated, `not_found` for what is not there, `conflict` for one too many.
    """
    types = {**new, **moment.types({id_ for edge in adding for id_ in edge.ends} - new.keys())}
    for edge in adding:
        _check_fits(graph, edge, types)
    for id_, type_ in new.items():
        _check_least(id_, type_, adding)
    ends = list(dict.fromkeys(end for edge in adding for end in ends_of(edge)))
    answers = moment.ask(*(Question(end.condition, limit=_TWO) for end in ends)) if ends else ()
    removed: list[Edge] = []
    for end, answer in zip(ends, answers, strict=True):
        present = [entity.edge_of(item) for item in answer.items]
        removed += _check_most(end, adding, present, types[end.id], replace=replace)
    removed = list(dict.fromkeys(removed))
    check_removed(moment, removed, filled=ends)
    return removed


def ends_of(edge: Edge) -> tuple[End, End]:
    """Both sides of an association."""
    return End(edge.origin, edge.role, outbound=True), End(edge.target, edge.role, outbound=False)


def _check_fits(graph: Graph, edge: Edge, types: Mapping[str, EntityType]) -> None:
    origin, target = types[edge.origin], types[edge.target]
    sides = origin.may(edge.role, outbound=True)
    if not any(graph.is_a(target.id, side.other) for side in sides):
        allowed = ", ".join(sorted({side.other for side in sides})) or "nothing"
        raise Problem(
            "invalid",
            f"{origin.id} leads by {edge.role} to {allowed}, not to {target.id}. get_type_schema "
            "lists what may be associated.",
        )


def _check_most(
    end: End,
    adding: Sequence[Edge],
    present: Sequence[Edge],
    type_: EntityType,
    *,
    replace: bool,
) -> list[Edge]:
    """What has to go, where one may be there only and another one is added."""
    if not any(side.multiplicity != "N" for side in type_.may(end.role, outbound=end.outbound)):
        return []
    new = [edge for edge in adding if end in ends_of(edge) and edge not in present]
    others = [edge for edge in present if edge not in adding]
    if len(new) + len(others) <= 1:
        return []
    if replace and len(new) == 1:
        return others
    way = "outbound" if end.outbound else "inbound"
    raise Problem(
        "conflict",
        f"{type_.id} {end.id!r} may have one {way} association {end.role} only.",
        entity_id=end.id,
        role=end.role,
    )


def _check_least(id_: str, type_: EntityType, adding: Sequence[Edge]) -> None:
    for side in type_.sides:
        end = End(id_, side.role.id, side.outbound)
        if side.multiplicity == "One" and not any(end in ends_of(edge) for edge in adding):
            way = "outbound" if side.outbound else "inbound"
            raise Problem(
                "invalid",
                f"{type_.id} must have an {way} association {side.role.id} with {side.other}. "
                "Name it in associations.",
                role=side.role.id,
            )


def _too_many(id_: str) -> Problem:
    return Problem(
        "too_large",
        f"The entity {id_!r} has more than {MOST_EDITS - 1} associations, more than one change "
        "may end. Delete some first.",
        limit=MOST_EDITS - 1,
    )
