"""The tools a partner organization uses: only what is granted to it exists for them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.heads import Head, head_path
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("catalogs", org_types=frozenset({"catalog_partner"}))


class GrantedCatalog(Result):
    """One catalog your organization may look up and search."""

    catalog: Annotated[str, Field(description="The catalog's key, to pass to the other tools.")]
    display_name: Annotated[str, Field(description="Its name for people.")]
    source_base_url: Annotated[str, Field(description="The shop the products come from.")]
    product_count: Annotated[int, Field(description="Active products in it now.")]
    last_indexed_at: Annotated[
        datetime, Field(description="When the served version was built, ISO 8601 UTC.")
    ]


class ListCatalogs(Args):
    """Takes nothing."""


def _every_head(_: Any, access: Access) -> Iterable[str]:
    return (head_path(catalog) for catalog in access.grants)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List granted catalogs",
    reads=_every_head,
)
def list_catalogs(call: Call, args: ListCatalogs) -> list[GrantedCatalog]:
    """List every product catalog your organization may use now.

    Use this first, to learn the catalog keys that search_products and lookup_product take, how many
    products each has and how fresh it is. An empty list means nothing is granted yet.
    """
    del args
    return [
        GrantedCatalog(
            catalog=head.catalog,
            display_name=head.display_name,
            source_base_url=head.source_base_url,
            product_count=head.product_count,
            last_indexed_at=head.last_indexed_at,
        )
        for head in granted_heads(call)
    ]


def granted_heads(call: Call) -> list[Head]:
    """The heads of the catalogs granted on this call's surface now, in order of catalog key.

    A granted catalog that was never published has no head, and does not exist for partners yet.
    """
    found = (
        call.found.get(head_path(grant.catalog))
        for grant in call.access.holding(call.surface, call.now.timestamp())
    )
    return [Head.of(snapshot) for snapshot in found if snapshot is not None]
