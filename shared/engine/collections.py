"""Every collection of a process: changed, read by key, and asked.

An answer includes every commit that was acknowledged before the question, because the head is read
first and the replica catches up to it; or it says how far it is behind.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from shared.engine.catching_up import Budget, Following, Freshness
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.log import read_tail
from shared.engine.prepare import Stored
from shared.engine.records import read_records
from shared.engine.replica import Replica
from shared.engine.replicas import Replicas
from shared.engine.searchable import Commit, ReadTail, Sealing
from shared.engine.wanted import Committed, Wanted
from shared.ports.clock import Clock
from shared.ports.documents import Documents
from shared.query.answers import Answer
from shared.query.ast import Question

LANGUAGE: Final = "en"
"""Of a collection's text, where its head names none."""
OPENING: Final = Budget(records=300_000, bytes=512 * 1024 * 1024, seconds=10.0)
"""What the first question to a collection may spend on it."""


class Asked(NamedTuple):
    """An answer, and which commits it includes."""

    answer: Answer
    freshness: Freshness


class Collections:
    """Thread-safe; one for each process.

    Args:
        documents, clock: what it stands on.
        replicas: which collections are open.
        keys: what cursors are sealed with: the first seals, any opens.
    """

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        replicas: Replicas[Following[Replica]],
        keys: Callable[[], Sequence[bytes]],
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._replicas = replicas
        self._keys = keys
        self._writer = Writer(documents, clock)

    def commit(self, wanted: Wanted) -> Committed:
        """Change collections, whole or not at all; see `Writer.commit`."""
        return self._writer.commit(wanted)

    def head(self, name: CollectionName) -> Head:
        """What the newest commit left."""
        return head_of(self._documents.get(name.path), self._clock.now()).value

    def get(self, name: CollectionName, keys: Iterable[str]) -> dict[str, Stored]:
        """The records of these keys as they are now, deleted ones as well."""
        return read_records(self._documents, name, keys)

    def ask(self, name: CollectionName, question: Question) -> Asked:
        """What matches, as of every commit that was acknowledged before.

        Raises `invalid`, `too_broad`, `cursor_expired`; `unavailable` where the log no longer goes
        back far enough.
        """
        head = self.head(name)
        with self._replicas.using(name.path, lambda folder: self._opened(name, head, folder)) as of:
            freshness = of.catch_up(head.seq)
            sealing = Sealing(name.path, head.epoch, self._keys())
            return Asked(of.replica.answer(question, sealing), freshness)

    def _opened(self, name: CollectionName, head: Head, folder: Path) -> Following[Replica]:
        replica = Replica.create(folder, head.language or LANGUAGE)
        following = Following(replica, tail_of(self._documents, name))
        following.catch_up(head.seq, OPENING)
        return following


def tail_of(documents: Documents, name: CollectionName) -> ReadTail:
    """Reads a collection's log as replicas take it."""

    def tail(after: int, most: int) -> Sequence[Commit]:
        return [
            Commit(logged.seq, logged.entry.at, logged.rows, len(logged.entry.rows))
            for logged in read_tail(documents, name, after, after + most)
        ]

    return tail
