"""Reranking: the first 64 of an order, put in the order that people prefer.

A linear model over what the title says, so cheap (about 0.1 ms) and plain enough to read.
It was fitted on human judgments by `tests/bench/fit.py`; `tests/bench/relevance.py` says what it is
worth on queries it has not seen. A product keeps its place unless the model is sure: its score is
set against the logarithm of the place it had. What is not sure about the numbers: docs/search.md.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

from shared.catalog.search.queries import idf
from shared.catalog.search.seen import NEXT, Seen, see
from shared.catalog.search.words import Word, Words
from shared.catalog.segment.reader import Segment

WINDOW: Final = 64
"""How many hits are reranked, whatever the limit of a page."""


class Model(NamedTuple):
    """Weights, in doublings of the place: -1 halves a product's chance, from place 4 to 8.

    Attributes:
        bm25: of bm25 as 0..1, of the best possible.
        all_words: of having all words of the query, as far as the title makes it `sure`: of a
            question in many words a product has them all by chance, somewhere in its description.
        in_title: of the share of what the query's words tell that the title says.
        in_kind: of the share that its brand, type or categories say.
        accessory: of each word in the title that names a thing made for another (`case`) and was
            not asked for, times the share that the title says: a title that says little of the
            question is not of a thing made for what was asked.
        accessory_next: of such a word right behind the query's last one (`keyboard cover`), too.
    """

    bm25: float
    all_words: float
    in_title: float
    in_kind: float
    accessory: float
    accessory_next: float


MODEL: Final = Model(10.68, 4.58, 4.09, 2.0, -1.48, -4.46)
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
    found = shares(segment, words, seen)
    in_kind = {terms: model.in_kind * share for terms, share in found.items()}
    accessories = _penalties(model)
    some = {terms: model.in_title * share * share for terms, share in found.items()}
    every = {terms: gain + model.all_words * sure(found[terms]) for terms, gain in some.items()}
    gained = [every] * full + [some] * (len(numbers) - full)
    weight = model.bm25
    places = [
        place - weight * score - gains[title] - in_kind[kind] - found[title] * accessories[things]
        for place, score, gains, title, kind, things in zip(
            _DOUBLINGS, bm25, gained, *seen, strict=False
        )
    ]
    return [numbers[at] for at in sorted(range(len(numbers)), key=places.__getitem__)]


def features(
    segment: Segment, words: Words, numbers: list[int], bm25: list[float], full: int
) -> list[Model]:
    """What the weights of a model are multiplied with, of each product."""
    seen = see(segment, words, numbers)
    found = shares(segment, words, seen)
    rows = []
    for at, (score, title, kind, things) in enumerate(zip(bm25, *seen, strict=True)):
        said = found[title]
        all_words = sure(said) if at < full else 0.0
        next_one, amount = divmod(things, NEXT)
        rows.append(
            Model(score, all_words, said * said, found[kind], said * amount, said * next_one)
        )
    return rows


def sure(share: float) -> float:
    """How far having all words counts, 0..1: wholly where the title says half of the question."""
    return min(1.0, 2 * share)


def shares(segment: Segment, words: Words, seen: Seen) -> dict[int, float]:
    """How much of what the words tell the terms seen in a title or kind say, 0..1, by those terms.

    A word tells the more the fewer products have it (its idf); one that a product need not have
    tells nothing. It counts as far as its best spelling does, a spelling by the share of its terms.
    """
    of_one_term, others, total = _telling(segment, words.words)
    found = {}
    for terms in {*seen.title, *seen.kind}:
        said = sum([told for bit, told in of_one_term if terms & bit])
        for told, spellings in others:
            said += told * max((terms & bits).bit_count() / bits.bit_count() for bits in spellings)
        found[terms] = said / total
    return found


def _telling(
    segment: Segment, words: tuple[Word, ...]
) -> tuple[list[tuple[int, float]], list[tuple[float, list[int]]], float]:
    """What each telling word tells, and which bits of `Seen` it is; and the sum of it.

    First the words of one term, by their bit; then the others, with the bits of their spellings.
    Nearly all words are of one term, and those of a long text take longer one by one.
    """
    of_one_term, others, total, at = [], [], 0.0, 0
    for word in words:
        spellings = []
        for spelling in word.spellings:
            spellings.append((1 << len(spelling)) - 1 << at)
            at += len(spelling)
        if not word.telling:
            continue
        told = idf(segment, word)
        total += told
        if len(word.spellings) == len(word.spellings[0]) == 1:
            of_one_term.append((spellings[0], told))
        else:
            others.append((told, spellings))
    return of_one_term, others, total or 1.0


@lru_cache(maxsize=1)
def _penalties(model: Model) -> tuple[float, ...]:
    """What a product gets for its accessory words, see `Seen`."""
    return tuple(
        model.accessory * amount + model.accessory_next * following
        for following in (False, True)
        for amount in range(NEXT)
    )
