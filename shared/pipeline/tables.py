"""Tables of text: a header, then rows of cells, separated by any of the usual signs."""

import csv
from collections.abc import Iterator
from typing import Final

from shared.catalog.feeds.rows import MAX_ROW
from shared.catalog.feeds.source import Source
from shared.errors import Problem
from shared.pipeline.row import Row
from shared.pipeline.sources import MOST_PROPERTIES
from shared.pipeline.text_values import unescaped

_SEPARATORS: Final = ",;\t|"
csv.field_size_limit(MAX_ROW)


def table_rows(source: Source) -> Iterator[Row]:
    """The rows of a table; an empty cell is no value. Raises `invalid`."""
    separator, skipped = _separator(source.head)
    lines = source.whole_lines()
    for _ in range(skipped):
        next(lines)
    reader = csv.reader(lines, delimiter=separator)
    try:
        header = header_of(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num + skipped, header, cells)
    except csv.Error:
        raise Problem(
            "invalid",
            f"Near line {reader.line_num + skipped} a quoted value is too long or never ends.",
        ) from None


def _separator(head: str) -> tuple[str, int]:
    """What separates cells, and how many lines stand before the header (Excel's `sep=;`)."""
    first = head.partition("\n")[0].strip("\r")
    if first.lower().startswith("sep=") and first[4:] in _SEPARATORS and first[4:]:
        return first[4:], 1
    return max(_SEPARATORS, key=first.count), 0


def header_of(cells: list[str]) -> list[str]:
    """The names of columns; empty for a column that is not taken. Raises `invalid`."""
    names = [unescaped(cell.strip()) for cell in cells]
    named = [name for name in names if name]
    if not named or len(set(named)) < len(named):
        raise Problem(
            "invalid", "The first line names each column once: one is missing or comes twice."
        )
    if len(names) > MOST_PROPERTIES:
        raise Problem("too_large", f"A table has at most {MOST_PROPERTIES} columns.")
    return names


def _row(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(line, {}, f"The row has {len(cells)} cells, the header {len(header)}.")
    values = {
        name: unescaped(cell) for name, cell in zip(header, cells, strict=False) if name and cell
    }
    return Row(line, values)
