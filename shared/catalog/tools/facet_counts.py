"""Facet counts over REST, in the shapes of the published client."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.healing import healing
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.counting import count_products, count_values
from shared.catalog.search.search import Question, understood
from shared.catalog.tools.agents import require_any
from shared.catalog.tools.api import EffectiveQuery, effective
from shared.catalog.tools.counting import ValueCount
from shared.catalog.tools.searching import Facets
from shared.facets import FacetName, field_of
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("facet_counts", org_types=frozenset({"catalog_partner"}))


class CategoryAsked(Args):
    """A category to count, by the facets that select it."""

    key: Annotated[str, Field(max_length=256, description="Your name for it; given back.")]
    facets: Annotated[Facets, Field(description="What its products have.")]


class FacetCountsRequest(Args):
    """Among which products, and what to count."""

    q: Annotated[
        str | None,
        Field(description="Price bounds and exclusions are read from it; its words do not count."),
    ] = None
    catalogs: Annotated[
        tuple[Annotated[str, Field(max_length=64)], ...] | None,
        Field(min_length=1, max_length=500, description="All granted ones when left out."),
    ] = None
    facets: Annotated[Facets | None, Field(description="What products must match.")] = None
    exclude_facets: Annotated[Facets | None, Field(description="What they must not match.")] = None
    price_min: Annotated[float | None, Field(ge=0, description="Inclusive lowest price.")] = None
    price_max: Annotated[float | None, Field(ge=0, description="Inclusive highest price.")] = None
    categories: Annotated[
        tuple[CategoryAsked, ...] | None, Field(max_length=100, description="Categories to count.")
    ] = None
    attributes: Annotated[
        tuple[FacetName, ...] | None,
        Field(max_length=20, description="Attributes whose values to count, such as fit."),
    ] = None
    facet_names: Annotated[
        tuple[FacetName, ...] | None,
        Field(max_length=20, description="Facets whose values to count; color_family if absent."),
    ] = None
    value_limit: Annotated[
        int | None, Field(ge=1, le=100, description="Values of each at most; 100 if absent.")
    ] = None

    def question(self) -> Question:
        """What is asked."""
        return Question(
            query=self.q,
            facets=self.facets or (),
            exclude_facets=self.exclude_facets or (),
            price_min=self.price_min,
            price_max=self.price_max,
            catalogs=self.catalogs,
        )


class AttributeCounts(Result):
    """The values of one attribute."""

    handle: str
    facet_name: str
    values: list[ValueCount]


class CategoryCount(Result):
    """How many products a category has."""

    key: str
    count: int


class NamedValues(Result):
    """The values of one facet."""

    name: str
    values: list[ValueCount]


class FacetCountsAnswer(Result):
    """What was counted, each in the order it was asked for."""

    attributes: list[AttributeCounts]
    categories: list[CategoryCount]
    facets: list[NamedValues]
    effective_query: EffectiveQuery


def _heads_for_counts(args: FacetCountsRequest, access: Access) -> Iterable[str]:
    return heads_of(access, args.catalogs)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Count facets for programs",
    returns=FacetCountsAnswer,
    reads=_heads_for_counts,
)
@healing
def count_product_facets(call: Call, args: FacetCountsRequest) -> FacetCountsAnswer:
    """Count the products that a search would be filtered to, by category, attribute and facet.

    A value's count ignores your own facet of that name, so it shows what choosing it would return.
    """
    require_any(call, args.catalogs, "catalog_not_found")
    question = args.question()
    shelves = [each.shelf(call) for each in reached(call, args.catalogs)]
    most = args.value_limit or 100

    def values(name: str) -> list[ValueCount]:
        found = count_values(shelves, question, name, most=most, by_words=False)
        return [ValueCount(value=value, count=count) for value, count in found.values]

    names = args.facet_names if args.facet_names is not None else ("color_family",)
    return FacetCountsAnswer(
        attributes=[
            AttributeCounts(handle=each, facet_name=field_of(each), values=values(each))
            for each in args.attributes or ()
        ],
        categories=[
            CategoryCount(key=each.key, count=count_products(shelves, question, each.facets))
            for each in args.categories or ()
        ],
        facets=[NamedValues(name=each, values=values(each)) for each in names],
        effective_query=effective(question, understood(question, shelves)),
    )
