"""Along associations: from one entity to others, and as trees."""

from typing import Annotated, Literal

from pydantic import Field

from functions.admin.arguments import CkRoleId, CkTypeId, Direction, OfEntities, RtId, touched
from functions.admin.tools.entities import AttributePaths
from functions.admin.views import AttributeValue, RtEntity, shown
from shared.auth.faces import ADMIN
from shared.entities import asking, changing
from shared.entities.asking import MOST_NODES, Branch, Slice, checked_paths
from shared.entities.filters import SimpleFilter
from shared.entities.graph import ROOT, Graph
from shared.entities.installed import graph_of
from shared.errors import Problem
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("navigation", org_types=ADMIN.org_types, tenant=True, touched=touched)


class Navigate(OfEntities):
    """From which entity, by which role, to what."""

    ck_type_id: CkTypeId
    rt_id: RtId
    ck_role_id: CkRoleId
    direction: Direction
    target_type_id: Annotated[
        str, Field(min_length=1, max_length=300, description="The type of the other entities.")
    ]
    filters: Annotated[
        tuple[SimpleFilter, ...], Field(description="Values of theirs that must be equal.")
    ] = ()
    attribute_paths: AttributePaths = ()
    take: Annotated[int, Field(ge=0, le=1000, description="Most; 0 for the count alone.")] = 100
    skip: Annotated[int, Field(ge=0, le=10_000, description="How many to pass over.")] = 0


class Neighbours(Result):
    """Entities that one is associated with."""

    origin_ck_type_id: str
    origin_rt_id: str
    ck_role_id: str
    target_type_id: str
    total_count: int
    entities: list[RtEntity]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Follow associations")
def navigate_associations(call: Call, args: Navigate) -> Neighbours:
    """Find the entities that one is associated with by a role, one step far, in order of id.

    Outbound leads from an origin to its targets, Inbound back. get_type_schema lists the roles.
    """
    space = Workspace(call)
    graph, origin = changing.found(space, args.ck_type_id, args.rt_id)
    role = graph.role(args.ck_role_id)
    target, filters = asking.asking(graph, args.target_type_id)
    paths = checked_paths(graph, target, args.attribute_paths)
    entities, total = asking.neighbours(
        space,
        origin,
        role.id,
        outbound=args.direction == "Outbound",
        target=target,
        asked=filters.simple(args.filters, "filters"),
        wanted=Slice(args.skip, args.take),
    )
    return Neighbours(
        origin_ck_type_id=origin.type,
        origin_rt_id=origin.id,
        ck_role_id=role.id,
        target_type_id=target.id,
        total_count=total,
        entities=[shown(graph, each, paths) for each in entities],
    )


class TreeOf(OfEntities):
    """Which roots, and what is below them."""

    root_ck_type_id: Annotated[
        str, Field(min_length=1, max_length=300, description="The type of the roots.")
    ]
    ck_role_id: CkRoleId
    direction: Direction
    max_depth: Annotated[int, Field(ge=0, le=10, description="Steps; 0 for the roots alone.")] = 2
    attribute_paths: AttributePaths = ()
    root_filters: Annotated[
        tuple[SimpleFilter, ...], Field(description="Values of the roots that must be equal.")
    ] = ()


class TreeNode(Result):
    """An entity in a tree."""

    rt_id: str
    ck_type_id: str
    attributes: list[AttributeValue]
    children: list["TreeNode"]


class Tree(Result):
    """Entities, and what is below them."""

    ck_role_id: str
    direction: Literal["Inbound", "Outbound"]
    max_depth: int
    nodes: list[TreeNode]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get a tree")
def get_association_tree(call: Call, args: TreeOf) -> Tree:
    """Get entities of a type and what is below them by one role, as a tree of at most 1,000.

    For what stands in plants: Demo/Plant, System/ParentChild, Inbound. A larger tree is refused:
    ask for fewer roots by rootFilters, or a lower maxDepth.
    """
    space = Workspace(call)
    graph = graph_of(space.configuration)
    type_, filters = asking.asking(graph, args.root_ck_type_id)
    role = graph.role(args.ck_role_id)
    paths = checked_paths(graph, graph.type(ROOT), args.attribute_paths)
    asked = filters.simple(args.root_filters, "rootFilters")
    roots, total = asking.matching(space, type_, asked, Slice(limit=MOST_NODES))
    if total > MOST_NODES:
        message = f"There are {total} roots; {MOST_NODES} are the most. Add rootFilters."
        raise Problem("too_broad", message, limit=MOST_NODES)
    outbound = args.direction == "Outbound"
    branches = asking.tree(space, roots, role.id, outbound=outbound, depth=args.max_depth)
    return Tree(
        ck_role_id=role.id,
        direction=args.direction,
        max_depth=args.max_depth,
        nodes=[_node(graph, each, paths) for each in branches],
    )


def _node(graph: Graph, branch: Branch, paths: frozenset[str]) -> TreeNode:
    entity = shown(graph, branch.entity, paths)
    return TreeNode(
        rt_id=entity.rt_id,
        ck_type_id=entity.ck_type_id,
        attributes=entity.attributes,
        children=[_node(graph, each, paths) for each in branch.children],
    )
