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
from dataclasses import replace
from typing import Final

from shared.engine.composing import Read, outcome, prepared, read_for, writes
from shared.engine.heads import CollectionName, head_of
from shared.engine.log import entry_path, read_tail
from shared.engine.outcome import check_correlation
from shared.engine.prepare import Prepared, at_seq, check_key
from shared.engine.turns import MOST_PAUSES, PAUSE, is_others, let_go, take, turn_path
from shared.engine.wanted import Committed, Wanted
from shared.errors import Conflict, Problem
from shared.ports.clock import Clock
from shared.ports.documents import Documents, Write

MOST_TRIES: Final = 12
PATIENCE: Final = 4
"""Losses after which a writer asks others to wait."""
_Kept = Mapping[CollectionName, Prepared] | None
"""What was prepared before and still holds; None where it has to be prepared anew."""


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

    def rehearse(self, wanted: Wanted) -> Committed:
        """What `commit` would come to now; nothing is written. Raises what it raises."""
        read = read_for(self._documents, self._clock, wanted)
        return outcome(wanted, read, prepared(wanted, read))

    def _tried(self, wanted: Wanted, nonce: str) -> Committed:
        tries: list[Committed] = []
        turn: list[Write] = []
        read = read_for(self._documents, self._clock, wanted)
        kept: _Kept = None
        for losses in range(MOST_TRIES):
            if losses == PATIENCE:
                turn = self._take_turns(wanted, nonce)
                read, kept = read_for(self._documents, self._clock, wanted), None
            read, kept = self._wait(wanted, read, kept, nonce)
            done = self._repeated(wanted, read)
            if done is not None:
                return done
            kept = prepared(wanted, read) if kept is None else kept
            committed = outcome(wanted, read, kept)
            tries.append(committed)
            try:
                self._documents.commit([*writes(wanted, read, committed, nonce), *turn])
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
        read: Read,
        kept: Mapping[CollectionName, Prepared] | None,
        nonce: str,
    ) -> tuple[Read, Mapping[CollectionName, Prepared] | None]:
        """Wait while somebody else has the turn; what is to go on with then."""
        for _ in range(MOST_PAUSES):
            if not any(is_others(turn, nonce, self._clock.now()) for turn in read.turns):
                break
            self._pause(PAUSE)
            read, kept = read_for(self._documents, self._clock, wanted), None
        return read, kept

    def _repeated(self, wanted: Wanted, read: Read) -> Committed | None:
        """The first answer to a call that came before. Raises `conflict` for a name in use."""
        if wanted.idempotency is not None:
            answer = wanted.idempotency.first_answer(read.idempotency, read.now)
            if answer is not None:
                seqs = {name: found.value.seq for name, found in read.heads.items()}
                return Committed(wanted.import_id, seqs, {}, repeated=answer)
        if wanted.correlation is not None:
            check_correlation(read.correlation, wanted.import_id, read.now)
        return None

    def _again(
        self, wanted: Wanted, read: Read, kept: Mapping[CollectionName, Prepared]
    ) -> tuple[Read, _Kept]:
        """What to try next after somebody was faster.

        Where nobody touched these records or what the collections mean, what was prepared holds,
        and only the heads are read again: a large commit would lose for ever otherwise.
        """
        now = self._clock.now()
        decided = any(part.decided_at is not None for part in wanted.parts)
        if decided or wanted.idempotency is not None or wanted.correlation is not None:
            return read_for(self._documents, self._clock, wanted), None
        turns = [turn_path(name) for name in read.heads]
        found = self._documents.get_many([*(name.path for name in read.heads), *turns])
        heads = {name: head_of(found.get(name.path), now) for name in read.heads}
        for name, head in heads.items():
            before = read.heads[name].value
            if head.value.definition != before.definition or head.value.seq < before.seq:
                return read_for(self._documents, self._clock, wanted), None
            touched = read.records.get(name, {}).keys()
            met = before.seq
            for logged in read_tail(self._documents, name, before.seq, head.value.seq):
                met = logged.seq
                if any(row.key in touched for row in logged.rows):
                    return read_for(self._documents, self._clock, wanted), None
            if met != head.value.seq:
                return read_for(self._documents, self._clock, wanted), None
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
    ) -> tuple[Read, Committed | None]:
        """What is there after a commit whose answer was lost, and that commit if it is there.

        The log is asked last. So a commit that landed before the records were read is found, and
        one that lands later makes the next try lose.
        """
        try:
            return read_for(self._documents, self._clock, wanted), self._landed(tries, nonce)
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
