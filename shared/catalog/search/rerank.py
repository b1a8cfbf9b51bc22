"""Reranking: the first 128 of an order, put in the order that people prefer.

A linear model over what the title says, so cheap (about 0.1 ms) and plain enough to read.
It was fitted on human judgments by `tests/bench/fit.py`; `tests/bench/relevance.py` says what it is
worth on queries it has not seen. A product keeps its place unless the model is sure: its score is
set against the logarithm of the place it had. What is not sure about the numbers: docs/search.md.
"""

from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.catalog.search.words import Spelling, Words
from shared.catalog.segment.analysis import analyzer
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.titles import TITLE_TERMS, term_hash

WINDOW: Final = 128
"""How many hits are reranked, whatever the limit of a page."""


class Model(NamedTuple):
    """Weights, in doublings of the place: -1 halves a product's chance, from place 4 to 8.

    Attributes:
        bm25: of bm25 as 0..1, of the best possible.
        all_words: of having all words of the query.
        in_title: of the share of the query's words that are in the title.
        in_kind: of the share that is in its brand, type or categories.
        accessory: of each word in the title that names a thing made for another (`case`) and was
            not asked for.
        accessory_next: of such a word right behind the query's last one (`keyboard cover`).
    """

    bm25: float
    all_words: float
    in_title: float
    in_kind: float
    accessory: float
    accessory_next: float


MODEL: Final = Model(10.76, 1.63, 2.1, 1.0, -0.87, -2.03)
"""What is shipped, from `tests/bench/fit.py`."""

ACCESSORIES: Final = {
    "en": "accessory adapter adaptor antenna arm backpack bag battery bracket briefcase cable cap "
    "carrier cart cartridge case charger cleaner cleaning clip connector cord cover cradle "
    "converter dock docking extension filter film grip hanger holder hood jacket kit lens license "
    "lock memory module mount pad part pillow plug pouch protector rack refill remote replacement "
    "rest screw shell skin sleeve socket spare splitter stand strap stylus support tip tray "
    "tripod warranty wrist"
}
"""By language, words for things made for another thing. A language without a list has none."""


_PLACES: Final = np.arange(1, TITLE_TERMS + 1, dtype=np.uint8)[:, np.newaxis]
"""The places of a title, counted from 1."""

_NEXT: Final = _PLACES[:-1]
"""The places that have one behind them."""

_DOUBLINGS: Final = np.log2(np.arange(2, WINDOW + 2))
"""How often 1 is doubled to get to a place."""

# Arrays' methods of these names pass through several layers of Python first.
_any: Final[Any] = np.logical_or.reduce
_most: Final[Any] = np.maximum.reduce
_sum: Final[Any] = np.add.reduce

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


def rerank(
    segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int, *, model: Model
) -> Numbers:
    """These products, which are the first of their order, best first.

    `bm25`: 0..1, of the best possible. The first `full` have all words.
    """
    gain = _weights(model) @ features(segment, words, numbers, bm25, full)
    return numbers[np.argsort(_DOUBLINGS[: len(numbers)] - gain, kind="stable")]


def features(segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int) -> Scores:
    """A row a weight of the model, a column a product; at most WINDOW of those."""
    terms = np.ascontiguousarray(segment.titles(numbers).T)
    spellings = [spelling for word in words.words for spelling in word.spellings]
    hashes = np.array([term_hash(term) for each in spellings for term in each], np.uint16)
    equal = terms == hashes[:, None, None]
    in_title, in_kind = equal[:, :TITLE_TERMS], equal[:, TITLE_TERMS:]
    asked = _any(in_title, axis=0)
    accessories = np.greater(_accessories(segment.manifest.language)[terms[:TITLE_TERMS]], asked)
    last = _most(asked * _PLACES, axis=0)
    found = np.empty((len(Model._fields), len(numbers)))
    found[0] = bm25
    found[1, :full] = 1
    found[1, full:] = 0
    found[2] = _share(words, spellings, _any(in_title, axis=1))
    found[3] = _share(words, spellings, _any(in_kind, axis=1))
    found[4] = _sum(accessories, axis=0, dtype=np.uint8)
    found[5] = _any((last == _NEXT) & accessories[1:], axis=0)
    return found


def _share(words: Words, spellings: list[Spelling], there: NDArray[Any]) -> NDArray[Any]:
    """The share of the words that each product has, given which terms it has (a row a term).

    A word counts as far as its best spelling does, a spelling by the share of its terms.
    """
    if len(there) == len(words.words):  # one spelling each, of one term: nothing to choose
        plain: NDArray[Any] = _sum(there, axis=0, dtype=np.uint16) / len(there)
        return plain
    if len(there) > len(spellings):
        begins = np.cumsum([0, *map(len, spellings[:-1])])
        lengths = np.array([[len(spelling)] for spelling in spellings])
        there = np.add.reduceat(there, begins, axis=0, dtype=np.float64) / lengths
    if len(spellings) > len(words.words):
        begins = np.cumsum([0, *(len(word.spellings) for word in words.words[:-1])])
        there = np.maximum.reduceat(there, begins, axis=0)
    share: NDArray[Any] = _sum(there, axis=0) / len(words.words)
    return share


@lru_cache(maxsize=1)
def _weights(model: Model) -> NDArray[Any]:
    return np.array(model)


@cache
def _accessories(language: str) -> NDArray[Any]:
    """Which hashes are those of a language's accessory words."""
    known = np.zeros(1 << 16, bool)
    for term in analyzer(language).analyze(ACCESSORIES.get(language, "")):
        known[term_hash(term)] = True
    return known
