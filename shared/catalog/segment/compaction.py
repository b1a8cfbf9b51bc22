"""Many small generations become one, and nothing that is answered changes.

The living records are copied as they are and keep their numbers, so the engine's index, which
knows products by number, is not touched at all. What died goes with the generations it was in.
"""

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.catalog.segment.entry import names
from shared.catalog.segment.generation import FILES, GenerationWriter
from shared.catalog.segment.manifest import Generation, Manifest, SegmentFile
from shared.catalog.segment.reader import BATCH, Segment
from shared.catalog.segment.writer import empty
from shared.indexes.files import link, map_file, require
from shared.indexes.guard import guarded

_ROWS: Final = 10_000


@guarded
def compact(segment: Segment, gathered: Sequence[Generation], directory: Path) -> Manifest:
    """The same version with some generations as one, in a new or empty directory.

    `gathered` are its newest ones, oldest first, and never its first (`Manifest.gathered` says when
    and which). Needs their source files. The version's other files are linked.
    """
    before = segment.manifest
    first, last = gathered[0].batches[0], gathered[-1].number
    old = [file for file in before.files if _is_of(file, gathered)]
    kept = [file for file in before.files if file not in old]
    require(segment.directory, old)
    empty(directory)
    link(kept, segment.directory, directory)
    numbers = array("Q", (number for each in gathered for number in segment.living(each)))
    with GenerationWriter(
        directory, last, before.catalog, before.language, segment.dictionary
    ) as writer:
        for at in range(0, len(numbers), _ROWS):
            _copy(segment, numbers[at : at + _ROWS].tolist(), writer)
        made = writer.finish(_older(segment, gathered, first), numbers)
    merged = Generation(number=last, first=first, records=len(numbers))
    return before.model_copy(
        update={
            "generations": (*before.generations[: -len(gathered)], merged),
            "files": tuple(sorted([*kept, *made], key=lambda file: file.name)),
        }
    )


def _copy(segment: Segment, numbers: list[int], writer: GenerationWriter) -> None:
    for number, row in zip(numbers, segment.titles(numbers), strict=True):
        named = names(segment.read(number))
        writer.copy(segment.stored(number), row, segment.claims(number)[:2], named)


def _older(segment: Segment, gathered: Sequence[Generation], first: int) -> "array[int]":
    """Numbers of older generations' records that died by those that are gathered."""
    dead: array[int] = array("Q")
    for each in gathered:
        dead.frombytes(map_file(segment.directory / f"dead.{each.number}"))
    return array("Q", (number for number in dead if number >> BATCH < first))


def _is_of(file: SegmentFile, generations: Sequence[Generation]) -> bool:
    name, _, number = file.name.partition(".")
    return name in FILES and number in {str(each.number) for each in generations}
