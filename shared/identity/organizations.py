"""Operations on organizations, tenants and memberships."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.auth.access import Access, pack
from shared.auth.caller import OrgType
from shared.auth.tenancy import TENANT_PATTERN
from shared.errors import Problem
from shared.identity.access_changes import Change, change_access
from shared.identity.addresses import Email
from shared.identity.authorizations import end_authorizations
from shared.identity.credentials import end_credentials
from shared.identity.making_tenants import make_tenant
from shared.identity.names import PLAIN
from shared.identity.of_organization import OfOrganization
from shared.identity.people import with_email
from shared.identity.principals import IssuerId, is_service_account, known_principal
from shared.identity.records import (
    MEMBERSHIPS,
    ORGANIZATIONS,
    TENANT_ROLES,
    TENANTS,
    Membership,
    Organization,
    OrgId,
    kept_tenant,
)
from shared.paging import Paged, PageOf
from shared.ports.documents import ABSENT, Delete, Put, Query, Write
from shared.queries import MEMBERSHIPS_OF_ORGANIZATION, TENANTS_OF_ORGANIZATION
from shared.queries import ORGANIZATIONS as ALL_ORGANIZATIONS
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("organizations", org_types=frozenset({"operator"}))

DEFAULT_RATE = 600


class OrganizationView(Result):
    """An organization as operators see it."""

    id: str
    name: str
    type: OrgType
    state: Literal["active", "disabled"]
    rate_limit: int
    created_at: datetime


class CreateOrganization(Args):
    """A new organization."""

    id: OrgId
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Its name for people."), PLAIN
    ]
    type: Annotated[OrgType, Field(description="What it is here for.")] = "catalog_partner"
    rate_limit: Annotated[
        int, Field(ge=1, le=1_000_000, description="Calls a minute, MCP and REST together.")
    ] = DEFAULT_RATE


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Create an organization"
)
def create_organization(call: Call, args: CreateOrganization) -> OrganizationView:
    """Create an organization. Fails with `conflict` when the id is taken."""
    organization = Organization(
        name=args.name, type=args.type, rate=args.rate_limit, created_at=call.now
    )
    access = {"state": "active", "type": args.type, "rate": args.rate_limit, "revision": 1}
    call.commit(
        [
            ORGANIZATIONS.put(args.id, organization, if_version=ABSENT),
            Put(f"access/{args.id}", {**access, "grants": pack(())}, if_version=ABSENT),
        ],
        event="organization.created",
        target=args.id,
        org=args.id,
        type=args.type,
    )
    return _view(args.id, organization)


class ChangeOrganization(Args):
    """What to change; fields left out stay."""

    id: OrgId
    state: Literal["active", "disabled"] | None = None
    rate_limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Disable, enable or re-limit an organization",
    idempotent=True,
)
def change_organization(call: Call, args: ChangeOrganization) -> OrganizationView:
    """Change an organization's state or rate limit. Counts from the next request on.

    Disabling ends every sign-in, client, API key and service account there for good: once enabled
    again, people and clients sign in anew, and programs need new keys.
    """
    given = {"state": args.state, "rate": args.rate_limit}
    asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not asked:
        raise Problem("invalid", "Nothing to change: name state or rate_limit.", field="state")
    result = ORGANIZATIONS.get(call.app.documents, args.id).value

    def edit(access: Access) -> Change | None:
        nonlocal result
        found = ORGANIZATIONS.get(call.app.documents, args.id)
        result = found.value.model_copy(update=asked)
        if result == found.value:
            return None
        put = ORGANIZATIONS.put(args.id, result, if_version=found.version)
        ended = call.now.timestamp() if result.state == "disabled" else None
        return Change(access.grants, [put], state=result.state, rate=result.rate, valid_after=ended)

    change_access(
        call,
        args.id,
        edit,
        event="organization.changed",
        target=args.id,
        **{"rateLimit" if name == "rate" else name: value for name, value in asked.items()},
    )
    if args.state == "disabled":
        end_credentials(call, args.id)
    return _view(args.id, result)


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List organizations")
def list_organizations(call: Call, args: Paged) -> PageOf[OrganizationView]:
    """List organizations in order of id, 100 a page."""
    found, cursor = ORGANIZATIONS.page(call.app.documents, args.of(ALL_ORGANIZATIONS))
    return PageOf[OrganizationView](
        items=[_view(record.id, record.value) for record in found], next_cursor=cursor
    )


class GetOrganization(Args):
    """Which organization."""

    id: OrgId


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="See an organization")
def get_organization(call: Call, args: GetOrganization) -> OrganizationView:
    """Show one organization."""
    return _view(args.id, ORGANIZATIONS.get(call.app.documents, args.id).value)


class CreateTenant(Args):
    """A new tenant of an organization."""

    id: Annotated[str, Field(pattern=TENANT_PATTERN, description="The tenant's safename.")]
    name: Annotated[str, Field(min_length=1, max_length=200), PLAIN]
    org: OrgId
    parent: Annotated[
        str | None,
        Field(pattern=TENANT_PATTERN, description="A tenant of the organization to be below."),
    ] = None


class TenantView(Result):
    """A tenant: who owns data."""

    id: str
    name: str
    org: str


@family.tool(scope="identity:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Create a tenant")
def create_tenant(call: Call, args: CreateTenant) -> TenantView:
    """Create a tenant that can own catalogs."""
    ORGANIZATIONS.get(call.app.documents, args.org)
    if args.parent and kept_tenant(call.app.documents, args.parent).value.org != args.org:
        raise Problem("invalid", "The parent is another organization's tenant.", field="parent")
    make_tenant(call, args.id, args.name, args.org, args.parent)
    return TenantView(id=args.id, name=args.name, org=args.org)


class SetMember(Args):
    """Whose membership, and what it is to be."""

    org: OrgId
    subject: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=256,
            description="The token's `sub`. Left out, it is whoever the e-mail address belongs to.",
        ),
    ] = None
    issuer: IssuerId = "own"
    role: Literal["owner", "member"] = "member"
    email: Annotated[
        Email | None,
        Field(description="What they sign in with at our own authorization server."),
    ] = None
    state: Literal["active", "removed"] = "active"


class MemberView(Result):
    """A membership."""

    org: str
    principal: str
    role: str
    state: str
    email: str | None


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Add, change or remove a member",
    idempotent=True,
)
def set_member(call: Call, args: SetMember) -> MemberView:
    """Add a person to an organization, change their role, or remove them (state `removed`).

    Whoever proves to have the e-mail address can then sign in. A removed member is refused on the
    next request.
    """
    ORGANIZATIONS.get(call.app.documents, args.org)
    subject, writes = _subject(call, args)
    principal = known_principal(call, args.issuer, subject)
    if args.role == "owner" and is_service_account(principal):
        raise Problem("invalid", "A service account cannot be an owner.", field="role")
    id_ = f"{args.org}:{principal}"
    before = MEMBERSHIPS.find(call.app.documents, id_)
    membership = Membership(
        org=args.org,
        principal=principal,
        role=args.role,
        state=args.state,
        email=args.email or (before.value.email if before else None),
        created_at=before.value.created_at if before else call.now,
    )
    keep_member(call, membership, before, writes)
    return _member(membership)


_EVENTS: Final = {
    "removed": "membership.removed",
    "invited": "membership.invited",
    "declined": "membership.declined",
}


def keep_member(
    call: Call,
    membership: Membership,
    before: Found[Membership] | None,
    also: Sequence[Write] = (),
) -> None:
    """Store a membership with its event, and `also` with it; nothing where nothing changes.

    Whoever is removed has no role in a tenant any more, and whoever is removed or loses a role has
    to sign in anew, also when they come back: what was issued before is refused from this commit
    on. Raises Conflict.
    """
    ends = before is not None and _loses(before.value, membership)
    kept = before.value.valid_after if before is not None else None
    membership = membership.model_copy(update={"valid_after": call.now if ends else kept})
    if before is not None and before.value == membership and not also:
        return
    id_ = f"{membership.org}:{membership.principal}"
    version = before.version if before else ABSENT
    roles = _tenant_roles(call, membership) if membership.state == "removed" else []
    call.commit(
        [*also, *roles, MEMBERSHIPS.put(id_, membership, if_version=version)],
        event=_EVENTS.get(membership.state, "membership.set"),
        target=id_,
        org=membership.org,
        role=membership.role,
    )
    if ends:
        end_authorizations(
            call, membership.principal, membership.org, because="lost the membership"
        )


def _loses(before: Membership, after: Membership) -> bool:
    """Whether somebody who belonged does not any more, or is no owner any more."""
    gone = before.state == "active" and after.state != "active"
    return gone or (before.role == "owner" and after.role != "owner")


def _tenant_roles(call: Call, membership: Membership) -> list[Write]:
    """The writes that take a person's roles in their organization's tenants away."""
    query = Query(TENANTS_OF_ORGANIZATION, equal={"org": membership.org}, limit=1000)
    tenants = TENANTS.every(call.app.documents, query)
    ids = [f"{tenant.id}:{membership.principal}" for tenant in tenants]
    return [Delete(TENANT_ROLES.path(id_)) for id_ in ids]


def _subject(call: Call, args: SetMember) -> tuple[str, list[Write]]:
    """Whose membership it is, and what makes their e-mail address theirs."""
    if args.issuer == "own" and args.email is not None:
        return with_email(call, args.email, args.subject)
    if args.subject is None:
        raise Problem("invalid", "Name the member by subject, or by e-mail address.")
    return args.subject, []


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List members")
def list_members(call: Call, args: OfOrganization) -> PageOf[MemberView]:
    """List an organization's members, removed ones too, 100 a page."""
    query = args.of(MEMBERSHIPS_OF_ORGANIZATION, org=args.org)
    found, cursor = MEMBERSHIPS.page(call.app.documents, query)
    return PageOf[MemberView](items=[_member(record.value) for record in found], next_cursor=cursor)


def _view(id_: str, organization: Organization) -> OrganizationView:
    return OrganizationView(
        id=id_,
        name=organization.name,
        type=organization.type,
        state=organization.state,
        rate_limit=organization.rate,
        created_at=organization.created_at,
    )


def _member(membership: Membership) -> MemberView:
    shown: dict[str, Any] = membership.model_dump(exclude={"created_at"})
    return MemberView(**shown)
