"""Commits: one atomic change of one or several collections, or none at all.

One commit of documents writes the heads by compare-and-set, a log entry each, and the changed
records. A commit that loses tries again: with what it had prepared where nobody touched its records
meanwhile, else from what it reads anew. `unavailable` means that the outcome is not known: the log
is asked whether the commit is there before anything is tried again.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared import work
from shared.engine.heads import CollectionName, FoundHead, Head, head_of, put_head
from shared.engine.later import SNAPSHOT, SNAPSHOT_WORK, needed_snapshot, work_id
from shared.engine.log import KEPT, Entry, entry_path, pack_rows, put_entry, read_tail
from shared.engine.outcome import (
    CORRELATIONS,
    check_correlation,
    correlation_id,
    keep_correlation,
)
from shared.engine.prepare import Prepared, at_seq, check_key, prepare
from shared.engine.records import Held, held, put_record, record_path
from shared.engine.turns import MOST_PAUSES, PAUSE, is_others, let_go, take, turn_path
from shared.engine.wanted import Committed, Wanted
from shared.errors import Conflict, Problem
from shared.ports.clock import Clock
from shared.ports.documents import ABSENT, Documents, Snapshot, Write

MOST_TRIES: Final = 12
PATIENCE: Final = 4
"""Losses after which a writer asks others to wait."""
_TICK: Final = timedelta(microseconds=1)
_Kept = Mapping[CollectionName, Prepared] | None
"""What was prepared before and still holds; None where it has to be prepared anew."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a try found, in one read."""

    now: datetime
    heads: Mapping[CollectionName, FoundHead]
    records: Mapping[CollectionName, Mapping[str, Held]]
    idempotency: Snapshot | None
    correlation: Snapshot | None
    turns: Sequence[Snapshot | None]
    snapshots: Mapping[CollectionName, Snapshot | None]


class Writer:
    """Commits to collections. One for each process: writers of one process take turns.

    Args:
        documents, clock: what it stands on.
        pause: waits for some seconds, while somebody else has the turn.
    """

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._pause = pause
        self._guard = threading.Lock()
        self._locks: dict[CollectionName, threading.Lock] = {}

    def commit(self, wanted: Wanted) -> Committed:
        """Do it, whole or not at all.

        Raises what `prepare` raises, `invalid` for what cannot be a key, `conflict` for the
        idempotency key of another call, and `unavailable` when it lost too often; with reason
        `outcome_unknown` where it may have been applied: then its import id tells, once the store
        answers.
        """
        for part in wanted.parts:
            for edit in part.edits:
                check_key(edit.key)
        with self._turn(part.name for part in wanted.parts):
            return self._tried(wanted, secrets.token_hex(8))

    def _tried(self, wanted: Wanted, nonce: str) -> Committed:
        tries: list[Committed] = []
        turn: list[Write] = []
        read = self._read(wanted)
        kept: _Kept = None
        for losses in range(MOST_TRIES):
            if losses == PATIENCE:
                turn = self._take_turns(wanted, nonce)
                read, kept = self._read(wanted), None
            read, kept = self._wait(wanted, read, kept, nonce)
            done = self._repeated(wanted, read)
            if done is not None:
                return done
            kept = self._prepared(wanted, read) if kept is None else kept
            committed = _committed(wanted, read, kept)
            tries.append(committed)
            try:
                writes = self._writes(wanted, read, committed, nonce)
                self._documents.commit([*writes, *turn])
            except Conflict:
                earlier = self._landed(tries, nonce)
                if earlier is not None:
                    return earlier
                read, kept = self._again(wanted, read, kept)
            except Problem as problem:
                if problem.code != "unavailable":
                    raise
                read, earlier = self._after_silence(wanted, tries, nonce)
                if earlier is not None:
                    return earlier
                kept = None
            else:
                return committed
        raise Problem(
            "unavailable",
            "Others changed the same collection all the time. Nothing was lost; try again.",
        )

    @contextmanager
    def _turn(self, names: Iterable[CollectionName]) -> Iterator[None]:
        """The process's turn at these collections, taken in one order: nobody waits in a circle."""
        with self._guard:
            locks = [self._locks.setdefault(name, threading.Lock()) for name in sorted(names)]
        with ExitStack() as held_locks:
            for lock in locks:
                held_locks.enter_context(lock)
            yield

    def _take_turns(self, wanted: Wanted, nonce: str) -> list[Write]:
        """Make others wait after some losses; the writes that end that with the commit."""
        names = [part.name for part in wanted.parts]
        found = self._documents.get_many([turn_path(name) for name in names])
        now = self._clock.now()
        return [
            let_go(name)
            for name in names
            if not is_others(found.get(turn_path(name)), nonce, now)
            and take(self._documents, name, found.get(turn_path(name)), nonce, now)
        ]

    def _wait(
        self,
        wanted: Wanted,
        read: _Read,
        kept: Mapping[CollectionName, Prepared] | None,
        nonce: str,
    ) -> tuple[_Read, Mapping[CollectionName, Prepared] | None]:
        """Wait while somebody else has the turn; what is to go on with then."""
        for _ in range(MOST_PAUSES):
            if not any(is_others(turn, nonce, self._clock.now()) for turn in read.turns):
                break
            self._pause(PAUSE)
            read, kept = self._read(wanted), None
        return read, kept

    def _read(self, wanted: Wanted) -> _Read:
        """Heads, touched records, and how the call is known: one answer, of one moment."""
        keys = {part.name: [edit.key for edit in part.edits] for part in wanted.parts}
        idempotency = wanted.idempotency.path if wanted.idempotency else None
        correlation = _correlation_path(wanted)
        found = self._documents.get_many(
            [
                *(name.path for name in keys),
                *(record_path(name, key) for name, each in keys.items() for key in each),
                *(turn_path(name) for name in keys),
                *(SNAPSHOT_WORK.path(work_id(name)) for name in keys),
                *filter(None, (idempotency, correlation)),
            ]
        )
        now = self._clock.now()
        return _Read(
            now=now,
            heads={name: head_of(found.get(name.path), now) for name in keys},
            records={
                name: {key: held(found.get(record_path(name, key))) for key in each}
                for name, each in keys.items()
            },
            idempotency=found.get(idempotency) if idempotency else None,
            correlation=found.get(correlation) if correlation else None,
            turns=[found.get(turn_path(name)) for name in keys],
            snapshots={name: found.get(SNAPSHOT_WORK.path(work_id(name))) for name in keys},
        )

    def _repeated(self, wanted: Wanted, read: _Read) -> Committed | None:
        if wanted.correlation is not None:
            check_correlation(read.correlation, wanted.import_id, read.now)
        if wanted.idempotency is None:
            return None
        answer = wanted.idempotency.first_answer(read.idempotency, read.now)
        if answer is None:
            return None
        seqs = {name: found.value.seq for name, found in read.heads.items()}
        return Committed(wanted.import_id, seqs, {}, repeated=answer)

    def _prepared(self, wanted: Wanted, read: _Read) -> dict[CollectionName, Prepared]:
        prepared = {}
        for part in wanted.parts:
            before = {
                key: each.record
                for key, each in read.records[part.name].items()
                if each.record is not None
            }
            seq = read.heads[part.name].value.seq + 1
            prepared[part.name] = prepare(part.edits, before, seq)
        return prepared

    def _writes(self, wanted: Wanted, read: _Read, committed: Committed, nonce: str) -> list[Write]:
        writes: list[Write] = list(wanted.also)
        changes = False
        for name, prepared in committed.prepared.items():
            if prepared.changed:
                changes = True
                writes += _collection_writes(wanted, read, name, prepared, nonce)
        writes += (work.ask(SNAPSHOT, work_id(name), at) for name, at in committed.asked.items())
        if wanted.idempotency is not None:
            answer = wanted.answer(committed)
            writes.append(wanted.idempotency.keep(answer, read.idempotency, read.now))
        if (
            changes
            and wanted.correlation is not None
            and not check_correlation(read.correlation, wanted.import_id, read.now)
        ):
            part = wanted.parts[0].name
            writes.append(
                keep_correlation(
                    correlation_id(part.tenant, wanted.correlation),
                    read.correlation,
                    import_id=wanted.import_id,
                    collection=part.id,
                    at=read.now,
                    by=wanted.author.by,
                )
            )
        return writes

    def _again(
        self, wanted: Wanted, read: _Read, kept: Mapping[CollectionName, Prepared]
    ) -> tuple[_Read, _Kept]:
        """What to try next after somebody was faster.

        Where nobody touched these records or what the collections mean, what was prepared holds,
        and only the heads are read again: a large commit would lose for ever otherwise.
        """
        now = self._clock.now()
        if wanted.idempotency is not None or wanted.correlation is not None:
            return self._read(wanted), None
        turns = [turn_path(name) for name in read.heads]
        found = self._documents.get_many([*(name.path for name in read.heads), *turns])
        heads = {name: head_of(found.get(name.path), now) for name in read.heads}
        for name, head in heads.items():
            before = read.heads[name].value
            if head.value.definition != before.definition or head.value.seq < before.seq:
                return self._read(wanted), None
            touched = read.records[name].keys()
            met = before.seq
            for logged in read_tail(self._documents, name, before.seq, head.value.seq):
                met = logged.seq
                if any(row.key in touched for row in logged.rows):
                    return self._read(wanted), None
            if met != head.value.seq:
                return self._read(wanted), None
        moved = {name: at_seq(each, heads[name].value.seq + 1) for name, each in kept.items()}
        asked = [found.get(path) for path in turns]
        return replace(read, now=now, heads=heads, turns=asked), moved

    def _landed(self, tries: Sequence[Committed], nonce: str) -> Committed | None:
        """The one of the tries that is in the log after all."""
        paths = {
            entry_path(name, seq): committed
            for committed in tries
            for name, seq in committed.seqs.items()
        }
        found = self._documents.get_many(sorted(paths))
        for path, snapshot in found.items():
            if snapshot.data["nonce"] == nonce:
                return paths[path]
        return None

    def _after_silence(
        self, wanted: Wanted, tries: Sequence[Committed], nonce: str
    ) -> tuple[_Read, Committed | None]:
        """What is there after a commit whose answer was lost, and that commit if it is there.

        The log is asked last. So a commit that landed before the records were read is found, and
        one that lands later makes the next try lose.
        """
        try:
            return self._read(wanted), self._landed(tries, nonce)
        except Problem as problem:
            if problem.code != "unavailable":
                raise
            raise Problem(
                "unavailable",
                "The store does not answer. This may have been applied: look for its import id "
                "before doing it again.",
                reason="outcome_unknown",
                import_id=wanted.import_id,
            ) from None


def _correlation_path(wanted: Wanted) -> str | None:
    if wanted.correlation is None:
        return None
    return CORRELATIONS.path(correlation_id(wanted.parts[0].name.tenant, wanted.correlation))


def _committed(
    wanted: Wanted, read: _Read, prepared: Mapping[CollectionName, Prepared]
) -> Committed:
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
    return Committed(wanted.import_id, seqs, prepared, asked)


def _changes(read: _Read, name: CollectionName, prepared: Prepared) -> int:
    """The head's, after the commit."""
    return read.heads[name].value.changes + len(prepared.changed)


def _collection_writes(
    wanted: Wanted, read: _Read, name: CollectionName, prepared: Prepared, nonce: str
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
        import_id=wanted.import_id,
        correlation_id=wanted.correlation,
        n=count,
        changes=head.changes,
        bytes=head.bytes,
        nonce=head.nonce,
        expires_at=head.at + KEPT,
    )
