"""What is granted to one's own organization, on which terms, and what it serves now."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.heads import Head, head_path
from shared.catalog.reach import heads_of
from shared.facets import Facet
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own", org_types=frozenset({"catalog_partner"}), free=True)


class Granted(Result):
    """A catalog granted to one's organization; without a version it was never published."""

    catalog: str
    display_name: str
    source_base_url: str | None
    version: int | None
    product_count: int | None
    last_indexed_at: datetime | None
    surfaces: Annotated[
        tuple[str, ...] | None, Field(description="Where the grant counts; None: everywhere.")
    ]
    only: Annotated[
        tuple[Facet, ...] | None, Field(description="What every product must match; None: all.")
    ]
    expires_at: datetime | None
    expired: bool


def _every_head(_: Any, access: Access) -> Iterable[str]:
    return heads_of(access)


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List your catalogs and their terms",
    reads=_every_head,
)
def list_own_catalogs(call: Call, args: Args) -> list[Granted]:
    """List the catalogs granted to your organization with their terms, versions and freshness."""
    del args
    now = call.now.timestamp()
    found = []
    for grant in call.access.grants.values():
        snapshot = call.found.get(head_path(grant.catalog))
        head = None if snapshot is None else Head.of(snapshot)
        served = None if head is None or head.down else head
        ends = grant.expires_at
        found.append(
            Granted(
                catalog=grant.catalog,
                display_name=head.display_name if head else grant.catalog,
                source_base_url=head.source_base_url if head else None,
                version=served.number if served else None,
                product_count=served.product_count if served else None,
                last_indexed_at=served.last_indexed_at if served else None,
                surfaces=None if grant.surfaces is None else tuple(sorted(grant.surfaces)),
                only=None
                if grant.only is None
                else tuple(Facet.model_validate(facet) for facet in grant.only),
                expires_at=None if ends is None else datetime.fromtimestamp(ends, UTC),
                expired=ends is not None and ends <= now,
            )
        )
    return found
