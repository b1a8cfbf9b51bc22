"""Reranking: the first 200 of an order, put in the order that people prefer.

A linear model over what the title says, so cheap (about 0.1 ms for 200) and plain enough to read.
It was fitted on human judgments by `tests/bench/fit.py`; `tests/bench/relevance.py` says what it is
worth on queries it has not seen. A product keeps its place unless the model is sure: its score is
set against the logarithm of the place it had. What is not sure about the numbers: docs/search.md.
"""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.catalog.search.words import Words
from shared.catalog.segment.analysis import analyzer
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.titles import TITLE_TERMS, term_hash

WINDOW: Final = 200
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


MODEL: Final = Model(10.22, 1.43, 2.33, 1.0, -0.86, -2.08)
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


Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


def rerank(
    segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int, *, model: Model
) -> Numbers:
    """These products, which are the first of their order, best first.

    `bm25`: 0..1, of the best possible. The first `full` have all words.
    """
    places = np.log2(np.arange(2, len(numbers) + 2))
    gain = features(segment, words, numbers, bm25, full) @ np.array(model) - places
    return numbers[np.argsort(-gain, kind="stable")]


def features(segment: Segment, words: Words, numbers: Numbers, bm25: Scores, full: int) -> Scores:
    """A row a product, a column a weight of the model."""
    rows = segment.titles(numbers)
    titles = rows[:, :TITLE_TERMS]
    asked = np.zeros(rows.shape, bool)
    in_title, in_kind = np.zeros(len(rows)), np.zeros(len(rows))
    for word in words.words:
        title, kind = np.zeros(len(rows)), np.zeros(len(rows))
        for spelling in word.spellings:
            here, there = np.zeros(len(rows)), np.zeros(len(rows))
            for term in spelling:
                equal = rows == term_hash(term)
                asked |= equal
                here += equal[:, :TITLE_TERMS].any(axis=1)
                there += equal[:, TITLE_TERMS:].any(axis=1)
            title = np.maximum(title, here / len(spelling))
            kind = np.maximum(kind, there / len(spelling))
        in_title += title
        in_kind += kind
    asked = asked[:, :TITLE_TERMS]
    accessories = _accessories(segment.manifest.language)[titles] & ~asked
    return np.column_stack(
        [
            bm25,
            np.arange(len(rows)) < full,
            in_title / max(1, len(words.words)),
            in_kind / max(1, len(words.words)),
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
