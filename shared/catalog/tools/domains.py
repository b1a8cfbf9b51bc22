"""What is known of a shop's products, for programs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.healing import healing
from shared.catalog.lookup import covering
from shared.catalog.products.urls import normalize_url, require_safe_url
from shared.catalog.reach import reached
from shared.catalog.search.coverage import Prices, filled, prices, size
from shared.catalog.search.shelf import Shelf
from shared.errors import Problem
from shared.facets import ATTRIBUTE
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("domains", org_types=frozenset({"catalog_partner"}))


class DomainAsked(Args):
    """Which shop."""

    host: Annotated[str, Field(max_length=255, description="The shop's host name.")]

    @property
    def page(self) -> str:
        """An address there."""
        return f"https://{self.host}/"


class DomainValue(Result):
    """A value of a facet; `value` is what to search by."""

    value: str
    label: str
    count: int


class DomainField(Result):
    """A facet that products have."""

    name: Annotated[str, Field(description="What to search by.")]
    display_name: str
    source: Annotated[Literal["product"], Field(description="The merchant's own data.")]
    populated: Annotated[int, Field(description="Products that have it.")]
    coverage: Annotated[float, Field(description="populated / productCount.")]
    distinct: Annotated[
        int, Field(description="Its values; of a large catalog's part numbers only the first.")
    ]
    top_values: Annotated[list[DomainValue], Field(description="Up to 10, most frequent first.")]
    truncated: Annotated[bool, Field(description="Whether there are others.")]


class PriceBucket(Result):
    """Prices from `min` until before `max`."""

    min: float
    max: float
    count: int


class PriceDistribution(Result):
    """How current prices above 0 are spread."""

    populated: int
    median: Annotated[float, Field(description="About the middle price.")]
    below: Annotated[int, Field(description="Priced below the first bucket.")]
    above: Annotated[int, Field(description="Priced above the last.")]
    buckets: list[PriceBucket]


class DomainCatalog(Result):
    """What a catalog knows of its products."""

    catalog: str
    catalog_display_name: str
    product_count: int
    computed_at: datetime
    fields: Annotated[
        list[DomainField], Field(description="Up to 50, those that most products have first.")
    ]
    price: Annotated[PriceDistribution | None, Field(description="Null: nothing has a price.")]


class DomainCoverage(Result):
    """What is known of a shop's products, by catalog."""

    host: str
    catalogs: list[DomainCatalog]


def _heads(args: DomainAsked, access: Access) -> Iterable[str]:
    return covering(access, args.page, None)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Describe a shop",
    returns=DomainCoverage,
    reads=_heads,
)
@healing
def get_domain(call: Call, args: DomainAsked) -> DomainCoverage:
    """Say what the granted catalogs know of a shop's products: facets, values and prices.

    Counted among all that you may see, when you ask.
    """
    require_safe_url(args.page)
    host = normalize_url(args.page).host
    shelves = [each.shelf(call) for each in reached(call, call.access.by_host.get(host, ()))]
    if not shelves:
        raise Problem(
            "domain_not_covered",
            "No catalog granted to you has pages on this host. GET /catalogs lists the shops.",
        )
    return DomainCoverage(host=host, catalogs=[_described(call, shelf) for shelf in shelves])


def _described(call: Call, shelf: Shelf) -> DomainCatalog:
    total = size(shelf)
    return DomainCatalog(
        catalog=shelf.catalog,
        catalog_display_name=shelf.display_name,
        product_count=total,
        computed_at=call.now,
        fields=[
            DomainField(
                name=each.name,
                display_name=each.name.removeprefix(ATTRIBUTE).replace("_", " ").capitalize(),
                source="product",
                populated=each.populated,
                coverage=round(each.populated / total, 3),
                distinct=each.distinct,
                top_values=[
                    DomainValue(value=value, label=value, count=count)
                    for value, count in each.values
                ],
                truncated=each.distinct > len(each.values),
            )
            for each in filled(shelf)
        ],
        price=_distribution(prices(shelf)),
    )


def _distribution(found: Prices | None) -> PriceDistribution | None:
    if found is None:
        return None
    return PriceDistribution(
        populated=found.populated,
        median=found.median,
        below=found.below,
        above=found.above,
        buckets=[
            PriceBucket(min=each.low, max=each.high, count=each.amount) for each in found.buckets
        ],
    )
