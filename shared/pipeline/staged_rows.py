"""Rows of a file that was read and checked, as an import keeps them: one line of JSON each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from shared.engine.typed import Entry, Given


class Staged(NamedTuple):
    """A row: its line, whether it is a variant, and its entry; `taken` if that is to be written."""

    line: int
    is_variant: bool
    entry: Entry
    taken: bool = True


def write_staged(file: BinaryIO, staged: Staged) -> int:
    """Write a row; how many bytes that are. Raises ValueError for what is no text."""
    entry = staged.entry
    given: Any = [tuple(each) for each in map(_given, entry.given)] if staged.taken else None
    try:
        line = orjson.dumps([staged.line, staged.is_variant, entry.key, given]) + b"\n"
    except TypeError:
        raise ValueError("no text") from None
    return file.write(line)


def read_staged(path: Path, offset: int = 0) -> Iterator[tuple[Staged, int]]:
    """Each row from an offset on, and the offset behind it."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            offset += len(line)
            number, is_variant, key, given = orjson.loads(line)
            entry = Entry(key, tuple(Given(*each) for each in given or ()))
            yield Staged(number, is_variant, entry, given is not None), offset


def _given(each: Given) -> tuple[str, Any, str | None]:
    return each.property, each.value, each.language
