"""The rate limit: one token bucket per organization, strict across instances.

docs/protocol.md, "Rate limit", says what callers see of it.

`rates/{org}` holds the bucket. An instance takes a lease of tokens out of it by compare-and-set
and spends them without I/O; unused ones go back at its next renewal. Tokens leave the bucket before
they are spent, so all instances together never serve more than the bucket gave. An empty bucket is
left to gather `GATHER_SECONDS` worth of tokens first, or every single one would cost a write.

The document takes about one write a second. So leases last the longer the more instances share the
bucket: the renewals since an instance's own last one say how many do.
"""

import math
import random
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from shared.auth.demand import Demand
from shared.auth.metrics import Metrics
from shared.auth.usage import Usage
from shared.errors import Conflict, Problem
from shared.ports.clock import Clock
from shared.ports.documents import ABSENT, Add, Documents, Put, Snapshot

LEASE_SECONDS: Final = 2.0
"""Of an instance that is alone; each further one that shares the bucket adds as much to it."""
LEASE_SHARE: Final = 1 / 20
GATHER_SECONDS: Final = 0.4
GATHER_SHARE: Final = 1 / 5
LONGEST_GATHER: Final = 2.0
"""An empty bucket gathers for a fifth of a lease's length, and for this long at most."""
FULL_SECONDS: Final = 60.0
"""How long an empty bucket takes to fill, whatever the limit; and the longest lease."""
ATTEMPTS: Final = 12
_Riding = tuple[tuple[Add, ...], tuple[Add, ...], tuple[Add, ...]]
"""What is written along with a renewal: of usage, metrics and demand."""


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
    seconds: float = LEASE_SECONDS
    renewed_at: float | None = None
    renewals: int = 0


class RateLimiter:
    """Draws calls from organizations' buckets. One per process; thread-safe."""

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        usage: Usage,
        metrics: Metrics | None = None,
        demand: Demand | None = None,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._usage = usage
        self._metrics = metrics or Metrics(clock)
        self._demand = demand or Demand(clock)
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
            renewals = 0 if snapshot is None else snapshot.data.get("renewals", 0)
            seconds = _length(lease, renewals, now)
            least = _least(lease.limit, seconds)
            if level < least:
                lease.shared = shared
                lease.dry_until = now + (least - level) * 60 / lease.limit
                self._restamp(path, snapshot, now)
                return
            taken = min(_lease_size(lease.limit, seconds), math.floor(level))
            riding = self._riding(org)
            bucket = _drawn_from(path, snapshot, level - taken, renewals + 1, now)
            try:
                self._documents.commit([bucket, *chain.from_iterable(riding)])
            except Conflict:
                self._give_back(org, riding)
                time.sleep(random.uniform(0, 0.002) * 2 ** min(attempt, 5))  # noqa: S311  spacing
                continue
            except Problem:
                self._give_back(org, riding)
                lease.tokens = 0
                raise
            lease.tokens, lease.shared = taken, level - taken
            lease.seconds, lease.until = seconds, now + seconds
            lease.renewed_at, lease.renewals = now, renewals + 1
            return
        raise Problem("unavailable", "Too many calls at the same moment. Try again.")

    def _riding(self, org: str) -> _Riding:
        """What was counted and is due to be written."""
        return self._usage.take(org), self._metrics.take(), self._demand.take(org)

    def _give_back(self, org: str, riding: _Riding) -> None:
        """Keep what could not be written."""
        usage, metrics, demand = riding
        self._usage.give_back(org, usage)
        self._metrics.give_back(metrics)
        self._demand.give_back(org, demand)

    def _restamp(self, path: str, bucket: Snapshot | None, now: float) -> None:
        """Let a bucket that a wrong clock stamped far ahead begin to fill again."""
        if bucket is not None and _counted_at(bucket.data, now) != bucket.data["at"]:
            stamped = {**bucket.data, "at": now}
            with suppress(Conflict):  # somebody was faster, and stamped it
                self._documents.commit([Put(path, stamped, if_version=bucket.version)])


def bucket_path(org: str) -> str:
    """Where an organization's bucket is kept."""
    return f"rates/{org}"


def _drawn_from(path: str, bucket: Snapshot | None, level: float, renewals: int, now: float) -> Put:
    """The bucket after a lease was taken out of it, if nobody else did meanwhile."""
    at = now if bucket is None else max(now, _counted_at(bucket.data, now))
    after = {"level": level, "at": at, "lease": secrets.token_hex(8), "renewals": renewals}
    return Put(path, after, if_version=ABSENT if bucket is None else bucket.version)


def _length(lease: _Lease, renewals: int, now: float) -> float:
    """How long the lease may last that begins now.

    Others renewed about once each since this instance did, if it did so on time; one that was away
    for longer than its lease counts as many as there were in a lease's length.
    """
    if lease.renewed_at is None or now <= lease.renewed_at:
        return lease.seconds
    late = (now - lease.renewed_at) / lease.seconds
    others = max(0, renewals - lease.renewals) / max(1.0, late)
    return min(FULL_SECONDS, LEASE_SECONDS * (1 + others))


def _lease_size(limit: int, seconds: float) -> int:
    """Calls in a lease: all leases of that length together hold half of the bucket at most."""
    share = min(LEASE_SHARE, LEASE_SECONDS / 60, 1 / seconds)
    return max(1, math.floor(limit * share))


def _least(limit: int, seconds: float) -> int:
    """Calls that an empty bucket gathers before it is written again."""
    gather = min(LONGEST_GATHER, max(GATHER_SECONDS, GATHER_SHARE * seconds))
    return max(1, math.floor(limit / 60 * gather))


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
