"""Changes of entities: created, updated, archived, associated, taken over whole.

Each is one commit, decided by the types of now. Where somebody changes the same meanwhile it is
decided anew, and where a version was expected, the refusal shows the entity as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from shared.engine.prepare import Edit, Stale, Stored
from shared.engine.wanted import Committed, Part, Wanted
from shared.entities import entity
from shared.entities.associating import Moment, check_added, check_removed
from shared.entities.entity import Edge, Entity
from shared.entities.graph import EntityType, Graph
from shared.entities.installed import ENTITIES, graph_of
from shared.entities.values import Given, assigned, defaults
from shared.errors import Problem
from shared.pipeline.configuration import Configuration
from shared.pipeline.workspace import Workspace, new_import
from shared.query.answers import Item

MOST_ENTITIES: Final = 300_000
"""Of one tenant, associations among them: what a replica of 4 GiB can hold beside others."""


class Link(NamedTuple):
    """An association of an entity with another one."""

    role: str
    other: str
    outbound: bool = True

    def edge(self, graph: Graph, id_: str, where: str) -> Edge:
        """The association of that entity. Raises `not_found` for an unknown role."""
        role = graph.role(self.role, where).id
        return Edge(role, id_, self.other) if self.outbound else Edge(role, self.other, id_)


class Whole(NamedTuple):
    """An entity as an import brings it: all that it has, but what belongs to who runs it."""

    id: str
    type: str
    given: tuple[Given, ...] = ()
    links: tuple[Link, ...] = ()


class Change(NamedTuple):
    """An entity afterwards, by the types it was changed by."""

    graph: Graph
    entity: Entity


def create(
    space: Workspace, type_id: str, given: Sequence[Given], links: Sequence[Link] = ()
) -> Change:
    """Make an entity with its associations.

    Raises `invalid` with everything that is wrong with its values; for a type without entities of
    its own, and for an association that is not there or may not be; `not_found`, `too_large`.
    """
    whole = Whole(entity.new_id(), type_id, tuple(given), tuple(links))

    def decide(configuration: Configuration) -> Graph:
        graph = graph_of(configuration)
        _put_whole(space, configuration, graph, [whole], fresh=True)
        return graph

    graph = space.decide(decide)
    return Change(graph, _now(space, whole.id))


def upsert(space: Workspace, wholes: Sequence[Whole]) -> Committed:
    """Put entities in the place of those with their ids, or make them: all, or none.

    What an entity does not name goes, but for attributes of runtime state: they stay as they are
    where the entity was there. Doing it again changes nothing. Raises what `create` raises.
    """
    return space.decide(
        lambda configuration: _put_whole(
            space, configuration, graph_of(configuration), wholes, fresh=False
        )
    )


def update(
    space: Workspace, type_id: str, id_: str, given: Sequence[Given], expected: int | None = None
) -> Change:
    """Give an entity some values; what is not named stays. Its version rises in any case.

    Raises `not_found`, `invalid`, and `conflict` for an archived entity, and with the entity as it
    is where it has not the expected version.
    """

    def decide(configuration: Configuration) -> Graph:
        graph = graph_of(configuration)
        before, seq = _read(space, graph, type_id, id_)
        _check_active(before)
        body = assigned(graph.types[before.type], before.body, given)
        edit = Edit(id_, body, "replace", touch=True, expected=expected, seen=seq)
        _commit(space, configuration, graph, [edit])
        return graph

    graph = space.decide(decide)
    return Change(graph, _now(space, id_))


def archive(space: Workspace, type_id: str, id_: str, expected: int | None = None) -> Change:
    """Archive an entity, and its associations with it.

    Raises what `update` raises; `conflict` too where another entity must be associated with it,
    `too_large` for one with more associations than a commit holds.
    """

    def decide(configuration: Configuration) -> Graph:
        graph = graph_of(configuration)
        moment = Moment(space, graph)
        edges = moment.edges(id_)
        before, seq = _read(space, graph, type_id, id_)
        _check_active(before)
        check_removed(moment, edges, gone=id_)
        now = space.call.now
        edits = [
            Edit(id_, entity.archived(before.body, now), "replace", expected=expected, seen=seq),
            *(
                Edit(edge.key, entity.archived(entity.edge_body(edge), now), "replace")
                for edge in edges
            ),
        ]
        _commit(space, configuration, graph, edits, decided_at=moment.seq)
        return graph

    graph = space.decide(decide)
    return Change(graph, _now(space, id_))


def associate(space: Workspace, id_: str, link: Link, *, replace: bool = False) -> Edge:
    """Associate two entities; that they are already is fine. `replace`: see `check_added`."""

    def decide(configuration: Configuration) -> Edge:
        graph = graph_of(configuration)
        moment = Moment(space, graph)
        edge = link.edge(graph, id_, "ck_role_id")
        removed = check_added(moment, graph, [edge], {}, replace=replace)
        edits = [*(Edit(each.key, combine="delete") for each in removed), _edge_edit(edge)]
        _commit(space, configuration, graph, edits, decided_at=moment.seq)
        return edge

    return space.decide(decide)


def dissociate(space: Workspace, id_: str, link: Link) -> tuple[Edge, bool]:
    """End an association; whether there was one. Raises `conflict` where there must be one."""

    def decide(configuration: Configuration) -> tuple[Edge, bool]:
        graph = graph_of(configuration)
        moment = Moment(space, graph)
        edge = link.edge(graph, id_, "ck_role_id")
        if edge not in moment.edges(id_):
            return edge, False
        check_removed(moment, [edge])
        edits = [Edit(edge.key, combine="delete")]
        _commit(space, configuration, graph, edits, decided_at=moment.seq)
        return edge, True

    return space.decide(decide)


def found(space: Workspace, type_id: str, id_: str) -> Change:
    """An entity as it is now, archived ones as well. Raises `not_found`."""
    graph = graph_of(space.configuration)
    item = space.collections.living(space.name(ENTITIES), [id_]).get(id_)
    each = entity.of_item(item) if item is not None else None
    if each is None or not graph.is_a(each.type, graph.type(type_id).id):
        raise _no_entity(graph.type(type_id), id_)
    return Change(graph, each)


def _put_whole(
    space: Workspace,
    configuration: Configuration,
    graph: Graph,
    wholes: Sequence[Whole],
    *,
    fresh: bool,
) -> Committed:
    """Write whole entities: such that must not be there yet, or in the place of such."""
    types = {each.id: _creatable(graph, each.type) for each in wholes}
    bodies = {each.id: _body(space, types[each.id], each) for each in wholes}
    adding = list(
        dict.fromkeys(
            link.edge(graph, each.id, f"associations[{number}].ckRoleId")
            for each in wholes
            for number, link in enumerate(each.links)
        )
    )
    there = {} if fresh else _there(space, types)
    new = {id_: type_ for id_, type_ in types.items() if not _is_living(there.get(id_))}
    moment = Moment(space, graph)
    removed = check_added(moment, graph, adding, new)
    _check_room(space, len(new) + len(adding))
    edits = [
        Edit(
            each.id,
            bodies[each.id],
            "replace",
            keeps=types[each.id].runtime_state | {entity.CREATED},
            seen=there[each.id].seq if each.id in there else 0,
        )
        for each in wholes
    ]
    edits += (Edit(edge.key, combine="delete") for edge in removed)
    edits += map(_edge_edit, adding)
    return _commit(space, configuration, graph, edits, decided_at=moment.seq)


def _there(space: Workspace, types: Mapping[str, EntityType]) -> dict[str, Item]:
    """Those of some entities that are there. Raises `conflict` for one of another type."""
    found = space.collections.living(space.name(ENTITIES), types)
    for id_, item in found.items():
        has = entity.of_item(item).type
        if has != types[id_].id:
            raise Problem("conflict", f"The entity {id_!r} is {has}, not {types[id_].id}.")
    return found


def _is_living(item: Item | None) -> bool:
    return item is not None and entity.of_item(item).state == "Active"


def _body(space: Workspace, type_: EntityType, whole: Whole) -> dict[str, object]:
    begun = assigned(type_, entity.begun(type_, space.call.now), defaults(type_), complete=False)
    return assigned(type_, begun, whole.given)


def _creatable(graph: Graph, type_id: str) -> EntityType:
    type_ = graph.type(type_id)
    if type_.declared.is_abstract:
        derived = [each.id for each in graph.derived(type_) if not each.declared.is_abstract]
        names = ", ".join(derived) or "none"
        raise Problem(
            "invalid",
            f"{type_.id} has no entities of its own. Derived from it are {names}.",
            field="ck_type_id",
        )
    return type_


def _check_room(space: Workspace, added: int) -> None:
    count = space.head(ENTITIES).count
    if count + added > MOST_ENTITIES:
        raise Problem(
            "too_large",
            f"The tenant has {count} entities and associations; {MOST_ENTITIES} are the most.",
            count=count,
            limit=MOST_ENTITIES,
        )


def _read(space: Workspace, graph: Graph, type_id: str, id_: str) -> tuple[Entity, int]:
    """An entity, and the commit that changed it last. Raises `not_found`."""
    type_ = graph.type(type_id)
    record = space.collections.get(space.name(ENTITIES), [id_]).get(id_)
    if record is None or record.deleted:
        raise _no_entity(type_, id_)
    found = entity.of_stored(id_, record)
    if not graph.is_a(found.type, type_.id):
        raise _no_entity(type_, id_)
    return found, record.seqs[0]


def _no_entity(type_: EntityType, id_: str) -> Problem:
    return Problem("not_found", f"There is no entity {id_[:100]!r} of type {type_.id}.")


def _check_active(found: Entity) -> None:
    if found.state != "Active":
        raise Problem("conflict", f"The entity {found.id!r} is archived; it does not change.")


def _edge_edit(edge: Edge) -> Edit:
    return Edit(edge.key, entity.edge_body(edge), "replace")


def _commit(
    space: Workspace,
    configuration: Configuration,
    graph: Graph,
    edits: Sequence[Edit],
    *,
    decided_at: int | None = None,
) -> Committed:
    """Commit what was decided by these types. A stale version is told with the entity as it is."""
    part = Part(space.name(ENTITIES), tuple(edits), configuration.seq, decided_at)
    try:
        return space.commit(Wanted((part,), space.author, new_import()))
    except Stale as stale:
        raise _conflict(space, graph, stale, edits) from None


def _conflict(space: Workspace, graph: Graph, stale: Stale, edits: Sequence[Edit]) -> Problem:
    edit = edits[0]
    record: Stored | None = stale.record
    current = record.version if record else 0
    now = _now(space, edit.key) if record else None
    return Problem(
        "conflict",
        f"Stale expected_version: caller had {edit.expected}, current is {current}. Take over what "
        "has changed from `entity`, and call again with its version.",
        is_conflict=True,
        current_rt_version=now.version if now else current,
        entity=entity.view(graph, now) if now else None,
    )


def _now(space: Workspace, id_: str) -> Entity:
    return entity.of_item(space.collections.living(space.name(ENTITIES), [id_])[id_])
