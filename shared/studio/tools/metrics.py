"""What happened to a tenant's data, counted: how much, how often, how late."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.pipeline import metric_series
from shared.pipeline.metric_series import AGGREGATIONS, Aggregation, Asked, Bucket
from shared.studio.arguments import StudioArgs, Time, touched
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("metrics", org_types=STUDIO.org_types, tenant=True, touched=touched)


class MetricShown(Result):
    """A metric: what it counts by, what can be asked of it, and when it had values."""

    name: str
    unit: str
    kind: str
    tags: list[str]
    aggregations: list[Aggregation]
    first: datetime
    last: datetime


class MetricsFound(Result):
    """Metrics that have values."""

    items: list[MetricShown]


class ListMetrics(StudioArgs):
    """Which metrics."""

    query: Annotated[str, Field(max_length=100, description="A part of the name.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List metrics")
def list_metrics(call: Call, args: ListMetrics) -> MetricsFound:
    """List what is counted of imports, cards, queues, applications and tool calls."""
    found = metric_series.known(call.app.bulk_documents, call.tenant)
    return MetricsFound(
        items=[
            MetricShown(
                name=each.metric.name,
                unit=each.metric.unit,
                kind=each.metric.kind,
                tags=list(each.metric.tags),
                aggregations=list(AGGREGATIONS[each.metric.kind]),
                first=each.first,
                last=each.last,
            )
            for each in found
            if args.query.lower() in each.metric.name
        ]
    )


class GetMetrics(StudioArgs):
    """Which metric, of when, and how its values are brought together."""

    metric: Annotated[str, Field(max_length=100, description="As list_metrics names it.")]
    start: Annotated[Time, Field(alias="from", description="Else an hour before the end.")] = None
    end: Annotated[Time, Field(alias="to", description="Else now.")] = None
    bucket: Annotated[Bucket, Field(description="How long a point is.")] = "5m"
    group_by: Annotated[tuple[str, ...], Field(max_length=2, description="Tags: a line each.")] = ()
    tags: Annotated[dict[str, str], Field(description="Only values with these tags.")] = {}  # noqa: RUF012  pydantic copies defaults
    aggregation: Annotated[
        Literal["", "sum", "avg", "min", "max", "count", "last", "p95"],
        Field(description="The first of the metric's if empty."),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=50, description="Most lines, the largest first.")] = 10


class Point(Result):
    """The value from a time on, for one bucket."""

    t: datetime
    value: float


class Line(Result):
    """Points in order of time; buckets without values are left out."""

    tags: dict[str, str]
    points: list[Point]


class MetricFound(Result):
    """A metric's lines; `lines` is how many there are."""

    metric: str
    unit: str
    aggregation: Aggregation
    approximate: bool
    lines: int
    series: list[Line]


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Get a metric")
def get_metrics(call: Call, args: GetMetrics) -> MetricFound:
    """Tell how a metric went, in buckets of time, as one line or by its tags. Ten seconds late."""
    metric = metric_series.metric_of(args.metric)
    end = args.end or call.now + timedelta(minutes=1)
    asked = Asked(
        start=args.start or end - timedelta(hours=1),
        end=end,
        bucket=args.bucket,
        group_by=tuple(dict.fromkeys(args.group_by)),
        tags=args.tags,
        aggregation=args.aggregation,
    )
    found = metric_series.asked_of(call.app.bulk_documents, call.tenant, metric, asked)
    return MetricFound(
        metric=metric.name,
        unit=metric.unit,
        aggregation=found.aggregation,
        approximate=found.approximate,
        lines=len(found.series),
        series=[
            Line(tags=each.tags, points=[Point(t=at, value=value) for at, value in each.points])
            for each in found.series[: args.limit]
        ],
    )
