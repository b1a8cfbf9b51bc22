"""The tree of tenants."""

from functions.admin.arguments import OfTenant, Sliced
from shared.auth.faces import ADMIN
from shared.identity.records import TENANTS
from shared.ports.documents import Query
from shared.queries import TENANTS_OF_PARENT
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("tenants", org_types=ADMIN.org_types, tenant=True)


class TenantShown(Result):
    """A tenant; its data partition has its own name."""

    tenant_id: str
    database: str
    name: str
    state: str


class Children(Result):
    """The tenants below one."""

    parent_tenant_id: str
    tenants: list[TenantShown]
    total_count: int
    message: str


class GetTenants(OfTenant, Sliced):
    """Below which tenant."""


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get child tenants")
def get_tenants(call: Call, args: GetTenants) -> Children:
    """Get the tenants directly below a tenant, in order of id, with their states."""
    asked = Query(TENANTS_OF_PARENT, equal={"parent": call.tenant}, limit=1000)
    found = list(TENANTS.every(call.app.documents, asked))
    return Children(
        parent_tenant_id=call.tenant,
        tenants=[
            TenantShown(
                tenant_id=each.id,
                database=each.id,
                name=each.value.name,
                state=each.value.state,
            )
            for each in args.of(found)
        ],
        total_count=len(found),
        message=f"There are {len(found)} tenants below {call.tenant}.",
    )
