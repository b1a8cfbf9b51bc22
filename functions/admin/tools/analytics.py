"""Numbers about entities, and questions that are kept."""

from typing import Annotated, Any

from pydantic import Field

from functions.admin.arguments import CkTypeId, OfEntities, touched
from functions.admin.tools.entities import Filters
from functions.admin.views import RtEntity, shown
from shared.auth.faces import ADMIN
from shared.entities import asking, stored_queries, summing
from shared.entities.asking import Slice
from shared.entities.comparing import wrong
from shared.entities.filters import FieldFilterCriteria
from shared.entities.installed import graph_of
from shared.entities.summing import AggregationColumn
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("analytics", org_types=ADMIN.org_types, tenant=True, touched=touched)
Aggregations = Annotated[
    tuple[AggregationColumn, ...],
    Field(max_length=10, description="What to work out: count, sum, avg, min, max."),
]


class Aggregate(OfEntities):
    """Of which entities, and what."""

    ck_type_id: CkTypeId
    aggregations: Aggregations
    filters: Filters = None


class Rows(Result):
    """Rows of numbers by alias."""

    rows: list[dict[str, Any]]
    row_count: int


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Aggregate entities")
def query_entities_aggregation(call: Call, args: Aggregate) -> Rows:
    """Work out counts, sums, means and extremes of all entities of a type that match: one row.

    Filters are those of query_entities. A count with a path counts entities that have a value.
    """
    return _rows(call, args, ())


class Group(Aggregate):
    """By which values."""

    group_by_attribute_paths: Annotated[
        tuple[str, ...], Field(max_length=10, description="Whose equal values make a group.")
    ]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Group entities")
def query_entities_grouping(call: Call, args: Group) -> Rows:
    """Work out numbers for each group of entities with equal values, exactly, at most 1,000 rows.

    A row has the group's values by path and the numbers by alias; entities without a value are the
    group null.
    """
    if not args.group_by_attribute_paths:
        message = "groupByAttributePaths must contain at least one path."
        raise wrong("groupByAttributePaths", message)
    return _rows(call, args, args.group_by_attribute_paths)


def _rows(call: Call, args: Aggregate, by: tuple[str, ...]) -> Rows:
    space = Workspace(call)
    type_, filters = asking.asking(graph_of(space.configuration), args.ck_type_id)
    asked = filters.criteria(args.filters)
    found = summing.rows(space, type_, asked, args.aggregations, by)
    return Rows(rows=found, row_count=len(found))


class ExecuteQuery(OfEntities):
    """Which question, and what besides."""

    query_rt_id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The query's id.")]
    extra_filters: Annotated[
        FieldFilterCriteria | None, Field(description="What must hold besides.")
    ] = None
    skip: Annotated[int | None, Field(ge=0, le=10_000, description="How many to pass over.")] = None
    take: Annotated[int | None, Field(ge=0, le=1000, description="Most; 100 if left out.")] = None


class Executed(Result):
    """What a stored query came to: entities or rows, as its subtype says."""

    query_rt_id: str
    query_subtype: str
    ck_type_id: str
    entities: list[RtEntity]
    rows: list[dict[str, Any]]
    row_count: int
    total_count: int


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Ask a stored query")
def execute_runtime_query(call: Call, args: ExecuteQuery) -> Executed:
    """Ask a question that is kept as an entity of a type derived from System/PersistentQuery.

    A SimpleRtQuery comes to entities in its order, cut to its columns; an AggregationRtQuery to one
    row; a GroupingAggregationRtQuery to rows. Find them with query_entities, make them with
    create_entity. A fieldFilter's value is text; numbers, true, false and lists are JSON in it.
    """
    wanted = None
    if args.skip is not None or args.take is not None:
        wanted = Slice(args.skip or 0, 100 if args.take is None else args.take)
    done = stored_queries.execute(Workspace(call), args.query_rt_id, args.extra_filters, wanted)
    rows = done.rows or []
    return Executed(
        query_rt_id=args.query_rt_id,
        query_subtype=done.subtype,
        ck_type_id=done.type.id,
        entities=[shown(done.graph, each, done.paths) for each in done.entities],
        rows=rows,
        row_count=len(rows) if done.rows is not None else len(done.entities),
        total_count=done.total,
    )
