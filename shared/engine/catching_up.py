"""Catching up: before a question is asked, what was committed since is included.

Every question first moves the replica on, by as much as its budget allows, so that one that is far
behind advances with each. What is missing still, the answer says.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from shared.engine.searchable import Applied, Commit, ReadTail
from shared.errors import Problem

AT_ONCE: Final = 20
"""Commits that are read together."""
_CHUNK: Final = 2_000
"""Records that are applied together, between two looks at the clock.

Each time makes a part of the index, and a question looks through all parts: fewer are faster.
"""

R = TypeVar("R", bound=Applied)


class Budget(NamedTuple):
    """What one question may spend on catching up. At least one commit is always included."""

    records: int = 2_000
    bytes: int = 4 * 1024 * 1024
    seconds: float = 0.4


BUDGET: Final = Budget()


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to which commit an answer goes, and which was the newest."""

    revision: int
    head: int

    @property
    def behind(self) -> int:
        """How many commits are missing."""
        return max(0, self.head - self.revision)


class Gap(Problem):
    """The log does not go back as far as the replica: it has to be built anew."""

    def __init__(self, seq: int) -> None:
        super().__init__(
            "unavailable",
            "What was written before is no longer in the log, so the search index is built anew. "
            "Try again in a minute.",
            reason="log_gap",
            revision=seq,
        )


class Following(Generic[R]):
    """A replica, or what else follows a log, and that log. One caller at a time moves it on."""

    def __init__(
        self, replica: R, read_tail: ReadTail, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.replica = replica
        self._read_tail = read_tail
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of the replica's files."""
        return self.replica.size

    def catch_up(self, head: int, budget: Budget | None = BUDGET) -> Freshness:
        """Include the commits up to `head`, or as many as the budget (None: none) allows.

        Raises `Gap` where the log does not have the next one.
        """
        if self.replica.seq < head:
            with self._lock:
                self._move_on(head, budget)
        return Freshness(self.replica.seq, head)

    def _move_on(self, head: int, budget: Budget | None) -> None:
        records = size = 0
        begun = self._clock()
        commits = self._commits(head)
        for chunk in _chunks(commits, budget.records if budget else _CHUNK):
            self.replica.apply(chunk)
            records += sum(len(commit.rows) for commit in chunk)
            size += sum(commit.bytes for commit in chunk)
            if budget and (
                records >= budget.records
                or size >= budget.bytes
                or self._clock() - begun >= budget.seconds
            ):
                return

    def _commits(self, head: int) -> Iterator[list[Commit]]:
        seq = self.replica.seq
        while seq < head:
            read = list(self._read_tail(seq, min(AT_ONCE, head - seq)))
            if not read or read[0].seq != seq + 1:
                raise Gap(seq)
            yield read
            seq = read[-1].seq


def _chunks(read: Iterator[list[Commit]], most: int) -> Iterator[list[Commit]]:
    """What is applied together: what was read together, or less where that is much."""
    for commits in read:
        chunk: list[Commit] = []
        records = 0
        for commit in commits:
            if chunk and records + len(commit.rows) > min(most, _CHUNK):
                yield chunk
                chunk, records = [], 0
            chunk.append(commit)
            records += len(commit.rows)
        yield chunk
