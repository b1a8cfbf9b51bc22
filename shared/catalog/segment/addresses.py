"""Exact lookup: from the digest of a URL form or a product key to the records that claim it.

One file a generation: N sorted 64-bit digests, then N 32-bit ordinals. 12 bytes an address, no
heap, a binary search of about a microsecond at a million. Two texts may share a digest, and two
products may claim one URL: both are kept, and the caller compares the stored text.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np

from shared.catalog.segment.columns import digest
from shared.indexes.files import map_file

_DIGEST_BYTES: Final = 8
_ADDRESS_BYTES: Final = 12


def uuid_form(uuid: UUID) -> str:
    """A product's UUID as an address (RFC 9562)."""
    return f"urn:uuid:{uuid}"


class AddressWriter:
    """Collects addresses in memory (12 bytes each) and writes them sorted."""

    def __init__(self) -> None:
        self._digests: array[int] = array("Q")
        self._ordinals: array[int] = array("I")

    def add(self, text: str, ordinal: int) -> None:
        """The record `ordinal` answers to this text."""
        self._digests.append(digest(text))
        self._ordinals.append(ordinal)

    def write(self, path: Path, *, unique: bool = False) -> None:
        """Write the file, whole; equal digests in order of ordinal.

        `unique`: ValueError when two are equal.
        """
        digests = np.frombuffer(self._digests, dtype=np.uint64)
        ordinals = np.frombuffer(self._ordinals, dtype=np.uint32)
        order = np.argsort(digests, kind="stable")
        digests = digests[order]
        if unique and bool(np.any(digests[1:] == digests[:-1])):
            raise ValueError("two products of one batch have the same key")
        with path.open("wb") as stream:
            stream.write(digests.data)
            stream.write(ordinals[order].data)


class Addresses:
    """The opened file."""

    def __init__(self, path: Path) -> None:
        data = map_file(path)
        count = len(data) // _ADDRESS_BYTES
        self._digests = data[: count * _DIGEST_BYTES].cast("Q")
        self._ordinals = data[count * _DIGEST_BYTES :].cast("I")

    def repeated(self, others: Iterable["Addresses"]) -> list[int]:
        """Digests that stand here more than once, or here and in one of the others."""
        here = np.frombuffer(self._digests, dtype=np.uint64)
        found = [here[1:][here[1:] == here[:-1]]]
        for other in others:
            there = np.frombuffer(other._digests, dtype=np.uint64)  # noqa: SLF001  of this class
            found.append(here[np.isin(here, there, assume_unique=False)])
        return [int(each) for each in np.unique(np.concatenate(found))]

    def find(self, hashed: int) -> Iterator[int]:
        """Ordinals of the records that may answer to the text of this digest."""
        digests = self._digests
        at = bisect_left(digests, hashed)
        while at < len(digests) and digests[at] == hashed:
            yield self._ordinals[at]
            at += 1
