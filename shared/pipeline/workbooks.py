"""Workbooks (XLSX): one sheet, read or written row by row.

What a workbook says of its own size is not believed: it is read as a stream, and every bound is
held against what really comes. Characters that XML has none for are written as `_xHHHH_`, as Excel
does (ECMA-376 22.9.2.19).
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook

from shared.errors import Problem
from shared.pipeline.row import Row
from shared.pipeline.tables import header_of
from shared.pipeline.text_values import unescaped

MOST_CELLS: Final = 3_000_000
"""Of a workbook that is written or read: half a minute."""
_LONGEST: Final = 32_767
"""Characters that a cell of Excel can hold."""
_EXACT: Final = 2**53
"""Whole numbers up to which a cell's number is exact; others are texts, and so are numbers of more
digits than the library writes."""
_MOST_ROWS: Final = 1_048_576
"""Of a sheet, empty ones as well: Excel's own limit."""
_MOST_COLUMNS: Final = 16_384
_MOST_IN_MEMORY: Final = 128 * 1024 * 1024
"""Bytes of a part that is held whole: the texts that cells share."""
_MOST_FURTHER: Final = 16 * 1024 * 1024
"""Bytes of any other part that is held whole: styles, names of sheets."""
_LONGEST_RUN: Final = 1024 * 1024
"""Bytes between two tags."""
_CHUNK: Final = 1024 * 1024
_CELL: Final = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_ROW: Final = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    OSError,
    TypeError,
    EOFError,
    AttributeError,
    IndexError,
    RuntimeError,
    NotImplementedError,
)
"""What the library raises for files that are no workbooks, damaged or encrypted."""
_WRITTEN: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write a workbook of one sheet; the first row is its header.

    Raises `too_large` for a text that no cell can hold.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Entries")
    sheet.freeze_panes = "B2"
    for row in rows:
        sheet.append([_written(value) for value in row])
    workbook.save(path)


def _written(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise Problem(
                "too_large",
                f"A cell of a workbook holds at most {_LONGEST} characters, and a value has "
                f"{len(value)}. Ask for csv or jsonl.",
                limit=_LONGEST,
            )
        return _UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    exact = abs(value) <= _EXACT if isinstance(value, int) else float(f"{value:.16g}") == value
    return value if exact else repr(value)


def read_workbook(path: Path, sheet: str, most: int) -> Iterator[Row]:
    """The rows of a sheet, the first where none is named. An empty cell is no value.

    Times are texts in ISO 8601, in UTC since a workbook knows no other.
    Raises `invalid` for what is no workbook and a sheet that is not there; `too_large` for more
    than `most` bytes or MOST_CELLS cells, or a cell that is no cell of a table.
    """
    try:
        _check_parts(path, most)
        with (
            path.open("rb") as file,
            closing(load_workbook(file, read_only=True, data_only=True)) as workbook,
        ):
            yield from _rows(_cells(workbook, sheet))
    except _DAMAGED:
        raise Problem(
            "invalid",
            "The workbook is damaged, encrypted or of another format. Save it as XLSX, or as CSV "
            "(UTF-8).",
        ) from None


def _check_parts(path: Path, most: int) -> None:
    """Refuse what would not fit into memory.

    The sizes that the archive names are bounds, because `zipfile` reads no further than them.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > most:
            raise _too_large(f"more than {most} bytes when it is unpacked", most)
        for part in parts:
            is_sheet = "worksheets/" in part.filename
            limit = _MOST_IN_MEMORY if "sharedstrings" in part.filename.lower() else _MOST_FURTHER
            if not is_sheet and part.file_size > limit and "media/" not in part.filename:
                raise _too_large(
                    f"a part {part.filename[:100]!r} of more than {limit} bytes", limit
                )
            if part.filename.endswith(".xml"):
                with archive.open(part) as stream:
                    _check_part(stream)


def _check_part(stream: IO[bytes]) -> None:
    """Refuse a text or a row that would be held whole and is no text or row of a table."""
    run = cells = 0
    while chunk := stream.read(_CHUNK):
        first, last = chunk.find(b"<"), chunk.rfind(b"<")
        run = run + len(chunk) if first < 0 else run + first
        if run > _LONGEST_RUN:
            raise _too_large(f"a cell of more than {_LONGEST_RUN} bytes", _LONGEST_RUN)
        run = run if first < 0 else len(chunk) - last
        rows = [match.start() for match in _ROW.finditer(chunk)]
        cells = len(_CELL.findall(chunk, rows[-1])) if rows else cells + len(_CELL.findall(chunk))
        if cells > 2 * _MOST_COLUMNS:
            raise _too_large(f"a row of more than {_MOST_COLUMNS} cells", _MOST_COLUMNS)


def _cells(workbook: Any, sheet: str) -> Iterator[tuple[Any, ...]]:
    """The cells of each row, empty rows as well, without empty cells at its end."""
    names = workbook.sheetnames
    if sheet and sheet not in names:
        there = ", ".join(repr(name) for name in names[:10])
        raise Problem("invalid", f"The workbook has no sheet {sheet[:100]!r}. It has {there}.")
    if not names:
        raise Problem("invalid", "The workbook has no sheet.")
    opened = workbook[sheet or names[0]]
    if not hasattr(opened, "reset_dimensions"):
        raise Problem("invalid", "This sheet is a chart. Name one with cells.")
    opened.reset_dimensions()
    cells = wide = 0
    for number, row in enumerate(opened.iter_rows(), start=1):
        wide += len(row)
        cells += sum(cell.value is not None for cell in row)
        if number > _MOST_ROWS or cells > MOST_CELLS or wide > 20 * MOST_CELLS:
            raise _too_large(f"more than {MOST_CELLS} cells or {_MOST_ROWS} rows", MOST_CELLS)
        yield row


def _rows(cells: Iterator[tuple[Any, ...]]) -> Iterator[Row]:
    first = next(cells, ())
    header = header_of(["" if each.value is None else str(_read(each.value)) for each in first])
    for number, row in enumerate(cells, start=2):
        taken = [(name, each) for name, each in zip(header, row, strict=False) if name]
        wrong = next((name for name, each in taken if each.data_type == "e"), None)
        if wrong is not None:
            yield Row(
                number, {}, f"The column {wrong[:100]!r} has an error in the place of a value."
            )
        elif values := {name: _value(each.value) for name, each in taken if each.value is not None}:
            yield Row(number, values)


def _value(cell: Any) -> Any:
    value = _read(cell)
    return unescaped(value) if isinstance(value, str) else value


def _read(cell: Any) -> Any:
    if isinstance(cell, str):
        return _WRITTEN.sub(lambda match: chr(int(match[1], 16)), cell)
    if isinstance(cell, datetime):
        plain = cell.isoformat() + "Z"
        return plain.removesuffix("T00:00:00Z")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if isinstance(cell, bool | int | float) else str(cell)


def _too_large(what: str, limit: int) -> Problem:
    return Problem("too_large", f"The workbook has {what}. Send CSV or JSON lines.", limit=limit)
