"""Entries as they are stored, read without the search index: what was ingested, strongly read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from shared.engine.history import Event, first_at, of_range
from shared.engine.log import read_entries
from shared.engine.prepare import Stored
from shared.engine.records import held, record_key
from shared.pipeline.sources import Source, invalid
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Query
from shared.queries import RECORDS

MOST_SCANNED: Final = 50
"""Commits of the log that one page looks at."""


class Raw(NamedTuple):
    """An entry as stored, and what is said of the commit that changed it last."""

    key: str
    record: Stored
    seq: int
    at: datetime | None
    import_id: str
    correlation_id: str


class Bounds(NamedTuple):
    """Of times: from `start`, before `end`; None for no bound."""

    start: datetime | None
    end: datetime | None


class RawPage(NamedTuple):
    """Some entries, and where to go on."""

    items: list[Raw]
    cursor: str | None


def of_keys(space: Workspace, source: Source, keys: Sequence[str]) -> list[Raw]:
    """These entries, as far as they are there, in the order of the keys."""
    records = space.collections.get(space.name(source.entries), keys)
    living = {key: record for key, record in records.items() if not record.deleted}
    return list(_with_commits(space, source, {key: living[key] for key in keys if key in living}))


def by_key(space: Workspace, source: Source, limit: int, cursor: str | None) -> RawPage:
    """Entries in order of key."""
    name = space.name(source.entries)
    asked = Query(RECORDS, tuple(name), limit=limit, cursor=cursor)
    page = space.call.app.bulk_documents.query(asked)
    records = {record_key(each): found for each in page.items if (found := held(each).record)}
    living = {key: record for key, record in records.items() if not record.deleted}
    return RawPage(list(_with_commits(space, source, living)), page.cursor)


def by_time(
    space: Workspace,
    source: Source,
    limit: int,
    cursor: str | None,
    bounds: Bounds = Bounds(None, None),  # noqa: B008  immutable
) -> RawPage:
    """Entries whose last change is newest, first: the log backwards.

    An entry comes with its newest change alone. A page looks at MOST_SCANNED commits, so it may
    hold fewer entries than asked for and still go on.
    """
    name = space.name(source.entries)
    low, high = _commits(space, source, bounds)
    last, skip = _place(cursor, high)
    seqs = list(range(last, max(low - 1, last - MOST_SCANNED), -1))
    found: list[Raw] = []
    for seq in seqs:
        events = list(of_range(space.call.app.bulk_documents, name, (seq,)))
        if not events:  # cut off by time: the rest is found by key
            return RawPage(found, None)
        records = space.collections.get(name, [event.row.key for event in events])
        for number, event in enumerate(events):
            if number < skip:
                continue
            if len(found) == limit:
                return RawPage(found, f"{seq}.{number}")
            record = records.get(event.row.key)
            if record is not None and not record.deleted and record.seqs[0] == seq:
                found.append(_raw(event.row.key, record, event))
        skip = 0
    end = seqs[-1] - 1 if seqs else 0
    return RawPage(found, f"{end}.0" if end >= low else None)


def _commits(space: Workspace, source: Source, bounds: Bounds) -> tuple[int, int]:
    """The first and the last commit of a time, found by bisection of the log."""
    head, name = space.head(source.entries), space.name(source.entries)
    documents = space.call.app.bulk_documents
    low = first_at(documents, name, head, bounds.start) if bounds.start else 1
    high = first_at(documents, name, head, bounds.end) - 1 if bounds.end else head.seq
    return low, high


def _place(cursor: str | None, head: int) -> tuple[int, int]:
    if not cursor:
        return head, 0
    seq, dot, number = cursor.partition(".")
    if not (dot and seq.isdecimal() and number.isdecimal() and int(seq) <= head):
        raise invalid("cursor", "This is not a cursor of this list.")
    return int(seq), int(number)


def _with_commits(space: Workspace, source: Source, records: Mapping[str, Stored]) -> Iterator[Raw]:
    seqs = sorted({record.seqs[0] for record in records.values()})
    name = space.name(source.entries)
    logged = read_entries(space.call.app.bulk_documents, name, seqs)
    for key, record in records.items():
        commit = logged.get(record.seqs[0])
        entry: Any = commit.entry if commit else None
        yield Raw(
            key,
            record,
            record.seqs[0],
            entry and entry.at,
            entry.import_id if entry else "",
            (entry.correlation_id or "") if entry else "",
        )


def _raw(key: str, record: Stored, event: Event) -> Raw:
    entry = event.entry
    return Raw(key, record, event.seq, entry.at, entry.import_id, entry.correlation_id or "")
