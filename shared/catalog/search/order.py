"""The one total order of a question within one version of a catalog.

Passes follow each other, each without what came before: products one of whose identifiers was
asked for, products with all words, products with any. Inside a pass BM25 decides, and equal scores
stand in browse order. The first 200 are reranked, save for the identified. Without a text there is
one pass, the browse order itself.

Every match stands at exactly one position, and positions do not depend on how many are taken.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from tantivy import Occur, Query

from shared.catalog.search import queries
from shared.catalog.search.facets import Clause
from shared.catalog.search.rerank import WINDOW, Numbers, Scores, rerank
from shared.catalog.search.words import Words
from shared.catalog.segment.index import RANK
from shared.catalog.segment.reader import Segment

_SATURATION: Final = 2.2
"""BM25's k1 + 1: no term scores more than this times its idf."""
_HIGHEST_RANK: Final = float(1 << 63)


class Hit(NamedTuple):
    """A product at its place.

    `number`: the product's in its segment. `score`: 0..1, never rising along the order, and
    comparable between catalogs.
    """

    number: int
    score: float


class Kind(Enum):
    """What a pass holds; the value is the score its products begin at, and how far it goes."""

    IDENTIFIED = (1.0, 0.0)
    ALL = (0.5, 0.5)
    ANY = (0.0, 0.5)
    BROWSED = (0.0, 1.0)


class Pass(NamedTuple):
    """One stretch of the order; `best`: the highest score of the query that can be."""

    kind: Kind
    query: Query
    best: float


class Run(NamedTuple):
    """A stretch of one pass; `bm25`: 0..1, of the best that can be."""

    kind: Kind
    numbers: Numbers
    bm25: Scores

    @property
    def scores(self) -> Scores:
        """As hits say them."""
        floor, share = self.kind.value
        return floor + share * self.bm25


@dataclass(frozen=True)
class Order:
    """A question's order: ask it for any stretch."""

    segment: Segment
    words: Words
    passes: tuple[Pass, ...]

    def hits(self, offset: int, limit: int) -> list[Hit]:
        """The hits at positions offset .. offset + limit - 1, fewer at the end."""
        end = offset + limit
        numbers, scores = self._window
        found = _hits(numbers[offset:end], scores[offset:end])
        if end > WINDOW and len(numbers) == WINDOW:
            start = max(offset, WINDOW)
            for run in self._runs(start, end - start):
                found += _hits(run.numbers, run.scores)
        return found

    def count(self) -> int:
        """How many products match."""
        return sum(self.segment.find(each.query, 0).total or 0 for each in self.passes)

    @cached_property
    def _window(self) -> tuple[Numbers, Scores]:
        """The first products, reranked; their scores in falling order."""
        runs = self._runs(0, WINDOW)
        if not runs:
            return np.empty(0, np.int64), np.empty(0)
        numbers = np.concatenate([run.numbers for run in runs])
        scores = np.concatenate([run.scores for run in runs])
        if runs[0].kind is Kind.BROWSED:
            return numbers, scores
        size = {run.kind: len(run.numbers) for run in runs}
        known = size.get(Kind.IDENTIFIED, 0)
        bm25 = np.concatenate([run.bm25 for run in runs])
        full = size.get(Kind.ALL, 0)
        best = rerank(self.segment, self.words, numbers[known:], bm25[known:], full)
        falling = np.sort(scores[known:])[::-1]
        return np.concatenate([numbers[:known], best]), np.concatenate([scores[:known], falling])

    def _runs(self, offset: int, limit: int) -> list[Run]:
        found: list[Run] = []
        for kind, query, best in self.passes:
            if limit <= 0:
                break
            by = RANK if kind is Kind.BROWSED else None
            stretch = self.segment.find(query, limit, offset, by=by)
            if stretch.numbers:
                bm25 = np.minimum(1.0, np.array(stretch.keys) / best)
                found.append(Run(kind, np.array(stretch.numbers), bm25))
            limit -= len(stretch.numbers)
            offset = 0 if stretch.numbers else offset - (stretch.total or 0)
        return found


def order(segment: Segment, query: str, words: Words, clauses: list[Clause]) -> Order:
    """The order of a question: `query` as it was asked, and understood."""
    if not query.strip():
        everything = Query.boolean_query([(Occur.Must, Query.all_query()), *clauses])
        return Order(segment, words, (Pass(Kind.BROWSED, everything, _HIGHEST_RANK),))
    best = _SATURATION * queries.weight(segment, words.words) or 1.0
    passes = []
    earlier: list[Clause] = []
    for kind, asked in (
        (Kind.IDENTIFIED, queries.identified(segment, query, words.words)),
        (Kind.ALL, queries.all_words(segment, words.words)),
        (Kind.ANY, queries.any_word(segment, words.words)),
    ):
        if asked is not None:
            conditions = [(Occur.Must, asked), *clauses, *earlier]
            passes.append(Pass(kind, Query.boolean_query(conditions), best))
            earlier.append((Occur.MustNot, asked))
    return Order(segment, words, tuple(passes))


def _hits(numbers: Numbers, scores: Scores) -> list[Hit]:
    return list(map(Hit, numbers.tolist(), scores.tolist()))
