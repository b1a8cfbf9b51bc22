"""Undo: an import taken back, a version restored. Both are changes like any other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from shared.engine import history
from shared.engine.heads import CollectionName
from shared.engine.jobs import Asked
from shared.engine.prepare import MOST_EDITS, Edit, Stored
from shared.engine.wanted import Part, Wanted
from shared.errors import Problem
from shared.pipeline import definitions
from shared.pipeline.conversion import fitted
from shared.pipeline.sources import Source, active
from shared.pipeline.workspace import Workspace, new_import


class Reverted(NamedTuple):
    """What was taken back; `job` goes on with it."""

    import_id: str
    restored: int
    deleted: int
    conflicts: tuple[str, ...]
    revision: int
    job: Asked | None = None


class RestoredEntry(NamedTuple):
    """An entry that is again what it was."""

    version: int
    import_id: str
    revision: int


def revert(space: Workspace, source: str, import_id: str, *, skip: bool, dry_run: bool) -> Reverted:
    """Put back what an import touched: entries, and what it made of the source's properties.

    Raises `not_found`; `conflict` with the entries that something else changed since, unless they
    are to be skipped. What is more than one commit holds is done in several.
    """
    before = active(space.configuration, source)
    name, documents = space.name(before.entries), space.call.app.bulk_documents
    seqs = history.commits_of_import(documents, name, import_id)
    redefined = definitions.before(space, source, import_id)
    if not seqs and not redefined:
        raise Problem(
            "not_found", f"There is no import {import_id!r} in this source, or its log is gone."
        )
    undo = _undo(space, name, seqs)
    if undo.conflicts and not skip:
        raise Problem(
            "conflict",
            f"Something else changed {len(undo.conflicts)} of these entries since. Look at them, "
            "or take back the rest with on_conflict skip.",
            entries=list(undo.conflicts[:100]),
        )
    reverting, after, job = new_import(), before, None
    if redefined:
        after, job = definitions.put_back(space, source, redefined, reverting, dry_run=dry_run)
    edits = [replace(each, values=fitted(each.values, after)) for each in undo.edits]
    changed = deleted = 0
    revision = space.head(before.entries).seq
    for committed in space.commit_fitting(before.entries, edits, reverting, dry_run=dry_run):
        made = committed.prepared[name].changed
        gone = sum(each.record.deleted for each in made)
        changed, deleted = changed + len(made) - gone, deleted + gone
        revision = committed.seqs[name]
    return Reverted(reverting, changed, deleted, undo.conflicts, revision, job)


def _undo(space: Workspace, name: CollectionName, seqs: Sequence[int]) -> history.Undo:
    """What takes these commits back."""
    events = list(history.of_range(space.call.app.bulk_documents, name, seqs))
    keys = sorted({event.row.key for event in events})
    now: dict[str, Stored] = {}
    for at in range(0, len(keys), MOST_EDITS):
        now |= space.collections.get(name, keys[at : at + MOST_EDITS])
    return history.undo(events, now)


def restore(
    space: Workspace, source: Source, key: str, version: int, *, dry_run: bool
) -> RestoredEntry:
    """Make an entry what it was at one of its versions, in the types of now. Raises `not_found`."""
    name, documents = space.name(source.entries), space.call.app.bulk_documents
    record = space.collections.get(name, [key]).get(key)
    if record is None:
        raise Problem("not_found", f"There never was an entry {key!r} in this source.")
    body = history.at_version(history.of_record(documents, name, key, record), version)
    edit = Edit(key, fitted(body, source), combine="replace", kind="restored")
    wanted = Wanted((Part(name, (edit,)),), space.author, new_import())
    committed = space.commit(wanted, dry_run=dry_run)
    made = committed.prepared[name].changed
    now = made[0].record.version if made else record.version
    return RestoredEntry(now, committed.import_id, committed.seqs[name])
