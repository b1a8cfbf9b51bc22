"""Spelling: the word of a catalog that an unknown word probably means."""

from collections.abc import Sequence
from typing import Final

from shared.catalog.segment.lexicon import LONGEST, SHORTEST
from shared.catalog.segment.reader import Segment

_LONG: Final = 8
_SAME_START: Final = 4
_MOST_TRIED: Final = 5
_MOST_BESIDE: Final = 4
"""Further words would seldom all be in one product, and each costs."""


def corrected(segment: Segment, word: str, edits: int, beside: Sequence[str]) -> str | None:
    """The word of the catalog's titles, brands and categories this one is nearest to, or None.

    At most so many `edits` away, and one below 8 letters is never two away. Among equally near
    ones that which most products have together with the first words it stands `beside`; then the
    commonest, one with the same first letter counting fourfold. Words with digits are never
    corrected: a model number is right or unknown.
    """
    if not (word.isalpha() and SHORTEST <= len(word) <= LONGEST):
        return None
    if edits > 1 and len(word) < _LONG:
        return None
    found: dict[str, tuple[int, int]] = {}
    for lexicon in segment.lexicons:
        for distance, near, count in lexicon.near(word, edits):
            start = _SAME_START if near[0] == word[0] else 1
            found[near] = (distance, found.get(near, (0, 0))[1] - count * start)
    ranked = sorted(found, key=lambda near: (found[near], near))
    nearest = [near for near in ranked if found[near][0] == found[ranked[0]][0]][:_MOST_TRIED]
    if len(nearest) > 1 and beside:
        nearest.sort(key=lambda near: -segment.together([near, *beside[:_MOST_BESIDE]]))
    return nearest[0] if nearest else None
