"""Products like others over REST, in the shapes of the published client."""

from collections.abc import Iterator
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import Field, model_validator

from shared.catalog.healing import healing
from shared.catalog.search.search import Question
from shared.catalog.similarity import (
    DEFAULT_LIMIT,
    Found,
    Preference,
    Source,
    like,
    source_by_url,
    source_by_uuid,
)
from shared.catalog.tools.agents import CatalogNames, not_found, require_any
from shared.catalog.tools.api import not_supported
from shared.catalog.tools.searching import Facets, ProductPage
from shared.catalog.tools.similar import every_head
from shared.errors import Problem
from shared.tool import Args, Call, Effect, Family, Json, Result, Risk

family = Family("more_like_this", org_types=frozenset({"catalog_partner"}))

PLANNED: Final = (
    "retrieval_embedding_columns",
    "ranking_embedding_columns",
    "brand_quality_min",
    "brand_quality_max",
)
"""Fields the published client knows and we have not built; naming one is an error."""


class SourceAsked(Args):
    """One product, by its page or by its UUID."""

    url: Annotated[str | None, Field(description="The product page's address.")] = None
    uuid: Annotated[UUID | None, Field(description="The product's uuid.")] = None
    image: Annotated[
        dict[str, Any] | None, Field(description="Not built: an image is no source yet.")
    ] = None


class MoreLikeThis(Args):
    """Like which products, and within which bounds. Name source or sources, not both."""

    source: Annotated[SourceAsked | None, Field(description="One product.")] = None
    sources: Annotated[
        tuple[UUID, ...] | None,
        Field(min_length=1, max_length=20, description="Several products' uuids, each once."),
    ] = None
    catalogs: CatalogNames = None
    facets: Annotated[
        Facets | None,
        Field(description="What products must match; in place of ours of the same name."),
    ] = None
    exclude_facets: Annotated[Facets | None, Field(description="What they must not match.")] = None
    omit_generated_facets: Annotated[
        tuple[str, ...] | None,
        Field(max_length=50, description="Facets of ours to leave out: gender, category_path.…"),
    ] = None
    price_min: Annotated[float | None, Field(ge=0, description="Inclusive lowest price.")] = None
    price_max: Annotated[float | None, Field(ge=0, description="Inclusive highest price.")] = None
    price_preference: Annotated[
        Preference | None, Field(description="Against the price of the source.")
    ] = None
    relax: Annotated[
        bool | None,
        Field(description="False: a short first page is not filled by dropping facets of ours."),
    ] = None
    limit: Annotated[int | None, Field(description="Products a page, 1 to 100; 12 if absent.")] = (
        None
    )
    cursor: Annotated[
        str | None, Field(description="nextCursor of the page before, with the same request.")
    ] = None
    debug: Annotated[bool | None, Field(description="Also say what really ran.")] = None

    @model_validator(mode="before")
    @classmethod
    def _planned(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        named = sorted(name for name in PLANNED if given.get(name) is not None)
        if named:
            raise not_supported(", ".join(named))
        return {name: value for name, value in given.items() if name not in PLANNED}


class LikeFacet(Result):
    """A facet that was applied: of the caller, or generated from the sources."""

    name: str
    values: tuple[str, ...]
    source: str


class LikeQuery(Result):
    """What really ran."""

    text: Annotated[str, Field(description="What the sources call themselves.")]
    limit: int
    catalogs: tuple[str, ...] | None
    facets: tuple[LikeFacet, ...]
    exclusion_facets: tuple[LikeFacet, ...]
    price_min: float | None
    price_max: float | None


class SourceView(Result):
    """A product whose like was asked for."""

    uuid: str
    catalog_key: str
    product_url: str
    title: str


class MoreLikeThisAnswer(ProductPage):
    """One page of products like the sources, without these."""

    request_id: Annotated[str, Field(description="This request, as in x-request-id.")]
    source: Annotated[SourceView | None, Field(description="With source: it.")] = None
    sources: Annotated[
        tuple[SourceView, ...] | None, Field(description="With sources: these, in their order.")
    ] = None
    effective_query: Annotated[
        LikeQuery | None, Field(description="With debug: what really ran.")
    ] = None


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Find products like others",
    returns=MoreLikeThisAnswer,
    reads=every_head,
)
@healing
def find_products_like(call: Call, args: MoreLikeThis) -> Json:
    """Find products like one, or like several together; those themselves are no answer.

    They share its categories and whom it is for, where that leaves enough.
    """
    require_any(call, args.catalogs, "catalog_not_found")
    sources = list(_sources(call, args))
    limit = DEFAULT_LIMIT if args.limit is None else args.limit
    found = like(
        call,
        sources,
        _question(args),
        limit=limit,
        cursor=args.cursor,
        preference=args.price_preference or "any",
        omitted=args.omit_generated_facets or (),
        relax=args.relax is not False,
    )
    more: dict[str, Any] = {"requestId": call.request_id}
    views = [_view(each) for each in sources]
    more |= {"source": views[0]} if args.sources is None else {"sources": views}
    if args.debug:
        more["effectiveQuery"] = _ran(found, limit).model_dump(by_alias=True)
    return Json(b"{" + found.page.members() + b"," + orjson.dumps(more)[1:-1] + b"}")


def _question(args: MoreLikeThis) -> Question:
    return Question(
        facets=args.facets or (),
        exclude_facets=args.exclude_facets or (),
        price_min=args.price_min,
        price_max=args.price_max,
        catalogs=None if args.catalogs is None else tuple(sorted(set(args.catalogs))),
    )


def _sources(call: Call, args: MoreLikeThis) -> Iterator[Source]:
    one = args.source
    if (one is None) == (args.sources is None):
        raise Problem("invalid", "Name source or sources, one of the two.", field="source")
    if one is not None and one.image is not None:
        raise not_supported("source.image")
    if one is not None and (one.url is None) == (one.uuid is None):
        raise Problem("invalid", "A source has a url or a uuid, one of the two.", field="source")
    if one is not None and one.url is not None:
        found = [source_by_url(call, one.url)]
    else:
        uuids = (one.uuid,) if one is not None else args.sources
        found = [source_by_uuid(call, each) for each in dict.fromkeys(uuids or ()) if each]
    for source in found:
        if source is None:
            raise not_found()
        yield source


def _view(source: Source) -> dict[str, str]:
    return SourceView(
        uuid=source.uuid,
        catalog_key=source.catalog,
        product_url=source.url,
        title=source.title,
    ).model_dump(by_alias=True)


def _ran(found: Found, limit: int) -> LikeQuery:
    question = found.question
    ours = {facet.name for facet in found.generated}
    return LikeQuery(
        text=" ".join(question.like),
        limit=limit,
        catalogs=question.catalogs,
        facets=tuple(
            LikeFacet(**dict(each), source="generated" if each.name in ours else "caller")
            for each in question.facets
        ),
        exclusion_facets=tuple(
            LikeFacet(**dict(each), source="caller") for each in question.exclude_facets
        ),
        price_min=question.price_min,
        price_max=question.price_max,
    )
