"""What people may do in a tenant, where it is not what their organization's role says."""

from typing import Annotated

from pydantic import Field

from shared.auth.tenancy import TENANT_PATTERN, Role, role_in_tenant
from shared.errors import Problem
from shared.identity.authorizations import end_authorizations
from shared.identity.principals import PrincipalId
from shared.identity.records import (
    MEMBERSHIPS,
    TENANT_ROLES,
    TENANTS,
    Membership,
    RoleWord,
    Tenant,
    TenantRole,
)
from shared.paging import Paged, PageOf
from shared.ports.documents import Check, Delete, Write
from shared.queries import ROLES_OF_TENANT
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("tenant_roles", org_types=frozenset({"catalog_owner", "operator"}), free=True)

TenantId = Annotated[str, Field(pattern=TENANT_PATTERN, description="The tenant.")]


class SetTenantRole(Args):
    """Whose role, in which tenant."""

    tenant: TenantId
    principal: PrincipalId
    role: Annotated[
        RoleWord | None,
        Field(description="What they may do there. Left out: what their organization's role says."),
    ] = None


class TenantRoleView(Result):
    """A person's role in a tenant."""

    tenant: str
    principal: str
    role: str | None


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Set a person's role in a tenant",
    role=Role.OWNER,
    idempotent=True,
)
def set_tenant_role(call: Call, args: SetTenantRole) -> TenantRoleView:
    """Set what a member of the owning organization may do in a tenant. Counts from the next call.

    A viewer looks; an editor changes data and definitions; a publisher also publishes and stops;
    an owner also deletes and sets roles. Whoever gets a lower role than before has to sign in anew,
    and so do their clients.
    """
    tenant = _own_tenant(call, args.tenant)
    org = tenant.value.org
    member = _member(call, org, args.principal)
    id_ = f"{args.tenant}:{args.principal}"
    before = TENANT_ROLES.find(call.app.documents, id_)
    had = before.value.role if before else None
    if args.role == had:
        return TenantRoleView(tenant=args.tenant, principal=args.principal, role=args.role)
    owns, default = member.value.role == "owner", tenant.value.default_role
    roles = [role_in_tenant(each, owns=owns, default=default) for each in (had, args.role)]
    lowered = roles[1] < roles[0]
    call.commit(
        [_member_write(call, member, lowered=lowered), _change(call, args, id_)],
        event="tenant_role.set",
        target=id_,
        org=org,
        role=args.role,
    )
    if lowered:
        end_authorizations(call, args.principal, org, because="lost a role")
    return TenantRoleView(tenant=args.tenant, principal=args.principal, role=args.role)


class ListTenantRoles(Paged):
    """Of which tenant."""

    tenant: TenantId


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List the roles people have in a tenant",
    role=Role.OWNER,
)
def list_tenant_roles(call: Call, args: ListTenantRoles) -> PageOf[TenantRoleView]:
    """List who has a role of their own in a tenant, in order of principal, 100 a page.

    Who is not listed has their organization's.
    """
    _own_tenant(call, args.tenant)
    query = args.of(ROLES_OF_TENANT, tenant=args.tenant)
    found, cursor = TENANT_ROLES.page(call.app.documents, query)
    items = [
        TenantRoleView(tenant=args.tenant, principal=each.value.principal, role=each.value.role)
        for each in found
    ]
    return PageOf[TenantRoleView](items=items, next_cursor=cursor)


def _own_tenant(call: Call, tenant: str) -> Found[Tenant]:
    """The tenant, if it is the caller's organization's; operators reach every one."""
    found = TENANTS.find(call.app.documents, tenant)
    mine = call.caller.org_type == "operator"
    if found is None or found.value.is_deleted or not (mine or found.value.org == call.caller.org):
        raise Problem("tenant_not_found", f"There is no tenant {tenant!r} for you.")
    return found


def _member(call: Call, org: str, principal: str) -> Found[Membership]:
    """The person's membership. Raises `not_found`."""
    member = MEMBERSHIPS.find(call.app.documents, f"{org}:{principal}")
    if member is None or member.value.state != "active":
        raise Problem("not_found", "Your organization has no such member.", kind="member")
    return member


def _member_write(call: Call, member: Found[Membership], *, lowered: bool) -> Write:
    """What fails when the person is removed meanwhile; where they lose, it ends what they have."""
    if not lowered:
        return Check(MEMBERSHIPS.path(member.id), member.version)
    ended = member.value.model_copy(update={"valid_after": call.now})
    put: Write = MEMBERSHIPS.put(member.id, ended, if_version=member.version)
    return put


def _change(call: Call, args: SetTenantRole, id_: str) -> Write:
    if args.role is None:
        return Delete(TENANT_ROLES.path(id_))
    role = TenantRole(
        tenant=args.tenant,
        principal=args.principal,
        role=args.role,
        created_at=call.now,
        created_by=call.caller.subject,
    )
    put: Write = TENANT_ROLES.put(id_, role)
    return put
