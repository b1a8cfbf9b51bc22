"""The manifest: what a version of a catalog's segment consists of, as one small JSON value.

A segment is a set of write-once files (`shared.indexes.files`) plus this value.
"""

from collections.abc import Container
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.indexes import files
from shared.indexes.files import File, Value

FORMAT: Final = 2
"""Version of the segment's layout. Format 1, without times, is read too; a catalog that is changed
in it is built whole next."""

MOST_PICTURES: Final = 32
"""Origins of pictures that a manifest names: a page in a client shows no picture of any other."""
MOST_GENERATIONS: Final = 8
"""More than these, and the newest become one: every answer looks into each."""
MOST_DEAD_SHARE: Final = 0.10
_NEARLY: Final = 2
"""What is smaller than so many times what is newer is merged with it: so each record is copied
about as often as the number of records doubles."""


Role = Literal["index", "serve", "source"]


class SegmentFile(File):
    """One of a segment's files.

    `role`: `index` (the search engine's) and `serve` files are needed to answer and to upsert;
    `source` files hold the canonical products and are needed only to rebuild, merge or export.
    """

    role: Role

    def is_source_of(self, generations: Container[int]) -> bool:
        """Whether it holds the canonical products of one of these generations."""
        return self.role == "source" and int(self.name.rpartition(".")[2]) in generations


class Generation(Value):
    """One build, one batch of changes, or several batches that became one.

    Attributes:
        number: of the batch; of several, the newest one's.
        first: of several batches, the oldest one's number.
        records: how many it holds.
        dead: how many of those have died since.
    """

    number: Annotated[int, Field(ge=0)]
    first: Annotated[int, Field(ge=0)] | None = None
    records: Annotated[int, Field(ge=0)]
    dead: Annotated[int, Field(ge=0)] = 0

    @property
    def batches(self) -> range:
        """Numbers of the batches it holds."""
        return range(self.number if self.first is None else self.first, self.number + 1)

    @property
    def living(self) -> int:
        """How many of its records have not died."""
        return self.records - self.dead


class Manifest(Value):
    """Everything needed to open one version, immutable.

    Attributes:
        format: FORMAT of the writer.
        catalog: the catalog's key; record ids are derived from it.
        language: two letters; decides the stemmer.
        product_count: active products.
        hosts: hosts that product and variant URLs are on, sorted; lower case, without `www.`.
        pictures: origins of their pictures, sorted; none in what was built before they were kept.
        generations: oldest first; the last is the newest.
        files: all files of this version, in order of name.
        index: the search engine's own description of the version (tantivy's meta.json), which
            is the one text that a commit rewrites in place.
    """

    format: Literal[1, 2] = FORMAT
    catalog: str
    language: str
    product_count: Annotated[int, Field(ge=0)]
    hosts: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    generations: tuple[Generation, ...]
    files: tuple[SegmentFile, ...]
    index: str

    @property
    def served(self) -> tuple[SegmentFile, ...]:
        """The files that answering takes."""
        return tuple(file for file in self.files if file.role != "source")

    @property
    def sources(self) -> tuple[SegmentFile, ...]:
        """The files that hold the canonical products."""
        return tuple(file for file in self.files if file.role == "source")

    @property
    def generation(self) -> int:
        """The newest generation's number."""
        return self.generations[-1].number

    @property
    def worn(self) -> bool:
        """Whether a whole build is due: an old format, or over 10 % of the records are dead."""
        records = sum(generation.records for generation in self.generations)
        dead = sum(generation.dead for generation in self.generations)
        return self.format < FORMAT or dead > records * MOST_DEAD_SHARE

    @property
    def gathered(self) -> tuple[Generation, ...]:
        """The newest generations, oldest first, that are to become one; none while there are few.

        At least two, and any that is not twice as large as all that are newer. Never the first: it
        was built whole, and only a whole build replaces it.
        """
        if len(self.generations) <= MOST_GENERATIONS:
            return ()
        *older, newest = self.generations[1:]
        found, size = [newest], newest.living
        while older and (len(found) == 1 or older[-1].living < _NEARLY * size):
            found.append(older.pop())
            size += found[-1].living
        return tuple(reversed(found))


def describe(directory: Path, name: str, role: Role) -> SegmentFile:
    """The entry of a finished file, read once for its SHA-256."""
    return SegmentFile(role=role, **files.describe(directory, name).model_dump())
