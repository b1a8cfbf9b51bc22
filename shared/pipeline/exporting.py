"""Entries of a source into a file: the steps of the job `export_entries`.

The entries are walked in order of key and kept in parts, then written as one file, since only the
last of them says which languages need a column. A part has a name of its own each time, so a step
that is done again never mixes with the time before.
"""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from shared.app import App
from shared.engine.jobs import Done, Job, Next
from shared.engine.searchable import Sealing
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.pipeline import transfers
from shared.pipeline.filters import Filter, Filters
from shared.pipeline.job_space import space_of
from shared.pipeline.sources import SOURCES, Source
from shared.pipeline.staging import forget_staged, staged_name
from shared.pipeline.table_files import Column, Row, Shape, key_column, write_file
from shared.pipeline.transfers import Transfer
from shared.pipeline.workspace import Workspace
from shared.query.ast import MOST_ITEMS, Question
from shared.query.kinds import held

_PART: Final = 20_000
"""Entries of one step."""


def export_entries(app: App, id_: str, job: Job) -> Next | Done:
    """One step: keep a part of the entries, write the file, tidy up."""
    cursor = job.cursor or {"phase": "walk", "parts": [], "languages": {}, "after": None}
    if cursor["phase"] == "end":
        forget_staged(app, id_)
        return Done(cursor["result"])
    space = space_of(app, job)
    source = space.configuration.get(SOURCES, job.args["source"]).value
    if cursor["phase"] == "walk":
        return _walk(space, source, id_, job, cursor)
    return _write(space, source, id_, job, cursor)


def _walk(space: Workspace, source: Source, id_: str, job: Job, cursor: dict[str, Any]) -> Next:
    """Keep the next part of the entries; begin anew where the walk can no longer go on."""
    name = staged_name(id_, secrets.token_hex(8))
    languages = {each: set(found) for each, found in cursor["languages"].items()}
    with temporary_folder() as folder:
        path = folder / "part"
        try:
            rows, after = _kept(space, source, job, cursor["after"], path, languages)
        except Problem as problem:
            if problem.code != "cursor_expired":
                raise
            return Next({**cursor, "parts": [], "languages": {}, "after": None}, 0)
        space.call.app.blobs.put(name, path)
    kept = {
        "phase": "walk" if after else "write",
        "parts": [*cursor["parts"], name],
        "languages": {each: sorted(found) for each, found in languages.items()},
        "after": after,
    }
    return Next(kept, job.done + rows)


def _kept(
    space: Workspace,
    source: Source,
    job: Job,
    after: str | None,
    path: Path,
    languages: dict[str, set[str]],
) -> tuple[int, str | None]:
    """How many entries were kept in a part, and where the walk goes on."""
    rows = 0
    name, head = space.name(source.entries), space.head(source.entries)
    # the cursor never leaves the job, so its seal needs no secret
    sealing = Sealing(name.path, head.epoch, (job.import_id.encode(),))
    with space.collections.whole(name, head) as replica, path.open("wb") as file:
        while True:
            answer = replica.answer(_question(source, job, after), sealing)
            for item in answer.items:
                file.write(orjson.dumps(item[:2]) + b"\n")
                for each in held(item.body):
                    if each.kind.is_localized:
                        languages.setdefault(each.property, set()).update(each.value)
            rows, after = rows + len(answer.items), answer.cursor
            if after is None or rows >= _PART:
                return rows, after


def _question(source: Source, job: Job, after: str | None) -> Question:
    filters = Filters({id_: each.kind for id_, each in source.properties.items()}, job.created_at)
    given = [Filter.model_validate(each) for each in job.args["filters"]]
    where = filters.matching(given, job.args["query"], job.args["search_on"])
    return Question(where=where, limit=MOST_ITEMS, cursor=after)


def _write(space: Workspace, source: Source, id_: str, job: Job, cursor: dict[str, Any]) -> Next:
    app, format_ = space.call.app, job.args["format"]
    own = id_.partition(":")[2]
    wanted = job.args["properties"] or list(source.properties)
    shape = Shape(key_column(source.properties), list(_columns(source, wanted, cursor)))
    with temporary_folder() as folder:
        path = folder / "file"
        write_file(format_, path, shape, _rows(app, folder, cursor["parts"]))
        size = path.stat().st_size
        app.blobs.put(transfers.blob_of(job.tenant, own), path)
    ends = app.clock.now() + transfers.LASTS
    filename = f"{source.id}.{format_}"
    transfers.keep(
        app,
        own,
        Transfer(tenant=job.tenant, way="down", by=job.by, filename=filename, ends_at=ends),
    )
    result = {
        "rows": job.done,
        "bytes": size,
        "filename": filename,
        "key_column": shape.key,
        "ends_at": ends.isoformat(),
    }
    return Next({"phase": "end", "result": result}, job.done, job.done)


def _columns(source: Source, wanted: Sequence[str], cursor: dict[str, Any]) -> Iterator[Column]:
    for id_ in wanted:
        each = source.properties.get(id_.lower())
        if each is None:
            continue  # it was removed meanwhile
        if each.kind is not None and each.kind.is_localized:
            for language in cursor["languages"].get(id_.lower(), source.languages):
                yield Column(id_.lower(), language, each.delimiter)
        else:
            yield Column(id_.lower(), "", each.delimiter)


def _rows(app: App, folder: Path, parts: Sequence[str]) -> Iterator[Row]:
    for name in parts:
        path = folder / "part"
        app.blobs.fetch(name, path)
        with path.open("rb") as file:
            for line in file:
                yield Row(*orjson.loads(line))
