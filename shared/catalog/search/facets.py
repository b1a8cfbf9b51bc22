"""Facets and price bounds as the engine's conditions: what matches, never how well.

What a facet is, and which names there are: shared/facets.py.
"""

import math
from collections.abc import Sequence

from tantivy import FieldType, Occur, Query, Schema

from shared.catalog.segment.analysis import facet_term
from shared.catalog.segment.index import FACETS, NUMBER, PRICE, SINCE, UNTIL
from shared.catalog.segment.reader import Segment
from shared.errors import Problem
from shared.facets import Facet, field_of

Clause = tuple[Occur, Query]


def within(segment: Segment, number: int, only: Sequence[Facet], at: float) -> bool:
    """Whether the product of this number is in the part of the catalog that `only` leaves.

    `at`: for which second since 1970.
    """
    if not only:
        return True
    itself = Query.term_query(segment.schema, NUMBER, number)
    conditions = [*clauses(segment.schema, facets=only), *holding(segment, at)]
    found = Query.boolean_query([(Occur.Must, itself), *conditions])
    return bool(segment.find(found, 1).numbers)


def holding(segment: Segment, at: float) -> list[Clause]:
    """Conditions for what holds at a second since 1970: nothing where no offer changes with time.

    Prices, facets and ranks are then those of that moment, and what has expired is not found.
    """
    if not segment.timed:
        return []
    moment = int(at)
    later = Query.range_query(
        segment.schema, SINCE, FieldType.Integer, lower_bound=moment, include_lower=False
    )
    over = Query.range_query(segment.schema, UNTIL, FieldType.Integer, upper_bound=moment)
    return [(Occur.MustNot, later), (Occur.MustNot, over)]


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
        for name, bound in (("price_min", price_min), ("price_max", price_max)):
            if bound is not None and not 0 <= bound < math.inf:
                raise Problem("invalid", f"{name} is no price: give 0 or more.", field=name)
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
