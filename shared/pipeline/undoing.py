"""Undo: an import taken back, a version restored. Both are changes like any other."""

from typing import NamedTuple

from shared.engine import history
from shared.engine.prepare import MOST_EDITS, Edit, Stored
from shared.engine.wanted import Part, Wanted
from shared.errors import Problem
from shared.pipeline.sources import Source
from shared.pipeline.workspace import Workspace, new_import


class Reverted(NamedTuple):
    """What was taken back."""

    import_id: str
    restored: int
    deleted: int
    conflicts: tuple[str, ...]
    revision: int


class RestoredEntry(NamedTuple):
    """An entry that is again what it was."""

    version: int
    import_id: str
    revision: int


def revert(
    space: Workspace, source: Source, import_id: str, *, skip: bool, dry_run: bool
) -> Reverted:
    """Put back every entry that an import touched.

    Raises `not_found`; `conflict` with the entries that something else changed since, unless they
    are to be skipped. What is more than one commit holds is done in several.
    """
    name, documents = space.name(source.entries), space.call.app.bulk_documents
    seqs = history.commits_of_import(documents, name, import_id)
    if not seqs:
        raise Problem(
            "not_found", f"There is no import {import_id!r} in this source, or its log is gone."
        )
    events = list(history.of_range(documents, name, seqs))
    keys = sorted({event.row.key for event in events})
    now: dict[str, Stored] = {}
    for at in range(0, len(keys), MOST_EDITS):
        now |= space.collections.get(name, keys[at : at + MOST_EDITS])
    undo = history.undo(events, now)
    if undo.conflicts and not skip:
        raise Problem(
            "conflict",
            f"Something else changed {len(undo.conflicts)} of these entries since. Look at them, "
            "or take back the rest with on_conflict skip.",
            entries=list(undo.conflicts[:100]),
        )
    reverting = new_import()
    changed = deleted = 0
    revision = space.head(source.entries).seq
    for edits in _chunks(undo.edits):
        wanted = Wanted((Part(name, edits),), space.author, reverting)
        committed = space.commit(wanted, dry_run=dry_run)
        made = committed.prepared[name].changed
        gone = sum(each.record.deleted for each in made)
        changed, deleted, revision = (
            changed + len(made) - gone,
            deleted + gone,
            committed.seqs[name],
        )
    return Reverted(reverting, changed, deleted, undo.conflicts, revision)


def restore(
    space: Workspace, source: Source, key: str, version: int, *, dry_run: bool
) -> RestoredEntry:
    """Make an entry what it was at one of its versions. Raises `not_found`."""
    name, documents = space.name(source.entries), space.call.app.bulk_documents
    record = space.collections.get(name, [key]).get(key)
    if record is None:
        raise Problem("not_found", f"There never was an entry {key!r} in this source.")
    body = history.at_version(history.of_record(documents, name, key, record), version)
    edit = Edit(key, body, combine="replace", kind="restored")
    wanted = Wanted((Part(name, (edit,)),), space.author, new_import())
    committed = space.commit(wanted, dry_run=dry_run)
    made = committed.prepared[name].changed
    now = made[0].record.version if made else record.version
    return RestoredEntry(now, committed.import_id, committed.seqs[name])


def _chunks(edits: tuple[Edit, ...]) -> list[tuple[Edit, ...]]:
    return [edits[at : at + MOST_EDITS] for at in range(0, len(edits), MOST_EDITS)]
