"""What happened to records, and how it is undone: read from the log, never stored besides."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.engine.heads import CollectionName, Head
from shared.engine.log import Entry, Logged, entry_path, entry_seq, read_entries
from shared.engine.prepare import Edit, Stored, differences
from shared.engine.rows import Row
from shared.errors import Problem
from shared.ports.documents import Documents, Query
from shared.queries import LOG_OF_IMPORT
from shared.records import every

_AT_ONCE = 50


class Event(NamedTuple):
    """One change of one record: where in the order, what is said of the commit, the row."""

    seq: int
    entry: Entry
    row: Row


def of_record(
    documents: Documents, name: CollectionName, key: str, record: Stored
) -> Iterator[Event]:
    """A record's changes, newest first, as far back as the log is kept.

    The newest sixteen are read at once, since the record names them; older ones one by one.
    """
    newest = read_entries(documents, name, record.seqs)
    previous = 0
    for seq in record.seqs:
        event = _event(newest.get(seq), key)
        if event is None:
            return
        yield event
        previous = event.row.previous
    yield from since(documents, name, key, previous)


def since(documents: Documents, name: CollectionName, key: str, seq: int) -> Iterator[Event]:
    """A record's changes from a commit that changed it on backwards, one by one."""
    while seq:
        event = _event(read_entries(documents, name, (seq,)).get(seq), key)
        if event is None:
            return
        yield event
        seq = event.row.previous


def of_range(documents: Documents, name: CollectionName, seqs: Sequence[int]) -> Iterator[Event]:
    """Every record's changes in these commits, in their order; commits that are gone are left out.

    They are read fifty at a time, as they are taken.
    """
    for begin in range(0, len(seqs), _AT_ONCE):
        asked = seqs[begin : begin + _AT_ONCE]
        found = read_entries(documents, name, asked)
        for seq in asked:
            if seq in found:
                logged = found[seq]
                yield from (Event(seq, logged.entry, row) for row in logged.rows)


def first_at(documents: Documents, name: CollectionName, head: Head, at: datetime) -> int:
    """The first commit at or after a time; one past the head where there is none.

    By bisection, because times only rise; a commit that is gone counts as older.
    """
    low, high = 1, head.seq + 1
    while low < high:
        middle = (low + high) // 2
        found = documents.get(entry_path(name, middle))
        if found is None or found.data["at"] < at:
            low = middle + 1
        else:
            high = middle
    return low


def commits_of_import(documents: Documents, name: CollectionName, import_id: str) -> list[int]:
    """The sequence numbers of an import's commits, in order."""
    asked = Query(LOG_OF_IMPORT, tuple(name), {"importId": import_id}, limit=1000)
    return [entry_seq(snapshot) for snapshot in every(documents, asked)]


class Undo(NamedTuple):
    """What takes an import back: edits, and the keys that something else changed since."""

    edits: tuple[Edit, ...]
    conflicts: tuple[str, ...]


def undo(events: Iterable[Event], now: dict[str, Stored]) -> Undo:
    """The edits that put every record an import touched back to what it was before.

    An import may touch a record more than once: what counts is the state before the first time.
    A record that is no longer as the import left it is a conflict and stays. One that was changed
    since and changed back is none, so imports can be taken back one after the other.

    Args:
        events: all of the import, in order.
        now: the touched records as they are.
    """
    first: dict[str, Row] = {}
    last: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.row.key, event.row)
        last[event.row.key] = event
    edits, conflicts = [], []
    for key, row in first.items():
        record = now.get(key)
        if record is None or not _as_left(record, last[key]):
            conflicts.append(key)
        else:
            edits.append(_back(row, record))
    return Undo(tuple(edits), tuple(conflicts))


def _as_left(record: Stored, event: Event) -> bool:
    """Whether a record is as this change of it left it."""
    if record.seqs[0] == event.seq:
        return True
    if record.deleted or event.row.deletes:
        return record.deleted and event.row.deletes
    return not differences(record.body, event.row.body)


def _back(row: Row, record: Stored) -> Edit:
    before = body_before(row)
    if before is None:
        return Edit(row.key, combine="delete", expected=None if record.deleted else record.version)
    return Edit(row.key, before, combine="replace", kind="restored")


def body_before(row: Row) -> dict[str, Any] | None:
    """The record before a row, from what the row says was there; None where there was none."""
    if row.kind == "created":
        return None
    if row.deletes:
        return row.body
    body = dict(row.body)
    for key, language, was in row.changes:
        if language is not None:
            values = dict(body.get(key, {}))
            _put(values, language, was)
            _put(body, key, (values,) if values else ())
        else:
            _put(body, key, was)
    return body


def _put(values: dict[str, Any], name: str, was: tuple[Any, ...]) -> None:
    if was:
        values[name] = was[0]
    else:
        values.pop(name, None)


def at_version(events: Iterable[Event], version: int) -> dict[str, Any]:
    """A record's body at one of its versions. Raises `not_found` where the log does not reach it.

    `events` are the record's, newest first.
    """
    for event in events:
        if event.row.version == version and not event.row.deletes:
            return event.row.body
    raise Problem("not_found", "That version is not kept any more, or was a deletion.")


def _event(logged: Logged | None, key: str) -> Event | None:
    if logged is None:
        return None
    row = next((row for row in logged.rows if row.key == key), None)
    return None if row is None else Event(logged.seq, logged.entry, row)
