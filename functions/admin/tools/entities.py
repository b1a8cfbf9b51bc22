"""Entities: queried, and read."""

from typing import Annotated

from pydantic import Field

from functions.admin.arguments import CkTypeId, OfEntities, RtId, touched
from functions.admin.views import RtEntity, shown
from shared.auth.faces import ADMIN
from shared.entities import asking, changing
from shared.entities.asking import Slice, checked_paths
from shared.entities.filters import Asked, FieldFilterCriteria, SimpleFilter
from shared.entities.graph import EntityType
from shared.entities.installed import graph_of
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("entities", org_types=ADMIN.org_types, tenant=True, touched=touched)
AttributePaths = Annotated[
    tuple[str, ...],
    Field(max_length=200, description="Only these attributes are shown; all if left out."),
]
Filters = Annotated[
    FieldFilterCriteria | None, Field(description="What must hold; everything if left out.")
]


class Queried(OfEntities):
    """Of which type, how much of each, and how many."""

    ck_type_id: CkTypeId
    attribute_paths: AttributePaths = ()
    limit: Annotated[int, Field(ge=0, le=1000, description="Most; 0 for the count alone.")] = 100
    offset: Annotated[int, Field(ge=0, le=10_000, description="How many to pass over.")] = 0


class QueryEntities(Queried):
    """Which entities."""

    filters: Filters = None


class Found(Result):
    """Entities, and how many there are in all."""

    ck_type_id: str
    total_count: int
    returned_count: int
    entities: list[RtEntity]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Query entities")
def query_entities(call: Call, args: QueryEntities) -> Found:
    """Find entities of a type, and of types derived from it, by filters that nest, in order of id.

    get_type_schema lists the paths. Archived entities are found only by a filter on rtState. Text
    is compared whatever its letter case; a negation matches entities without a value, too.
    """
    space = Workspace(call)
    type_, filters = asking.asking(graph_of(space.configuration), args.ck_type_id)
    return _found(space, type_, args, filters.criteria(args.filters))


class QueryEntitiesSimple(Queried):
    """Which entities."""

    simple_filters: Annotated[
        tuple[SimpleFilter, ...], Field(description="Values that all must be equal.")
    ] = ()


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Query entities simply")
def query_entities_simple(call: Call, args: QueryEntitiesSimple) -> Found:
    """Find entities of a type by values that are equal: query_entities for the simplest case."""
    space = Workspace(call)
    type_, filters = asking.asking(graph_of(space.configuration), args.ck_type_id)
    return _found(space, type_, args, filters.simple(args.simple_filters))


def _found(space: Workspace, type_: EntityType, args: Queried, asked: Asked) -> Found:
    graph = graph_of(space.configuration)
    paths = checked_paths(graph, type_, args.attribute_paths)
    entities, total = asking.matching(space, type_, asked, Slice(args.offset, args.limit))
    return Found(
        ck_type_id=type_.id,
        total_count=total,
        returned_count=len(entities),
        entities=[shown(graph, each, paths) for each in entities],
    )


class OneEntity(OfEntities):
    """Which entity."""

    ck_type_id: CkTypeId
    rt_id: RtId


class Got(Result):
    """An entity."""

    type_id: str
    entity: RtEntity


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get an entity")
def get_entity_by_id(call: Call, args: OneEntity) -> Got:
    """Get one entity as it is now, archived ones as well: the surest look after a change."""
    graph, found = changing.found(Workspace(call), args.ck_type_id, args.rt_id)
    return Got(type_id=found.type, entity=shown(graph, found))
