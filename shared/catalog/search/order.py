"""The one total order of a question within one version of a catalog.

Passes follow each other, each without what came before: products one of whose identifiers was
asked for, products with all words, products with any. Inside a pass BM25 decides, and equal scores
stand in browse order. Without a text there is one pass, the browse order itself.

Every match stands at exactly one position, and positions do not depend on how many are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tantivy import Occur, Query

from shared.catalog.search.facets import Clause
from shared.catalog.search.words import Group
from shared.catalog.segment.analysis import compact
from shared.catalog.segment.index import IDENTIFIERS, RANK
from shared.catalog.segment.reader import Segment

_SATURATION: Final = 2.2
"""BM25's k1 + 1: no term scores more than this times its idf."""


class Hit(NamedTuple):
    """A product at its place.

    `number`: the product's in its segment. `score`: 0..1, never rising along the order, and
    comparable between catalogs.
    """

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Pass:
    """One stretch of the order. The score is `floor + share * min(1, bm25 / best)`."""

    query: Query
    floor: float
    share: float
    best: float
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A question's order: ask it for any stretch."""

    segment: Segment
    passes: tuple[Pass, ...]

    def hits(self, offset: int, limit: int) -> list[Hit]:
        """The hits at positions offset .. offset + limit - 1, fewer at the end."""
        found: list[Hit] = []
        for each in self.passes:
            if limit <= 0:
                break
            stretch = self.segment.find(each.query, limit, offset, by=each.by)
            found.extend(
                Hit(number, each.floor + each.share * min(1.0, key / each.best))
                for key, number in zip(stretch.keys, stretch.numbers, strict=True)
            )
            limit -= len(stretch.numbers)
            offset = 0 if stretch.numbers else offset - (stretch.total or 0)
        return found

    def count(self) -> int:
        """How many products match."""
        return sum(self.segment.find(each.query, 0).total or 0 for each in self.passes)


def order(segment: Segment, text: str, groups: Sequence[Group], clauses: list[Clause]) -> Order:
    """The order of a question: `text` is what was asked, `groups` its words."""
    if not text.strip():
        everything = Query.boolean_query([(Occur.Must, Query.all_query()), *clauses])
        return Order(segment, (Pass(everything, 0.0, 1.0, float(1 << 63), RANK),))
    passes = []
    earlier: list[Clause] = []

    def follow(query: Query, floor: float, share: float) -> None:
        best = _SATURATION * sum(group.idf for group in groups) or 1.0
        passes.append(
            Pass(Query.boolean_query([(Occur.Must, query), *clauses, *earlier]), floor, share, best)
        )
        earlier.append((Occur.MustNot, query))

    if identified := _identified(segment, text):
        follow(identified, 1.0, 0.0)
    if groups:
        queries = [group.query for group in groups]
        follow(Query.boolean_query([(Occur.Must, query) for query in queries]), 0.5, 0.5)
        if len(queries) > 1:
            follow(Query.boolean_query([(Occur.Should, query) for query in queries]), 0.0, 0.5)
    return Order(segment, tuple(passes))


def _identified(segment: Segment, text: str) -> Query | None:
    whole = compact(text)
    if whole and segment.searcher.doc_freq(IDENTIFIERS, whole):
        return Query.const_score_query(
            Query.term_query(segment.schema, IDENTIFIERS, whole, "basic"), 0.0
        )
    return None
