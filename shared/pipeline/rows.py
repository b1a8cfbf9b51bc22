"""Rows of a file: CSV with any columns, separated by any of the usual signs, or JSON-lines.

Encoding and packing (gzip, zip of one file) are found out as for feeds. Reading is bounded: a row
has at most 4 MiB, a file as many rows as a source may hold entries.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from shared.catalog.feeds.source import Source, open_source
from shared.errors import Problem
from shared.pipeline.sources import MOST_ENTRIES
from shared.tool import silently

_SEPARATORS: Final = ",;\t|"


class Row(NamedTuple):
    """A row: the number of its line, and its values by column; `wrong` where it is none."""

    line: int
    values: Mapping[str, Any]
    wrong: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Every row of a file. Raises `invalid` for one that is neither, `too_large` past the most."""
    with open_source(path, silently) as source:
        begin = source.head.lstrip()
        if begin.startswith("<"):
            raise Problem(
                "invalid",
                "This is XML. Send CSV with a header, or JSON lines: one object a line.",
            )
        rows = _json_lines(source) if begin.startswith("{") else _table(source)
        for number, row in enumerate(rows):
            if number == MOST_ENTRIES:
                raise Problem(
                    "too_large", f"A file has at most {MOST_ENTRIES} rows.", limit=MOST_ENTRIES
                )
            yield row


def _json_lines(source: Source) -> Iterator[Row]:
    for number, line in source.lines():
        if line is None:
            yield Row(number, {}, "The line is too long.")
        elif line.strip():
            yield _json_line(number, line)


def _json_line(number: int, line: str) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Row(number, {}, "The line is not JSON.")
    return Row(number, value) if isinstance(value, dict) else Row(number, {}, "Not an object.")


def _table(source: Source) -> Iterator[Row]:
    lines = _Lines(source)
    first = source.head.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(lines, delimiter=separator)
    header = [name.strip() for name in next(reader, [])]
    if len(set(filter(None, header))) < len(header) or not header:
        raise Problem(
            "invalid", "The first line names each column once: one is missing or comes twice."
        )
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(lines.number, header, cells)
    except csv.Error:
        raise Problem(
            "invalid", f"Near line {lines.number} a quoted value is too long or never ends."
        ) from None


def _row(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(line, {}, f"The row has {len(cells)} cells, the header {len(header)}.")
    return Row(line, dict(zip(header, cells, strict=False)))


class _Lines:
    """The lines of a source for `csv`, which wants their ends back; counts them."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        return f"{line or ''}\n"
