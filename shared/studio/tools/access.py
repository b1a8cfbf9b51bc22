"""Who sees the tenant's catalogs: partners, let in and out by its owners."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.facets import Facet
from shared.identity.grants import GrantCatalog
from shared.identity.records import CatalogKey, GrantRecord, OrgId, Surfaces
from shared.identity.times import Moment
from shared.pipeline import partner_access
from shared.pipeline.destinations import ENDPOINTS, Endpoint
from shared.pipeline.partner_access import Access
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import StudioArgs, touched
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family(
    "access", org_types=STUDIO.org_types, tenant=True, toolset="access", touched=touched
)
Partner = Annotated[OrgId, Field(description="The partner organization's id.")]


class Terms(Result):
    """A partner, and on which terms it sees the catalog; null: all of it, everywhere, always."""

    organization: str
    surfaces: tuple[str, ...] | None
    only: tuple[Facet, ...] | None
    expires_at: datetime | None
    since: datetime
    by: str


class CatalogAccess(Result):
    """A catalog; `shown`: partners see it; `more`: it has further partners.

    `endpoint_ids`: of the endpoints whose entries it has; none where feeds fill it.
    """

    catalog: str
    display_name: str
    shown: bool
    product_count: int
    paused: bool
    endpoint_ids: list[str]
    partners: list[Terms]
    more: bool


class AccessPage(Result):
    """Catalogs, in order of key."""

    items: list[CatalogAccess]
    next_cursor: str | None


class ListPartnerAccess(StudioArgs):
    """Which catalog, or which page."""

    catalog: Annotated[str, Field(max_length=48, description="Only this one.")] = ""
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List partner access",
    role=Role.OWNER,
)  # fmt: skip
def list_partner_access(call: Call, args: ListPartnerAccess) -> AccessPage:
    """List the tenant's partner catalogs, and which partners see each, on which terms."""
    found, cursor = partner_access.page(call, args.catalog, args.cursor or None)
    endpoints = [each.value for each in Workspace(call).configuration.every(ENDPOINTS)]
    return AccessPage(items=[_shown(each, endpoints) for each in found], next_cursor=cursor)


class GrantPartnerAccess(StudioArgs):
    """What to whom, on which terms."""

    catalog: CatalogKey
    organization: Partner
    surfaces: Annotated[Surfaces | None, Field(description="Where it counts; all if absent.")] = (
        None
    )
    only: Annotated[
        tuple[Facet, ...] | None,
        Field(min_length=1, max_length=20, description="What each product must match."),
    ] = None
    expires_at: Annotated[Moment | None, Field(description="Until when; for good if absent.")] = (
        None
    )


@family.tool(
    scope="studio:publish", effect=Effect.WRITE, risk=Risk.HIGH, title="Grant partner access",
    role=Role.OWNER, idempotent=True,
)  # fmt: skip
def grant_partner_access(call: Call, args: GrantPartnerAccess) -> Terms:
    """Let a partner see a catalog of the tenant from its next call on, or replace its terms.

    With `only` the partner sees what matches, and not in BigQuery.
    """
    terms = GrantCatalog(
        org=args.organization,
        catalog=args.catalog,
        surfaces=args.surfaces,
        only=args.only,
        expires_at=args.expires_at,
    )
    return _terms(partner_access.grant(call, terms))


class WithdrawPartnerAccess(Confirmed, StudioArgs):
    """What from whom."""

    catalog: CatalogKey
    organization: Partner


def _would_withdraw(call: Call, args: WithdrawPartnerAccess) -> Plan | None:
    partner_access.own(call, args.catalog)
    if partner_access.granted(call, args.catalog, args.organization).state != "active":
        return None
    return Plan(f"refuse {args.organization!r} the catalog {args.catalog!r} from its next call on.")


class AccessWithdrawn(Result):
    """Who no longer sees what."""

    catalog: str
    organization: str


@family.tool(
    scope="studio:publish", effect=Effect.DESTROY, risk=Risk.HIGH, title="Withdraw partner access",
    role=Role.OWNER, plan=_would_withdraw, idempotent=True,
)  # fmt: skip
def withdraw_partner_access(call: Call, args: WithdrawPartnerAccess) -> AccessWithdrawn:
    """Take a catalog away from a partner, from its next call on. Without confirm it says so."""
    partner_access.take_back(call, args.catalog, args.organization)
    return AccessWithdrawn(catalog=args.catalog, organization=args.organization)


def _shown(access: Access, endpoints: Iterable[Endpoint]) -> CatalogAccess:
    head = access.head
    return CatalogAccess(
        catalog=access.key,
        display_name=access.catalog.display_name,
        shown=head is not None and not head.down and access.catalog.state == "active",
        product_count=head.product_count if head else 0,
        paused=bool(access.catalog.paused),
        endpoint_ids=[
            each.id for each in endpoints if each.catalog and each.catalog.key == access.key
        ],
        partners=list(map(_terms, access.grants)),
        more=access.more,
    )


def _terms(grant: GrantRecord) -> Terms:
    return Terms(
        organization=grant.org,
        surfaces=grant.surfaces,
        only=grant.only,
        expires_at=grant.expires_at,
        since=grant.created_at,
        by=grant.created_by,
    )
