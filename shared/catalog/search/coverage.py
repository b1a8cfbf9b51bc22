"""What a catalog says of its products: which facets it fills, with which values, and its prices."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tantivy import FieldType, Occur, Query

from shared.catalog.search.counting import answering, count_having, count_values, fields_of
from shared.catalog.search.search import Question
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.index import PRICE
from shared.indexes.guard import guarded

MOST_FIELDS: Final = 50
LOOKED_AT: Final = 500
"""Products whose facets are looked for; the most frequent there are counted among all."""
_SHOWN: Final = 10
_BUCKETS: Final = 10
_EDGES: Final = (5.0, 50.0, 95.0)
"""Percentiles: where the buckets begin, the median, and where they end."""


class Filled(NamedTuple):
    """A facet: how many products have it, how many values it has, the first of those."""

    name: str
    populated: int
    distinct: int
    values: list[tuple[str, int]]


class Bucket(NamedTuple):
    """Prices from `low` until before `high`, and how many products cost that."""

    low: float
    high: float
    amount: int


class Prices(NamedTuple):
    """How prices above 0 are spread. `below` and `above`: those outside the buckets."""

    populated: int
    median: float
    below: int
    above: int
    buckets: list[Bucket]


def size(shelf: Shelf) -> int:
    """How many products there are."""
    return shelf.segment.count(answering(shelf, Question(), by_words=False))


@guarded
def filled(shelf: Shelf) -> list[Filled]:
    """The facets that products have, those that most have first."""
    every = answering(shelf, Question(), by_words=False)
    first = shelf.segment.find(every, LOOKED_AT).numbers
    names = [name for name, _ in fields_of(shelf, first).most_common(MOST_FIELDS)]
    found = []
    for name in names:
        counts = count_values([shelf], Question(), name, most=_SHOWN)
        populated = count_having(shelf, every, name)
        found.append(Filled(name, populated, counts.distinct, counts.values))
    return sorted(found, key=lambda each: (-each.populated, each.name))


@guarded
def prices(shelf: Shelf) -> Prices | None:
    """How prices are spread; None where nothing has one."""
    every = answering(shelf, Question(), by_words=False)
    priced = _both(every, _within(shelf, 0.0, None, low_too=False))
    populated = shelf.segment.count(priced)
    if not populated:
        return None
    asked = {"edges": {"percentiles": {"field": PRICE, "percents": list(_EDGES)}}}
    answer: Any = shelf.segment.searcher.aggregate(priced, asked)
    low, middle, high = (float(answer["edges"]["values"][f"{edge:.1f}"]) for edge in _EDGES)
    buckets = list(_buckets(shelf, priced, low, high))
    below = shelf.segment.count(_both(priced, _within(shelf, None, buckets[0].low)))
    above = populated - below - sum(bucket.amount for bucket in buckets)
    return Prices(populated, round(middle, 2), below, above, buckets)


def _buckets(shelf: Shelf, priced: Query, low: float, high: float) -> Iterator[Bucket]:
    width = (high - low) / _BUCKETS or 1.0
    edges = [round(low + at * width, 2) for at in range(_BUCKETS + 1)]
    for begin, end in pairwise(edges):
        yield Bucket(begin, end, shelf.segment.count(_both(priced, _within(shelf, begin, end))))


def _within(shelf: Shelf, low: float | None, high: float | None, *, low_too: bool = True) -> Query:
    """Prices from `low` until before `high`."""
    return Query.range_query(
        shelf.segment.schema,
        PRICE,
        FieldType.Float,
        low,
        high,
        include_lower=low_too,
        include_upper=high is None,
    )


def _both(query: Query, other: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, other)])
