"""Facets: the one filter syntax of search, of REST's `facets`, and of a grant's `only`.

Source: contract/partner.md, "Facets". Facets are joined by AND, values of one facet by OR; letter
case and spacing do not matter.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from tantivy import FieldType, Occur, Query, Schema

from shared.catalog.segment.analysis import attribute_facet, facet_term
from shared.catalog.segment.index import FACETS, NUMBER, PRICE
from shared.catalog.segment.reader import Segment
from shared.errors import Problem

Clause = tuple[Occur, Query]

RESERVED: Final = frozenset(
    {"brand_name", "brand_slug", "product_type", "gender", "age_groups", "color", "color_family"}
)
_DEPTH: Final = re.compile(r"category_path\.depth_[0-6]")


class Facet(BaseModel):
    """Products that have at least one of the values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=128,
            description="brand_name, brand_slug, product_type, gender, age_groups, color, "
            "color_family, category_path.depth_0 to category_path.depth_6, or any product "
            "attribute, such as fit or attribute_facets.fit.",
        ),
    ]
    values: Annotated[
        tuple[Annotated[str, Field(max_length=256)], ...],
        Field(min_length=1, max_length=100, description="Any of these; letter case is ignored."),
    ]


def within(segment: Segment, number: int, only: Sequence[Facet]) -> bool:
    """Whether the product of this number is in the part of the catalog that `only` leaves."""
    if not only:
        return True
    itself = Query.term_query(segment.schema, NUMBER, number)
    found = Query.boolean_query([(Occur.Must, itself), *clauses(segment.schema, facets=only)])
    return bool(segment.find(found, 1).numbers)


def field_of(name: str) -> str:
    """The indexed name of a facet.

    Raises `invalid` for a name that looks like one of ours and is none, such as
    `category_path.depth_9`. An attribute that no product has is fine: it matches nothing.
    """
    folded = " ".join(name.casefold().split())
    if folded in RESERVED or _DEPTH.fullmatch(folded):
        return folded
    attribute = folded.removeprefix(attribute_facet(""))
    if not attribute or folded.startswith("category_path"):
        raise Problem(
            "invalid",
            "There is no such facet. Categories are category_path.depth_0 to "
            "category_path.depth_6; attributes are named as in attribute_facets.fit.",
            field="facets",
        )
    return attribute_facet(attribute)


def clauses(
    schema: Schema,
    *,
    facets: Sequence[Facet] = (),
    exclude: Sequence[Facet] = (),
    price_min: float | None = None,
    price_max: float | None = None,
) -> list[Clause]:
    """Conditions to stand beside a scored query: they add nothing to the score.

    A price bound leaves out products without a price; both bounds are inclusive. Raises `invalid`.
    """
    found = [(Occur.Must, _any(schema, facet)) for facet in facets]
    found += [(Occur.MustNot, _any(schema, facet)) for facet in exclude]
    if price_min is not None or price_max is not None:
        if price_min is not None and price_max is not None and price_min > price_max:
            raise Problem("invalid", "price_min is above price_max. Swap them.", field="price_min")
        bounds = Query.range_query(schema, PRICE, FieldType.Float, price_min, price_max)
        found.append((Occur.Must, Query.const_score_query(bounds, 0.0)))
    return found


def _any(schema: Schema, facet: Facet) -> Query:
    field = field_of(facet.name)
    terms = dict.fromkeys(facet_term(field, value) for value in facet.values)
    queries = [Query.term_query(schema, FACETS, term) for term in terms]
    either = (
        queries[0]
        if len(queries) == 1
        else Query.boolean_query([(Occur.Should, query) for query in queries])
    )
    return Query.const_score_query(either, 0.0)
