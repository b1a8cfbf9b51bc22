"""Entries written as files that people and programs open: CSV, XLSX, JSON lines.

What is written reads back as the same values (`rows`, `text_values`). A localized property has a
column for each language, `title.en`; in JSON lines it is an object. What an entry does not have is
an empty cell.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

import orjson

from shared.errors import Problem
from shared.pipeline.files import MOST_BYTES, FileFormat
from shared.pipeline.text_values import escaped, list_text
from shared.pipeline.workbooks import MOST_CELLS, write_workbook
from shared.query.kinds import Body, held


class Column(NamedTuple):
    """A column behind the keys: a property, or one language of it; `delimiter` of a list."""

    property: str
    language: str = ""
    delimiter: str | None = None


class Row(NamedTuple):
    """An entry to be written."""

    key: str
    body: Body


class Shape(NamedTuple):
    """What a file has: what the column of keys is called, and the columns behind it."""

    key: str
    columns: Sequence[Column]


def _header(shape: Shape) -> list[str]:
    """What the columns are called."""
    names = [".".join(filter(None, each[:2])) for each in shape.columns]
    return [escaped(name) for name in (shape.key, *names)]


def key_column(properties: Iterable[str]) -> str:
    """What the column of keys is called: `id`, but for underscores where a property is."""
    taken, name = set(properties), "id"
    while name in taken:
        name = f"_{name}"
    return name


def write_file(format_: FileFormat, path: Path, shape: Shape, rows: Iterable[Row]) -> None:
    """Write entries. Raises `too_large` for more than the format or a file may hold."""
    _WRITERS[format_](path, shape, _within(path, rows))


def _within(path: Path, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, as long as what was written of them is not too much."""
    for number, row in enumerate(rows):
        if number % 1000 == 0 and path.exists() and path.stat().st_size > MOST_BYTES:
            raise Problem(
                "too_large",
                f"The file would have more than {MOST_BYTES} bytes. Ask for fewer properties, or "
                "for a part of the entries with filters.",
                limit=MOST_BYTES,
            )
        yield row


def _write_csv(path: Path, shape: Shape, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        _write_table(file, shape, rows)


def _write_table(file: TextIO, shape: Shape, rows: Iterable[Row]) -> None:
    writer = csv.writer(file)
    writer.writerow(_header(shape))
    for row in rows:
        writer.writerow([_cell(each) for each in _values(shape, row)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escaped(value) if isinstance(value, str) else repr(value)


def _write_xlsx(path: Path, shape: Shape, rows: Iterable[Row]) -> None:
    most = MOST_CELLS // (len(shape.columns) + 1)
    write_workbook(path, _limited(most, _sheet(shape, rows)))


def _sheet(shape: Shape, rows: Iterable[Row]) -> Iterator[list[Any]]:
    yield _header(shape)
    for row in rows:
        yield [escaped(each) if isinstance(each, str) else each for each in _values(shape, row)]


def _limited(most: int, rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    for number, row in enumerate(rows):
        if number > most:
            raise Problem(
                "too_large",
                f"A workbook has at most {MOST_CELLS} cells, {most} rows of these columns. Ask for "
                "csv or jsonl, or for fewer properties.",
                limit=MOST_CELLS,
            )
        yield row


def _values(shape: Shape, row: Row) -> Iterator[Any]:
    """The values of a row: texts, numbers, booleans; lists are texts already."""
    values = {each.property: each.value for each in held(row.body)}
    yield row.key
    for column in shape.columns:
        value = values.get(column.property)
        if column.language:
            value = value.get(column.language) if isinstance(value, Mapping) else None
        yield list_text(value, column.delimiter) if isinstance(value, list) else value


def _write_json_lines(path: Path, shape: Shape, rows: Iterable[Row]) -> None:
    wanted = {column.property for column in shape.columns}
    with path.open("wb") as file:
        for row in rows:
            values = {
                each.property: each.value
                for each in held(row.body)
                if each.property in wanted and each.value is not None
            }
            file.write(orjson.dumps({shape.key: row.key, **values}) + b"\n")


_WRITERS: Final[Mapping[FileFormat, Callable[[Path, Shape, Iterable[Row]], None]]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "jsonl": _write_json_lines,
}
