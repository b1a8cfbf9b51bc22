"""Spelling: the word of a catalog that an unknown word probably means."""

from typing import Final

from shared.catalog.segment.lexicon import LONGEST, SHORTEST
from shared.catalog.segment.reader import Segment

_LONG: Final = 8
_SAME_START: Final = 4


def corrected(segment: Segment, word: str, edits: int) -> str | None:
    """The word of the catalog's titles, brands and categories this one is nearest to, or None.

    At most so many `edits` away, and one only below 8 letters; among equally near ones the
    commonest, one with the same first letter counting fourfold. Words with digits are never
    corrected: a model number is right or unknown.
    """
    if not (word.isalpha() and SHORTEST <= len(word) <= LONGEST):
        return None
    edits = edits if len(word) >= _LONG else 1
    found: dict[str, tuple[int, int]] = {}
    for lexicon in segment.lexicons:
        for distance, near, count in lexicon.near(word, edits):
            found[near] = (distance, found.get(near, (0, 0))[1] + count)
    return min(
        found,
        key=lambda near: (
            found[near][0],
            -found[near][1] * (_SAME_START if near[0] == word[0] else 1),
            near,
        ),
        default=None,
    )
