"""Why something is not where it was expected."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.engine.derived import KEPT
from shared.pipeline import destination_queue, trace, why
from shared.pipeline.destination_queue import Asked, Reason, Status
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import EntryId, OfSource, Paged, StudioArgs, Time, touched
from shared.studio.tools.destinations import DestinationId
from shared.studio.tools.endpoints import EndpointId
from shared.tool import Call, Effect, Family, Result, Risk

family = Family(
    "diagnosis", org_types=STUDIO.org_types, tenant=True, toolset="destinations", touched=touched
)


class CheckShown(Result):
    """One thing that was looked at, with what was compared; `cause` where it blocks."""

    name: str
    cause: str
    detail: str
    evidence: dict[str, Any]


class FixShown(Result):
    """A call that makes the difference."""

    tool: str
    arguments: dict[str, Any]


class Diagnosis(Result):
    """Whether it is there; the first cause why not, and all that was looked at, in order."""

    published: bool
    cause: str
    verdict: str
    fixes: list[FixShown]
    checks: list[CheckShown]


class WhyNotPublished(StudioArgs):
    """Which card of which endpoint."""

    endpoint_id: EndpointId
    card_id: Annotated[str, Field(min_length=1, max_length=256, description="The card's key.")]
    language: Annotated[str, Field(max_length=20, description="Expected in this one.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Why not published")
def why_not_published(call: Call, args: WhyNotPublished) -> Diagnosis:
    """Say why an endpoint does not show a card: the first cause, what was compared, what to do.

    Use it when something is missing at an application. Done, the fix makes the card appear, or
    shows the next cause.
    """
    found = why.checks(Workspace(call), args.endpoint_id, args.card_id, args.language)
    first = next((each for each in found if each.cause), None)
    fix = first.fix if first else None
    return Diagnosis(
        published=first is None,
        cause=first.cause or "" if first else "",
        verdict=first.detail if first else "It is published.",
        fixes=[FixShown(tool=fix.tool, arguments=dict(fix.arguments))] if fix else [],
        checks=[
            CheckShown(
                name=each.name,
                cause=each.cause or "",
                detail=each.detail,
                evidence=dict(each.evidence),
            )
            for each in found
        ],
    )


class TraceEntry(OfSource):
    """Which entry, and which way of it."""

    entry_id: EntryId
    destination_id: Annotated[str, Field(max_length=100, description="Its endpoints alone.")] = ""
    endpoint_id: Annotated[str, Field(max_length=302, description="This one alone.")] = ""


class StageShown(Result):
    """A stop: of a source, a card definition or an endpoint; `lag_s` after it was stored."""

    stage: trace.StageName
    of: str
    card_id: str
    status: trace.Status
    at: datetime | None
    revision: int
    lag_s: float | None
    detail: str


class Traced(Result):
    """An entry's way, in order; the verdict is the first stage that is not ok."""

    version: int
    last_updated: datetime | None
    verdict: str
    next_steps: list[FixShown]
    stages: list[StageShown]


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Trace an entry")
def trace_entry_lifecycle(call: Call, args: TraceEntry) -> Traced:
    """Follow an entry from its import through search and cards to endpoints, with times.

    Use it first when something is stuck or missing. why_not_published looks closer at one endpoint.
    """
    found = trace.trace(
        Workspace(call), args.source_id, args.entry_id, args.destination_id, args.endpoint_id
    )
    first = next((each for each in found.stages if each.status != "ok"), None)
    fix = first.fix if first else None
    return Traced(
        version=found.version,
        last_updated=found.at,
        verdict=f"{first.stage} {first.of}: {first.detail}" if first else "It is everywhere.",
        next_steps=[FixShown(tool=fix.tool, arguments=dict(fix.arguments))] if fix else [],
        stages=[
            StageShown(
                stage=each.stage,
                of=each.of,
                card_id=each.card,
                status=each.status,
                at=each.at,
                revision=each.seq,
                lag_s=each.lag_s,
                detail=each.detail,
            )
            for each in found.stages
        ],
    )


class SearchQueue(Paged):
    """Which rows."""

    destination_id: DestinationId
    api_version: Annotated[str, Field(max_length=201, description="Such as v1.")] = ""
    endpoint_id: Annotated[str, Field(max_length=302, description="This one alone.")] = ""
    card_id: Annotated[str, Field(max_length=256, description="This one alone.")] = ""
    status: Annotated[
        Literal["", "pending", "completed", "failed"], Field(description="Any if empty.")
    ] = ""
    start: Annotated[Time, Field(alias="from", description="At or after this time.")] = None
    end: Annotated[Time, Field(alias="to", description="Before this time.")] = None


class QueueRow(Result):
    """A card of an endpoint; card_id empty: all are computed anew."""

    id: str
    card_id: str
    endpoint_id: str
    reason: Reason
    status: Status
    attempts: int
    error: str
    enqueued_at: datetime | None
    finished_at: datetime | None


class QueuePage(Result):
    """Rows by endpoint: pending, failed, completed with the newest first."""

    items: list[QueueRow]
    next_cursor: str | None
    has_more: bool
    kept_since: datetime


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search the queue")
def search_destination_queue(call: Call, args: SearchQueue) -> QueuePage:
    """List which cards a destination's endpoints are to compute, could not, and did, and why.

    A page may be short and still have more.
    """
    asked = Asked(
        args.destination_id,
        args.api_version,
        args.endpoint_id,
        args.card_id,
        args.status,
        args.start,
        args.end,
    )
    found = destination_queue.page(Workspace(call), asked, args.limit, args.cursor)
    return QueuePage(
        items=[
            QueueRow(
                id=each.id,
                card_id=each.card,
                endpoint_id=each.endpoint,
                reason=each.reason,
                status=each.status,
                attempts=each.attempts,
                error=each.error,
                enqueued_at=each.enqueued_at,
                finished_at=each.finished_at,
            )
            for each in found.rows
        ],
        next_cursor=found.cursor,
        has_more=found.cursor is not None,
        kept_since=call.now - KEPT,
    )
