"""An account of a feed that is read: rows beside rows, and every note with its row.

Notes are grouped by field and reason, so that a thousand equal ones do not hide a single other one.
A report file has them all, with the values the owner has to mend.
"""

import csv
import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TextIO

import orjson

from shared.catalog.feeds.attributes import LEFT_OUT
from shared.catalog.feeds.rows import Accepted, Note, Rejected, Row, Said
from shared.catalog.products.product import Product
from shared.errors import Problem

MOST_GROUPS: Final = 100
MOST_SHOWN: Final = 5
"""First lines and keys that a group shows."""
_NUMBER: Final = re.compile(r"\d+")
_OF_VARIANT: Final = re.compile(r"variant \d+: ")
_UNKNOWN: Final = "Not a field that is known of this kind of feed."
_COLUMNS: Final = ("kind", "line", "id", "field", "value", "what")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Group:
    """Notes of one field and one reason: how many, and the first lines and keys."""

    field: str
    reason: str
    count: int = 0
    lines: list[int] = dataclasses.field(default_factory=list)
    keys: list[str] = dataclasses.field(default_factory=list)

    def add(self, line: int | None, key: str | None) -> None:
        """One more."""
        self.count += 1
        if line and len(self.lines) < MOST_SHOWN and line not in self.lines:
            self.lines.append(line)
        if key and len(self.keys) < MOST_SHOWN and key not in self.keys:
            self.keys.append(key)


class Groups:
    """Notes by field and reason; numbers in a reason (a row's, a limit) do not tell two apart."""

    def __init__(self) -> None:
        self.count = 0
        self._groups: dict[tuple[str, str], Group] = {}

    def add(self, line: int | None, key: str | None, note: Note) -> None:
        """One more note."""
        self.count += 1
        name = _OF_VARIANT.sub("", note.field)
        reason = _NUMBER.sub("0", note.what)
        group = self._groups.setdefault((name, reason), Group(name, note.what))
        group.add(line, key)

    def most(self) -> list[Group]:
        """The commonest groups, those of one note as well as there is room."""
        return sorted(self._groups.values(), key=lambda group: -group.count)[:MOST_GROUPS]


class Writer(Protocol):
    """Where a report's lines go."""

    def line(self, kind: str, line: int | None, key: str | None, note: Note) -> None:
        """One rejection, warning or remark."""


@dataclass
class Account:
    """Reads a feed's rows once, letting products through and keeping account of the rest.

    Attributes:
        rows: rows of the feed so far, taken or not.
        accepted: products.
        rejected: rows that were not taken; each rejection with its reasons in `rejections`.
        full_page: how many products the feed has where it is exactly one full page, else 0.
    """

    writer: Writer
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    rejections: Groups = dataclasses.field(default_factory=Groups)
    warnings: Groups = dataclasses.field(default_factory=Groups)
    first: list[Rejected] = dataclasses.field(default_factory=list)
    left_out: Counter[str] = dataclasses.field(default_factory=Counter)
    said: list[str] = dataclasses.field(default_factory=list)
    full_page: int = 0

    def products(self, rows: Iterable[Row]) -> Iterator[Product]:
        """The products among the rows."""
        for row in rows:
            if isinstance(row, Accepted):
                self.accepted += 1
                self.rows += row.rows
                for name in row.left_out:
                    self.left_out[name] += 1
                for line, key, note in row.warnings:
                    self.warnings.add(line, key, note)
                    self.writer.line("warning", line, key, note)
                yield row.product
            elif isinstance(row, Said):
                self._say(row)
            else:
                self._reject(row)
        for name, count in self.left_out.most_common():
            what = f"left out in {count} rows. {why_left_out(name)}"
            self.writer.line("column", None, None, Note(name, what))

    def _say(self, row: Said) -> None:
        note = Note("feed", row.what)
        self.full_page = self.full_page or row.full_page
        self.writer.line("warning" if row.warns else "feed", None, None, note)
        if row.warns:
            self.warnings.add(None, None, note)
        else:
            self.said.append(row.what)

    def _reject(self, row: Rejected) -> None:
        self.rejected += row.rows
        self.rows += row.rows
        if len(self.first) < MOST_GROUPS:
            self.first.append(row)
        for note in row.notes:
            self.rejections.add(row.line, row.key, note)
            self.writer.line("rejected", row.line, row.key, note)


def why_left_out(column: str) -> str:
    """Why a column is not kept."""
    return LEFT_OUT.get(column, _UNKNOWN)


@contextmanager
def report_file(path: Path | None) -> Iterator[Writer]:
    """A report on its way into a file: CSV where its name ends so, else JSON lines.

    Without a path it goes nowhere. Raises `invalid` when the file cannot be written.
    """
    if path is None:
        yield _Nowhere()
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError:
        raise Problem(
            "invalid", "The report file cannot be written. Check its folder.", field="report"
        ) from None
    with stream:
        yield _Table(stream) if path.suffix.lower() == ".csv" else _Lines(stream)


class _Nowhere:
    def line(self, kind: str, line: int | None, key: str | None, note: Note) -> None:
        """Nothing."""


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, kind: str, line: int | None, key: str | None, note: Note) -> None:
        values = (kind, line, key, note.field, note.value, note.what)
        row = orjson.dumps(dict(zip(_COLUMNS, values, strict=True))).decode()
        self._stream.write(f"{row}\n")


class _Table:
    def __init__(self, stream: TextIO) -> None:
        self._rows = csv.writer(stream)
        self._rows.writerow(_COLUMNS)

    def line(self, kind: str, line: int | None, key: str | None, note: Note) -> None:
        values = (kind, line, key, note.field, note.value, note.what)
        self._rows.writerow([_no_formula(value) for value in values])


def _no_formula(value: str | int | None) -> str | int | None:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
