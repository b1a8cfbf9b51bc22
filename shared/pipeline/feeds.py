"""A file into a source: the steps of the job `import_feed`.

The file is fetched into the store first, then read whole and checked, and only then written, a
commit after the other under one import id. Entries are told apart by their keys, so writing some of
them again changes nothing: a killed job goes on from the row it had noted.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from shared.app import App
from shared.engine.jobs import Done, Job, Next
from shared.engine.prepare import MOST_EDITS
from shared.engine.typed import Declared, Entry, Given, typed
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.pipeline.drafts import slug
from shared.pipeline.ingest import Import, ingest
from shared.pipeline.job_space import space_of
from shared.pipeline.rows import Row, read_rows
from shared.pipeline.sources import Source, active
from shared.pipeline.text_values import value_of
from shared.pipeline.workspace import Workspace

MOST_BYTES: Final = 500 * 1024 * 1024
SECONDS: Final = 300.0
MOST_REJECTED: Final = 0.05
"""Share of rows that may be wrong; above it nothing is written."""
MOST_REPORTED: Final = 100
_AT_ONCE: Final = 20
"""Commits of one step."""


class _Wrong(NamedTuple):
    line: int
    message: str


def import_feed(app: App, id_: str, job: Job) -> Next | Done:
    """One step of an import from a file. The file goes once the result is written down."""
    if job.cursor is None:
        _fetch(app, id_, job)
        return Next({"phase": "check"}, 0)
    if job.cursor["phase"] == "end":
        app.blobs.delete(_staged_name(id_))
        return Done(job.cursor["result"])
    space = space_of(app, job)
    with _staged(app, id_) as path:
        if job.cursor["phase"] == "check":
            return _check(space, job, path)
        if job.cursor["phase"] == "write":
            return _write(space, job, path)
        return _delete_missing(space, job, path)


def _staged_name(id_: str) -> str:
    tenant, _, job = id_.partition(":")
    return f"tenants/{tenant}/staged/{job}"


def _fetch(app: App, id_: str, job: Job) -> None:
    with temporary_folder() as folder:
        path = folder / "file"
        url = job.args["url"]
        status = app.fetch.download(url, path, timeout=SECONDS, max_bytes=MOST_BYTES)
        if status != 200:  # noqa: PLR2004  HTTP's OK
            raise Problem("invalid", f"The address answered with status {status}. Check it.")
        app.blobs.put(_staged_name(id_), path)


@contextmanager
def _staged(app: App, id_: str) -> Iterator[Path]:
    with temporary_folder() as folder:
        path = folder / "file"
        app.blobs.fetch(_staged_name(id_), path)
        yield path


def _check(space: Workspace, job: Job, path: Path) -> Next:
    """Read all of it; refuse it where too much is wrong."""
    source = active(space.configuration, job.args["source"])
    rows = wrong = 0
    reported: list[_Wrong] = []
    for row in read_rows(path):
        rows += 1
        said = _wrong(row, job, source)
        if said:
            wrong += 1
            if len(reported) < MOST_REPORTED:
                reported.append(_Wrong(row.line, said))
    rejected = [each._asdict() for each in reported]
    if not rows:
        raise Problem("invalid", "The file has no rows.")
    if wrong > rows * MOST_REJECTED:
        raise Problem(
            "invalid",
            f"{wrong} of {rows} rows cannot be imported, so nothing was. The first: line "
            f"{reported[0].line}: {reported[0].message}",
            rows=rows,
            rejected=wrong,
            report=rejected,
        )
    cursor = {"phase": "write", "rows": 0, "rejected": wrong, "report": rejected, "changed": 0}
    return Next({**cursor, "unchanged": 0}, 0, rows)


def _wrong(row: Row, job: Job, source: Source) -> str:
    """Why a row cannot be imported; empty where it can."""
    if row.wrong:
        return row.wrong
    entry = _entry(row, job, source.declared)
    if entry is None:
        return f"The row has no value for the key column {job.args['key_column']!r}."
    checked = typed((entry,), source.declared)
    return checked.failures[0].message if checked.failed else ""


def _write(space: Workspace, job: Job, path: Path) -> Next:
    cursor = dict(job.cursor or {})
    rows = read_rows(path)
    done: int = cursor["rows"]
    next(islice(rows, done, done), None)
    for _ in range(_AT_ONCE):
        chunk = list(islice(rows, MOST_EDITS))
        if not chunk:
            return Next({**cursor, "phase": "missing", "after": ""}, done, job.total)
        source = active(space.configuration, job.args["source"])
        entries = {
            entry.key: entry  # of rows with one key the last counts
            for row in chunk
            if not _wrong(row, job, source)
            and (entry := _entry(row, job, source.declared)) is not None
        }
        given = Import(source.id, tuple(entries.values()), import_id=job.import_id, split=True)
        if entries:
            came = ingest(space, given)
            cursor["changed"] += came.upserted
            cursor["unchanged"] += came.unchanged
        done += len(chunk)
        cursor["rows"] = done
        space.forget_heads()
    return Next(cursor, done, job.total)


def _delete_missing(space: Workspace, job: Job, path: Path) -> Next:
    """Delete entries that the file does not have, where that was asked for."""
    cursor = dict(job.cursor or {})
    deleted = 0
    if job.args["missing"] == "delete":
        source = active(space.configuration, job.args["source"])
        kept = {
            entry.key
            for row in read_rows(path)
            if not row.wrong and (entry := _entry(row, job, source.declared)) is not None
        }
        name = space.name(source.entries)
        gone = (item.key for item in space.collections.every(name) if item.key not in kept)
        while chunk := list(islice(gone, MOST_EDITS)):
            entries = tuple(Entry(key, combine="delete") for key in chunk)
            deleted += ingest(space, Import(source.id, entries, import_id=job.import_id)).deleted
            space.forget_heads()
    named = ("rows", "changed", "unchanged", "rejected", "report")
    result = {"import_id": job.import_id, "deleted": deleted}
    result |= {name: cursor[name] for name in named}
    return Next({"phase": "end", "result": result}, job.done, job.total)


def _entry(row: Row, job: Job, declared: dict[str, Declared]) -> Entry | None:
    """The entry of a row; None without a key."""
    key_column, mapping = job.args["key_column"], job.args["mapping"]
    given: list[Given] = []
    key = ""
    for column, value in row.values.items():
        if column == key_column:
            key = str(value).strip()
        property_ = mapping.get(column, "" if column == key_column else _property(column))
        if property_ and value not in ("", None):
            given.append(Given(property_, _typed(value, declared.get(property_))))
    if not key:
        return None
    own = entry_key(key)
    if own != key:
        given.append(Given("feed_key", key))
    return Entry(own, tuple(given))


def _typed(value: Any, declared: Declared | None) -> Any:
    if isinstance(value, str):
        return value_of(value, declared)
    if isinstance(value, dict):
        return str(value)
    is_decimal = declared is not None and declared.kind.value == "n"
    return float(value) if is_decimal and isinstance(value, int) else value


def _property(column: str) -> str:
    return slug(column).replace("-", "_")


def entry_key(key: str) -> str:
    """A file's own key as an entry's: as it is, or made of the letters that keys may have."""
    if len(key) <= 256 and all(each.isascii() and (each.isalnum() or each in "_-") for each in key):  # noqa: PLR2004  the key rule
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:10]
    return f"{slug(key)[:80] or 'key'}-{digest}"
