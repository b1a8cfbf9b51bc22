"""What a stored replica consists of, and how its files come to an instance."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.errors import Problem
from shared.indexes.files import File, Value, damaged
from shared.indexes.opened import fetch_all
from shared.ports.blobs import Blobs

FORMAT: Final = 1
"""Rises when an index of before can no longer be read: a replica is built anew then."""


class Manifest(Value):
    """A replica at one moment. One of another format is refused by its own validation.

    Attributes:
        seq: the newest commit that is included.
        language: of its text.
        meta: the engine's own description, the only file that a commit rewrites.
        files: all others; write-once, kept by content.
    """

    format: Literal[1] = FORMAT
    seq: Annotated[int, Field(ge=0)]
    language: str
    meta: str
    files: tuple[File, ...]


def fetch(manifest: Manifest, blobs: Blobs, stored: Callable[[File], str], target: Path) -> None:
    """Bring a replica's files to a folder of its own, every byte checked.

    `stored`: a file's name among the blobs. Raises `not_found` where one is gone, and
    `unavailable` where one came damaged twice.
    """
    missing = list(manifest.files)
    for _ in range(2):
        fetch_all(blobs, {target / file.name: stored(file) for file in missing})
        missing = list(damaged(target, missing))
        if not missing:
            return
    raise Problem(
        "unavailable", "A file of the search index came damaged, twice. Try again in a minute."
    )
