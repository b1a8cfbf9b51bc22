"""What the titles and kinds of products say about a query's words, for many products at once.

Each term of a product is a byte: a bit for each term of the query, or the highest for an accessory
word. All bytes together are one integer, a row of bytes a place of the title or kind and in it a
byte a product, so that a handful of operations on integers looks at all products: numpy's cost
more for so few.
"""

import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.catalog.search.words import Words
from shared.catalog.segment.analysis import analyzer
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.titles import HASHES, KIND_TERMS, TITLE_TERMS, term_hash

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
"""Terms of a query that one byte can mark."""
_ACCESSORY: Final = 1 << _MOST_TERMS


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
    marked = _marked(segment, words, numbers)
    highest, others = _bits_of_titles(len(numbers))
    asked = 0
    in_title, in_kind = [], []
    for marks in marked:
        title, kind = marks & others, marks >> TITLE_TERMS * row & others
        in_title.append(_lowest(_any(title, TITLE_TERMS, row), row))
        in_kind.append(_lowest(_any(kind, KIND_TERMS, row), row))
        asked |= title + others & highest  # adding carries any bit of a byte into its highest
    accessories = marked[0] & highest
    behind = asked >> row
    for places in (1, 2, 4, 8):  # so that the sixteen places of a title are all looked at
        behind |= behind >> places * row
    last = asked ^ asked & behind
    following = last & accessories >> row
    things = _sum((accessories >> 7) + (following >> 2), TITLE_TERMS, row)
    return Seen(_joined(in_title), _joined(in_kind), _lowest(things, row))


class _Tables(threading.local):
    """What each hash of a term means to a query, a byte each; written and cleared in place."""

    def __init__(self) -> None:
        self._by_language: dict[str, tuple[bytearray, NDArray[Any]]] = {}

    def of(self, language: str) -> tuple[bytearray, NDArray[Any]]:
        """This thread's table of a language, and the array that it is: accessories are marked."""
        found = self._by_language.get(language)
        if found is None:
            table = bytearray(_accessories(language))
            found = self._by_language[language] = table, np.frombuffer(table, np.uint8)
        return found


_tables: Final = _Tables()


def _marked(segment: Segment, words: Words, numbers: list[int]) -> list[int]:
    """The products' terms, marked; anew for every `_MOST_TERMS` terms of the query."""
    hashes = [
        term_hash(term) for word in words.words for spelling in word.spellings for term in spelling
    ]
    titles = segment.titles(numbers).T
    language = segment.manifest.language
    table, meanings = _tables.of(language)
    unasked = _accessories(language)
    marked = []
    try:
        for begin in range(0, len(hashes), _MOST_TERMS):
            for hashed in hashes:
                table[hashed] = 0
            for at, hashed in enumerate(hashes[begin : begin + _MOST_TERMS]):
                table[hashed] |= 1 << at
            marked.append(int.from_bytes(meanings.take(titles), "little"))
    finally:
        for hashed in hashes:
            table[hashed] = unasked[hashed]
    return marked


@cache
def _accessories(language: str) -> bytes:
    """For each hash, whether it is that of one of a language's accessory words."""
    known = bytearray(HASHES)
    for term in analyzer(language).analyze(ACCESSORIES.get(language, "")):
        known[term_hash(term)] = _ACCESSORY
    return bytes(known)


@lru_cache(maxsize=256)
def _bits_of_titles(products: int) -> tuple[int, int]:
    """Of the bytes of so many titles the highest bit, and the others."""
    everywhere = int.from_bytes(b"\1" * products * TITLE_TERMS, "little")
    return everywhere * _ACCESSORY, everywhere * (_ACCESSORY - 1)


def _any(rows: int, amount: int, row: int) -> int:
    """The rows joined by OR, in the lowest; what stands above is of no use."""
    while amount > 1:
        amount //= 2
        rows |= rows >> amount * row
    return rows


def _sum(rows: int, amount: int, row: int) -> int:
    """The rows added up, in the lowest; what stands above is of no use."""
    while amount > 1:
        amount //= 2
        rows += rows >> amount * row
    return rows


def _lowest(rows: int, row: int) -> bytes:
    return (rows & (1 << row) - 1).to_bytes(row // 8, "little")


def _joined(parts: list[bytes]) -> Sequence[int]:
    """The bits of several bytes as one number."""
    joined: Sequence[int] = parts[0]
    for at, part in enumerate(parts[1:], 1):
        joined = [low | high << at * _MOST_TERMS for low, high in zip(joined, part, strict=True)]
    return joined
