"""Changes of the segments that an endpoint selects, which wait for their time.

One waits for a moment, or comes and goes with its segment's schedule (`applying_changes`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal, NamedTuple

from shared.engine import jobs
from shared.engine.jobs import JOBS
from shared.errors import Problem
from shared.pipeline.configuration import Configuration, Defined, Definition, Kind, put, remove
from shared.pipeline.destinations import ENDPOINTS, Endpoint, Selection
from shared.pipeline.job_kinds import APPLY_SEGMENT_CHANGE
from shared.pipeline.job_space import asked
from shared.pipeline.segments import SEGMENTS, Segment
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Known, Workspace

MOST_QUEUED: Final = 500
"""Of one tenant, with those of the last 30 days that are over."""
FURTHEST: Final = timedelta(days=366)
KEPT: Final = timedelta(days=30)
"""How long one is shown that is over."""
LOOK: Final = timedelta(days=1)
"""How far ahead the queue of jobs is told."""
Operation = Literal["add", "remove", "replace"]
Mode = Literal["include", "exclude"]
Status = Literal["pending", "applied", "reverted", "failed", "cancelled"]


class QueuedChange(Definition):
    """A change that waits, `queued:{id}` of the configuration.

    The id is the commit that queued it, so ids are in order of time.

    Attributes:
        replaces: the segment whose place it takes, of `replace`.
        apply_at: when; None for as long as its segment has cards, by the segment's schedule.
        ended_at: when it was applied, or failed; `error` says why.
        job: what applies it.
    """

    endpoint: str
    segment: str
    operation: Operation
    mode: Mode
    replaces: str = ""
    apply_at: datetime | None = None
    status: Status = "pending"
    by: str
    created_at: datetime
    ended_at: datetime | None = None
    error: str = ""
    job: str = ""

    def applied(self, selection: Selection) -> Selection:
        """The selection afterwards. Raises `conflict` where what it replaces is gone."""
        there = list(getattr(selection, self.mode))
        if self.operation == "remove":
            after = [each for each in there if each != self.segment]
        elif self.operation == "add" or self.segment in there:
            after = [*there, self.segment]
        elif self.replaces in there:
            after = [self.segment if each == self.replaces else each for each in there]
        else:
            message = f"The endpoint no longer names {self.replaces!r}."
            raise Problem("conflict", message)
        if self.operation == "replace":
            after = [each for each in after if each != self.replaces]
        return selection.model_copy(update={self.mode: tuple(dict.fromkeys(after))})

    def reverted(self, selection: Selection) -> Selection:
        """The selection without what this brought."""
        back = (self.replaces,) if self.operation == "replace" else ()
        there = getattr(selection, self.mode)
        after = [x for each in there for x in (back if each == self.segment else (each,))]
        return selection.model_copy(update={self.mode: tuple(dict.fromkeys(after))})

    @property
    def brings(self) -> bool:
        """Whether it needs a segment that has cards."""
        return self.operation != "remove"


QUEUED: Final = Kind("queued", QueuedChange, "queued change")


class Asked(NamedTuple):
    """A change as it is asked for."""

    endpoint: str
    segment: str
    operation: Operation
    mode: Mode
    replaces: str
    apply_at: datetime | None


def shown(space: Workspace, change: QueuedChange) -> QueuedChange:
    """The change; `cancelled` where somebody ended its job."""
    if change.status != "pending":
        return change
    job = JOBS.find(space.call.app.documents, f"{space.call.tenant}:{change.job}")
    is_over = job is None or job.value.state in ("failed", "cancelled")
    return change.model_copy(update={"status": "cancelled"}) if is_over else change


def due_of(change: QueuedChange, segment: Segment | None) -> datetime:
    """When it is to be applied, as its segment is now."""
    if change.apply_at is not None:
        return change.apply_at
    if segment is not None and segment.status == "Scheduled" and segment.schedule:
        return segment.schedule.start
    return change.created_at


def new(space: Workspace, configuration: Configuration, given: Asked) -> QueuedChange:
    """A change that fits what is there. Raises `not_found`, `invalid`, `conflict`, `too_large`."""
    now = space.call.now
    endpoint = configuration.get(ENDPOINTS, given.endpoint).value
    segment = configuration.get(SEGMENTS, given.segment).value
    if given.apply_at is None and (given.operation == "remove" or segment.status == "Active"):
        given = given._replace(apply_at=now)
    change = QueuedChange(
        id=f"{configuration.seq + 1:012d}",
        **given._asdict(),
        by=space.call.caller.subject,
        created_at=now,
    )
    if segment.card != endpoint.card:
        message = f"{segment.id!r} is a segment of {segment.card!r}, not of {endpoint.card!r}."
        raise invalid("segment_id", message)
    _check_time(change, segment, now)
    others = [each.value for each in pending(space, configuration, endpoint.id)]
    if any(_same(change, other, now) for other in others):
        message = "The same change waits already: list_queued_endpoint_segment_changes shows it."
        raise Problem("conflict", message)
    _check_names(change, endpoint, [*_named(others)])
    if sum(1 for _ in configuration.every(QUEUED)) >= MOST_QUEUED:
        message = f"{MOST_QUEUED} changes are queued, or are over since less than 30 days."
        raise Problem("too_large", message, limit=MOST_QUEUED)
    return change


def _check_time(change: QueuedChange, segment: Segment, now: datetime) -> None:
    at = change.apply_at
    if at is not None and not now <= at <= now + FURTHEST:
        raise invalid("apply_at", "It is in the future, at most a year ahead.")
    if not change.brings:
        return
    if segment.status == "Archived":
        raise invalid("segment_id", f"{segment.id!r} is Archived: it has no cards.")
    start = segment.schedule.start if segment.schedule else None
    if at is not None and segment.status == "Scheduled" and start is not None and at < start:
        message = f"{segment.id!r} has no cards before {start.isoformat()}."
        raise invalid("apply_at", message)


def _check_names(change: QueuedChange, endpoint: Endpoint, soon: Sequence[str]) -> None:
    """What a change names is there, or is to be by another one that waits."""
    there = getattr(endpoint.selection, change.mode)
    if change.operation == "add" and change.segment in there and change.segment not in soon:
        message = f"The endpoint has {change.segment!r} there already."
        raise invalid("segment_id", message)
    if change.operation == "replace" and not change.replaces:
        raise invalid("replaces_segment_id", "Name the segment whose place it takes.")
    if change.operation != "replace" and change.replaces:
        raise invalid("replaces_segment_id", "It belongs to the operation replace.")
    gone = {"remove": change.segment, "replace": change.replaces}.get(change.operation)
    if gone is not None and gone not in (*there, *soon):
        field = "segment_id" if change.operation == "remove" else "replaces_segment_id"
        named = ", ".join(there) or "none"
        raise invalid(field, f"The endpoint does not name {gone!r} there, but {named}.")


def _named(changes: Sequence[QueuedChange]) -> Iterator[str]:
    for each in changes:
        yield from (each.segment, each.replaces)


def _same(one: QueuedChange, other: QueuedChange, now: datetime) -> bool:
    def key(of: QueuedChange) -> tuple[object, ...]:
        at = None if of.apply_at is None else max(of.apply_at, now)
        return of.segment, of.operation, of.mode, of.replaces, at

    return key(one) == key(other)


class Prepared(NamedTuple):
    """A change with the job that is to apply it."""

    change: QueuedChange
    job: jobs.Asked


def prepared(space: Workspace, change: QueuedChange, segment: Segment) -> Prepared:
    """The change, and its job."""
    now = space.call.now
    job = asked(space.call, APPLY_SEGMENT_CHANGE, change=change.id).job
    due = max(now, due_of(change, segment))
    made = jobs.ask(job, min(due, now + LOOK))
    return Prepared(change.model_copy(update={"job": jobs.own_id(made.id)}), made)


def queue(
    space: Workspace, configuration: Configuration, made: Prepared, known: Known, *, dry_run: bool
) -> bytes | None:
    """Have a change wait for its time; what is over for a month is forgotten.

    The first answer where this call came before; see `Known`.
    """
    old = [
        remove(QUEUED, each)
        for each in configuration.every(QUEUED)
        if _is_old(configuration, each.value, space.call.now)
    ]
    edits = [put(QUEUED, made.change, None), *old]
    return space.configure(*edits, job=made.job, known=known, dry_run=dry_run).repeated


def _is_old(configuration: Configuration, change: QueuedChange, now: datetime) -> bool:
    """Whether nobody asks for it any more, and no schedule's end takes it back."""
    if change.ended_at is None or change.ended_at >= now - KEPT:
        return False
    segment = configuration.find(SEGMENTS, change.segment)
    schedule = segment.value.schedule if segment else None
    ends = schedule is not None and schedule.end is not None
    return not (change.status == "applied" and change.apply_at is None and ends)


class Deleted(NamedTuple):
    """What became of changes that were to be taken back, by id."""

    deleted: list[str]
    not_found: list[str]
    already_applied: list[str]


def delete(space: Workspace, ids: Sequence[str], *, dry_run: bool) -> Deleted:
    """Take changes back that wait, or failed."""
    done, gone = space.decide(partial(_delete, space, list(dict.fromkeys(ids)), dry_run))
    if not dry_run:
        for each in gone:
            job = JOBS.find(space.call.app.documents, f"{space.call.tenant}:{each.job}")
            if job is not None and not job.value.is_over:
                jobs.cancel(space.call.app, space.call.tenant, each.job)
    return done


def _delete(
    space: Workspace,
    ids: list[str],
    dry_run: bool,  # noqa: FBT001  bound by partial
    configuration: Configuration,
) -> tuple[Deleted, list[QueuedChange]]:
    found = {id_: each for id_ in ids if (each := configuration.find(QUEUED, id_)) is not None}
    over = [id_ for id_, each in found.items() if each.value.status in ("applied", "reverted")]
    gone = [each for id_, each in found.items() if id_ not in over]
    if gone:
        space.configure(*(remove(QUEUED, each) for each in gone), dry_run=dry_run)
    missing = [id_ for id_ in ids if id_ not in found]
    return Deleted([each.value.id for each in gone], missing, over), [e.value for e in gone]


def check_none_waits(configuration: Configuration, segment: str) -> None:
    """Raises `conflict` where a change waits that names a segment."""
    waiting = [
        each.value.id
        for each in configuration.every(QUEUED)
        if each.value.status == "pending" and segment in (each.value.segment, each.value.replaces)
    ]
    if waiting:
        message = f"Queued changes name {segment!r}: delete_queued_endpoint_segment_changes first."
        raise Problem("conflict", message, ids=waiting)


def of_endpoints(
    configuration: Configuration, endpoints: Sequence[str]
) -> list[Defined[QueuedChange]]:
    """The changes of endpoints, in order of time."""
    return [each for each in configuration.every(QUEUED) if each.value.endpoint in endpoints]


def pending(
    space: Workspace, configuration: Configuration, endpoint: str
) -> list[Defined[QueuedChange]]:
    """The changes of an endpoint that wait, in order of time."""
    found = of_endpoints(configuration, [endpoint])
    return [each for each in found if shown(space, each.value).status == "pending"]
