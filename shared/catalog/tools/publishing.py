"""Operations that change what a catalog serves: publish, upsert, delete, roll back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.catalog.catalogs import CATALOGS, WhichCatalog
from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted, Row
from shared.catalog.heads import Head, head_path
from shared.catalog.making import Published
from shared.catalog.products.product import Product
from shared.catalog.publishing import change, publish, roll_back
from shared.catalog.versions import every_version
from shared.errors import Problem
from shared.identity.records import CatalogKey
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("publishing", org_types=frozenset({"operator"}))

MOST_REPORTED: Final = 100
MOST_FETCHED: Final = 512 * 1024 * 1024
FETCH_SECONDS: Final = 300.0
REJECTED_SHARE: Final = 0.05

FeedKind = Literal["jsonl", "merchant_xml", "merchant_tsv", "shopify"]


class RejectedRow(Result):
    """A row that was not taken, and why."""

    line: int
    key: str | None
    reasons: tuple[str, ...]


class DisputedUrl(Result):
    """A URL that several products claim: it resolves to `product`, the lower key."""

    url: str
    product: str
    others: tuple[str, ...]


class PublishReport(Result):
    """What a publish or upsert came to; not `changed` where that revision was served already.

    `rejected_rows`, `warnings` and `disputed_urls` show at most 100; the counts are of all.
    """

    catalog: str
    version: int
    changed: bool
    product_count: int
    accepted: int
    rejected: int
    rejected_rows: list[RejectedRow]
    warned: int
    warnings: list[str]
    disputed: int
    disputed_urls: list[DisputedUrl]
    last_indexed_at: datetime


class FromFeed(Args):
    """A feed, and what it does not say itself."""

    catalog: CatalogKey
    source: Annotated[
        str, Field(min_length=1, description="A file's path, or an https address to fetch.")
    ]
    kind: Annotated[
        FeedKind | None, Field(description="The feed's form; found out from its content if absent.")
    ] = None
    base_url: Annotated[
        str | None, Field(description="The shop's address, for feeds with relative URLs.")
    ] = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None
    language: Annotated[str | None, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = None
    rejected_share: Annotated[
        float,
        Field(ge=0, le=1, description="Above this share of rejected rows nothing is published."),
    ] = REJECTED_SHARE
    source_revision: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Your mark of what the feed was made from. When the catalog serves it "
            "already, nothing is done; of `name:number`, also when it serves a higher number.",
        ),
    ] = None


@dataclass
class _Reading:
    """Reads a feed once, letting products through and keeping account of the rest."""

    most_share: float
    accepted: int = 0
    rejected: int = 0
    warned: int = 0
    rejections: list[RejectedRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def products(self, rows: Iterator[Row]) -> Iterator[Product]:
        for row in rows:
            if isinstance(row, Accepted):
                self.accepted += 1
                self._warn(row)
                yield row.product
            else:
                self.rejected += 1
                if len(self.rejections) < MOST_REPORTED:
                    self.rejections.append(
                        RejectedRow(line=row.line, key=row.key, reasons=row.reasons)
                    )
        self._judge()

    def _warn(self, row: Accepted) -> None:
        self.warned += len(row.warnings)
        room = MOST_REPORTED - len(self.warnings)
        self.warnings += [f"line {each.line}: {each.text}" for each in row.warnings[:room]]

    def _judge(self) -> None:
        rows = self.accepted + self.rejected
        shown = [row.model_dump(mode="json") for row in self.rejections]
        if not self.accepted:
            raise Problem(
                "publish_rejected",
                "The feed holds no product that can be taken. Nothing was changed.",
                rejected=self.rejected,
                rows=shown,
            )
        if self.rejected > rows * self.most_share:
            raise Problem(
                "publish_rejected",
                f"{self.rejected} of {rows} rows were rejected, more than the {self.most_share:.0%}"
                " that are tolerated. Nothing was changed. Correct the feed, or allow a larger"
                " share.",
                rejected=self.rejected,
                rows=shown,
            )


@family.tool(scope="catalog:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Publish a catalog")
def publish_catalog(call: Call, args: FromFeed) -> PublishReport:
    """Make a feed the whole content of a catalog, as a new version.

    Takes our product JSON-lines, Google Merchant feeds (XML, TSV) and Shopify products.json. The
    old version serves until the new one is complete; rejected rows are reported, with reasons.
    """
    reading = _Reading(args.rejected_share)
    with _feed(call, args) as rows:
        published = publish(
            call,
            args.catalog,
            reading.products(rows),
            progress=call.progress,
            source_revision=args.source_revision,
            rejected=lambda: reading.rejected,
        )
    return _report(published, reading)


@family.tool(
    scope="catalog:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Add or replace products"
)
def upsert_products(call: Call, args: FromFeed) -> PublishReport:
    """Add the products of a feed to a published catalog, replacing those with the same key.

    Everything else stays as it is; the change becomes visible at once, without a full rebuild.
    """
    reading = _Reading(args.rejected_share)
    with _feed(call, args) as rows:
        published = change(
            call,
            args.catalog,
            reading.products(rows),
            (),
            progress=call.progress,
            source_revision=args.source_revision,
        )
    return _report(published, reading)


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
    """Serve an earlier version of a catalog again, at once."""
    return _served(roll_back(call, args.catalog, args.version).head)


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


@contextmanager
def _feed(call: Call, args: FromFeed) -> Iterator[Iterator[Row]]:
    """The rows of a feed that lies in a file or at an address."""
    catalog = CATALOGS.get(call.app.documents, args.catalog).value
    with TemporaryDirectory() as scratch:
        path = Path(args.source)
        if args.source.startswith("https://"):
            path = Path(scratch) / "feed"
            path.write_bytes(_fetched(call, args.source))
        yield read_feed(
            path,
            kind=args.kind,
            base_url=args.base_url or catalog.source_base_url,
            currency=args.currency,
            language=args.language,
            now=call.now,
        )


def _fetched(call: Call, address: str) -> bytes:
    answer = call.app.fetch.get(address, timeout=FETCH_SECONDS, max_bytes=MOST_FETCHED)
    if answer.status != 200:  # noqa: PLR2004  HTTP OK
        raise Problem(
            "unavailable",
            f"The feed's address answered with status {answer.status}. Check it and try again.",
        )
    return answer.body


def _report(published: Published, reading: _Reading) -> PublishReport:
    head = published.head
    return PublishReport(
        catalog=head.catalog,
        version=head.number,
        changed=published.changed,
        product_count=head.product_count,
        accepted=reading.accepted,
        rejected=reading.rejected,
        rejected_rows=reading.rejections,
        warned=reading.warned,
        warnings=reading.warnings,
        disputed=published.disputed,
        disputed_urls=[
            DisputedUrl(url=each.form, product=each.key, others=each.others)
            for each in published.disputes
        ],
        last_indexed_at=head.last_indexed_at,
    )


def _served(head: Head) -> ServedVersion:
    return ServedVersion(
        catalog=head.catalog,
        version=head.number,
        product_count=head.product_count,
        last_indexed_at=head.last_indexed_at,
    )
