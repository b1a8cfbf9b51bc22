"""A tenant's metrics as they are asked: in buckets of time, by tags, brought together."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final, Literal, NamedTuple

from shared.auth.metrics import KEPT, METRICS, Field, Metric, own_path, path_of
from shared.errors import Problem
from shared.pipeline.sources import invalid
from shared.ports.documents import Documents, Query
from shared.queries import METRICS as HOURS
from shared.records import every

MOST_POINTS: Final = 1_500
Bucket = Literal["1m", "5m", "1h", "1d"]
Aggregation = Literal["sum", "avg", "min", "max", "count", "last", "p95"]
BUCKETS: Final[Mapping[Bucket, timedelta]] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
AGGREGATIONS: Final[Mapping[str, tuple[Aggregation, ...]]] = {
    "counter": ("sum",),
    "gauge": ("last", "min", "max"),
    "distribution": ("avg", "count", "min", "max", "p95", "sum"),
}
"""What can be asked of each kind; the first is what is meant if nothing is said."""
APPROXIMATE: Final = ("min", "max", "p95")
"""Of a distribution, because only powers of two are kept."""
_P95: Final = 0.95
_THOUSANDTHS: Final = frozenset({"s"})


class Known(NamedTuple):
    """A metric that has values, and from when until when."""

    metric: Metric
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a metric, of `start` up to `end`."""

    start: datetime
    end: datetime
    bucket: Bucket
    group_by: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    aggregation: Aggregation | Literal[""] = ""


class Series(NamedTuple):
    """One line: what it is of, and its points in order of time; buckets without values miss."""

    tags: dict[str, str]
    points: list[tuple[datetime, float]]


class Answer(NamedTuple):
    """The lines, the largest first, and by what values were brought together."""

    series: list[Series]
    aggregation: Aggregation
    approximate: bool


def known(documents: Documents, tenant: str) -> list[Known]:
    """The metrics that have values in a group's first or newest hour, in order of name."""
    found: dict[str, list[datetime]] = defaultdict(list)
    own = {own_path(tenant, group): group for group in {each.group for each in METRICS.values()}}
    newest = documents.get_many(list(own))
    for path, snapshot in newest.items():
        last = _hour(snapshot.data["last"])
        end = documents.get(path_of(tenant, own[path], last))
        hours = _hours(documents, tenant, own[path], None, None, most=1)
        for hour, data in [*hours, *([(last, end.data)] if end else [])]:
            for each, _ in _fields(data):
                found[each.metric].append(hour + timedelta(minutes=each.minute))
    return [Known(METRICS[name], min(found[name]), max(found[name])) for name in sorted(found)]


def metric_of(name: str) -> Metric:
    """The metric of that name. Raises `not_found`, naming the nearest."""
    found = METRICS.get(name)
    if found is None:
        near = get_close_matches(name, METRICS, 3, 0.4) or sorted(METRICS)[:3]
        message = f"There is no metric {name[:100]!r}. There are {', '.join(near)}."
        raise Problem("not_found", message, near=near)
    return found


def asked_of(documents: Documents, tenant: str, metric: Metric, asked: Asked) -> Answer:
    """What the metric was. Raises `invalid`."""
    aggregation = _checked(metric, asked)
    lines: dict[tuple[str, ...], dict[datetime, _Counts]] = defaultdict(
        lambda: defaultdict(_Counts)
    )
    for at, tags, statistic, value in _values(documents, tenant, metric, asked):
        counts = lines[tuple(tags[tag] for tag in asked.group_by)][_floor(at, asked.bucket)]
        if statistic == "last":
            counts.lasts.append(value)
        else:
            counts.sums[statistic] += value
    series = []
    for key, buckets in lines.items():
        points = [(at, _value(metric, aggregation, buckets[at])) for at in sorted(buckets)]
        series.append(Series(dict(zip(asked.group_by, key, strict=True)), points))
    series.sort(key=lambda each: -sum(value for _, value in each.points))
    is_rough = metric.kind == "distribution" and aggregation in APPROXIMATE
    return Answer(series, aggregation, is_rough)


@dataclass(slots=True)
class _Counts:
    """What was counted in one bucket; `lasts` in order of time."""

    sums: Counter[str] = field(default_factory=Counter)
    lasts: list[int] = field(default_factory=list)


def _values(
    documents: Documents, tenant: str, metric: Metric, asked: Asked
) -> Iterator[tuple[datetime, dict[str, str], str, int]]:
    """The minutes, tags, statistics and values that are asked for."""
    wanted = asked.tags or {}
    for hour, data in _hours(documents, tenant, metric.group, asked.start, asked.end):
        for each, value in sorted(_fields(data)):
            if each.metric != metric.name:
                continue
            at = hour + timedelta(minutes=each.minute)
            tags = dict(zip(metric.tags, each.tags, strict=True))
            if asked.start <= at < asked.end and all(tags[t] == v for t, v in wanted.items()):
                yield at, tags, each.statistic, value


def _checked(metric: Metric, asked: Asked) -> Aggregation:
    able = AGGREGATIONS[metric.kind]
    if asked.aggregation and asked.aggregation not in able:
        said = f"{metric.name!r} is a {metric.kind}: it can be asked {', '.join(able)}."
        raise invalid("aggregation", said)
    for path, names in (("group_by", asked.group_by), ("tags", tuple(asked.tags or ()))):
        wrong = [each for each in names if each not in metric.tags]
        if wrong:
            said = f"{metric.name!r} has no tag {wrong[0]!r}, but {', '.join(metric.tags)}."
            raise invalid(path, said)
    if asked.end <= asked.start:
        raise invalid("to", "It ends before it begins.")
    if asked.end - asked.start > KEPT + timedelta(days=1):
        raise invalid("from", f"Metrics are kept for {KEPT.days} days.")
    count = (asked.end - asked.start) / BUCKETS[asked.bucket]
    if count > MOST_POINTS:
        said = f"That is {int(count)} buckets; {MOST_POINTS} are the most. Take longer ones."
        raise invalid("bucket", said)
    return asked.aggregation or able[0]


def _hours(
    documents: Documents,
    tenant: str,
    group: str,
    start: datetime | None,
    end: datetime | None,
    most: int | None = None,
) -> list[tuple[datetime, Mapping[str, int]]]:
    """The hours of a group, in order."""
    begin = f"{group}:{start:%Y%m%d%H}" if start else f"{group}:"
    after = f"{group}:{end + timedelta(hours=1):%Y%m%d%H}" if end else f"{group};"
    query = Query(HOURS, parents=(tenant,), start=begin, end=after, limit=most or 200)
    found = documents.query(query).items if most else every(documents, query)
    return [(_hour(each.id.rpartition(":")[2]), each.data) for each in found]


def _hour(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H").replace(tzinfo=UTC)


def _fields(data: Mapping[str, int]) -> Iterator[tuple[Field, int]]:
    for name, value in data.items():
        found = Field.of(name)
        if found is not None:
            yield found, value


def _floor(at: datetime, bucket: Bucket) -> datetime:
    step = BUCKETS[bucket]
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (at - start) // step * step


def _value(metric: Metric, aggregation: Aggregation, counts: _Counts) -> float:
    """What a bucket comes to."""
    sums, lasts, n = counts.sums, counts.lasts, counts.sums["n"]
    if metric.kind == "counter":
        return sums["sum"]
    if metric.kind == "gauge":
        return {"last": lasts[-1], "min": min(lasts), "max": max(lasts)}[aggregation]
    if aggregation == "count":
        return n
    if aggregation in ("sum", "avg"):
        made = sums["sum"] / (n if aggregation == "avg" else 1)
    else:
        made = _rank(sums, {"min": 0.0, "max": 1.0}.get(aggregation, _P95))
    return round(made / (1000 if metric.unit in _THOUSANDTHS else 1), 3)


def _rank(counts: Counter[str], share: float) -> float:
    """About which value so many of all are below: within a power of two, evenly."""
    digits = sorted((int(name[1:]), n) for name, n in counts.items() if name.startswith("b"))
    rest = share * sum(n for _, n in digits)
    for k, n in digits:
        low, high = (2 ** (k - 1), 2**k - 1) if k else (0, 0)
        if rest <= n:
            return low + (high - low) * rest / n
        rest -= n
    return 0.0
