"""The order of a catalog's answers to a text.

Passes follow each other, each without what came before: products one of whose identifiers was
asked for, products with all words (all that the catalog knows, if it does not know all), products
with any. Inside a pass BM25 decides, and equal scores stand in browse order. The first 128 are
reranked, save for the identified.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import Occur, Query

from shared.catalog.search import queries
from shared.catalog.search.facets import Clause
from shared.catalog.search.order import Hit, Position
from shared.catalog.search.rerank import MODEL, WINDOW, Model, Numbers, Scores, rerank
from shared.catalog.search.words import Words
from shared.catalog.segment.reader import Segment

_SATURATION: Final = 2.2
"""BM25's k1 + 1: no term scores more than this times its idf."""
_IN_WINDOW: Final = -1


class Kind(Enum):
    """What a pass holds; the value is the score its products begin at, and how far it goes."""

    IDENTIFIED = (1.0, 0.0)
    ALL = (0.5, 0.5)
    KNOWN = (0.25, 0.25)
    ANY = (0.0, 0.25)


class Pass(NamedTuple):
    """One stretch of the order; `best`: the highest score of the query that can be."""

    kind: Kind
    query: Query
    best: float


class Run(NamedTuple):
    """A stretch of one pass; `bm25`: 0..1, of the best that can be."""

    stage: int
    kind: Kind
    numbers: Numbers
    bm25: Scores

    @property
    def scores(self) -> Scores:
        """As hits say them."""
        floor, share = self.kind.value
        return floor + share * self.bm25


@dataclass(frozen=True)
class Ranked:
    """An `Order`. A place is a pass and a number of products in it, or in the window before."""

    segment: Segment
    words: Words
    passes: tuple[Pass, ...]
    model: Model = MODEL

    @property
    def text(self) -> str:
        """See `Order`."""
        return self.words.text

    def hits(self, after: Position | None, limit: int) -> list[Hit]:
        """See `Order`."""
        stage, offset = after or (_IN_WINDOW, 0)
        found: list[Hit] = []
        if stage == _IN_WINDOW:
            numbers, scores, (stage, beyond) = self._window
            end = offset + limit
            found = _hits(numbers[offset:end], scores[offset:end], _IN_WINDOW, offset)
            limit, offset = (end - WINDOW if len(numbers) == WINDOW else 0), beyond
        for run in self._runs(stage, offset, limit):
            at = offset if run.stage == stage else 0
            found += _hits(run.numbers, run.scores, run.stage, at)
        return found

    def count(self) -> int:
        """See `Order`."""
        return sum(self.segment.count(each.query) for each in self.passes)

    def first(self) -> list[Run]:
        """The products of the window as the passes have them, before reranking."""
        return self._runs(0, 0, WINDOW)

    @cached_property
    def _window(self) -> tuple[Numbers, Scores, Position]:
        """The first products, reranked, with their scores in falling order; the place behind."""
        runs = self.first()
        if not runs:
            return np.empty(0, np.int64), np.empty(0), (0, 0)
        numbers = _joined([run.numbers for run in runs])
        scores = _joined([run.scores for run in runs])
        bm25 = _joined([run.bm25 for run in runs])
        size = {run.kind: len(run.numbers) for run in runs}
        known = size.get(Kind.IDENTIFIED, 0)
        numbers[known:] = rerank(
            self.segment,
            self.words,
            numbers[known:],
            bm25[known:],
            size.get(Kind.ALL, 0) + size.get(Kind.KNOWN, 0),
            model=self.model,
        )
        return numbers, scores, (runs[-1].stage, len(runs[-1].numbers))

    def _runs(self, stage: int, offset: int, limit: int) -> list[Run]:
        """The next so many products from a place beyond the window."""
        found: list[Run] = []
        for at, (kind, query, best) in enumerate(self.passes[stage:], stage):
            if limit <= 0:
                break
            stretch = self.segment.find(query, limit, offset)
            if stretch.numbers:
                bm25 = np.minimum(1.0, np.array(stretch.keys, np.float64) / best)
                found.append(Run(at, kind, np.array(stretch.numbers, np.int64), bm25))
            limit -= len(stretch.numbers)
            offset = 0
        return found


def ranked(segment: Segment, query: str, words: Words, clauses: list[Clause]) -> Ranked:
    """The order of a question: `query` as it was asked, and understood."""
    best = _SATURATION * queries.weight(segment, words.words) or 1.0
    passes = []
    earlier: list[Clause] = []
    for kind, asked in (
        (Kind.IDENTIFIED, queries.identified(segment, query, words.words)),
        (Kind.ALL if words.whole else Kind.KNOWN, queries.all_words(segment, words.words)),
        (Kind.ANY, queries.any_word(segment, words.words)),
    ):
        if asked is not None:
            conditions = [(Occur.Must, asked), *clauses, *earlier]
            passes.append(Pass(kind, Query.boolean_query(conditions), best))
            earlier.append((Occur.MustNot, asked))
    return Ranked(segment, words, tuple(passes))


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _hits(numbers: Numbers, scores: Scores, stage: int, offset: int) -> list[Hit]:
    pairs = zip(numbers.tolist(), scores.tolist(), strict=True)
    return [Hit(*pair, (stage, at)) for at, pair in enumerate(pairs, offset + 1)]
