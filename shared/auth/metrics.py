"""Metrics of tenants: counted in memory, written along with what is written anyway.

`tenants/{tenant}/metrics/{group}:{yyyymmddhh}` has a field for each minute, series and statistic:
`{minute}|{metric}|{tags}|{statistic}`. A group is what one function counts, so what an edit costs
there is one more write at most. They ride on renewals of rate leases and on turns' commits, of
whichever tenant. What an instance has not written when it dies is lost: what it counted in the last
`SECONDS` in which it did anything. Nothing is decided on these numbers.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from shared.ports.clock import Clock
from shared.ports.documents import Add

SECONDS: Final = 10.0
"""What was counted is written no sooner after it, and no sooner again."""
KEPT: Final = timedelta(days=90)
_MOST_WRITES: Final = 10
_MOST_AMOUNTS: Final = 200
"""What rides along at once: a commit takes 500 amounts, those of usage among them."""
_SEPARATOR: Final = "|"
_OTHER: Final = "other"
Kind = Literal["counter", "gauge", "distribution"]


MOST_SERIES: Final[Mapping[Kind, int]] = {"counter": 60, "gauge": 25, "distribution": 25}
"""Of one metric, tenant and hour in one process: a document holds a mebibyte. More are `other`."""


class Metric(NamedTuple):
    """What is counted: in which group, its unit, and by which tags.

    A `counter` has the statistic `sum`; a `gauge` has `last`; a `distribution` `n`, `sum` and
    `b{k}`, how many values have k binary digits. Durations are counted in milliseconds.
    """

    group: str
    name: str
    unit: str
    kind: Kind
    tags: tuple[str, ...]


METRICS: Final[Mapping[str, Metric]] = {
    each.name: each
    for each in (
        Metric("studio", "ingest.requests", "imports", "counter", ("source",)),
        Metric("studio", "ingest.entries", "entries", "counter", ("source",)),
        Metric("studio", "ingest.rejected", "entries", "counter", ("source",)),
        Metric("engine", "cards.projected", "cards", "counter", ("card_definition",)),
        Metric("engine", "entries.projected", "entries", "counter", ("endpoint",)),
        Metric("engine", "queue.pending", "commits", "gauge", ("of",)),
        Metric("engine", "queue.failed", "records", "gauge", ("of",)),
        Metric("engine", "index.lag_seconds", "s", "distribution", ("of",)),
        Metric("destinations", "destination.requests", "calls", "counter", ("endpoint", "status")),
        Metric("destinations", "destination.latency_ms", "ms", "distribution", ("endpoint",)),
        Metric("studio", "mcp.tool_calls", "calls", "counter", ("tool",)),
        Metric("studio", "mcp.tool_errors", "calls", "counter", ("tool", "code")),
    )
}


class Field(NamedTuple):
    """What one field of an hour's document counts."""

    minute: int
    metric: str
    tags: tuple[str, ...]
    statistic: str

    def __str__(self) -> str:
        return _SEPARATOR.join((f"{self.minute:02}", self.metric, *self.tags, self.statistic))

    @classmethod
    def of(cls, name: str) -> "Field | None":
        """The field of that name; None for one that counts nothing."""
        minute, *rest = name.split(_SEPARATOR)
        return cls(int(minute), rest[0], tuple(rest[1:-1]), rest[-1]) if rest else None


@dataclass
class _Hour:
    """What waits to be written of one group, tenant and hour."""

    path: str
    since: float
    expires_at: datetime
    amounts: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)


class Metrics:
    """The counters of one process. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, _Hour] = {}
        self._series: dict[str, tuple[str, set[tuple[str, ...]]]] = {}
        self._told: dict[str, str] = {}

    def count(self, tenant: str, name: str, value: int = 1, **tags: str) -> None:
        """Count a value of a metric. Raises KeyError for one that is not declared."""
        metric = METRICS[name]
        now = self._clock.now()
        path = path_of(tenant, metric.group, now)
        with self._lock:
            hour = self._waiting.get(path)
            if hour is None:
                hour = self._waiting[path] = _Hour(path, now.timestamp(), now + KEPT)
            series = self._counted(path, metric, tuple(tags[tag] for tag in metric.tags))
            if metric.kind == "gauge":
                hour.last[str(Field(now.minute, name, series, "last"))] = value
            for statistic, amount in _statistics(metric.kind, value):
                hour.amounts[str(Field(now.minute, name, series, statistic))] += amount

    def _counted(self, path: str, metric: Metric, series: tuple[str, ...]) -> tuple[str, ...]:
        """The series that it is counted under."""
        of = f"{path.rpartition(':')[0]} {metric.name}"
        hour, known = self._series.get(of, ("", set()))
        if hour != path:
            known = set()
            self._series[of] = path, known
        if series not in known and len(known) >= MOST_SERIES[metric.kind]:
            return tuple(_OTHER for _ in series)
        known.add(series)
        return series

    def take(self) -> tuple[Add, ...]:
        """Some of the writes that are due; give them back if they lose to somebody else."""
        now = self._clock.now()
        writes: list[Add] = []
        newest: dict[str, Add] = {}
        amounts = 0
        with self._lock:
            due = [
                e for e in self._waiting.values() if not 0 <= now.timestamp() - e.since < SECONDS
            ]
            for hour in due[: _MOST_WRITES // 2]:
                some = dict(list(hour.amounts.items())[: _MOST_AMOUNTS - amounts])
                if not some and hour.amounts:
                    break  # the rest comes with the next
                amounts += len(some)
                whole = len(some) == len(hour.amounts)
                data = {**hour.last, "expiresAt": hour.expires_at} if whole else {}
                writes.append(Add(hour.path, some, data))
                if whole:
                    del self._waiting[hour.path]
                else:
                    hour.amounts -= Counter(some)
                self._tell(hour, newest)
        return (*writes, *newest.values())

    def _tell(self, hour: _Hour, newest: dict[str, Add]) -> None:
        """Have a group's own document say that this hour is its newest, where it does not."""
        own, _, stamp = hour.path.rpartition(":")
        if self._told.get(own, "") < stamp:
            self._told[own] = stamp
            newest[own] = Add(own, {}, {"last": stamp, "expiresAt": hour.expires_at})

    def give_back(self, writes: Iterable[Add]) -> None:
        """Keep what `take` gave, because it could not be written."""
        now = self._clock.now()
        with self._lock:
            for write in writes:
                if "last" in write.data:
                    self._told.pop(write.path, None)
                    continue
                expires_at = write.data.get("expiresAt", now + KEPT)
                hour = self._waiting.setdefault(write.path, _Hour(write.path, 0.0, expires_at))
                hour.since = 0.0
                hour.amounts.update(write.amounts)
                last = {name: each for name, each in write.data.items() if name != "expiresAt"}
                hour.last = {**last, **hour.last}


def own_path(tenant: str, group: str) -> str:
    """Where it stands which hour of a group is the newest."""
    return f"tenants/{tenant}/metrics/{group}"


def path_of(tenant: str, group: str, at: datetime) -> str:
    """Where an hour of a group is kept."""
    return f"{own_path(tenant, group)}:{at:%Y%m%d%H}"


def _statistics(kind: Kind, value: int) -> Iterable[tuple[str, int]]:
    """What is added to; a gauge is set."""
    if kind != "gauge":
        yield "sum", value
    if kind == "distribution":
        yield "n", 1
        yield f"b{max(0, value).bit_length()}", 1
