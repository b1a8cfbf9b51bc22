"""What every product calls itself, hashed: what the reranker looks at, by ordinal.

One file a generation, a row a record: 16-bit hashes of the first 16 indexed terms of the title and
of the first 8 of its kind (brand, product type, categories with the narrowest first), each padded
with zeros. Two terms share a hash once in 65,535 times: a product may then stand a little off.
"""

from array import array
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from shared.indexes.files import map_file

TITLE_TERMS: Final = 16
KIND_TERMS: Final = 8
ROW: Final = TITLE_TERMS + KIND_TERMS
HASHES: Final = 1 << 16
"""How many there are, with 0 for no term."""


def term_hash(term: str) -> int:
    """1..65,535."""
    return crc32(term.encode()) % (HASHES - 1) + 1


class TitleWriter:
    """Collects rows in memory, 48 bytes each."""

    def __init__(self) -> None:
        self._rows: array[int] = array("H")

    def add(self, title: Iterable[str], kind: Iterable[str]) -> None:
        """The next record's title and kind, in indexed terms."""
        for terms, width in ((title, TITLE_TERMS), (dict.fromkeys(kind), KIND_TERMS)):
            row = [term_hash(term) for term in islice(terms, width)]
            self._rows.extend(row + [0] * (width - len(row)))

    def copy(self, row: NDArray[Any]) -> None:
        """The next record's row, from another generation."""
        self._rows.frombytes(row.tobytes())

    def write(self, path: Path) -> None:
        """Write the file, whole."""
        path.write_bytes(self._rows.tobytes())


def open_titles(path: Path) -> NDArray[Any]:
    """The opened file: a row a record."""
    rows: NDArray[Any] = np.frombuffer(map_file(path), np.uint16).reshape(-1, ROW)
    return rows
