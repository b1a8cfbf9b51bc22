"""Catalogs: the record of one, and the operations that create and list them."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.catalog.heads import Head, head_path
from shared.identity.names import PLAIN
from shared.identity.records import CatalogKey, kept_tenant
from shared.paging import Paged, PageOf
from shared.ports.documents import ABSENT
from shared.ports.queue import EXPORTS as LONG
from shared.queries import CATALOGS as ALL_CATALOGS
from shared.queries import DUE_EXPORTS
from shared.records import Record, Records
from shared.tool import Args, Call, Effect, Family, Result, Risk
from shared.work import Kind

family = Family("catalogs", org_types=frozenset({"operator"}))

MOST_HOSTS: Final = 64
BaseUrl = Annotated[
    str, Field(pattern=r"^https?://[^\s/]+", max_length=500, description="The shop's address.")
]
EXPORT: Final = Kind(DUE_EXPORTS, "/jobs/exports", LONG)
"""A catalog's version or state changed, and its copy in the warehouse is to follow. By its key."""


class Catalog(Record):
    """A catalog: owned by one tenant, with one key on the whole platform.

    `hosts` are all hosts its product pages were ever on; they only grow. A withdrawn catalog is
    granted to nobody and shared nowhere. `fed_by`: the endpoint of its tenant whose entries it
    serves, where it is none of a feed's; `paused`: it was rolled back, and follows no more.
    """

    tenant: str
    display_name: str
    source_base_url: str
    hosts: tuple[str, ...] = ()
    state: Literal["active", "withdrawn"] = "active"
    fed_by: str | None = None
    paused: bool | None = None
    created_at: datetime


CATALOGS: Final = Records("catalogs", Catalog, "catalog")


class CatalogView(Result):
    """A catalog as operators see it; the last three are empty before the first publish."""

    catalog: str
    tenant: str
    display_name: str
    source_base_url: str
    version: int | None
    product_count: int | None
    last_indexed_at: datetime | None


class CreateCatalog(Args):
    """A new catalog."""

    catalog: CatalogKey
    tenant: Annotated[str, Field(description="The tenant that owns it.")]
    display_name: Annotated[str, Field(min_length=1, max_length=200), PLAIN]
    source_base_url: BaseUrl


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Create a catalog"
)
def create_catalog(call: Call, args: CreateCatalog) -> CatalogView:
    """Create a catalog. Fails with `conflict` when the key is taken on the platform."""
    tenant = kept_tenant(call.app.documents, args.tenant)
    catalog = Catalog(
        tenant=args.tenant,
        display_name=args.display_name,
        source_base_url=args.source_base_url,
        created_at=call.now,
    )
    create(call, args.catalog, catalog, tenant.value.org)
    return view(args.catalog, catalog, None)


def create(call: Call, key: str, catalog: Catalog, org: str) -> None:
    """Take a key for a catalog of a tenant of this organization. Raises Conflict where it is."""
    call.commit(
        [CATALOGS.put(key, catalog, if_version=ABSENT)],
        event="catalog.created",
        target=key,
        org=org,
    )


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List all catalogs")
def list_all_catalogs(call: Call, args: Paged) -> PageOf[CatalogView]:
    """List the platform's catalogs and what they serve, in order of key, 100 a page."""
    documents = call.app.documents
    found, cursor = CATALOGS.page(documents, args.of(ALL_CATALOGS))
    heads = documents.get_many([head_path(record.id) for record in found])
    items = [
        view(record.id, record.value, Head.of(heads[path]) if path in heads else None)
        for record in found
        for path in (head_path(record.id),)
    ]
    return PageOf[CatalogView](items=items, next_cursor=cursor)


class WhichCatalog(Args):
    """Which catalog."""

    catalog: CatalogKey


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="See a catalog")
def get_catalog(call: Call, args: WhichCatalog) -> CatalogView:
    """Show one catalog and what it serves."""
    documents = call.app.documents
    head = documents.get(head_path(args.catalog))
    catalog = CATALOGS.get(documents, args.catalog).value
    return view(args.catalog, catalog, Head.of(head) if head else None)


def view(key: str, catalog: Catalog, head: Head | None) -> CatalogView:
    """What operators see of a catalog."""
    return CatalogView(
        catalog=key,
        tenant=catalog.tenant,
        display_name=catalog.display_name,
        source_base_url=catalog.source_base_url,
        version=head.number if head else None,
        product_count=head.product_count if head else None,
        last_indexed_at=head.last_indexed_at if head else None,
    )
