"""Operations on what a catalog serves, without a feed: versions, deleting, rolling back."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.catalog.catalogs import CATALOGS, CatalogView, WhichCatalog, view
from shared.catalog.heads import Head, head_path
from shared.catalog.publishing import change, resume, roll_back
from shared.catalog.versions import every_version
from shared.identity.records import CatalogKey
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("versions", org_types=frozenset({"operator"}))


class DeleteProducts(Args):
    """Which products of which catalog."""

    catalog: CatalogKey
    keys: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=256)], ...],
        Field(min_length=1, max_length=10_000, description="Product keys; unknown ones are fine."),
    ]


class ServedVersion(Result):
    """What a catalog serves now."""

    catalog: str
    version: int
    product_count: int
    last_indexed_at: datetime


@family.tool(
    scope="catalog:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete products",
    idempotent=True,
)
def delete_products(call: Call, args: DeleteProducts) -> ServedVersion:
    """Take products out of a published catalog, as a new version that can be rolled back."""
    published = change(call, args.catalog, (), args.keys, progress=call.progress)
    return _served(published.head)


class RollBackCatalog(Args):
    """To which version."""

    catalog: CatalogKey
    version: Annotated[int, Field(ge=1, description="A version that list_versions shows.")]


@family.tool(
    scope="catalog:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Roll a catalog back",
    idempotent=True,
)
def roll_back_catalog(call: Call, args: RollBackCatalog) -> ServedVersion:
    """Serve an earlier version of a catalog again, at once.

    One that an endpoint feeds stays there until resume_catalog.
    """
    return _served(roll_back(call, args.catalog, args.version).head)


@family.tool(
    scope="catalog:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Have a catalog follow its endpoint again",
    idempotent=True,
)
def resume_catalog(call: Call, args: WhichCatalog) -> CatalogView:
    """Have a catalog that was rolled back follow the endpoint that feeds it again."""
    resume(call, args.catalog)
    head = call.app.documents.get(head_path(args.catalog))
    catalog = CATALOGS.get(call.app.documents, args.catalog).value
    return view(args.catalog, catalog, Head.of(head) if head else None)


class VersionView(Result):
    """A kept version."""

    version: int
    parent: int | None
    served: bool
    made_by: str
    product_count: int
    rejected: int
    source_revision: str | None
    created_at: datetime
    replaced_at: datetime | None


@family.tool(scope="catalog:write", effect=Effect.READ, risk=Risk.LOW, title="List versions")
def list_versions(call: Call, args: WhichCatalog) -> list[VersionView]:
    """List the versions of a catalog that are kept, oldest first, and which one is served."""
    documents = call.app.documents
    CATALOGS.get(documents, args.catalog)
    snapshot = documents.get(head_path(args.catalog))
    served = None if snapshot is None else Head.of(snapshot).number
    return [
        VersionView(
            version=record.value.number,
            served=record.value.number == served,
            **record.value.model_dump(exclude={"number", "manifest"}),
        )
        for record in every_version(documents, args.catalog)
    ]


def _served(head: Head) -> ServedVersion:
    return ServedVersion(
        catalog=head.catalog,
        version=head.number,
        product_count=head.product_count,
        last_indexed_at=head.last_indexed_at,
    )
