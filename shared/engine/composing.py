"""What one try of a commit reads, and what it would write: pure but for the one read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared import work
from shared.engine.heads import CollectionName, FoundHead, Head, head_of, put_head
from shared.engine.later import PROJECTION, SNAPSHOT, SNAPSHOT_WORK, needed_snapshot, work_id
from shared.engine.log import KEPT, Entry, pack_rows, put_entry
from shared.engine.outcome import (
    CORRELATIONS,
    check_correlation,
    correlation_id,
    keep_correlation,
)
from shared.engine.prepare import Outdated, Prepared, prepare
from shared.engine.records import Held, held, put_record, record_path
from shared.engine.turns import turn_path
from shared.engine.wanted import Committed, Wanted
from shared.ports.clock import Clock
from shared.ports.documents import ABSENT, Documents, Snapshot, Write

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Read:
    """What a try found, in one read. Heads are those of all collections that it touches."""

    now: datetime
    heads: Mapping[CollectionName, FoundHead]
    records: Mapping[CollectionName, Mapping[str, Held]]
    idempotency: Snapshot | None
    correlation: Snapshot | None
    turns: Sequence[Snapshot | None]
    snapshots: Mapping[CollectionName, Snapshot | None]


def read_for(documents: Documents, clock: Clock, wanted: Wanted) -> Read:
    """Heads, touched records, and how the call is known: one answer, of one moment."""
    keys = {part.name: [edit.key for edit in part.edits] for part in wanted.parts}
    names = (*keys, *wanted.redefines, *wanted.moving)
    idempotency = wanted.idempotency.path if wanted.idempotency else None
    correlation = _correlation_path(wanted)
    found = documents.get_many(
        [
            *(name.path for name in names),
            *(record_path(name, key) for name, each in keys.items() for key in each),
            *(turn_path(name) for name in keys),
            *(SNAPSHOT_WORK.path(work_id(name)) for name in keys),
            *filter(None, (idempotency, correlation)),
        ]
    )
    now = clock.now()
    return Read(
        now=now,
        heads={name: head_of(found.get(name.path), now) for name in names},
        records={
            name: {key: held(found.get(record_path(name, key))) for key in each}
            for name, each in keys.items()
        },
        idempotency=found.get(idempotency) if idempotency else None,
        correlation=found.get(correlation) if correlation else None,
        turns=[found.get(turn_path(name)) for name in keys],
        snapshots={name: found.get(SNAPSHOT_WORK.path(work_id(name))) for name in keys},
    )


def prepared(wanted: Wanted, read: Read) -> dict[CollectionName, Prepared]:
    """The rows of every part. Raises what `prepare` raises.

    Raises Outdated where the configuration that a part was checked by is older than what its
    collection means now, and where a commit followed the one that a part was decided by.
    """
    made = {}
    for part in wanted.parts:
        head = read.heads[part.name].value
        if part.meaning is not None and (head.definition or 0) > part.meaning:
            raise Outdated(part.name.id)
        if part.decided_at is not None and head.seq != part.decided_at:
            raise Outdated(part.name.id)
        before = {
            key: each.record
            for key, each in read.records[part.name].items()
            if each.record is not None
        }
        made[part.name] = prepare(part.edits, before, head.seq + 1)
    return made


def outcome(wanted: Wanted, read: Read, prepared: Mapping[CollectionName, Prepared]) -> Committed:
    """What the commit comes to when it succeeds."""
    seqs = {
        name: read.heads[name].value.seq + (1 if each.changed else 0)
        for name, each in prepared.items()
    }
    asked = {
        name: due
        for name, each in prepared.items()
        if each.changed
        and (due := needed_snapshot(_changes(read, name, each), read.snapshots[name], read.now))
    }
    following = dict.fromkeys(_following(wanted, read, prepared))
    return Committed(wanted.import_id, seqs, prepared, asked, tuple(following))


def _following(
    wanted: Wanted, read: Read, prepared: Mapping[CollectionName, Prepared]
) -> Iterator[CollectionName]:
    """The derived collections that have work to do after the commit."""
    for name, each in prepared.items():
        if each.changed:
            consumers = read.heads[name].value.consumers
            yield from (CollectionName(name.tenant, consumer) for consumer in consumers)
    if any(each.changed for each in prepared.values()):
        heads = {name: read.heads[name].value for name in wanted.redefines}
        heads |= _moved(wanted, read)
        yield from (
            name
            for name, head in heads.items()
            if head.inputs is not None and head.state != "dropped"
        )


def _changes(read: Read, name: CollectionName, prepared: Prepared) -> int:
    """The head's, after the commit."""
    return read.heads[name].value.changes + len(prepared.changed)


def writes(wanted: Wanted, read: Read, committed: Committed, nonce: str) -> list[Write]:
    """Everything the commit writes."""
    made: list[Write] = list(wanted.also)
    changes = False
    for name, prepared in committed.prepared.items():
        if prepared.changed:
            changes = True
            made += _collection_writes(wanted, read, name, prepared, nonce)
    if changes:
        made += _redefined(wanted, read, committed)
        made += (
            put_head(name, head, read.heads[name]) for name, head in _moved(wanted, read).items()
        )
    made += (work.ask(SNAPSHOT, work_id(name), at) for name, at in committed.asked.items())
    made += (work.ask(PROJECTION, work_id(name), read.now) for name in committed.projections)
    if wanted.idempotency is not None:
        answer = wanted.answer(committed)
        made.append(wanted.idempotency.keep(answer, read.idempotency, read.now))
    if (
        changes
        and wanted.correlation is not None
        and not check_correlation(read.correlation, wanted.import_id, read.now)
    ):
        part = wanted.parts[0].name
        made.append(
            keep_correlation(
                correlation_id(part.tenant, wanted.correlation),
                read.correlation,
                import_id=wanted.import_id,
                collection=part.id,
                at=read.now,
                by=wanted.author.by,
            )
        )
    return made


def _redefined(wanted: Wanted, read: Read, committed: Committed) -> list[Write]:
    """Heads of collections whose meaning changes: who commits to them by the old one loses."""
    definition = _definition(wanted, read)
    return [
        put_head(name, head.value.model_copy(update={"definition": definition}), head)
        for name in wanted.redefines
        if name not in committed.prepared or not committed.prepared[name].changed
        for head in (read.heads[name],)
    ]


def _moved(wanted: Wanted, read: Read) -> Mapping[CollectionName, Head]:
    """What becomes of the further heads."""
    if not wanted.moving:
        return {}
    return wanted.move({name: found.value for name, found in read.heads.items()})


def _definition(wanted: Wanted, read: Read) -> int:
    """The configuration's seq after the commit."""
    return read.heads[wanted.parts[0].name].value.seq + 1


def _collection_writes(
    wanted: Wanted, read: Read, name: CollectionName, prepared: Prepared, nonce: str
) -> list[Write]:
    """A collection's head, its log entry, and its records."""
    found = read.heads[name]
    before = found.value
    at = max(read.now, before.at + _TICK) if found.version != ABSENT else read.now
    rows = pack_rows(each.row for each in prepared.changed)
    head = before.model_copy(
        update={
            "seq": before.seq + 1,
            "count": before.count + prepared.added,
            "at": at,
            "changes": _changes(read, name, prepared),
            "bytes": before.bytes + len(rows),
            "nonce": nonce,
            **({"definition": _definition(wanted, read)} if name in wanted.redefines else {}),
        }
    )
    records = read.records[name]
    return [
        put_head(name, head, found),
        *put_entry(name, head.seq, _entry(wanted, head, rows, len(prepared.changed))),
        *(put_record(name, each, records[each.row.key], at) for each in prepared.changed),
    ]


def _entry(wanted: Wanted, head: Head, rows: bytes, count: int) -> Entry:
    return Entry(
        rows=rows,
        parts=1,
        at=head.at,
        by=wanted.author.by,
        surface=wanted.author.surface,
        request_id=wanted.author.request_id,
        client=wanted.author.client or None,
        import_id=wanted.import_id,
        correlation_id=wanted.correlation,
        n=count,
        changes=head.changes,
        bytes=head.bytes,
        nonce=head.nonce,
        expires_at=head.at + KEPT,
    )


def _correlation_path(wanted: Wanted) -> str | None:
    if wanted.correlation is None:
        return None
    return CORRELATIONS.path(correlation_id(wanted.parts[0].name.tenant, wanted.correlation))
