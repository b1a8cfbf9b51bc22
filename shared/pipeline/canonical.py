"""The value that somebody means: `adiBas` is Adidas, of the values that records have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import partial_ratio
from rapidfuzz.process import extract

from shared.pipeline.folding import folded
from shared.query.answers import Counted
from shared.query.ast import Value

LEAST: Final = 0.5
"""How alike a value must be to be worth telling."""
_BEGINS: Final = 0.8
_HAS_WORD: Final = 0.7
_HAS_PART: Final = 0.6
_LENGTH: Final = 0.15
"""What a value gains that is hardly longer than what was asked."""


@dataclass(frozen=True, slots=True)
class Match:
    """A value, how many records have it, and how alike it is: 1 for the same but case, accents."""

    value: Value
    count: int
    score: float


def closest(query: str, counted: Sequence[Counted], limit: int) -> list[Match]:
    """The values that are most alike to what was asked; the most frequent where nothing was.

    A typing error counts by the length of the text: letters that are wrong, missing, too many or
    exchanged. A value that begins with the query, or has it as a word, is alike too, so that
    `kingston` finds Kingston Technology; somewhat so is one with a part that is alike. Of values
    that are equally alike, what more records have comes first.
    """
    asked = folded(query)
    if not asked:
        most = sorted(counted, key=lambda each: -each.count)
        return [Match(each.value, each.count, 1.0) for each in most[:limit]]
    texts = [folded(text_of(each.value)) for each in counted]
    alike = _scores(asked, texts)
    found = [
        Match(counted[at].value, counted[at].count, round(score, 3))
        for at, score in alike.items()
        if score >= LEAST
    ]
    found.sort(key=lambda match: (-match.score, match.value != query, -match.count))
    return found[:limit]


def text_of(value: Value) -> str:
    """A value as somebody would type it."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _scores(asked: str, texts: Sequence[str]) -> dict[int, float]:
    """How alike texts are, by their number; those that are not at all are left out."""
    wholes = extract(asked, texts, scorer=OSA.normalized_similarity, score_cutoff=LEAST, limit=None)
    scores = {at: score for _, score, at in wholes}
    parts = extract(asked, texts, scorer=partial_ratio, score_cutoff=100 * LEAST, limit=None)
    for text, part, at in parts:
        if len(text) > len(asked):
            scores[at] = max(scores.get(at, 0.0), _of_part(asked, text, part / 100))
    return scores


def _of_part(asked: str, text: str, part: float) -> float:
    share = _LENGTH * len(asked) / len(text)
    if text.startswith(asked):
        return _BEGINS + share
    if f" {asked}" in text:
        return _HAS_WORD + share
    return _HAS_PART * part + share
