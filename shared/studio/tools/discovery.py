"""Where a caller stands, and what there is: the first tools of a conversation."""

from typing import Annotated, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role, role_in_organization
from shared.identity.records import TENANTS
from shared.pipeline import graph
from shared.pipeline.graph import Graph, NodeKind
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Query
from shared.queries import TENANTS_OF_ORGANIZATION
from shared.studio.arguments import StudioArgs, touched
from shared.tool import Call, Effect, Family, Result, Risk

VERSION = "1"
family = Family(
    "discovery",
    org_types=STUDIO.org_types,
    tenant=True,
    always=True,
    touched=touched,
)


class WhoAmI(StudioArgs):
    """Takes nothing."""


class TenantShown(Result):
    """A tenant one can work in, and where."""

    id: str
    name: str
    address: str


class Standing(Result):
    """Where a caller stands."""

    user: str
    organization: str
    tenant: str
    role: Literal["viewer", "editor", "publisher", "owner"]
    scopes: list[str]
    authentication: str
    server_version: str
    tenants: list[TenantShown]


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Who am I", tenant=False)
def whoami(call: Call, args: WhoAmI) -> Standing:
    """Say who you are signed in as, in which tenant and role, and which tenants there are.

    Call it first. Without a tenant in the address, connect to one of the addresses it lists.
    """
    del args
    base = STUDIO.base(call.app.settings)
    asked = Query(TENANTS_OF_ORGANIZATION, equal={"org": call.caller.org}, limit=100)
    found = TENANTS.every(call.app.documents, asked)
    role = call.role if call.tenant else role_in_organization(call.caller)
    return Standing(
        user=call.caller.subject,
        organization=call.caller.org,
        tenant=call.tenant,
        role=_word(role),
        scopes=sorted(call.caller.scopes or ()),
        authentication="oauth" if call.caller.client else "session",
        server_version=VERSION,
        tenants=[
            TenantShown(id=each.id, name=each.value.name, address=f"{base}/{each.id}/mcp")
            for each in found
            if not each.value.is_deleted
        ],
    )


def _word(role: Role) -> Literal["viewer", "editor", "publisher", "owner"]:
    words: dict[Role, Literal["viewer", "editor", "publisher", "owner"]] = {
        Role.VIEWER: "viewer",
        Role.EDITOR: "editor",
        Role.PUBLISHER: "publisher",
        Role.OWNER: "owner",
    }
    return words[role]


class ListConfiguration(StudioArgs):
    """Which part of the configuration."""

    focus: Annotated[
        str, Field(max_length=200, description="An id: that node whole, and what is around it.")
    ] = ""
    kinds: Annotated[
        tuple[NodeKind, ...], Field(description="Only these kinds; all if left out.")
    ] = ()
    depth: Annotated[int, Field(ge=0, le=5, description="Steps around the focus.")] = 2


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List the configuration")
def list_configuration(call: Call, args: ListConfiguration) -> Graph:
    """List what is defined, as nodes and the links between them; a focused node comes whole.

    Use it before anything else to find ids, and with `focus` to read one definition back.
    """
    configuration = Workspace(call).configuration
    return graph.of(configuration, focus=args.focus, kinds=args.kinds, depth=args.depth)
