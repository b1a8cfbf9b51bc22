"""A file into a source: the steps of the job `import_feed`.

The file is fetched into the store first, then read whole, checked and kept as rows, and only then
written, a commit after the other under one import id. Entries are told apart by their keys, so
writing some of them again changes nothing: a killed job goes on from the row it had noted.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from shared.app import App
from shared.engine.jobs import RETRIED, Done, Job, Next
from shared.engine.prepare import MOST_EDITS
from shared.engine.typed import Entry, typed
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.pipeline import transfers
from shared.pipeline.columns import Columns, converted
from shared.pipeline.configuration import Configuration, put
from shared.pipeline.feed_check import MOST_REPORTED, Check, check_room
from shared.pipeline.files import MOST_BYTES
from shared.pipeline.ingest import Import, ingest
from shared.pipeline.job_space import space_of
from shared.pipeline.row import Reading
from shared.pipeline.sources import SOURCES, Property, Source, active
from shared.pipeline.staged_rows import Staged, read_staged
from shared.pipeline.staging import forget_staged, staged_name
from shared.pipeline.workspace import Workspace

SECONDS: Final = 300.0
_AT_ONCE: Final = 20
"""Commits of one step."""
Cursor = dict[str, Any]


def import_feed(app: App, id_: str, job: Job) -> Next | Done:
    """One step of an import from a file. The file goes once the result is written down."""
    try:
        return _step(app, id_, job)
    except Problem as problem:
        if problem.code not in RETRIED:
            forget_staged(app, id_)  # nobody goes on with it
        raise


def _step(app: App, id_: str, job: Job) -> Next | Done:
    cursor: Cursor = dict(job.cursor or {"phase": "fetch"})
    if cursor["phase"] == "fetch":
        _fetch(app, id_, job)
        return Next({"phase": "check"}, 0)
    if cursor["phase"] == "end":
        forget_staged(app, id_)
        if job.args["transfer"]:
            transfers.forget(app, job.tenant, job.args["transfer"])
        return Done(cursor["result"])
    return _STEPS[cursor["phase"]](space_of(app, job), id_, job, cursor)


def _fetch(app: App, id_: str, job: Job) -> None:
    if job.args["transfer"]:
        return
    with temporary_folder() as folder:
        path = folder / "file"
        url = job.args["url"]
        status = app.fetch.download(url, path, timeout=SECONDS, max_bytes=MOST_BYTES)
        if status != 200:  # noqa: PLR2004  HTTP's OK
            raise Problem("invalid", f"The address answered with status {status}. Check it.")
        app.blobs.put(staged_name(id_, "file"), path)


@contextmanager
def _fetched(app: App, name: str) -> Iterator[Path]:
    with temporary_folder() as folder:
        path = folder / "file"
        app.blobs.fetch(name, path)
        yield path


def _check(space: Workspace, id_: str, job: Job, cursor: Cursor) -> Next:
    """Read all of it, and keep its rows; refuse it where too much is wrong."""
    del cursor
    app, transfer = space.call.app, job.args["transfer"]
    raw = transfers.blob_of(job.tenant, transfer) if transfer else staged_name(id_, "file")
    source, variants = _targets(space, job)
    check = Check(source, variants, job.args["key_column"], job.args["mapping"])
    reading = Reading(**job.args["reading"])
    with _fetched(app, raw) as path:
        staged = path.with_name("rows")
        with staged.open("wb") as file:
            check.read(path, reading, file)
        new: dict[str, Any] = {}
        for target, columns in ((source, check.columns), (variants, check.variants)):
            if target is None or columns is None:
                continue
            check_room(space, target, columns, _keys(staged, variants=target is variants))
            new[target.id] = _dumped(columns)
        app.blobs.put(staged_name(id_, "rows"), staged)
    if check.rejected:
        space.call.app.metrics.count(
            space.call.tenant, "ingest.rejected", check.rejected, source=source.id
        )
    counted = {"rows": check.rows, "rejected": check.rejected, "report": check.report}
    told = {"notes": reading.notes, "unknown": check.unknown, "changed": 0, "unchanged": 0}
    return Next({"phase": "declare", "new": new, **counted, **told}, 0, check.rows)


def _targets(space: Workspace, job: Job) -> tuple[Source, Source | None]:
    """The source that entries go to, and the one of their variants."""
    variants = job.args["variants"]
    source = active(space.configuration, job.args["source"])
    return source, active(space.configuration, variants) if variants else None


def _keys(staged: Path, *, variants: bool) -> set[str]:
    return {each.entry.key for each, _ in read_staged(staged) if each.is_variant == variants}


def _dumped(columns: Columns) -> dict[str, Any]:
    new = columns.new().items()
    return {id_: each.model_dump(mode="json", exclude_defaults=True) for id_, each in new}


def _declare(space: Workspace, id_: str, job: Job, cursor: Cursor) -> Next:
    """Add the file's new properties, as all of their values let them be."""
    del id_
    for source, new in cursor.pop("new").items():
        properties = {each: Property.model_validate(given) for each, given in new.items()}
        space.decide(partial(_declared, space, source, properties))
        space.forget_heads()
    return Next({**cursor, "phase": "write", "offset": 0, "done": 0}, 0, job.total)


def _declared(
    space: Workspace, id_: str, new: Mapping[str, Property], configuration: Configuration
) -> None:
    source = active(configuration, id_)
    known = source.declared
    missing = {each: given for each, given in new.items() if each not in known}
    if missing:
        edit = put(SOURCES, source.with_properties(missing), configuration.get(SOURCES, id_))
        space.configure(edit, redefines=[source.entries])


def _write(space: Workspace, id_: str, job: Job, cursor: Cursor) -> Next:
    with _fetched(space.call.app, staged_name(id_, "rows")) as path:
        rows = read_staged(path, cursor["offset"])
        for _ in range(_AT_ONCE):
            chunk = list(islice(rows, MOST_EDITS))
            if not chunk:
                return Next({**cursor, "phase": "missing"}, cursor["done"], job.total)
            _write_chunk(space, job, [each for each, _ in chunk], cursor)
            cursor["offset"] = chunk[-1][1]
            cursor["done"] += sum(not each.is_variant for each, _ in chunk)
            space.forget_heads()
    return Next(cursor, cursor["done"], job.total)


def _write_chunk(space: Workspace, job: Job, chunk: list[Staged], cursor: Cursor) -> None:
    for number, target in enumerate((job.args["source"], job.args["variants"])):
        rows = [each for each in chunk if each.taken and each.is_variant == bool(number)]
        if not rows:
            continue
        declared = active(space.configuration, target).declared
        entries = {
            row.entry.key: (row.line, converted(row.entry, declared))
            for row in rows  # of rows with one key the last counts
        }
        try:
            came = _ingested(space, job, target, [entry for _, entry in entries.values()])
        except Problem as problem:
            if problem.code != "invalid":
                raise
            good = [each for each in entries.values() if _still_fits(space, target, each, cursor)]
            came = _ingested(space, job, target, [entry for _, entry in good])
        cursor["changed"] += came[0]
        cursor["unchanged"] += came[1]
        space.forget_heads()


def _ingested(space: Workspace, job: Job, target: str, entries: list[Entry]) -> tuple[int, int]:
    if not entries:
        return 0, 0
    came = ingest(space, Import(target, tuple(entries), import_id=job.import_id, split=True))
    return came.upserted, came.unchanged


def _still_fits(space: Workspace, target: str, row: tuple[int, Entry], cursor: Cursor) -> bool:
    """Whether an entry fits the source, which somebody changed since the file was checked."""
    checked = typed((row[1],), active(space.configuration, target).declared)
    if checked.failed:
        cursor["rejected"] += 1
        if len(cursor["report"]) < MOST_REPORTED:
            said = {"line": row[0], "message": checked.failures[0].message}
            cursor["report"] = [*cursor["report"], said]
    return not checked.failed


def _delete_missing(space: Workspace, id_: str, job: Job, cursor: Cursor) -> Next:
    """Delete entries that the file does not have, where that was asked for."""
    deleted = 0
    if job.args["missing"] == "delete" and cursor["unknown"]:
        said = f"Nothing was deleted: of {cursor['unknown']} rows the keys could not be read."
        cursor["notes"] = [*cursor["notes"], said]
    elif job.args["missing"] == "delete":
        with _fetched(space.call.app, staged_name(id_, "rows")) as path:
            for number, target in enumerate((job.args["source"], job.args["variants"])):
                if target:
                    deleted += _deleted(space, job, target, _keys(path, variants=bool(number)))
    named = ("rows", "changed", "unchanged", "rejected", "report", "notes")
    result = {"import_id": job.import_id, "deleted": deleted}
    result |= {name: cursor[name] for name in named if name != "notes" or cursor[name]}
    return Next({"phase": "end", "result": result}, job.done, job.total)


def _deleted(space: Workspace, job: Job, target: str, kept: set[str]) -> int:
    source = active(space.configuration, target)
    name, deleted = space.name(source.entries), 0
    gone = (item.key for item in space.collections.every(name) if item.key not in kept)
    while chunk := list(islice(gone, MOST_EDITS)):
        entries = tuple(Entry(key, combine="delete") for key in chunk)
        deleted += ingest(space, Import(source.id, entries, import_id=job.import_id)).deleted
        space.forget_heads()
    return deleted


_STEPS: Final[Mapping[str, Callable[[Workspace, str, Job, Cursor], Next]]] = {
    "check": _check,
    "declare": _declare,
    "write": _write,
    "missing": _delete_missing,
}
