"""Immutable files by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A stored file: its name, its size in bytes, when it was stored (UTC)."""

    name: str
    size: int
    stored_at: datetime


class Blobs(Protocol):
    """Immutable files by name: Cloud Storage, or a folder on a laptop. Names are `a/b/c`."""

    def put(self, name: str, source: Path) -> None:
        """Store a file whole or not at all. A name that is already stored stays as it is."""

    def fetch(self, name: str, target: Path) -> None:
        """Write the file's bytes to `target`, whole or not at all. Raises `not_found`."""

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Every stored file whose name begins with the prefix, in order of name."""

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is fine."""
