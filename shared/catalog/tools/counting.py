"""Which values facets have: what an agent, or a program, can narrow a search by."""

from typing import Annotated, Final

import orjson
from pydantic import Field

from shared.catalog.healing import healing
from shared.catalog.reach import reached
from shared.catalog.search.counting import count_attributes, count_values
from shared.catalog.tools.agents import require_any
from shared.catalog.tools.searching import Narrowed, heads_for
from shared.facets import FacetName
from shared.tool import Call, Effect, Family, Json, Result, Risk

family = Family("counting", toolset="catalogs", org_types=frozenset({"catalog_partner"}))

ATTRIBUTES: Final = "attribute_facets"
"""As a facet: its values are the attributes that products have, which are facets themselves."""
USUAL: Final = ("category_path.depth_0", "brand_name", "color", "size", ATTRIBUTES)


class ValueCount(Result):
    """A value, and how many products have it."""

    value: str
    count: int


class FacetValues(Result):
    """The values of one facet, the most frequent first."""

    name: str
    values: list[ValueCount]
    complete: bool


class CountFacets(Narrowed):
    """Among which products, and which facets."""

    facet_names: Annotated[
        tuple[FacetName, ...],
        Field(
            min_length=1,
            max_length=10,
            description="Such as brand_name, category_path.depth_1, or an attribute by its name."
            " attribute_facets lists these names.",
        ),
    ] = USUAL
    value_limit: Annotated[int, Field(ge=1, le=100, description="Values of each at most.")] = 20


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Count facet values",
    returns=list[FacetValues],
    reads=heads_for,
)
@healing
def count_facets(call: Call, args: CountFacets) -> Json:
    """Say which values facets have among the products of a search, and how many have each.

    Use it before narrowing search_products by facets: a value is passed on as it stands here. A
    count is what choosing that value would come to. complete is false where there may be others.
    """
    require_any(call, args.chosen, "catalog_not_granted")
    shelves = [each.shelf(call) for each in reached(call, args.chosen)]
    question = args.question()
    shown = []
    for name in args.facet_names:
        if name == ATTRIBUTES:
            counts = count_attributes(shelves, question, most=args.value_limit)
        else:
            counts = count_values(shelves, question, name, most=args.value_limit)
        values = [{"value": value, "count": count} for value, count in counts.values]
        shown.append({"name": name, "values": values, "complete": counts.complete})
    return Json(orjson.dumps(shown))
