"""The rate limit: one token bucket per organization, strict across instances (contract, REST).

`rates/{org}` holds the bucket. An instance takes a lease of tokens out of it by compare-and-set
and spends them without I/O; unused ones go back at its next renewal. Tokens leave the bucket before
they are spent, so all instances together never serve more than the bucket gave. An empty bucket is
left to gather `GATHER_SECONDS` worth of tokens first, or every single one would cost a write.
"""

import math
import random
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shared.auth.usage import Usage
from shared.errors import Conflict, Problem
from shared.ports.clock import Clock
from shared.ports.documents import ABSENT, Documents, Put, Snapshot

LEASE_SECONDS: Final = 2.0
LEASE_SHARE: Final = 1 / 20
GATHER_SECONDS: Final = 0.4
FULL_SECONDS: Final = 60.0
"""How long an empty bucket takes to fill, whatever the limit."""
ATTEMPTS: Final = 12


class Budget(NamedTuple):
    """What is left after a draw, for X-RateLimit headers.

    Attributes:
        limit: calls per minute.
        remaining: whole calls left, as far as this instance knows.
        full_at: epoch seconds when the bucket is full again if nobody calls.
        retry_after: seconds until a call can be served; None when this one was.
    """

    limit: int
    remaining: int
    full_at: float
    retry_after: float | None = None


class RateLimited(Problem):
    """The budget is empty for `retry_after` more whole seconds. `whose`: in words."""

    def __init__(self, budget: Budget, retry_after: int, whose: str) -> None:
        super().__init__(
            "rate_limited",
            f"Your {whose} calls for this minute are used up. Wait {retry_after} s.",
            retry_after=retry_after,
        )
        self.budget = budget


def served(budget: Budget, whose: str = "organization's") -> Budget:
    """The budget of a call that was served. Raises RateLimited when it was not."""
    if budget.retry_after is not None:
        raise RateLimited(budget, max(1, math.ceil(budget.retry_after)), whose)
    return budget


def budget_of(problem: Problem) -> Budget | None:
    """The budget that was found empty, where that is the problem."""
    return problem.budget if isinstance(problem, RateLimited) else None


@dataclass
class _Lease:
    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens: int = 0
    until: float = 0.0
    limit: int = 0
    shared: float = 0.0
    dry_until: float = 0.0


class RateLimiter:
    """Draws calls from organizations' buckets. One per process; thread-safe."""

    def __init__(self, documents: Documents, clock: Clock, usage: Usage) -> None:
        self._documents = documents
        self._clock = clock
        self._usage = usage
        self._lock = threading.Lock()
        self._leases: dict[str, _Lease] = {}

    def draw(self, org: str, limit: int) -> Budget:
        """Take one call from the organization's bucket of `limit` calls a minute.

        The answer's `retry_after` is set when the bucket is empty. Raises `unavailable` when the
        bucket cannot be read or is too contended.
        """
        lease = self._leases.get(org)
        if lease is None:
            with self._lock:
                lease = self._leases.setdefault(org, _Lease())
        with lease.lock:
            now = self._clock.time()
            if lease.limit != limit:
                lease.limit, lease.until, lease.dry_until = limit, 0.0, 0.0
            dry = lease.dry_until - FULL_SECONDS < now < lease.dry_until
            if (lease.tokens < 1 or now >= lease.until) and not dry:
                self._renew(org, lease)
            if lease.tokens >= 1:
                lease.tokens -= 1
                return _budget(lease, now, served=True)
            return _budget(lease, now)

    def look(self, org: str, limit: int) -> Budget:
        """What is left, taking nothing; reads the bucket. Raises `unavailable`."""
        return self.left(self._documents.get(bucket_path(org)), limit)

    def left(self, bucket: Snapshot | None, limit: int) -> Budget:
        """What is left in a bucket that was just read, at `bucket_path`."""
        now = self._clock.time()
        left = limit if bucket is None else _level(bucket.data, limit, now)
        return Budget(limit, math.floor(left), now + (limit - left) * 60 / limit)

    def _renew(self, org: str, lease: _Lease) -> None:
        path = bucket_path(org)
        for attempt in range(ATTEMPTS):
            now = self._clock.time()
            snapshot = self._documents.get(path)
            shared = lease.limit if snapshot is None else _level(snapshot.data, lease.limit, now)
            level = min(lease.limit, shared + lease.tokens)
            least = _least(lease.limit)
            if level < least:
                lease.shared = shared
                lease.dry_until = now + (least - level) * 60 / lease.limit
                self._restamp(path, snapshot, now)
                return
            taken = min(_lease_size(lease.limit), math.floor(level))
            extra = self._usage.take(org)
            at = now if snapshot is None else max(now, _counted_at(snapshot.data, now))
            bucket = Put(
                path,
                {"level": level - taken, "at": at, "lease": secrets.token_hex(8)},
                if_version=ABSENT if snapshot is None else snapshot.version,
            )
            try:
                self._documents.commit([bucket, *extra])
            except Conflict:
                self._usage.give_back(org, extra)
                time.sleep(random.uniform(0, 0.002) * 2 ** min(attempt, 5))  # noqa: S311  spacing
                continue
            except Problem:
                self._usage.give_back(org, extra)
                lease.tokens = 0
                raise
            lease.tokens, lease.shared = taken, level - taken
            lease.until = now + LEASE_SECONDS
            return
        raise Problem("unavailable", "Too many calls at the same moment. Try again.")

    def _restamp(self, path: str, bucket: Snapshot | None, now: float) -> None:
        """Let a bucket that a wrong clock stamped far ahead begin to fill again."""
        if bucket is not None and _counted_at(bucket.data, now) != bucket.data["at"]:
            stamped = {**bucket.data, "at": now}
            with suppress(Conflict):  # somebody was faster, and stamped it
                self._documents.commit([Put(path, stamped, if_version=bucket.version)])


def bucket_path(org: str) -> str:
    """Where an organization's bucket is kept."""
    return f"rates/{org}"


def _lease_size(limit: int) -> int:
    return max(1, math.floor(min(limit * LEASE_SHARE, limit / 60 * LEASE_SECONDS)))


def _least(limit: int) -> int:
    return max(1, math.floor(limit / 60 * GATHER_SECONDS))


def _level(bucket: Mapping[str, float], limit: int, now: float) -> float:
    passed = max(0.0, now - _counted_at(bucket, now))
    return min(float(limit), bucket["level"] + passed * limit / 60)


def _counted_at(bucket: Mapping[str, float], now: float) -> float:
    """When the level was counted. Clocks differ a little; one further ahead was wrong."""
    at = bucket["at"]
    return now if at > now + FULL_SECONDS else at


def _budget(lease: _Lease, now: float, *, served: bool = False) -> Budget:
    level = lease.shared + lease.tokens
    full_at = now + max(0.0, lease.limit - level) * 60 / lease.limit
    if served:
        return Budget(lease.limit, math.floor(level), full_at)
    return Budget(lease.limit, 0, full_at, max(0.001, lease.dry_until - now))
