"""What the organization's people may do in one tenant, and what the tenant may have."""

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.identity import own_members, tenant_roles
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import discovery

ROLES = ("viewer", "editor", "publisher", "owner")


def show(visit: Visit) -> Outgoing:
    """Every member with the role they have here."""
    visit.in_tenant()
    visit.run(discovery.family["whoami"])  # refuses a tenant that is not theirs
    asked = given({"cursor": visit.asked("cursor")})
    members, own = visit.run_each(
        (own_members.family["list_own_members"], asked),
        (tenant_roles.family["list_tenant_roles"], {"tenant": visit.tenant}),
    )
    roles = {each["principal"]: each["role"] for each in own["items"]}
    return visit.page(
        "tenant_people.html",
        tenant=visit.tenant,
        members=[(each, roles.get(each["principal"], "")) for each in members["items"]],
        more=members["nextCursor"],
        roles=ROLES,
    )


def change(visit: Visit) -> Outgoing:
    """Another role for somebody, or that of their organization again."""
    visit.in_tenant()
    typed = visit.typed("principal", "role")
    visit.run(tenant_roles.family["set_tenant_role"], tenant=visit.tenant, **given(typed))
    place = with_query("/people", {"tenant": visit.tenant})
    return visit.go(place, "The role counts from the next request on.")
