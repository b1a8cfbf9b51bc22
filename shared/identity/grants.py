"""Operations on grants: which organization may use which catalog, on what terms."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from shared.auth.access import Access, Grant
from shared.errors import Problem
from shared.facets import Facet
from shared.identity.access_changes import Change, change_access, check_restrictions
from shared.identity.of_organization import OfOrganization
from shared.identity.records import (
    GRANTS,
    CatalogKey,
    GrantRecord,
    OrgId,
    Surfaces,
)
from shared.identity.times import Moment
from shared.paging import PageOf
from shared.ports.documents import ABSENT, Check, Documents, Query
from shared.queries import GRANTS_OF_CATALOG, GRANTS_OF_ORGANIZATION
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("grants", org_types=frozenset({"operator"}))


class GrantView(Result):
    """A grant and its terms."""

    org: str
    catalog: str
    state: str
    surfaces: tuple[str, ...] | None
    only: tuple[Facet, ...] | None
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    withdrawn_at: datetime | None


class GrantCatalog(Args):
    """To whom, what, on which terms."""

    org: OrgId
    catalog: CatalogKey
    surfaces: Surfaces | None = None
    only: Annotated[tuple[Facet, ...], Field(min_length=1, max_length=20)] | None = None
    expires_at: Moment | None = None


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Grant a catalog",
    idempotent=True,
)
def grant_catalog(call: Call, args: GrantCatalog) -> GrantView:
    """Grant a catalog to an organization, or replace the terms of a grant it has.

    Counts from the next request on. At most 500 grants an organization. A grant with `only` has no
    bigquery surface, because a listing shows the same to all its subscribers.
    """
    record = _record(call, args)
    id_ = f"{args.org}:{args.catalog}"
    result = record

    def edit(access: Access) -> Change | None:
        nonlocal result
        catalog = call.app.documents.get(f"catalogs/{args.catalog}")
        if catalog is None:
            raise Problem("not_found", "There is no catalog with that key.", kind="catalog")
        if catalog.data["state"] == "withdrawn":
            raise Problem(
                "conflict", "This catalog is withdrawn. Restore it first.", kind="catalog"
            )
        before = GRANTS.find(call.app.documents, id_)
        if before is not None and before.value.state == "active" and _same(before.value, record):
            result = before.value
            return None
        result = record
        grant = Grant(
            catalog=args.catalog,
            hosts=frozenset(catalog.data["hosts"]),
            surfaces=None if record.surfaces is None else frozenset(record.surfaces),
            only=_plain(record.only),
            expires_at=None if record.expires_at is None else record.expires_at.timestamp(),
        )
        put = GRANTS.put(id_, record, if_version=before.version if before else ABSENT)
        unmoved = Check(catalog.path, catalog.version)
        return Change({**access.grants, args.catalog: grant}, [put, unmoved])

    change_access(call, args.org, edit, event="grant.given", target=id_, terms=_terms(record))
    return _view(result)


class WithdrawGrant(Args):
    """Whose grant of what."""

    org: OrgId
    catalog: CatalogKey


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Withdraw a grant",
    idempotent=True,
)
def withdraw_grant(call: Call, args: WithdrawGrant) -> GrantView:
    """Withdraw a catalog from an organization. It is refused on the next request."""
    return withdraw(call, args.org, args.catalog)


def withdraw(call: Call, org: str, catalog: str) -> GrantView:
    """Withdraw a grant, for the operations that do. Raises `not_found`."""
    id_ = f"{org}:{catalog}"
    result = GRANTS.get(call.app.documents, id_).value

    def edit(access: Access) -> Change | None:
        nonlocal result
        found = GRANTS.get(call.app.documents, id_)
        result = found.value
        if result.state == "withdrawn":
            return None
        result = result.model_copy(update={"state": "withdrawn", "withdrawn_at": call.now})
        kept = {key: grant for key, grant in access.grants.items() if key != catalog}
        return Change(kept, [GRANTS.put(id_, result, if_version=found.version)])

    change_access(call, org, edit, event="grant.withdrawn", target=id_)
    return _view(result)


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List grants")
def list_grants(call: Call, args: OfOrganization) -> PageOf[GrantView]:
    """List what is granted to an organization, in order of catalog, 100 a page."""
    query = args.of(GRANTS_OF_ORGANIZATION, org=args.org, state="active")
    found, cursor = GRANTS.page(call.app.documents, query)
    return PageOf[GrantView](items=[_view(record.value) for record in found], next_cursor=cursor)


def organizations_granted(documents: Documents, catalog: str) -> Iterator[str]:
    """Every organization a catalog is granted to now."""
    query = Query(GRANTS_OF_CATALOG, equal={"catalog": catalog, "state": "active"}, limit=500)
    return (found.value.org for found in GRANTS.every(documents, query))


def _record(call: Call, args: GrantCatalog) -> GrantRecord:
    """What is kept of the grant. Raises `invalid` for terms that cannot be."""
    if args.expires_at is not None and args.expires_at <= call.now:
        raise Problem("invalid", "This time has passed. Name one to come.", field="expires_at")
    surfaces = args.surfaces
    if args.only is not None:
        if "bigquery" in (surfaces or ()):
            raise Problem(
                "invalid",
                "A grant with `only` cannot have the bigquery surface: a listing shows the same to "
                "all its subscribers. Leave out one of the two.",
                field="surfaces",
            )
        surfaces = surfaces or ("mcp", "rest")
    check_restrictions(surfaces, _plain(args.only))
    given = {**dict(args), "surfaces": surfaces}
    return GrantRecord(**given, created_at=call.now, created_by=call.caller.subject)


def _plain(only: tuple[Facet, ...] | None) -> tuple[dict[str, Any], ...] | None:
    return None if only is None else tuple(facet.model_dump(mode="json") for facet in only)


def _same(one: GrantRecord, other: GrantRecord) -> bool:
    return _terms(one) == _terms(other)


def _terms(record: GrantRecord) -> dict[str, Any]:
    fields = {"surfaces", "only", "expires_at"}
    return record.model_dump(mode="json", include=fields, exclude_none=True)


def _view(record: GrantRecord) -> GrantView:
    return GrantView(**dict(record))
