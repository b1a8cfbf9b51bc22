"""The operations of REST /v1 on products: the same lookup and search as the tools."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from shared.auth.access import Access
from shared.catalog.healing import healing
from shared.catalog.lookup import covering, look_up
from shared.catalog.paging import page_of
from shared.catalog.products.markdown import markdown
from shared.catalog.products.urls import normalize_url, require_safe_url
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.search import DEFAULT_LIMIT, Question
from shared.catalog.tools.agents import (
    CatalogNames,
    FoundProduct,
    not_found,
    require_any,
)
from shared.catalog.tools.searching import Facets, ProductPage
from shared.errors import Problem
from shared.tool import Args, Call, Effect, Family, Json, Result, Risk

family = Family("api", org_types=frozenset({"catalog_partner"}))

PLANNED: Final = (
    "relax",
    "diversity",
    "omit_generated_facets",
    "brand_quality_min",
    "brand_quality_max",
    "similar_to_brands",
    "fallback_category",
)
"""Fields the published SDK knows and we have not built; naming one is an error, never ignored."""


class LookupByUrl(Args):
    """Which page, and how to look for it."""

    model_config = ConfigDict(alias_generator=to_camel)

    url: Annotated[str, Field(description="The product page's address.")]
    match_mode: Annotated[
        Literal["strict", "loose"] | None,
        Field(
            description="strict: only the exact page. loose (default): also its other spellings."
        ),
    ] = None
    resolution_mode: Annotated[
        Literal["auto", "index_only", "on_demand_only"] | None,
        Field(
            description="auto and index_only answer from the index; on_demand_only is not built."
        ),
    ] = None
    on_demand_cache_policy: Annotated[
        Literal["prefer_cache", "refresh"] | None,
        Field(description="prefer_cache; refresh is not built."),
    ] = None
    format: Annotated[
        Literal["json", "markdown", "md"] | None, Field(description="The form of the answer.")
    ] = None


class LookupAnswer(FoundProduct):
    """The product a URL resolved to, and the request that asked."""

    request_id: Annotated[str, Field(description="This request, as in x-request-id.")]
    source: Annotated[Literal["indexed"], Field(description="Where the answer came from.")]


def _heads_for_lookup(args: LookupByUrl, access: Access) -> Iterable[str]:
    return covering(access, args.url, None)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Look a product up by URL",
    returns=LookupAnswer,
    reads=_heads_for_lookup,
)
@healing
def lookup_url(call: Call, args: LookupByUrl) -> Json:
    """Find the product behind a product page's URL in the catalogs granted to you."""
    if args.resolution_mode == "on_demand_only" or args.on_demand_cache_policy == "refresh":
        raise not_supported("Resolving pages on demand")
    require_safe_url(args.url)
    if normalize_url(args.url).host not in call.access.by_host:
        raise Problem(
            "domain_not_covered",
            "No catalog granted to you has pages on this host. GET /catalogs lists the shops.",
        )
    match = look_up(call, args.url, names=None, strict=args.match_mode == "strict")
    if match is None:
        raise not_found()
    more = orjson.dumps({"requestId": call.request_id, "source": "indexed"})[1:-1]
    return Json(b"{" + match.members(args.url) + b"," + more + b"}")


class LookupInCatalog(Args):
    """Which page of which catalog."""

    catalog: Annotated[str, Field(description="The catalog's key.")]
    url: Annotated[str, Field(description="The product page's address.")]


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Look a product of one catalog up",
    returns=FoundProduct,
    reads=lambda args, access: covering(access, args.url, (args.catalog,)),
)
@healing
def lookup_record(call: Call, args: LookupInCatalog) -> Json:
    """Find the product behind a URL in one granted catalog, as the record that programs get.

    The portal shows it.
    """
    require_any(call, (args.catalog,), "catalog_not_granted")
    match = look_up(call, args.url, names=(args.catalog,), strict=False)
    if match is None:
        raise not_found()
    return Json(b"{" + match.members(args.url) + b"}")


def as_markdown(arguments: Mapping[str, Any], body: bytes) -> Any:
    """The Markdown form of a lookup's answer where it was asked for, with who it is in headers."""
    if arguments.get("format") not in ("markdown", "md"):
        return None
    answer = orjson.loads(body)
    headers = {
        "x-octogen-product-uuid": answer["product"]["uuid"],
        "x-octogen-catalog": answer["catalogKey"],
        "x-octogen-matched-via": answer["matchedVia"],
        "x-octogen-normalized-url": answer["normalizedUrl"],
    }
    return markdown(answer["product"]).encode(), [
        (b"content-type", b"text/markdown; charset=utf-8"),
        *((name.encode(), value.encode()) for name, value in headers.items()),
    ]


class SearchRequest(Args):
    """What to search for, and where. Facets are joined by AND, values of one by OR."""

    q: Annotated[
        str | None, Field(description="Words, a brand, a model number or a GTIN. Absent: browse.")
    ] = None
    catalog: Annotated[
        str | None, Field(description="One catalog; an alternative to catalogs.")
    ] = None
    catalogs: CatalogNames = None
    facets: Annotated[Facets | None, Field(description="What products must match.")] = None
    exclude_facets: Annotated[Facets | None, Field(description="What they must not match.")] = None
    price_min: Annotated[float | None, Field(ge=0, description="Inclusive lowest price.")] = None
    price_max: Annotated[float | None, Field(ge=0, description="Inclusive highest price.")] = None
    limit: Annotated[int | None, Field(description="Products a page, 1 to 100; 50 if absent.")] = (
        None
    )
    cursor: Annotated[
        str | None, Field(description="nextCursor of the page before, with the same request.")
    ] = None
    understand: Annotated[
        bool | None,
        Field(
            strict=True,
            description="False: words like `under $20` or `without zip` are only words.",
        ),
    ] = None
    debug: Annotated[
        bool | None,
        Field(description="Also say which version of each catalog was searched."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _planned(cls, given: Any) -> Any:
        if isinstance(given, dict):
            named = sorted(name for name in PLANNED if given.get(name) is not None)
            if named:
                raise not_supported(", ".join(named))
            return {name: value for name, value in given.items() if name not in PLANNED}
        return given

    @property
    def names(self) -> tuple[str, ...] | None:
        """The catalogs that were named, each once, in order; None for all granted."""
        if self.catalog is not None:
            return (self.catalog,)
        return None if self.catalogs is None else tuple(sorted(set(self.catalogs)))


class EffectiveFacet(Result):
    """A facet that was applied."""

    name: str
    values: tuple[str, ...]
    source: Literal["caller"] = "caller"


class EffectiveQuery(Result):
    """What really ran."""

    text: Annotated[str, Field(description="The text that was matched; empty when browsing.")]
    understood: Annotated[bool, Field(description="Whether filters were derived from the text.")]
    without: Annotated[
        tuple[str, ...], Field(description="What the text does not want; derived from it.")
    ]
    missing: Annotated[tuple[str, ...], Field(description="Words that no product has.")] = ()
    partly: Annotated[
        bool, Field(description="true: no product has all the other words; these have some.")
    ] = False
    catalogs: tuple[str, ...] | None
    facets: tuple[EffectiveFacet, ...]
    exclude_facets: tuple[EffectiveFacet, ...]
    price_min: float | None
    price_max: float | None


class SearchedVersion(Result):
    """A catalog that was searched, and which version of it is served."""

    catalog: str
    version: int


class SearchAnswer(ProductPage):
    """One page of products of all the catalogs that were searched."""

    request_id: Annotated[str, Field(description="This request, as in x-request-id.")]
    effective_query: EffectiveQuery
    debug: Annotated[
        tuple[SearchedVersion, ...] | None, Field(description="With debug: what was searched.")
    ] = None


def _heads_for_search(args: SearchRequest, access: Access) -> Iterable[str]:
    return heads_of(access, args.names)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Search granted catalogs",
    returns=SearchAnswer,
    reads=_heads_for_search,
)
@healing
def search_catalogs(call: Call, args: SearchRequest) -> Json:
    """Search the products of all catalogs granted to you, or of the ones you name."""
    if args.catalog is not None and args.catalogs is not None:
        raise Problem("invalid", "Name catalog or catalogs, not both.", errors=[_both()])
    require_any(call, args.names, "catalog_not_found")
    question = Question(
        query=args.q,
        facets=args.facets or (),
        exclude_facets=args.exclude_facets or (),
        price_min=args.price_min,
        price_max=args.price_max,
        catalogs=args.names,
        understand=args.understand is not False,
    )
    catalogs = reached(call, args.names)
    limit = DEFAULT_LIMIT if args.limit is None else args.limit
    page = page_of(call, catalogs, question, limit=limit, cursor=args.cursor)
    ran = effective(question, page.question, page.text)
    ran = ran.model_copy(update={"missing": page.missing, "partly": page.partly})
    more: dict[str, Any] = {
        "requestId": call.request_id,
        "effectiveQuery": ran.model_dump(by_alias=True),
    }
    if args.debug:
        more["debug"] = [
            {"catalog": each.head.catalog, "version": each.head.number} for each in catalogs
        ]
    return Json(b"{" + page.members() + b"," + orjson.dumps(more)[1:-1] + b"}")


def effective(asked: Question, meant: Question | None, text: str | None = None) -> EffectiveQuery:
    """What really ran: what was asked, or was read from its words; `text` as it was spelled."""
    question = meant or asked
    return EffectiveQuery(
        text=question.text if text is None else text,
        understood=meant is not None,
        without=question.without,
        catalogs=question.catalogs,
        facets=tuple(EffectiveFacet(**dict(facet)) for facet in question.facets),
        exclude_facets=tuple(EffectiveFacet(**dict(facet)) for facet in question.exclude_facets),
        price_min=question.price_min,
        price_max=question.price_max,
    )


def not_supported(what: str) -> Problem:
    """That the published client knows this and we have not built it."""
    return Problem("not_supported", f"{what}: not built yet. Leave it out.", fields=what)


def _both() -> dict[str, Any]:
    return {"type": "too_many_fields", "loc": ["catalogs"], "msg": "catalog was named as well"}
