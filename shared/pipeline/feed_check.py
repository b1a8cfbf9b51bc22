"""A file before any of it is written: read whole, checked, and kept row by row."""

from pathlib import Path
from typing import Any, BinaryIO, Final

from shared.engine.prepare import MOST_BYTES
from shared.engine.typed import Entry, typed
from shared.engine.values import packed
from shared.errors import Problem
from shared.pipeline.columns import Columns
from shared.pipeline.ingest import no_room, room_of
from shared.pipeline.row import Reading, Row
from shared.pipeline.rows import read_rows
from shared.pipeline.sources import MOST_PROPERTIES, Source
from shared.pipeline.staged_rows import Staged, write_staged
from shared.pipeline.workspace import Workspace

MOST_REJECTED: Final = 0.05
"""Share of rows that may be wrong; above it nothing is written."""
MOST_REPORTED: Final = 100
_MOST_NAMED: Final = 50


class Check:
    """Reads a file for one source, and one of variants where the file has such.

    Attributes:
        rows, rejected: rows of the file, and those of them that are wrong.
        report: the first wrong ones, with their lines.
        unknown: rows whose keys could not be read.
    """

    def __init__(
        self, source: Source, variants: Source | None, key: str, mapping: dict[str, str]
    ) -> None:
        self.columns = Columns(source, key, mapping)
        self.variants = Columns(variants, "id", {}) if variants is not None else None
        self.rows = self.rejected = self.unknown = 0
        self.report: list[dict[str, Any]] = []

    def read(self, path: Path, reading: Reading, staged: BinaryIO) -> None:
        """Keep every row of a file. Raises a Problem where it is not to be imported."""
        for row in read_rows(path, reading):
            if not row.is_variant:
                self.rows += row.stands_for
            self._keep(row, staged)
        self._refuse()

    def _keep(self, row: Row, staged: BinaryIO) -> None:
        if row.is_variant and self.variants is None:
            raise Problem(
                "invalid",
                "The file has products with variants. Name variants_source_id, a source for them.",
                field="variants_source_id",
            )
        columns = (self.variants if row.is_variant else self.columns) or self.columns
        entry = None if row.wrong else columns.entry(row)
        if entry is None:
            self.unknown += row.stands_for
            self._reject(row, row.wrong or "The row has no value for the key column.")
            return
        try:
            wrong = _wrong(entry := columns.learned(entry), columns)
            size = write_staged(staged, Staged(row.line, row.is_variant, entry, not wrong))
        except ValueError:
            wrong, size = "The row has bytes that are no text in its encoding.", 0
            self.unknown += 1
        if size > MOST_BYTES and not wrong and _is_too_large(entry):
            raise Problem(
                "too_large", f"Line {row.line}: an entry has at most {MOST_BYTES} bytes, packed."
            )
        if wrong:
            self._reject(row, wrong)

    def _reject(self, row: Row, wrong: str) -> None:
        self.rejected += row.stands_for
        if len(self.report) < MOST_REPORTED:
            self.report.append({"line": row.line, "message": wrong})

    def _refuse(self) -> None:
        if not self.rows:
            raise Problem("invalid", "The file has no rows.")
        unseen = self.columns.unseen
        if unseen and self.columns.seen:
            there = ", ".join(self.columns.seen[:_MOST_NAMED])
            named = ", ".join(repr(each) for each in unseen[:_MOST_NAMED])
            raise Problem("invalid", f"The file has no column {named}. It has: {there}.")
        if self.rejected > self.rows * MOST_REJECTED:
            raise Problem(
                "invalid",
                f"{self.rejected} of {self.rows} rows cannot be imported, so nothing was. The "
                f"first: line {self.report[0]['line']}: {self.report[0]['message']}",
                rows=self.rows,
                rejected=self.rejected,
                report=self.report,
            )


def check_room(space: Workspace, source: Source, columns: Columns, keys: set[str]) -> None:
    """Refuse what would make a source larger than it may be, before any of it is written."""
    properties = len({*source.properties, *columns.new()})
    if properties > MOST_PROPERTIES:
        raise Problem(
            "too_large",
            f"The source would have {properties} properties; {MOST_PROPERTIES} are the most. Leave "
            "columns out with mapping.",
            limit=MOST_PROPERTIES,
        )
    count = space.head(source.entries).count
    most = room_of(space, space.configuration, source)
    if count + len(keys) <= most:
        return
    there = sum(item.key in keys for item in space.collections.every(space.name(source.entries)))
    if count + len(keys) - there > most:
        raise no_room(count, len(keys) - there, most)


def _wrong(entry: Entry, columns: Columns) -> str:
    """Why an entry cannot be imported; empty where it can."""
    checked = typed((entry,), columns.declared)
    return checked.failures[0].message if checked.failed else ""


def _is_too_large(entry: Entry) -> bool:
    return len(packed({each.property: each.value for each in entry.given})) > MOST_BYTES
