"""The words of a catalog's titles, brands and categories: what a misspelt word is compared with.

One file a generation: a row of 16-bit characters a word (padded with zeros), then how often each
occurs, 32 bits. Words of letters only, unstemmed, 4 to 20 of them; at most the 100,000 commonest.
"""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.indexes.files import map_file

SHORTEST: Final = 4
LONGEST: Final = 20
MOST_WORDS: Final = 100_000
_WORD_BYTES: Final = 2 * LONGEST + 4
_BASIC_PLANE: Final = 0xFFFF
_FAR: Final = 1_000
"""A distance beyond all that are asked for."""


class LexiconWriter:
    """Counts words and writes the commonest."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, words: Iterable[str]) -> None:
        """Count these words, those that are no words left out."""
        self._counts.update(
            word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()
        )

    def write(self, path: Path) -> None:
        """Write the file, whole; words in order of the alphabet."""
        kept = sorted(
            (word, count)
            for word, count in self._counts.most_common(MOST_WORDS)
            if max(map(ord, word)) <= _BASIC_PLANE
        )
        rows = np.zeros((len(kept), LONGEST), np.uint16)
        for row, (word, _) in zip(rows, kept, strict=True):
            row[: len(word)] = [ord(char) for char in word]
        counts = np.array([count for _, count in kept], np.uint32)
        path.write_bytes(rows.tobytes() + counts.tobytes())


class Lexicon:
    """The opened file; looked at only when a query has an unknown word."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def near(self, word: str, edits: int) -> list[tuple[int, str, int]]:
        """(distance, word, count) of every word within so many edits.

        An edit is a letter left out, put in, replaced, or swapped with its neighbour (optimal
        string alignment).
        """
        candidates = self.comparable(word, edits)
        if not len(candidates):
            return []
        rows, counts, lengths, _ = self._columns
        distances = _distances(_row(word)[: len(word)], rows[candidates], edits)
        reached = distances[lengths[candidates], np.arange(len(candidates))]
        return [
            (int(distance), _word(rows[at]), int(counts[at]))
            for at, distance in zip(candidates, reached, strict=True)
            if distance <= edits
        ]

    def comparable(self, word: str, edits: int) -> NDArray[np.intp]:
        """Rows of the words that may be within so many edits: only these are compared.

        Each edit brings one letter that the word does not have, and takes one away, at most.
        """
        _, _, lengths, letters = self._columns
        asked = _letters_of(_row(word))
        close = np.abs(lengths - len(word)) <= edits
        close &= np.bitwise_count(letters & ~asked) <= edits
        close &= np.bitwise_count(asked & ~letters) <= edits
        return np.flatnonzero(close)

    @cached_property
    def _columns(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        data = map_file(self._path)
        count = len(data) // _WORD_BYTES
        rows = np.frombuffer(data, np.uint16, count * LONGEST).reshape(count, LONGEST)
        counts = np.frombuffer(data, np.uint32, count, 2 * LONGEST * count)
        return rows, counts, np.count_nonzero(rows, axis=1).astype(np.int8), _letters(rows)


def _letters(rows: NDArray[Any]) -> NDArray[np.uint64]:
    """A bit for each letter that occurs, letters folded onto 64 bits."""
    letters = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        letters |= np.where(column, np.uint64(1) << (column % 64).astype(np.uint64), np.uint64(0))
    return letters


def _letters_of(row: NDArray[Any]) -> np.uint64:
    """The same of one row, which so many calls of numpy would take longer to say."""
    bits = 0
    for letter in row[row > 0].tolist():
        bits |= 1 << letter % 64
    return np.uint64(bits)


def _row(word: str) -> NDArray[Any]:
    row = np.zeros(LONGEST, np.uint16)
    row[: len(word)] = [ord(char) & _BASIC_PLANE for char in word]
    return row


def _word(row: NDArray[Any]) -> str:
    return "".join(map(chr, row[row > 0].tolist()))


def _distances(asked: NDArray[Any], rows: NDArray[Any], edits: int) -> NDArray[Any]:
    """Distance of the asked word to the first 0, 1, 2, ... letters of every row, a column a row.

    Only those of at most so many edits are right: others are somewhere above, because letters
    further apart than that are not compared (Ukkonen's band).
    """
    letters = np.ascontiguousarray(rows.T)
    places = np.arange(LONGEST + 1, dtype=np.int16)[:, None]
    before = last = np.tile(places, (1, len(rows)))
    for at, letter in enumerate(asked):
        low, high = max(0, at - edits), min(LONGEST, at + edits + 1)
        same = letters == letter
        replaced = last[low:high] + ~same[low:high]
        cost = np.minimum(replaced, last[low + 1 : high + 1] + 1)
        if at:
            second = max(low, 1)
            swapped = (letters[second:high] == asked[at - 1]) & same[second - 1 : high - 1]
            cheaper = cost[second - low :]
            np.minimum(cheaper, before[second - 1 : high - 1] + 1, out=cheaper, where=swapped)
        now = np.full_like(last, _FAR)
        now[0] = at + 1
        now[low + 1 : high + 1] = cost
        # A letter put in costs one more than the row above it.
        band = now[low : high + 1] - places[low : high + 1]
        now[low : high + 1] = np.minimum.accumulate(band) + places[low : high + 1]
        before, last = last, now
    return last
