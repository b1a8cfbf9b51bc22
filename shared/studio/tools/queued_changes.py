"""Changes of endpoints' segments that wait for their time: queued, listed, taken back."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline import queued_changes
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import ENDPOINTS, VERSIONS, endpoints_of
from shared.pipeline.queued_changes import Asked, Mode, Operation, QueuedChange, of_endpoints
from shared.pipeline.segments import SEGMENTS
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.workspace import Known, Workspace
from shared.studio.arguments import Paged, Time, Written, touched
from shared.studio.tools.destinations import VersionId
from shared.studio.tools.endpoints import EndpointId
from shared.tool import Call, Effect, Family, Json, Result, Risk

family = Family(
    "queued_changes",
    org_types=STUDIO.org_types,
    tenant=True,
    toolset="destinations",
    touched=touched,
)
SegmentId = Annotated[str, Field(pattern=SOURCE_ID, description="The segment's id.")]
ChangeId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]


class ChangeShown(Result):
    """A change; `apply_at` null: when its segment has cards, by the segment's schedule."""

    id: str
    endpoint_id: str
    segment_id: str
    operation: Operation
    mode: Mode
    replaces_segment_id: str
    apply_at: datetime | None
    status: queued_changes.Status
    error: str
    by: str
    at: datetime
    job_id: str


class ChangesPage(Result):
    """Changes, oldest first; those that are over are shown for 30 days."""

    items: list[ChangeShown]
    next_cursor: str | None
    has_more: bool


class ListQueued(Paged):
    """Of which version or endpoint, in which state."""

    api_version_id: VersionId
    endpoint_id: Annotated[str, Field(max_length=302, description="This one alone.")] = ""
    status: Annotated[
        Literal["", "pending", "applied", "reverted", "failed", "cancelled"],
        Field(description="Any if empty."),
    ] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List queued changes")
def list_queued_endpoint_segment_changes(call: Call, args: ListQueued) -> ChangesPage:
    """List the changes of a version's endpoints that wait for their time, or came to an end."""
    space = Workspace(call)
    version = space.configuration.get(VERSIONS, args.api_version_id).value
    ids = [each.value.id for each in endpoints_of(space.configuration, version.id)]
    if args.endpoint_id:
        ids = [space.configuration.get(ENDPOINTS, args.endpoint_id).value.id]
    every = of_endpoints(space.configuration, ids)
    found = [queued_changes.shown(space, e.value) for e in every if e.value.id > args.cursor]
    found = [each for each in found if args.status in ("", each.status)]
    some = found[: args.limit]
    more = len(found) > len(some) and bool(some)
    return ChangesPage(
        items=[_shown(each) for each in some],
        next_cursor=some[-1].id if more else None,
        has_more=more,
    )


class QueueChange(Written):
    """What changes for which endpoint, and when."""

    endpoint_id: EndpointId
    segment_id: SegmentId
    operation: Annotated[Operation, Field(description="On the list that mode names.")]
    mode: Annotated[Mode, Field(description="Cards it has, or leaves out.")] = "include"
    replaces_segment_id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Of replace.")
    ] = ""
    apply_at: Annotated[
        Time, Field(description="Else with the segment's schedule, and until its end; or now.")
    ] = None
    idempotency_key: Annotated[
        str, Field(max_length=200, description="The same call again is answered, not done again.")
    ] = ""


class ChangeQueued(Result):
    """The change, and when it is to be applied."""

    change: ChangeShown
    due: datetime
    warnings: list[str]


@family.tool(
    scope="studio:publish",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Queue a change of an endpoint's segments",
    role=Role.PUBLISHER,
    returns=ChangeQueued,
)
def queue_endpoint_segment_change(call: Call, args: QueueChange) -> ChangeQueued | Json:
    """Have an endpoint include or exclude a segment from a time on; also one that is Scheduled.

    Changes of one endpoint that are due together are applied in one step, in the order they were
    queued in. What comes with a segment's schedule leaves with its end.
    """
    space = Workspace(call)
    return space.decide(partial(_queue, space, args))


def _queue(
    space: Workspace, args: QueueChange, configuration: Configuration
) -> ChangeQueued | Json:
    tool, arguments = "queue_endpoint_segment_change", args.model_dump(mode="json")
    idempotency = space.idempotency(tool, args.idempotency_key, arguments)
    first = space.answered(idempotency)
    if first is not None:
        return Json(first)
    given = Asked(
        args.endpoint_id,
        args.segment_id,
        args.operation,
        args.mode,
        args.replaces_segment_id,
        args.apply_at,
    )
    change = queued_changes.new(space, configuration, given)
    segment = configuration.get(SEGMENTS, args.segment_id).value
    made = queued_changes.prepared(space, change, segment)
    said = ChangeQueued(
        change=_shown(made.change),
        due=queued_changes.due_of(change, segment),
        warnings=_warnings(configuration, args),
    )
    known = Known(idempotency, said.model_dump_json().encode())
    repeated = queued_changes.queue(space, configuration, made, known, dry_run=args.dry_run)
    return said if repeated is None else Json(repeated)


def _warnings(configuration: Configuration, args: QueueChange) -> list[str]:
    endpoint = configuration.get(ENDPOINTS, args.endpoint_id).value
    include = endpoint.selection.include
    said = []
    if args.dry_run:
        said.append("Nothing was written: dry_run.")
    if args.mode == "include" and args.operation == "add" and not include:
        said.append("It has all cards now, and only this segment's from then on.")
    if args.mode == "include" and args.operation == "remove" and include == (args.segment_id,):
        said.append("It is the last one included: the endpoint has all cards from then on.")
    return said


class DeleteQueued(Written):
    """Which changes."""

    ids: Annotated[
        tuple[ChangeId, ...], Field(min_length=1, max_length=100, description="Of changes.")
    ]


class ChangesDeleted(Result):
    """What became of each."""

    deleted: list[str]
    not_found: list[str]
    already_applied: list[str]


@family.tool(
    scope="studio:publish",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Delete queued changes",
    role=Role.PUBLISHER,
    idempotent=True,
)
def delete_queued_endpoint_segment_changes(call: Call, args: DeleteQueued) -> ChangesDeleted:
    """Take queued changes back before they are applied."""
    done = queued_changes.delete(Workspace(call), args.ids, dry_run=args.dry_run)
    return ChangesDeleted(**done._asdict())


def _shown(change: QueuedChange) -> ChangeShown:
    return ChangeShown(
        id=change.id,
        endpoint_id=change.endpoint,
        segment_id=change.segment,
        operation=change.operation,
        mode=change.mode,
        replaces_segment_id=change.replaces,
        apply_at=change.apply_at,
        status=change.status,
        error=change.error,
        by=change.by,
        at=change.created_at,
        job_id=change.job,
    )
