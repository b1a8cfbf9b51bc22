"""Products like others, for agents."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.healing import healing
from shared.catalog.reach import heads_of
from shared.catalog.search.room import Room
from shared.catalog.search.search import Question
from shared.catalog.search.shelf import Shelf
from shared.catalog.similarity import DEFAULT_LIMIT, Source, like, source_by_url
from shared.catalog.tools.agents import MOST_LOOKUPS, not_found, require_any
from shared.catalog.tools.searching import IN_STOCK, ProductPage
from shared.tool import Args, Call, Effect, Family, Json, Risk

family = Family("similar", toolset="catalogs", org_types=frozenset({"catalog_partner"}))


class FindSimilar(Args):
    """Like which products, and within which bounds."""

    canonical_urls: Annotated[
        tuple[Annotated[str, Field(max_length=2048)], ...],
        Field(min_length=1, max_length=MOST_LOOKUPS, description="Pages of 1 to 20 products."),
    ]
    catalogs: Annotated[
        tuple[Annotated[str, Field(max_length=64)], ...] | None,
        Field(min_length=1, max_length=500, description="Only from these; all if left out."),
    ] = None
    price_min: Annotated[float | None, Field(ge=0, description="Lowest price.")] = None
    price_max: Annotated[float | None, Field(ge=0, description="Highest price.")] = None
    in_stock: Annotated[bool | None, Field(description="true: only what is in stock.")] = None
    limit: Annotated[int, Field(description="1 to 100.")] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(description="nextCursor, all else the same.")] = None


def every_head(_: Any, access: Access) -> Iterable[str]:
    """A product may be in any catalog, wherever its like is looked for."""
    return heads_of(access)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Find similar products",
    returns=ProductPage,
    reads=every_head,
)
@healing
def find_similar_products(call: Call, args: FindSimilar) -> Json:
    """Find products like one, or like several together, by their pages.

    Use it for alternatives. The answer is as that of search_products, with its errors, or
    product_not_found.
    """
    require_any(call, args.catalogs, "catalog_not_granted")
    names = None if args.catalogs is None else tuple(sorted(set(args.catalogs)))
    found = like(
        call,
        list(_sources(call, args.canonical_urls)),
        Question(
            facets=(IN_STOCK,) if args.in_stock else (),
            price_min=args.price_min,
            price_max=args.price_max,
            catalogs=names,
        ),
        limit=args.limit,
        cursor=args.cursor,
        show=Shelf.named_card,
        room=Room(),
    )
    return Json(b"{" + found.page.members() + b"}")


def _sources(call: Call, urls: Iterable[str]) -> Iterator[Source]:
    for url in dict.fromkeys(urls):
        source = source_by_url(call, url)
        if source is None:
            raise not_found()
        yield source
