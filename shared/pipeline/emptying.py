"""A source emptied, and removed where that was asked for: the steps of the job `empty_source`."""

from itertools import islice
from typing import Final

from shared.app import App
from shared.engine.jobs import Done, Job, Next
from shared.engine.prepare import MOST_EDITS
from shared.engine.typed import Entry
from shared.pipeline.closing import to_status
from shared.pipeline.configuration import Configuration, remove
from shared.pipeline.ingest import Import, ingest
from shared.pipeline.job_space import space_of
from shared.pipeline.sources import SOURCES
from shared.pipeline.workspace import Workspace

_AT_ONCE: Final = 20
"""Commits of one step."""


def empty_source(app: App, id_: str, job: Job) -> Next | Done:
    """One step: delete entries; in the end open the source again, or remove it."""
    del id_
    space, source = space_of(app, job), job.args["source"]
    found = space.configuration.find(SOURCES, source)
    if found is None:
        return Done({"deleted": job.done})
    name, deleted = space.name(found.value.entries), job.done
    living = (item.key for item in space.collections.every(name))
    for _ in range(_AT_ONCE):
        chunk = list(islice(living, MOST_EDITS))
        if not chunk:
            space.decide(lambda configuration: _finish(space, configuration, job))
            return Done({"import_id": job.import_id, "deleted": deleted}, deleted)
        entries = tuple(Entry(key, combine="delete") for key in chunk)
        given = Import(source, entries, import_id=job.import_id, emptying=True)
        deleted += ingest(space, given).deleted
        space.forget_heads()
    return Next({}, deleted, job.total)


def _finish(space: Workspace, configuration: Configuration, job: Job) -> None:
    source = job.args["source"]
    if not job.args["remove"]:
        to_status(space, configuration, source, "Active")
        return
    found = configuration.find(SOURCES, source)
    if found is not None:
        space.configure(remove(SOURCES, found), redefines=[found.value.entries])
