"""What the titles and kinds of products say about a query's words, for many products at once.

A matrix of bytes is one integer here, its lowest byte first: a row for each place of the titles, a
byte in it for each product. `matrix >> row` has in each place what stands one place behind it. What
a byte says of the term at its place: a bit for each term of the query that it is, or the highest
bit for an accessory word that was not asked for. So a handful of operations on integers looks at
all products; numpy's cost more for so few (tests/bench/notes.md). The same, product by product and
place by place, is `looked_at` in tests/shared/catalog/search/test_reranking.py.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

import numpy as np

from shared.catalog.search.words import Words
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.titles import HASHES, KIND_TERMS, TITLE_TERMS, term_hash
from shared.indexes.words import analyzer

ACCESSORIES: Final = {
    "en": "accessory adapter adaptor antenna arm backpack bag battery bracket briefcase cable cap "
    "carrier cart cartridge case charger cleaner cleaning clip connector cord cover cradle "
    "converter dock docking extension filter film grip hanger holder hood jacket kit lens license "
    "lock memory module mount pad part pillow plug pouch protector rack refill remote replacement "
    "rest screw shell skin sleeve socket spare splitter stand strap stylus support tip tray "
    "tripod warranty wrist"
}
"""By language, words for things made for another thing. A language without a list has none."""

NEXT: Final = 32
"""Stands above how many accessory words a title can have."""

_MOST_TERMS: Final = 7
"""Terms of a query that one byte can mark; of longer ones, each so many have a matrix."""
_ACCESSORY: Final = 1 << _MOST_TERMS
_ANY_TERM: Final = _ACCESSORY - 1


class Seen(NamedTuple):
    """What was seen, a number a product.

    Attributes:
        title: which of the query's terms are in its title, as bits in order of the spellings.
        kind: which are in its brand, type or categories.
        accessories: how many accessory words are in its title that were not asked for; NEXT more
            when one stands right behind the last word that was.
    """

    title: Sequence[int]
    kind: Sequence[int]
    accessories: Sequence[int]


def see(segment: Segment, words: Words, numbers: list[int]) -> Seen:
    """Look at these products."""
    row = 8 * len(numbers)
    matrices = _matrices(segment, words, numbers)
    terms, flags = _bits(len(numbers))
    in_title, in_kind, asked = [], [], 0
    for matrix in matrices:
        title, kind = matrix & terms, matrix >> TITLE_TERMS * row & terms
        in_title.append(_any(title, TITLE_TERMS, row))
        in_kind.append(_any(kind, KIND_TERMS, row))
        asked |= title + terms & flags  # the sum carries any bit of a byte into its highest
    accessories = matrices[0] & flags
    next_ones = _last(asked, row) & accessories >> row
    things = (accessories >> _MOST_TERMS) + (next_ones >> _MOST_TERMS) * NEXT
    return Seen(_joined(in_title), _joined(in_kind), _sum(things, TITLE_TERMS, row))


def _matrices(segment: Segment, words: Words, numbers: list[int]) -> list[int]:
    """The products' titles, then their kinds, marked with each `_MOST_TERMS` terms of the query."""
    hashes = [
        term_hash(term) for word in words.words for spelling in word.spellings for term in spelling
    ]
    titles = segment.titles(numbers).T
    accessories, idle = _tables(segment.manifest.language)
    try:
        marks = idle.pop()
    except IndexError:
        marks = bytearray(accessories)
    found = []
    for begin in range(0, len(hashes), _MOST_TERMS):
        for hashed in hashes:
            marks[hashed] = 0
        for at, hashed in enumerate(hashes[begin : begin + _MOST_TERMS]):
            marks[hashed] |= 1 << at
        found.append(int.from_bytes(np.frombuffer(marks, np.uint8).take(titles), "little"))
    for hashed in hashes:
        marks[hashed] = accessories[hashed]
    idle.append(marks)
    return found


@lru_cache(maxsize=128)
def _bits(products: int) -> tuple[int, int]:
    """Of every byte of so many products' titles: the bits of terms, and that of an accessory."""
    ones = int.from_bytes(b"\1" * products * TITLE_TERMS, "little")
    return ones * _ANY_TERM, ones * _ACCESSORY


@cache
def _tables(language: str) -> tuple[bytes, list[bytearray]]:
    """A byte for each hash: `_ACCESSORY` where it is that of an accessory word of a language.

    And copies of that which no query is marking now: to copy 64 kB for each costs more than to
    clear its few marks. There are as many as there were queries at once.
    """
    marks = bytearray(HASHES)
    for term in analyzer(language).analyze(ACCESSORIES.get(language, "")):
        marks[term_hash(term)] = _ACCESSORY
    return bytes(marks), [marks]


def _last(flags: int, row: int) -> int:
    """Of each product's flags in a title the one that no other stands behind."""
    behind = flags >> row
    for places in (1, 2, 4, 8):  # so that the sixteen places of a title are all looked at
        behind |= behind >> places * row
    return flags ^ flags & behind


def _any(matrix: int, rows: int, row: int) -> bytes:
    """The rows joined by OR, a byte a product: halves upon halves."""
    while rows > 1:
        rows //= 2
        matrix |= matrix >> rows * row
    return _first(matrix, row)


def _sum(matrix: int, rows: int, row: int) -> bytes:
    """The rows added up, a byte a product: halves upon halves."""
    while rows > 1:
        rows //= 2
        matrix += matrix >> rows * row
    return _first(matrix, row)


def _first(matrix: int, row: int) -> bytes:
    """The lowest row, a byte a product."""
    return (matrix & (1 << row) - 1).to_bytes(row // 8, "little")


def _joined(parts: list[bytes]) -> Sequence[int]:
    """The terms that several matrices mark, as bits of one number a product."""
    joined: Sequence[int] = parts[0]
    for at, part in enumerate(parts[1:], 1):
        joined = [low | high << at * _MOST_TERMS for low, high in zip(joined, part, strict=True)]
    return joined
