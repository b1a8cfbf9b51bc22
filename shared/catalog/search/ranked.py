"""The order of a catalog's answers to a text.

Passes follow each other, each without what came before: products one of whose identifiers was
asked for, products with all words (all that the catalog knows, if it does not know all), products
with any. Inside a pass BM25 decides. Of the first 64 equal scores stand in browse order, and they
are reranked, save for the identified.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from hashlib import blake2b
from typing import Final, NamedTuple

from tantivy import Occur, Query

from shared.catalog.search import queries
from shared.catalog.search.facets import Clause
from shared.catalog.search.order import Hit, Position
from shared.catalog.search.rerank import MODEL, WINDOW, Model, rerank
from shared.catalog.search.seen import ACCESSORIES
from shared.catalog.search.words import MOST_SPELT, MOST_WORDS, Words
from shared.catalog.segment.reader import Segment

_SATURATION: Final = 2.2
"""BM25's k1 + 1: no term scores more than this times its idf."""
_IN_WINDOW: Final = -1


class Span(NamedTuple):
    """The scores of a pass: from `floor`, as far as `share` goes."""

    floor: float
    share: float


class Kind(Enum):
    """What a pass holds; the value is where its scores are."""

    IDENTIFIED = Span(1.0, 0.0)
    ALL = Span(0.5, 0.5)
    KNOWN = Span(0.25, 0.25)
    ANY = Span(0.0, 0.25)


KNOWN_WORDS: Final = Kind.KNOWN.value.floor
"""Scores below are of products that have only some of the words that the catalog has."""


class Pass(NamedTuple):
    """One stretch of the order."""

    kind: Kind
    query: Query


class Run(NamedTuple):
    """A stretch of one pass; `keys`: what the engine gave each product."""

    stage: int
    kind: Kind
    numbers: list[int]
    keys: list[float]


class Window(NamedTuple):
    """The first products, reranked; `spans` and `bm25` (0..1) are those of each place, not product.

    So scores fall. `beyond`: the place behind.
    """

    numbers: list[int]
    spans: list[Span]
    bm25: list[float]
    beyond: Position


@dataclass(eq=False)
class Ranked:
    """An `Order`. A place is a pass and a number of products in it, or in the window before.

    Attributes:
        best: the highest score the engine can give a product.
    """

    segment: Segment
    words: Words
    passes: tuple[Pass, ...]
    best: float
    model: Model = MODEL

    @property
    def revision(self) -> str:
        """See `Order`."""
        return _revision(self.model)

    @property
    def text(self) -> str:
        """See `Order`."""
        return self.words.text

    @property
    def left_out(self) -> int:
        """See `Order`."""
        return self.words.left_out

    @property
    def missing(self) -> tuple[str, ...]:
        """See `Order`."""
        return self.words.missing

    def hits(self, after: Position | None, limit: int) -> list[Hit]:
        """See `Order`."""
        stage, offset = after or (_IN_WINDOW, 0)
        found: list[Hit] = []
        if stage == _IN_WINDOW:
            numbers, spans, bm25, (stage, beyond) = self._window
            page = slice(offset, offset + limit)
            found = _hits(numbers[page], spans[page], bm25[page], _IN_WINDOW, offset)
            limit, offset = (page.stop - WINDOW if len(numbers) == WINDOW else 0), beyond
        for run in self._runs(stage, offset, limit):
            at = offset if run.stage == stage else 0
            spans = [run.kind.value] * len(run.numbers)
            found += _hits(run.numbers, spans, self.bm25(run.keys), run.stage, at)
        return found

    def count(self) -> int:
        """See `Order`."""
        return sum(self.segment.count(each.query) for each in self.passes)

    def first(self) -> list[Run]:
        """The products of the window as the passes have them, before reranking."""
        return self._runs(0, 0, WINDOW, ties=True)

    def bm25(self, keys: list[float]) -> list[float]:
        """What the engine gave, as 0..1 of the best that can be."""
        best = self.best
        return [key / best if key < best else 1.0 for key in keys]

    @cached_property
    def _window(self) -> Window:
        numbers: list[int] = []
        spans: list[Span] = []
        keys: list[float] = []
        size = dict.fromkeys(Kind, 0)
        beyond = (0, 0)
        for run in self.first():
            numbers += run.numbers
            spans += [run.kind.value] * len(run.numbers)
            keys += run.keys
            size[run.kind] = len(run.numbers)
            beyond = run.stage, len(run.numbers)
        bm25 = self.bm25(keys)
        known, full = size[Kind.IDENTIFIED], size[Kind.ALL] + size[Kind.KNOWN]
        if len(numbers) > known:
            numbers[known:] = rerank(
                self.segment, self.words, numbers[known:], bm25[known:], full, self.model
            )
        return Window(numbers, spans, bm25, beyond)

    def _runs(self, stage: int, offset: int, limit: int, *, ties: bool = False) -> list[Run]:
        """The next so many products from a place; `ties`: see `Segment.find`."""
        found: list[Run] = []
        for at, (kind, query) in enumerate(self.passes[stage:], stage):
            if limit <= 0:
                break
            keys, numbers = self.segment.find(query, limit, offset, ties=ties)
            if numbers:
                found.append(Run(at, kind, numbers, keys))
            limit -= len(numbers)
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
            beside = [*clauses, *earlier]
            every = Query.boolean_query([(Occur.Must, asked), *beside]) if beside else asked
            passes.append(Pass(kind, every))
            earlier.append((Occur.MustNot, asked))
    return Ranked(segment, words, tuple(passes), best)


@cache
def _revision(model: Model) -> str:
    """Names what a walk has to go on with: the window, the model, and the words it knows."""
    return blake2b(
        repr((WINDOW, model, ACCESSORIES, MOST_WORDS, MOST_SPELT)).encode(), digest_size=6
    ).hexdigest()


def _hits(
    numbers: list[int], spans: list[Span], bm25: list[float], stage: int, offset: int
) -> list[Hit]:
    places = zip(numbers, spans, bm25, strict=True)
    return [
        Hit(number, floor + share * each, (stage, at))
        for at, (number, (floor, share), each) in enumerate(places, offset + 1)
    ]
