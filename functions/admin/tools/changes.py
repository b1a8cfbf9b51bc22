"""Entities created, changed and archived, and associations between them."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.admin.arguments import CkRoleId, CkTypeId, Direction, OfEntities, RtId, touched
from functions.admin.views import AttributeUpdateItem, RtEntity, shown
from shared.auth.faces import ADMIN
from shared.auth.tenancy import Role
from shared.entities import changing, entity
from shared.entities.associating import Moment
from shared.entities.changing import Link
from shared.exact import Exact
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family("changes", org_types=ADMIN.org_types, tenant=True, touched=touched)
EntityData = Annotated[
    tuple[AttributeUpdateItem, ...],
    Field(max_length=500, description="Values by path; records as objects, arrays as lists."),
]
ExpectedVersion = Annotated[
    int | None,
    Field(ge=1, description="The rtVersion you saw; a conflict if it has changed since."),
]


class NewAssociation(Exact):
    """An association that the new entity has from the beginning."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    ck_role_id: CkRoleId
    rt_id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The other entity.")]
    direction: Direction = "Outbound"


class CreateEntity(OfEntities):
    """What to create."""

    ck_type_id: CkTypeId
    entity_data: EntityData
    associations: Annotated[
        tuple[NewAssociation, ...],
        Field(max_length=200, description="With entities that are there; some types need one."),
    ] = ()


class Created(Result):
    """A new entity."""

    ck_type_id: str
    rt_id: str
    entity: RtEntity


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Create an entity",
    role=Role.EDITOR,
)
def create_entity(call: Call, args: CreateEntity) -> Created:
    """Create an entity of a type with values by path, and with the associations it must have.

    get_type_schema says what is required. Types are closed: an unknown path is refused, and so is a
    value of another type; nothing is created then, and everything that is wrong is named.
    """
    given = [each.given for each in args.entity_data]
    links = [
        Link(each.ck_role_id, each.rt_id, outbound=each.direction == "Outbound")
        for each in args.associations
    ]
    graph, made = changing.create(Workspace(call), args.ck_type_id, given, links)
    return Created(ck_type_id=made.type, rt_id=made.id, entity=shown(graph, made))


class UpdateEntity(OfEntities):
    """Which entity, and what of it."""

    rt_id: RtId
    ck_type_id: CkTypeId
    entity_data: EntityData
    expected_version: ExpectedVersion = None


class Updated(Result):
    """An entity afterwards."""

    type_id: str
    rt_id: str
    is_conflict: bool
    current_rt_version: int
    entity: RtEntity


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Update an entity",
    role=Role.EDITOR,
)
def update_entity(call: Call, args: UpdateEntity) -> Updated:
    """Change values of an entity by path; what is not named stays, and rtVersion rises by one.

    With expectedVersion nothing is changed if somebody else changed it since: the answer has
    isConflict, and `entity` as it is now. Take that over, and call again with its version.
    """
    given = [each.given for each in args.entity_data]
    graph, made = changing.update(
        Workspace(call), args.ck_type_id, args.rt_id, given, args.expected_version
    )
    return Updated(
        type_id=made.type,
        rt_id=made.id,
        is_conflict=False,
        current_rt_version=made.version,
        entity=shown(graph, made),
    )


class DeleteEntity(OfEntities, Confirmed):
    """Which entity."""

    ck_type_id: CkTypeId
    rt_id: RtId
    expected_version: ExpectedVersion = None


class Deleted(Result):
    """That an entity is archived, and its version now."""

    ck_type_id: str
    rt_id: str
    is_conflict: bool
    current_rt_version: int
    message: str


def _would_archive(call: Call, args: DeleteEntity) -> Plan:
    space = Workspace(call)
    graph, found = changing.found(space, args.ck_type_id, args.rt_id)
    edges = len(Moment(space, graph).edges(args.rt_id))
    name = entity.view(graph, found)["rtDisplayName"] or found.id
    return Plan(
        f"archive the {found.type} {name!r} and its {edges} associations.", {"associations": edges}
    )


@family.tool(
    scope="admin:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Archive an entity",
    role=Role.EDITOR,
    plan=_would_archive,
)
def delete_entity(call: Call, args: DeleteEntity) -> Deleted:
    """Archive an entity and its associations, once it is confirmed; get_entity_by_id still has it.

    It is refused while another entity must be associated with it.
    """
    _, gone = changing.archive(Workspace(call), args.ck_type_id, args.rt_id, args.expected_version)
    return Deleted(
        ck_type_id=gone.type,
        rt_id=gone.id,
        is_conflict=False,
        current_rt_version=gone.version,
        message="The entity is archived, and so are its associations.",
    )


class OneAssociation(OfEntities):
    """An association of an entity with another."""

    rt_id: RtId
    ck_role_id: CkRoleId
    target_rt_id: Annotated[
        str, Field(pattern=r"^[0-9a-f]{24}$", description="The other entity's id.")
    ]
    direction: Direction = "Outbound"

    @property
    def link(self) -> Link:
        """As entities take it."""
        return Link(self.ck_role_id, self.target_rt_id, outbound=self.direction == "Outbound")


class CreateAssociation(OneAssociation):
    """Which association."""

    replace: Annotated[
        bool, Field(description="Take the place of the one there is, where one may be there only.")
    ] = False


class Associated(Result):
    """An association."""

    ck_role_id: str
    origin_rt_id: str
    target_rt_id: str
    message: str


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Associate two entities",
    role=Role.EDITOR,
    idempotent=True,
)
def create_association(call: Call, args: CreateAssociation) -> Associated:
    """Associate two entities by a role; doing it again changes nothing.

    get_type_schema lists the roles of a type, their targets, and how many there may be of each.
    """
    edge = changing.associate(Workspace(call), args.rt_id, args.link, replace=args.replace)
    return Associated(
        ck_role_id=edge.role,
        origin_rt_id=edge.origin,
        target_rt_id=edge.target,
        message="The entities are associated.",
    )


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="End an association",
    role=Role.EDITOR,
    idempotent=True,
)
def delete_association(call: Call, args: OneAssociation) -> Associated:
    """End an association of two entities, which create_association makes again.

    It is refused where one of them must have it.
    """
    edge, was = changing.dissociate(Workspace(call), args.rt_id, args.link)
    return Associated(
        ck_role_id=edge.role,
        origin_rt_id=edge.origin,
        target_rt_id=edge.target,
        message="The association has ended." if was else "There was no such association.",
    )
