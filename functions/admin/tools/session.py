"""Who calls, and which tenants they may use."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from functions.admin.arguments import Nothing, OfTenant, Sliced
from shared.auth.faces import ADMIN
from shared.auth.lent import lent, lent_tenants
from shared.errors import Problem
from shared.identity.records import MEMBERSHIPS, TENANTS
from shared.ports.documents import Query
from shared.queries import TENANTS_OF_ORGANIZATION
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("session", org_types=ADMIN.org_types, always=True)


class Standing(Result):
    """Who calls, and what they may do."""

    is_authenticated: bool
    user_id: str
    user_name: str
    email: str
    tenant_id: str
    allowed_tenants: list[str]
    roles: list[str]
    scopes: list[str]
    token_expires_at_utc: datetime | None


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Who am I")
def whoami(call: Call, args: Nothing) -> Standing:
    """Say who you are signed in as, with which roles and scopes, and which tenants you may use.

    `tenantId` is the address's tenant, and `roles` are those there.
    """
    del args
    email = _email(call)
    return Standing(
        is_authenticated=True,
        user_id=call.caller.subject,
        user_name=email or call.caller.subject,
        email=email,
        tenant_id=call.tenant,
        allowed_tenants=allowed(call),
        roles=[call.role.word],
        scopes=sorted(call.caller.scopes or ()),
        token_expires_at_utc=_expiry(call),
    )


class Authenticated(Result):
    """Whether the caller is signed in, and for how long."""

    is_authenticated: bool
    was_refreshed: bool
    expires_at_utc: datetime | None
    subject_id: str
    user_name: str
    tenant_id: str
    message: str


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Am I signed in")
def auth_status(call: Call, args: Nothing) -> Authenticated:
    """Say whether this connection is signed in, and until when its token is good.

    Your MCP client refreshes the token by itself; this server keeps none.
    """
    del args
    expires = _expiry(call)
    until = f" until {expires:%Y-%m-%dT%H:%M:%SZ}" if expires else ""
    return Authenticated(
        is_authenticated=True,
        was_refreshed=False,
        expires_at_utc=expires,
        subject_id=call.caller.subject,
        user_name=_email(call) or call.caller.subject,
        tenant_id=call.tenant,
        message=f"You are signed in{until}.",
    )


class AllowedTenants(Result):
    """The tenants a caller may use."""

    current_tenant_id: str
    allowed_tenants: list[str]
    total_count: int
    message: str


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="List my tenants")
def list_tenants(call: Call, args: Sliced) -> AllowedTenants:
    """List the tenants you may use, in order of id: pass one as `tenantId` to any other tool.

    get_tenants shows how they are placed below one another.
    """
    found = allowed(call)
    return AllowedTenants(
        current_tenant_id=call.tenant,
        allowed_tenants=args.of(found),
        total_count=len(found),
        message=f"You may use {len(found)} tenants.",
    )


class SwitchTenant(OfTenant):
    """To which tenant."""

    tenant_id: Annotated[str, Field(min_length=1, max_length=100, description="The tenant.")]


class Switched(Result):
    """The caller's roles in a tenant."""

    roles: list[str]
    message: str


@family.tool(
    scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Try a tenant", tenant=True
)
def switch_tenant(call: Call, args: SwitchTenant) -> Switched:
    """Find out whether you may use a tenant, and in which roles.

    Nothing is remembered: go on passing `tenantId` with each call.
    """
    del args
    return Switched(
        roles=[call.role.word],
        message=f"You may use {call.tenant}. Pass it as tenantId with each call.",
    )


def allowed(call: Call) -> list[str]:
    """The ids of the tenants that a caller may use, in order: their own, and others they may."""
    documents = call.app.documents
    asked = Query(TENANTS_OF_ORGANIZATION, equal={"org": call.caller.org}, limit=1000)
    every = TENANTS.every(documents, asked)
    own = [each.id for each in every if not each.value.is_deleted]
    others = [id_ for id_ in lent_tenants(documents, call.caller) if _is_lent(call, id_)]
    return sorted({*own, *others})


def _is_lent(call: Call, tenant: str) -> bool:
    try:
        return lent(call.app.documents, call.caller, tenant) is not None
    except Problem:
        return False


def _email(call: Call) -> str:
    id_ = f"{call.caller.org}:{call.caller.subject}"
    found = MEMBERSHIPS.find(call.app.documents, id_)
    return (found.value.email or "") if found else ""


def _expiry(call: Call) -> datetime | None:
    at = call.caller.expires_at
    return datetime.fromtimestamp(at, UTC) if at else None
