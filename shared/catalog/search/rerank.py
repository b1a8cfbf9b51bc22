"""Reranking: the first 128 of an order, put in the order that people prefer.

A linear model over what the title says, so cheap (about 0.1 ms) and plain enough to read.
It was fitted on human judgments by `tests/bench/fit.py`; `tests/bench/relevance.py` says what it is
worth on queries it has not seen. A product keeps its place unless the model is sure: its score is
set against the logarithm of the place it had. What is not sure about the numbers: docs/search.md.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

from shared.catalog.search.seen import NEXT, Seen, see
from shared.catalog.search.words import Word, Words
from shared.catalog.segment.reader import Segment

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


MODEL: Final = Model(20.38, 4.58, 6.77, 1.0, -1.66, -4.32)
"""What is shipped, from `tests/bench/fit.py`."""

_DOUBLINGS: Final = tuple(math.log2(place + 1) for place in range(1, WINDOW + 1))
"""How often 1 is doubled to get to a place."""


def rerank(
    segment: Segment, words: Words, numbers: list[int], bm25: list[float], full: int, model: Model
) -> list[int]:
    """These products, which are the first of their order, best first.

    `bm25`: 0..1, of the best possible. The first `full` have all words.
    """
    seen = see(segment, words, numbers)
    found = shares(words, seen)
    in_title = {terms: model.in_title * share for terms, share in found.items()}
    in_kind = {terms: model.in_kind * share for terms, share in found.items()}
    accessories = _penalties(model)
    gained = [model.all_words] * full + [0.0] * (len(numbers) - full)
    weight = model.bm25
    places = [
        place - weight * score - gain - in_title[title] - in_kind[kind] - accessories[things]
        for place, score, gain, title, kind, things in zip(
            _DOUBLINGS, bm25, gained, *seen, strict=False
        )
    ]
    return [numbers[at] for at in sorted(range(len(numbers)), key=places.__getitem__)]


def features(
    segment: Segment, words: Words, numbers: list[int], bm25: list[float], full: int
) -> list[Model]:
    """What the weights of a model are multiplied with, of each product."""
    seen = see(segment, words, numbers)
    found = shares(words, seen)
    return [
        Model(score, at < full, found[title], found[kind], things % NEXT, things // NEXT)
        for at, (score, title, kind, things) in enumerate(zip(bm25, *seen, strict=True))
    ]


def shares(words: Words, seen: Seen) -> dict[int, float]:
    """Which share of the words the terms seen in a title or kind stand for, by those terms.

    A word counts as far as its best spelling does, a spelling by the share of its terms.
    """
    of_one_term, others = _bits(words.words)
    found = {}
    for terms in {*seen.title, *seen.kind}:
        total: float = (terms & of_one_term).bit_count()
        for spellings in others:
            total += max((terms & bits).bit_count() / bits.bit_count() for bits in spellings)
        found[terms] = total / len(words.words)
    return found


def _bits(words: tuple[Word, ...]) -> tuple[int, list[list[int]]]:
    """Which bits of `Seen` are words of one term, together, and the spellings of each other word.

    Nearly all words are of one term, and those of a long text take longer one by one.
    """
    of_one_term, others, at = 0, [], 0
    for word in words:
        spellings = []
        for spelling in word.spellings:
            spellings.append((1 << len(spelling)) - 1 << at)
            at += len(spelling)
        if len(word.spellings) == len(word.spellings[0]) == 1:
            of_one_term |= spellings[0]
        else:
            others.append(spellings)
    return of_one_term, others


@lru_cache(maxsize=1)
def _penalties(model: Model) -> tuple[float, ...]:
    """What a product gets for its accessory words, see `Seen`."""
    return tuple(
        model.accessory * amount + model.accessory_next * following
        for following in (False, True)
        for amount in range(NEXT)
    )
