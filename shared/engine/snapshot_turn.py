"""The turn that takes a collection's snapshot, under its hold."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from shared.app import App
from shared.engine import snapshots
from shared.engine.collections import Collections, collections
from shared.engine.heads import CollectionName
from shared.engine.later import SNAPSHOT, SNAPSHOT_WORK, SnapshotWork, name_of, snapshot_due
from shared.errors import Problem
from shared.holds import Hold, take
from shared.indexes.folders import temporary_folder

RENEWED_EVERY: Final = timedelta(seconds=10)


def store_snapshot(app: App, id_: str, generation: int) -> str:
    """A task's turn: store what a replica has that is not stored yet. What it came to."""
    hold = take(app, SNAPSHOT, SNAPSHOT_WORK, id_, generation)
    if hold is None:
        return "old"
    try:
        while not _taken(app, collections(app), name_of(id_), hold):
            pass  # somebody asked meanwhile
    except Problem as problem:
        hold.fail(problem)
        return problem.code
    return "stored"


def _taken(app: App, of: Collections, name: CollectionName, hold: Hold[SnapshotWork]) -> bool:
    """Take one; whether that was all."""
    head, documents = of.head(name), app.bulk_documents
    if head.changes == hold.value.changes:
        return hold.settle(None)
    with temporary_folder() as folder:
        with of.whole(name, head) as replica:
            manifest = replica.snapshot(folder)
        _each_renewing(app, hold, snapshots.store(app.blobs, name, folder, manifest.files))
    if not hold.renew():
        return True  # whoever took over stores its own, and may have removed files of this one
    now = app.clock.now()
    snapshots.record(documents, name, manifest, head, now)
    old = snapshots.forget_old(documents, app.blobs, name, hold.value.seq, now)
    _each_renewing(app, hold, old)
    due = snapshot_due(of.head(name).changes, head.changes, now)
    return hold.settle(due, seq=manifest.seq, changes=head.changes)


def _each_renewing(app: App, hold: Hold[SnapshotWork], steps: Iterable[None]) -> None:
    """Go through slow steps, and keep others away meanwhile."""
    renewed = app.clock.now()
    for _ in steps:
        if app.clock.now() - renewed >= RENEWED_EVERY:
            hold.renew()
            renewed = app.clock.now()
