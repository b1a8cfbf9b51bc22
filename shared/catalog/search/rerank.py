"""Reranking: the first 200 of an order, put in the order that people prefer.

A linear model over what the title says, so cheap (about 0.1 ms for 200) and plain enough to read.
It was fitted on human judgments by `tests/bench/fit.py`; `tests/bench/relevance.py` says what it is
worth on queries it has not seen. A product keeps its place unless the model is sure: its score is
set against the logarithm of the place it had. Trees (LightGBM, up to 21 features) did no better.
"""

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.catalog.search.words import Words
from shared.catalog.segment.analysis import analyzer
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.titles import term_hash

WINDOW: Final = 200
"""How many hits are reranked, whatever the limit of a page."""

MODEL: Final = {
    "bm25": 8.0,
    "all_words": 2.0,
    "in_title": 1.6,
    "title_share": 9.0,
    "accessory": -0.8,
    "accessory_next": -2.2,
}
"""Weights, in doublings of the place: -1 halves a product's chance, from place 4 to 8.

`bm25`: 0..1, of the best possible. `all_words`: 1 if it has all words. `in_title`: share of the
query's words in the title. `title_share`: share of the title's words that are the query's.
`accessory`: words in the title that name a thing made for another (`case`), and were not asked
for. `accessory_next`: 1 if such a word follows the query's last one (`keyboard cover`).
"""

ACCESSORIES: Final = {
    "en": "accessory adapter adaptor antenna arm backpack bag battery bracket briefcase cable cap "
    "carrier cart cartridge case charger cleaner cleaning clip connector cord cover cradle "
    "converter dock docking extension filter film grip hanger holder hood jacket kit lens license "
    "lock memory module mount pad part pillow plug pouch protector rack refill remote replacement "
    "rest screw shell skin sleeve socket spare splitter stand strap stylus support tip tray "
    "tripod warranty wrist"
}
"""By language, words for things made for another thing. A language without a list has none."""


Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


def rerank(segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int) -> Numbers:
    """These products, which are the first of their order, best first.

    `bm25`: 0..1, of the best possible. The first `full` have all words.
    """
    weights = np.array(list(MODEL.values()))
    places = np.log2(np.arange(2, len(numbers) + 2))
    gain = features(segment, words, numbers, bm25, full) @ weights - places
    return numbers[np.argsort(-gain, kind="stable")]


def features(segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int) -> Scores:
    """A row a product, a column a weight of MODEL."""
    titles = segment.titles(numbers)
    asked = np.zeros(titles.shape, bool)
    in_title = np.zeros(len(numbers))
    for word in words.words:
        best = np.zeros(len(numbers))
        for spelling in word.spellings:
            found = np.zeros(len(numbers))
            for term in spelling:
                equal = titles == term_hash(term)
                asked |= equal
                found += equal.any(axis=1)
            best = np.maximum(best, found / len(spelling))
        in_title += best
    accessories = _accessories(segment.manifest.language)[titles] & ~asked
    return np.column_stack(
        [
            bm25,
            np.arange(len(numbers)) < full,
            in_title / max(1, len(words.words)),
            asked.sum(axis=1) / np.maximum(1, np.count_nonzero(titles, axis=1)),
            accessories.sum(axis=1),
            _follows(asked, accessories),
        ]
    )


def _follows(asked: NDArray[Any], accessories: NDArray[Any]) -> NDArray[Any]:
    """Whether an accessory stands right after the last word that was asked for."""
    width = asked.shape[1]
    after = width - np.argmax(asked[:, ::-1], axis=1)
    row = np.flatnonzero(asked.any(axis=1) & (after < width))
    follows = np.zeros(len(asked), bool)
    follows[row] = accessories[row, after[row]]
    return follows


@cache
def _accessories(language: str) -> NDArray[Any]:
    """Which hashes are those of a language's accessory words."""
    known = np.zeros(1 << 16, bool)
    for term in analyzer(language).analyze(ACCESSORIES.get(language, "")):
        known[term_hash(term)] = True
    return known
