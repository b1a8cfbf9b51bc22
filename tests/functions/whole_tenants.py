"""Tenants with everything that one has, and what is left of them."""

from shared.ports.documents import Query
from shared.queries import COLLECTIONS, LOG, RECORDS, ROLES_OF_TENANT, SNAPSHOTS
from tests.functions.operators import data


def stored(operators, tenant):
    """What is left of a tenant beside its own document."""
    documents = operators.app.documents
    asked = [
        Query(COLLECTIONS, parents=(tenant,)),
        Query(ROLES_OF_TENANT, equal={"tenant": tenant}),
        *(
            Query(shape, parents=(tenant, collection))
            for collection in ("config", "entities")
            for shape in (RECORDS, LOG, SNAPSHOTS)
        ),
    ]
    found = [each.path for query in asked for each in documents.query(query).items]
    return found + [each.name for each in operators.app.blobs.list(f"tenants/{tenant}/")]


async def full(operators, group, tenant="press"):
    """A tenant with a type, entities and a role."""
    made = await group.call("create_tenant", childTenantId=tenant, database=tenant)
    assert made["createdTenantId"] == tenant
    operators.do("install_package", tenant=tenant, package="Demo-1.0.0")
    operators.do("set_tenant_role", tenant=tenant, principal="mia", role="viewer")
    for number in range(3):
        await group.call(
            "create_entity",
            tenantId=tenant,
            ckTypeId="Demo/Plant",
            entityData=data(Name=f"Plant {number}"),
        )
