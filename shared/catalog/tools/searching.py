"""Searching the granted catalogs, for agents: compact, within what a model can afford."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from shared.auth.access import Access
from shared.catalog.healing import healing
from shared.catalog.paging import ReadyPage, page_of
from shared.catalog.products.shapes import ListItem
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.room import Room
from shared.catalog.search.search import DEFAULT_LIMIT, Question
from shared.catalog.search.shelf import Shelf
from shared.catalog.tools.agents import View, require_any
from shared.facets import Facet
from shared.tool import Args, Call, Effect, Family, Json, Result, Risk

family = Family("searching", toolset="catalogs", org_types=frozenset({"catalog_partner"}))


class Understood(Result):
    """What was read from the query beside words, and which words were not found."""

    query: Annotated[str, Field(description="The words that were looked for.")]
    missing: Annotated[tuple[str, ...], Field(description="Words of it that no product has.")] = ()
    partly: Annotated[
        bool, Field(description="true: no product has all the other words; these have some.")
    ] = False
    price_min: Annotated[float | None, Field(description="A lowest price that it says.")] = None
    price_max: Annotated[float | None, Field(description="A highest price that it says.")] = None
    without: Annotated[
        tuple[str, ...], Field(description="What it does not want; products have none of these.")
    ] = ()


class ProductPage(Result):
    """One page of products."""

    items: Annotated[list[ListItem], Field(description="Products, the best match first.")]
    next_cursor: Annotated[
        str | None, Field(description="Pass as cursor for the next page; null at the end.")
    ]
    note: Annotated[
        str | None, Field(description="What was not looked for; absent where all was.")
    ] = None


class SearchPage(ProductPage):
    """One page of products, and what the query was taken for."""

    understood: Annotated[
        Understood | None, Field(description="What the query was taken for, where it matters.")
    ] = None


Facets = Annotated[tuple[Facet, ...], Field(max_length=50)]
_CONDITION = "condition"
IN_STOCK: Final = Facet(name="availability", values=("in_stock",))


class Narrowed(Args):
    """Which catalogs, and which of their products."""

    catalog: Annotated[
        str | None, Field(description="One catalog's key; all granted ones if left out.")
    ] = None
    catalogs: Annotated[
        tuple[Annotated[str, Field(max_length=64)], ...] | None,
        Field(min_length=1, max_length=500, description="Several catalogs' keys."),
    ] = None
    query: Annotated[
        str | None,
        Field(description="Words, a brand, a model number or a GTIN. Left out or *: browse."),
    ] = None
    price_min: Annotated[float | None, Field(ge=0, description="Lowest price, inclusive.")] = None
    price_max: Annotated[float | None, Field(ge=0, description="Highest price, inclusive.")] = None
    in_stock: Annotated[
        bool | None, Field(description="true: only what is in stock. false: all.")
    ] = None
    condition: Annotated[
        Literal["new", "refurbished", "used"] | None, Field(description="Only of this condition.")
    ] = None
    facets: Annotated[
        Facets | None,
        Field(description='What products must have: [{"name": "color", "values": ["red"]}].'),
    ] = None
    exclude_facets: Annotated[Facets | None, Field(description="What they must not have.")] = None
    understand: Annotated[
        bool,
        Field(description='false: "hub under $20" are only words, no price bound or exclusion.'),
    ] = True

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The catalogs that were named, each once, in order; None for all granted."""
        one = () if self.catalog is None else (self.catalog,)
        return tuple(sorted({*one, *(self.catalogs or ())})) or None

    def question(self) -> Question:
        """What is asked."""
        wanted = [Facet(name=_CONDITION, values=(self.condition,))] if self.condition else []
        if self.in_stock:
            wanted.append(IN_STOCK)
        return Question(
            query=self.query,
            facets=(*(self.facets or ()), *wanted),
            exclude_facets=self.exclude_facets or (),
            price_min=self.price_min,
            price_max=self.price_max,
            catalogs=self.chosen,
            understand=self.understand,
        )


class SearchProducts(Narrowed):
    """What to search for, and how much to show."""

    limit: Annotated[
        int,
        Field(description="Products a page, 1 to 100; 10 to 20 are enough to choose."),
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None, Field(description="nextCursor of the page before, all else the same.")
    ] = None
    view: View = "compact"


def heads_for(args: Narrowed, access: Access) -> Iterable[str]:
    """The heads of the catalogs that are asked."""
    return heads_of(access, args.chosen)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Search catalogs",
    returns=SearchPage,
    reads=heads_for,
)
@healing
def search_products(call: Call, args: SearchProducts) -> Json:
    """Search the granted catalogs by words, price, stock and facets, or browse them.

    Use list_catalogs for catalog keys and count_facets for facet values. Go on with nextCursor
    until it is null. What is not known of a product is left out. Errors: catalog_not_granted,
    invalid_limit, cursor_mismatch and cursor_expired (search again without the cursor).
    """
    require_any(call, args.chosen, "catalog_not_granted")
    catalogs = reached(call, args.chosen)
    card = Shelf.card if len(catalogs) == 1 else Shelf.named_card
    page = page_of(
        call,
        catalogs,
        args.question(),
        limit=args.limit,
        cursor=args.cursor,
        show=card if args.view == "compact" else Shelf.bare_item,
        room=Room(),
        strict=True,
    )
    return Json(b"{" + page.members() + shown_meaning(args, page) + b"}")


def shown_meaning(asked: Narrowed, page: ReadyPage) -> bytes:
    """The member `understood`: where more was read from the text than words, or not all found."""
    meant = page.question
    if meant is None and not page.missing and not page.partly:
        return b""
    shown: dict[str, Any] = {"query": page.text}
    if page.missing:
        shown["missing"] = page.missing
    if page.partly:
        shown["partly"] = True
    if meant is None:
        return b',"understood":' + orjson.dumps(shown)
    if asked.price_min is None and meant.price_min is not None:
        shown["priceMin"] = meant.price_min
    if asked.price_max is None and meant.price_max is not None:
        shown["priceMax"] = meant.price_max
    if meant.without:
        shown["without"] = meant.without
    return b',"understood":' + orjson.dumps(shown)
