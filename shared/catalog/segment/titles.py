"""The first words of every title, hashed: what the reranker looks at, by ordinal.

One file a generation: a row of 16-bit hashes of indexed terms a record, padded with zeros. Two
terms share a hash once in 65,535 times; a rank may then be a little off, nothing else.
"""

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from shared.catalog.segment.columns import map_file

WORDS: Final = 16
_HASHES: Final = 65_535


def term_hash(term: str) -> int:
    """1..65,535."""
    return crc32(term.encode()) % _HASHES + 1


class TitleWriter:
    """Collects rows in memory, 2 bytes a word."""

    def __init__(self) -> None:
        self._rows: array[int] = array("H")

    def add(self, terms: Sequence[str]) -> None:
        """The next record's title, in indexed terms."""
        row = [term_hash(term) for term in terms[:WORDS]]
        self._rows.extend(row + [0] * (WORDS - len(row)))

    def write(self, path: Path) -> None:
        """Write the file, whole."""
        path.write_bytes(self._rows.tobytes())


def open_titles(path: Path) -> NDArray[Any]:
    """The opened file: a row a record."""
    rows: NDArray[Any] = np.frombuffer(map_file(path), np.uint16).reshape(-1, WORDS)
    return rows
