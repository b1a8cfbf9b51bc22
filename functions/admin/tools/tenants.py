"""The tree of tenants."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from functions.admin.arguments import OfTenant, Sliced
from shared.auth.faces import ADMIN
from shared.auth.tenancy import TENANT_PATTERN, Role
from shared.errors import Problem
from shared.identity.making_tenants import ask_to_delete, child_of, make_tenant
from shared.identity.records import TENANTS
from shared.ports.documents import Query
from shared.queries import COLLECTIONS, TENANTS_OF_PARENT
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

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
    every = TENANTS.every(call.app.documents, asked)
    found = [each for each in every if each.value.state != "deleted"]
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


ChildTenantId = Annotated[
    str,
    BeforeValidator(lambda given: given.lower() if isinstance(given, str) else given),
    Field(pattern=TENANT_PATTERN, description="The tenant below: a-z, 0-9 and -."),
]


class CreateTenant(OfTenant):
    """Which tenant, below which."""

    child_tenant_id: ChildTenantId
    database: Annotated[
        str, Field(max_length=100, description="Its data partition: the same as childTenantId.")
    ]


class Created(Result):
    """A new tenant."""

    created_tenant_id: str
    database: str
    parent_tenant_id: str
    message: str


@family.tool(
    scope="admin:manage",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Create a tenant",
    role=Role.OWNER,
)
def create_tenant(call: Call, args: CreateTenant) -> Created:
    """Create a tenant below another one. It can be used at once, and has the package System.

    No id is used twice, also after its tenant was deleted. A tenant's data partition always has its
    own name.
    """
    if args.database.lower() != args.child_tenant_id:
        raise Problem(
            "invalid",
            "A tenant's data partition has its own name: give childTenantId as database.",
            field="database",
        )
    org = TENANTS.get(call.app.documents, call.tenant).value.org
    make_tenant(call, args.child_tenant_id, args.child_tenant_id, org, call.tenant)
    return Created(
        created_tenant_id=args.child_tenant_id,
        database=args.child_tenant_id,
        parent_tenant_id=call.tenant,
        message="The tenant can be used. Pass it as tenantId.",
    )


class DeleteTenant(OfTenant, Confirmed):
    """Which tenant, below which."""

    child_tenant_id: ChildTenantId


class Deleting(Result):
    """The job that deletes a tenant."""

    deleted_tenant_id: str
    parent_tenant_id: str
    job_id: str
    message: str


def _would_delete(call: Call, args: DeleteTenant) -> Plan:
    child_of(call, call.tenant, args.child_tenant_id)
    asked = Query(COLLECTIONS, parents=(args.child_tenant_id,), limit=1000)
    heads = call.app.bulk_documents.query(asked).items
    records = sum(head.data["count"] for head in heads)
    return Plan(
        f"delete the tenant {args.child_tenant_id!r} for good, with {records} records of "
        f"{len(heads)} collections and all their history.",
        {"collections": len(heads), "records": records},
    )


@family.tool(
    scope="admin:manage",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a tenant",
    role=Role.OWNER,
    idempotent=True,
    plan=_would_delete,
)
def delete_tenant(call: Call, args: DeleteTenant) -> Deleting:
    """Delete a tenant below another one with all its data, for good, once it is confirmed.

    From then on nobody gets in. The data goes in a job of the parent's, about a minute later:
    get_job tells how far it is. It is refused while there are tenants below it, or catalogs.
    """
    job = ask_to_delete(call, call.tenant, args.child_tenant_id)
    return Deleting(
        deleted_tenant_id=args.child_tenant_id,
        parent_tenant_id=call.tenant,
        job_id=job,
        message="The tenant is closed, and its data is being removed. Watch the job.",
    )
