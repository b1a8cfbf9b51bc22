"""Rows of a file, whatever it is.

A table with any columns (CSV, TSV, XLSX), JSON lines, or a feed of products (Google Merchant,
Shopify). Encoding and packing (gzip, zip of one file) are found out as for feeds. Reading is
bounded by what really comes out of the file, because headers may lie.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from shared.catalog.feeds.kinds import KINDS, is_shopify
from shared.catalog.feeds.source import Source, open_source
from shared.errors import Problem
from shared.pipeline.product_rows import product_rows
from shared.pipeline.row import Reading, Row
from shared.pipeline.sources import MOST_ENTRIES
from shared.pipeline.tables import table_rows
from shared.pipeline.workbooks import read_workbook
from shared.tool import silently

MOST_UNPACKED: Final = 1024**3
"""Bytes that come out of a file."""


def read_rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Every row of a file.

    Raises `invalid` for what cannot be read, `too_large` past the most of rows, cells or bytes.
    """
    for number, row in enumerate(_rows(path, reading)):
        if number == MOST_ENTRIES:
            raise Problem(
                "too_large",
                f"A file has at most {MOST_ENTRIES} rows. Split it.",
                limit=MOST_ENTRIES,
            )
        yield row


def _rows(path: Path, reading: Reading) -> Iterator[Row]:
    if reading.kind in KINDS:
        return product_rows(path, reading, MOST_UNPACKED)
    if _is_workbook(path):
        return read_workbook(path, reading.sheet, MOST_UNPACKED)
    if reading.sheet:
        raise Problem("invalid", "Only a workbook has sheets, and this file is none.")
    return _text_rows(path, reading)


def _text_rows(path: Path, reading: Reading) -> Iterator[Row]:
    with open_source(path, silently, MOST_UNPACKED) as source:
        begin = source.head.lstrip()
        if begin.startswith("{") and not is_shopify(begin):
            yield from _json_lines(source)
            return
        if not begin.startswith(("<", "{", "[")):
            yield from table_rows(source)
            return
    yield from product_rows(path, reading, MOST_UNPACKED)


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _json_lines(source: Source) -> Iterator[Row]:
    for number, line in enumerate(source.whole_lines(), start=1):
        if line.strip():
            yield _json_line(number, line)


def _json_line(number: int, line: str) -> Row:
    try:
        value: Any = orjson.loads(line)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return Row(number, {}, "The line is not JSON.")
    return Row(number, value) if isinstance(value, dict) else Row(number, {}, "Not an object.")
