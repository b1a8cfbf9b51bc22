"""The files an index consists of: known by content, checked, linked into folders.

Files are written once. One is known by its SHA-256, so any store keyed by content holds every
version of every index; the folder of an opened version only needs the files under their names.
"""

import errno
import hashlib
import mmap
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.errors import Problem


class Value(BaseModel):
    """A part of a manifest: immutable, camelCase in JSON, without members nobody knows."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class File(Value):
    """A write-once file: its name in the version's folder, bytes, SHA-256 in hex."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.]{0,80}$")]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


F = TypeVar("F", bound=File)


def describe(directory: Path, name: str) -> File:
    """The entry of a finished file, read once for its SHA-256."""
    path = directory / name
    return File(name=name, size=path.stat().st_size, sha256=_sha256(path))


def damaged(directory: Path, files: Iterable[F]) -> tuple[F, ...]:
    """Those that are missing or do not match size and SHA-256: to be fetched (again).

    Reads every byte; call it once after a download.
    """
    return tuple(file for file in files if not _matches(directory / file.name, file))


def require(directory: Path, files: Iterable[File]) -> None:
    """Cheap check before opening: all files present and of the right size.

    Raises `unavailable` otherwise; `damaged` tells which, by checksum.
    """
    for file in files:
        path = directory / file.name
        if not (path.is_file() and path.stat().st_size == file.size):
            raise Problem(
                "unavailable",
                "A file of the search index is missing or cut short. Fetch the version's files "
                "again.",
                file=file.name,
            )


def link(files: Iterable[File], source: Path, target: Path, *, by_digest: bool = False) -> None:
    """Give a version its own directory: hard links to files in `source`, which costs no space.

    Files of two versions may share a name and differ, so versions never share a directory. With
    `by_digest`, `source` holds the files under their SHA-256. Files that are not there are left
    out; `require` tells whether enough are. On another filesystem, files are copied. Several
    processes may do this at once.
    """
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        stored = source / (file.sha256 if by_digest else file.name)
        if stored.is_file():
            place(stored, target / file.name)


def map_file(path: Path) -> memoryview:
    """The file's bytes, mapped read-only: pages are shared with every process that maps them."""
    with path.open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:  # by its name it may be gone: others tidy up
            return memoryview(b"")
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def place(stored: Path, path: Path) -> None:
    """Give a file a further name; on another filesystem, a copy. One that is there stays."""
    try:
        path.hardlink_to(stored)
    except (FileExistsError, FileNotFoundError):  # another process placed it, or tidied it up
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        whole = path.with_name(f".{path.name}.{uuid4().hex}")
        shutil.copyfile(stored, whole)
        whole.replace(path)


def _matches(path: Path, file: File) -> bool:
    try:
        return path.stat().st_size == file.size and _sha256(path) == file.sha256
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(map_file(path)).hexdigest()
