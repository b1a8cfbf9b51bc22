"""The tools a partner organization's agents use: only what is granted to it exists for them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from shared.auth.access import Access
from shared.catalog.fitting import fitted
from shared.catalog.healing import healing
from shared.catalog.lookup import covering, look_up
from shared.catalog.products.shapes import FullView, VariantView
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.room import Room
from shared.errors import Problem
from shared.tool import Args, Call, Effect, Family, Json, Result, Risk

family = Family("agents", toolset="catalogs", org_types=frozenset({"catalog_partner"}))


class GrantedCatalog(Result):
    """One catalog your organization may look up and search."""

    catalog: Annotated[str, Field(description="The catalog's key, to pass to the other tools.")]
    display_name: Annotated[str, Field(description="Its name for people.")]
    source_base_url: Annotated[str, Field(description="The shop the products come from.")]
    product_count: Annotated[int, Field(description="Active products in it now.")]
    last_indexed_at: Annotated[
        datetime, Field(description="When the served version was built, ISO 8601 UTC.")
    ]


def _every_head(_: Any, access: Access) -> Iterable[str]:
    return heads_of(access)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List granted catalogs",
    returns=list[GrantedCatalog],
    reads=_every_head,
)
def list_catalogs(call: Call, args: Args) -> Json:
    """List every product catalog your organization may use now.

    Use this first, to learn the catalog keys that search_products and lookup_product take, how many
    products each has and how fresh it is. An empty list means nothing is granted yet.
    """
    del args
    shown = [
        {
            "catalog": each.head.catalog,
            "displayName": each.head.display_name,
            "sourceBaseUrl": each.head.source_base_url,
            "productCount": each.head.product_count,
            "lastIndexedAt": each.head.last_indexed_at,
        }
        for each in reached(call)
    ]
    return Json(orjson.dumps(shown, option=orjson.OPT_UTC_Z))


class FoundProduct(Result):
    """The product a URL resolved to."""

    catalog_key: Annotated[str, Field(description="The catalog it was found in.")]
    catalog_display_name: Annotated[str, Field(description="That catalog's name.")]
    source_base_url: Annotated[str, Field(description="The shop it comes from.")]
    requested_url: Annotated[str, Field(description="The URL as it was asked.")]
    normalized_url: Annotated[str, Field(description="The URL it was found by; reuse this one.")]
    matched_via: Annotated[
        str, Field(description="How: normalized_exact, structural_alias or loose.")
    ]
    matched_variant: Annotated[
        VariantView | None,
        Field(
            description="The variant whose address was asked for; null for the product's own page."
            " Its price and stock stand on top of the product."
        ),
    ]
    product: Annotated[FullView, Field(description="The product, whole.")]


class NotFound(Result):
    """An address that was not answered, and why."""

    requested_url: Annotated[str, Field(description="The address as it was asked.")]
    error: Annotated[str, Field(description="Such as product_not_found.")]
    message: Annotated[str, Field(description="What to do next.")]


class FoundProducts(Result):
    """What each of several addresses led to, in their order."""

    items: Annotated[list[FoundProduct | NotFound], Field(description="One for each address.")]


MOST_LOOKUPS: Final = 20

CatalogNames = Annotated[
    tuple[Annotated[str, Field(max_length=64)], ...] | None,
    Field(
        min_length=1,
        max_length=500,
        description="Keys of the catalogs to look in; all granted ones when left out.",
    ),
]


View = Annotated[
    Literal["compact", "full"],
    Field(description="compact: what a choice needs. full: all that is known."),
]


class LookupProduct(Args):
    """Which pages, and where to look."""

    canonical_url: Annotated[
        str | None, Field(description="The product page's address, as a browser shows it.")
    ] = None
    canonical_urls: Annotated[
        tuple[Annotated[str, Field(max_length=2048)], ...] | None,
        Field(max_length=MOST_LOOKUPS, description="Up to 20 addresses instead of one."),
    ] = None
    catalogs: CatalogNames = None
    view: View = "full"

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses that are asked for, each once."""
        one = () if self.canonical_url is None else (self.canonical_url,)
        return tuple(dict.fromkeys((*one, *(self.canonical_urls or ()))))


def _heads_for_lookup(args: LookupProduct, access: Access) -> Iterable[str]:
    return {path for url in args.urls for path in covering(access, url, args.catalogs)}


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Look products up by page",
    returns=FoundProduct | FoundProducts,
    reads=_heads_for_lookup,
)
@healing
def lookup_product(call: Call, args: LookupProduct) -> Json:
    """Find the product behind a product page's URL, with everything the catalog knows of it.

    Use this when you have a link. Tracking parameters, www. and trailing slashes do not matter.
    Several addresses are answered one by one, in items. What is not known is left out. Without a
    match the result is an error: product_not_found, catalog_not_granted or invalid_product_url.
    """
    urls = args.urls
    if not urls:
        raise Problem("invalid", "Give canonical_url, or canonical_urls.", field="canonical_url")
    require_any(call, args.catalogs, "catalog_not_granted")
    if args.canonical_urls is None:
        return Json(fitted(_found(call, args, urls[0])))
    return Json(b'{"items":[' + b",".join(_each(call, args, urls)) + b"]}")


def _found(call: Call, args: LookupProduct, url: str) -> bytes:
    match = look_up(call, url, names=args.catalogs, strict=False)
    if match is None:
        raise not_found()
    return match.bare(url, summary=args.view == "compact")


def _each(call: Call, args: LookupProduct, urls: Iterable[str]) -> Iterator[bytes]:
    """An answer for each address: what was found, or which problem there was."""
    room = Room()
    for url in urls:
        try:
            answer = fitted(_found(call, args, url))
        except Problem as problem:
            answer = _not_answered(url, problem)
        if not room.takes(answer):
            answer = _not_answered(url, Problem("answer_full", _NO_ROOM))
        yield answer


def _not_answered(url: str, problem: Problem) -> bytes:
    said = {"requestedUrl": url[:2048], "error": problem.code, "message": problem.message}
    return orjson.dumps(said)


_NO_ROOM: Final = "There was no room for it here. Look it up in another call, or use view compact."


def require_any(call: Call, names: Iterable[str] | None, code: str) -> None:
    """Raise `code` when only catalogs without a grant were named."""
    if names is None:
        return
    now, grants = call.now.timestamp(), call.access.grants
    if not any(name in grants and grants[name].holds(call.surface, now) for name in names):
        raise no_grant(code)


def no_grant(code: str) -> Problem:
    """That a catalog is not granted, or not there: nobody learns which."""
    return Problem(
        code,
        "Your organization has no grant for that catalog. list_catalogs shows the ones it has.",
    )


def not_found() -> Problem:
    """That no active product within reach matches."""
    return Problem(
        "product_not_found",
        "No active product in the catalogs granted to you matches this URL. Check it, or search for"
        " the product by words.",
    )
