"""Segments created, changed, moved by the clock, and deleted."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from shared.app import App
from shared.engine import jobs
from shared.engine.jobs import Asked, Done, Job, Next
from shared.pipeline.applying_changes import Reverts, reverts, wake, wakes
from shared.pipeline.cards import CARDS
from shared.pipeline.configuration import Configuration, Defined, put, remove
from shared.pipeline.destinations import check_no_segment
from shared.pipeline.job_kinds import MOVE_SEGMENT
from shared.pipeline.job_space import asked, space_of
from shared.pipeline.queued_changes import check_none_waits
from shared.pipeline.segment_members import Named, name_cards, named_by
from shared.pipeline.segments import SEGMENTS, Segment, SegmentStatus
from shared.pipeline.workspace import Workspace, new_import
from shared.ports.documents import Add

_FURTHEST: Final = timedelta(days=1)
"""How far ahead the queue is told: what is later is looked at again by then."""


def store(
    space: Workspace, after: Segment, seen: Defined[Segment] | None, named: tuple[Named, Named]
) -> Segment:
    """Save a segment, its cards that are named one by one before and after, and its schedule.

    Of a new one the definition comes last, so it is never in use with half of its list.
    """
    import_id = new_import()
    scheduled = _next(after, space.call.now)
    job = None
    if scheduled is not None and (seen is None or seen.value.schedule != after.schedule):
        call = asked(space.call, MOVE_SEGMENT, segment=after.id)
        job = jobs.ask(call.job, min(scheduled, space.call.now + _FURTHEST))
        after = after.model_copy(update={"job": jobs.own_id(job.id)})
    if seen is None:
        name_cards(space, after.card, after.id, *named, import_id)
    _configure(space, after, seen, import_id, job)
    if seen is not None:
        name_cards(space, after.card, after.id, *named, import_id)
    return after


def _configure(
    space: Workspace,
    after: Segment,
    seen: Defined[Segment] | None,
    import_id: str,
    job: Asked | None = None,
) -> None:
    before = seen.value if seen else None
    redefines = _redefined(space, after.card, before, after)
    ended = Reverts([], [])
    woken: dict[str, Add] = {}
    if before is not None and (before.status, before.schedule) != (after.status, after.schedule):
        woken = wakes(space, after.id)
        if after.status == "Archived":
            ended = reverts(space.configuration, after.id, space.call.now)
    space.configure(
        put(SEGMENTS, after, seen),
        *ended.edits,
        redefines=[*redefines, *ended.redefines],
        import_id=import_id,
        job=job,
        also=tuple(woken.values()),
    )
    wake(space, woken)


def _redefined(
    space: Workspace, card: str, before: Segment | None, after: Segment | None
) -> list[str]:
    """The collections of cards to be walked; none where no card comes to be in it or leaves it.

    So a new name walks nothing, nor does what is not in use. Cards that it names one by one reach
    their cards by themselves.
    """
    was, becomes = (each.asked if each is not None else None for each in (before, after))
    return [] if was == becomes else space.configuration.get(CARDS, card).value.collections


def status_at(segment: Segment, now: datetime) -> SegmentStatus:
    """What the schedule says of a segment at a moment."""
    schedule = segment.schedule
    if schedule is None:
        return segment.status
    if now < schedule.start:
        return "Scheduled"
    return "Archived" if schedule.end is not None and now >= schedule.end else "Active"


def _next(segment: Segment, now: datetime) -> datetime | None:
    """When the schedule moves the segment next."""
    schedule = segment.schedule
    times = (schedule.start, schedule.end) if schedule else ()
    return min((at for at in times if at is not None and at > now), default=None)


def move_segment(app: App, id_: str, job: Job) -> Next | Done:
    """One step: have a segment be what its schedule says, and wait for the next time."""
    space, now = space_of(app, job), app.clock.now()
    segment = space.decide(partial(_move, space, jobs.own_id(id_), job.args["segment"]))
    at = None if segment is None else _next(segment, now)
    if at is None:
        return Done({"segment": job.args["segment"]})
    return Next({}, job.done, None, min(at, now + _FURTHEST))


def _move(
    space: Workspace, job_id: str, segment_id: str, configuration: Configuration
) -> Segment | None:
    """The segment as it is then; None where another schedule counts by now."""
    seen = configuration.find(SEGMENTS, segment_id)
    if seen is None or seen.value.job != job_id:
        return None
    status = status_at(seen.value, space.call.now)
    if status == seen.value.status:
        return seen.value
    after = seen.value.model_copy(update={"status": status})
    _configure(space, after, seen, new_import())
    return after


def delete(space: Workspace, configuration: Configuration, segment_id: str) -> None:
    """Remove a segment, from its cards as well."""
    seen = configuration.get(SEGMENTS, segment_id)
    check_no_segment(configuration, segment_id)
    check_none_waits(configuration, segment_id)
    card = seen.value.card
    space.configure(remove(SEGMENTS, seen), redefines=_redefined(space, card, seen.value, None))
    before = named_by(space, card, segment_id)
    name_cards(space, card, segment_id, before, Named(), new_import())
