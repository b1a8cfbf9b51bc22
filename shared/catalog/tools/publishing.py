"""Operations that read feeds: publish, upsert, check."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.catalog.catalogs import CATALOGS
from shared.catalog.feeds.money import is_currency
from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.report import Account, report_file
from shared.catalog.heads import Head, head_path
from shared.catalog.making import Published
from shared.catalog.products.product import Product
from shared.catalog.publishing import change, publish
from shared.catalog.tools.feed_reports import FeedReport, Judge, of_account
from shared.errors import Problem
from shared.identity.records import CatalogKey
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("publishing", org_types=frozenset({"operator"}))

MOST_FETCHED: Final = 512 * 1024 * 1024
FETCH_SECONDS: Final = 300.0
REJECTED_SHARE: Final = 0.05

FeedKind = Literal["jsonl", "merchant_xml", "merchant_tsv", "shopify"]


class DisputedUrl(Result):
    """A URL that several products claim: it resolves to `product`, the lower key."""

    url: str
    product: str
    others: tuple[str, ...]


class PublishReport(FeedReport):
    """What a publish or upsert came to; not `changed` where that revision was served already.

    `disputed_urls` shows at most 100; the count is of all.
    """

    catalog: str
    version: int
    changed: bool
    product_count: int
    disputed: int
    disputed_urls: list[DisputedUrl]
    last_indexed_at: datetime


class _Feed(Args):
    """A feed, and what it does not say itself."""

    source: Annotated[
        str,
        Field(
            min_length=1,
            pattern=r"^[^\x00]+$",
            description="A file's path, or an https address to fetch.",
        ),
    ]
    kind: Annotated[
        FeedKind | None, Field(description="The feed's form; found out from its content if absent.")
    ] = None
    base_url: Annotated[
        str | None, Field(description="The shop's address, for feeds with relative URLs.")
    ] = None
    currency: Annotated[
        str | None,
        Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code of prices that name none."),
    ] = None
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
    report: Annotated[
        str | None,
        Field(
            description="A file for every rejection and warning: CSV where its name ends in .csv, "
            "else JSON lines."
        ),
    ] = None


class FromFeed(_Feed):
    """A feed for a catalog."""

    catalog: CatalogKey


class AnyFeed(_Feed):
    """A feed that would be all of a catalog."""

    confirm: Annotated[
        bool,
        Field(
            description="Publish even if the catalog shrinks by more than 30 %, or becomes exactly "
            "one full page."
        ),
    ] = False


class WholeFeed(AnyFeed):
    """A feed that becomes all of a catalog."""

    catalog: CatalogKey


@family.tool(scope="catalog:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Publish a catalog")
def publish_catalog(call: Call, args: WholeFeed) -> PublishReport:
    """Make a feed the whole content of a catalog, as a new version.

    Takes our product JSON-lines, Google Merchant feeds (XML, TSV, CSV) and Shopify products.json.
    The old version serves until the new one is complete; rejected rows are reported, with reasons.
    """
    before = _product_count(call, args.catalog)
    with _feed(call, args, args.catalog, before=before, confirmed=args.confirm) as (
        judge,
        products,
    ):
        published = publish(
            call,
            args.catalog,
            products,
            progress=call.progress,
            source_revision=args.source_revision,
            rejected=lambda: judge.account.rejected,
        )
    return _report(published, judge.account)


@family.tool(
    scope="catalog:write", effect=Effect.WRITE, risk=Risk.MEDIUM, title="Add or replace products"
)
def upsert_products(call: Call, args: FromFeed) -> PublishReport:
    """Add the products of a feed to a published catalog, replacing those with the same key.

    Everything else stays as it is; the change becomes visible at once, without a full rebuild.
    """
    with _feed(call, args, args.catalog) as (judge, products):
        published = change(
            call,
            args.catalog,
            products,
            (),
            progress=call.progress,
            source_revision=args.source_revision,
        )
    return _report(published, judge.account)


class CheckedFeed(AnyFeed):
    """A feed, and the catalog it may be for."""

    catalog: CatalogKey | None = None


@family.tool(scope="catalog:write", effect=Effect.READ, risk=Risk.LOW, title="Check a feed")
def check_feed(call: Call, args: CheckedFeed) -> FeedReport:
    """Read a feed as publishing would, and report what it would come to. Nothing is changed.

    Without a catalog, a feed with relative URLs needs the shop's address.
    """
    before = _product_count(call, args.catalog) if args.catalog else 0
    with _feed(call, args, args.catalog, before=before, confirmed=args.confirm) as (
        judge,
        products,
    ):
        for _ in products:
            pass
    return FeedReport.model_validate(of_account(judge.account))


@contextmanager
def _feed(
    call: Call, args: _Feed, catalog: str | None, *, before: int = 0, confirmed: bool = True
) -> Iterator[tuple[Judge, Iterator[Product]]]:
    """The products of a feed that lies in a file or at an address, and who keeps account of it."""
    shop = CATALOGS.get(call.app.documents, catalog).value.source_base_url if catalog else None
    if args.currency is not None and not is_currency(args.currency):
        raise Problem("invalid", "currency is no code of ISO 4217, such as USD.", field="currency")
    report = None if args.report is None else Path(args.report)
    with TemporaryDirectory() as scratch, report_file(report) as writer:
        path = Path(args.source)
        if args.source.startswith("https://"):
            path = Path(scratch) / "feed"
            path.write_bytes(_fetched(call, args.source))
        rows = read_feed(
            path,
            kind=args.kind,
            base_url=args.base_url or shop,
            currency=args.currency,
            language=args.language,
            now=call.now,
            progress=call.progress,
        )
        judge = Judge(Account(writer), args.rejected_share, call.now, before, confirmed)
        yield judge, judge.products(rows)


def _product_count(call: Call, catalog: str) -> int:
    """How many products it serves; none where it was never published."""
    snapshot = call.app.documents.get(head_path(catalog))
    return 0 if snapshot is None else Head.of(snapshot).product_count


def _fetched(call: Call, address: str) -> bytes:
    answer = call.app.fetch.get(address, timeout=FETCH_SECONDS, max_bytes=MOST_FETCHED)
    if answer.status != 200:  # noqa: PLR2004  HTTP OK
        raise Problem(
            "unavailable",
            f"The feed's address answered with status {answer.status}. Check it and try again.",
        )
    return answer.body


def _report(published: Published, account: Account) -> PublishReport:
    head = published.head
    return PublishReport(
        **of_account(account),
        catalog=head.catalog,
        version=head.number,
        changed=published.changed,
        product_count=head.product_count,
        disputed=published.disputed,
        disputed_urls=[
            DisputedUrl(url=each.form, product=each.key, others=each.others)
            for each in published.disputes
        ],
        last_indexed_at=head.last_indexed_at,
    )
