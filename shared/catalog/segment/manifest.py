"""The manifest: what a version of a catalog's segment consists of, as one small JSON value.

A segment is a set of write-once files plus this value. Files are known by their SHA-256, so any
store keyed by content holds every version of every catalog; a version's own directory only needs
the files under the names given here. Source: design/search.md, section 4.
"""

import errno
import hashlib
import shutil
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.catalog.segment.columns import map_file
from shared.errors import Problem

FORMAT: Final = 1
"""Version of the segment's layout. A reader opens this one only; an older one is built anew."""

MOST_GENERATIONS: Final = 8
MOST_DEAD_SHARE: Final = 0.10


Role = Literal["index", "serve", "source"]


class _Value(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class SegmentFile(_Value):
    """A write-once file: its name in the version's directory, bytes, SHA-256 in hex.

    `role`: `index` (the search engine's) and `serve` files are needed to answer and to upsert;
    `source` files hold the canonical products and are needed only to rebuild, merge or export.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.]{0,80}$")]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    role: Role


class Generation(_Value):
    """One build or one upsert batch: its records, and how many have died since."""

    number: Annotated[int, Field(ge=0)]
    records: Annotated[int, Field(ge=0)]
    dead: Annotated[int, Field(ge=0)] = 0


class Manifest(_Value):
    """Everything needed to open one version, immutable.

    Attributes:
        format: FORMAT of the writer.
        catalog: the catalog's key; record ids are derived from it.
        language: two letters; decides the stemmer.
        product_count: active products.
        hosts: hosts that product and variant URLs are on, sorted; lower case, without `www.`.
        generations: oldest first; the last is the newest.
        files: all files of this version, in order of name.
        index: the search engine's own description of the version (tantivy's meta.json), which
            is the one text that a commit rewrites in place.
    """

    format: Literal[1] = FORMAT
    catalog: str
    language: str
    product_count: Annotated[int, Field(ge=0)]
    hosts: tuple[str, ...]
    generations: tuple[Generation, ...]
    files: tuple[SegmentFile, ...]
    index: str

    @property
    def generation(self) -> int:
        """The newest generation's number."""
        return self.generations[-1].number

    @property
    def rebuild_advised(self) -> bool:
        """Whether a full build is due: more than 8 generations, or over 10 % dead records."""
        records = sum(generation.records for generation in self.generations)
        dead = sum(generation.dead for generation in self.generations)
        return len(self.generations) > MOST_GENERATIONS or dead > records * MOST_DEAD_SHARE


def describe(directory: Path, name: str, role: Role) -> SegmentFile:
    """The entry of a finished file, read once for its SHA-256."""
    path = directory / name
    return SegmentFile(name=name, size=path.stat().st_size, sha256=_sha256(path), role=role)


def damaged(
    directory: Path, manifest: Manifest, *, sources: bool = False
) -> tuple[SegmentFile, ...]:
    """The files that are missing or do not match size and SHA-256: to be fetched (again).

    `sources`: look at the source files as well. Reads every byte; call it once after a download.
    """
    return tuple(
        file
        for file in manifest.files
        if (sources or file.role != "source") and not _matches(directory / file.name, file)
    )


def require(directory: Path, manifest: Manifest, *, sources: bool = False) -> None:
    """Cheap check before opening: all files present and of the right size.

    Raises `unavailable` otherwise; `damaged` tells which, by checksum.
    """
    for file in manifest.files:
        path = directory / file.name
        needed = sources or file.role != "source"
        if needed and not (path.is_file() and path.stat().st_size == file.size):
            raise Problem(
                "unavailable",
                "A file of the catalog's search segment is missing or cut short. "
                "Fetch the version's files again.",
                file=file.name,
            )


def link(manifest: Manifest, source: Path, target: Path, *, by_digest: bool = False) -> None:
    """Give a version its own directory: hard links to files in `source`, which costs no space.

    Files of two versions may share a name and differ, so versions never share a directory. With
    `by_digest`, `source` holds the files under their SHA-256. Files that are not there are left
    out (source files, usually); `require` tells whether enough are. On another filesystem, files
    are copied. Several processes may do this at once.
    """
    target.mkdir(parents=True, exist_ok=True)
    for file in manifest.files:
        stored = source / (file.sha256 if by_digest else file.name)
        if stored.is_file():
            _place(stored, target / file.name)


def _place(stored: Path, path: Path) -> None:
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


def _matches(path: Path, file: SegmentFile) -> bool:
    try:
        return path.stat().st_size == file.size and _sha256(path) == file.sha256
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(map_file(path)).hexdigest()
