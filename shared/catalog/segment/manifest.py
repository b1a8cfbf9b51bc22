"""The manifest: what a version of a catalog's segment consists of, as one small JSON value.

A segment is a set of write-once files (`shared.indexes.files`) plus this value. Source:
design/search.md, section 4.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.indexes import files
from shared.indexes.files import File, Value

FORMAT: Final = 1
"""Version of the segment's layout. A reader opens this one only; an older one is built anew."""

MOST_GENERATIONS: Final = 8
MOST_DEAD_SHARE: Final = 0.10


Role = Literal["index", "serve", "source"]


class SegmentFile(File):
    """One of a segment's files.

    `role`: `index` (the search engine's) and `serve` files are needed to answer and to upsert;
    `source` files hold the canonical products and are needed only to rebuild, merge or export.
    """

    role: Role


class Generation(Value):
    """One build or one upsert batch: its records, and how many have died since."""

    number: Annotated[int, Field(ge=0)]
    records: Annotated[int, Field(ge=0)]
    dead: Annotated[int, Field(ge=0)] = 0


class Manifest(Value):
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

    def needed(self, *, sources: bool = False) -> tuple[SegmentFile, ...]:
        """The files that answering takes; with `sources` all of them."""
        return tuple(file for file in self.files if sources or file.role != "source")

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
    return SegmentFile(role=role, **files.describe(directory, name).model_dump())
