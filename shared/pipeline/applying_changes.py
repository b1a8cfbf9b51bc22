"""Queued changes of endpoints' segments, applied at their time and taken back at their end.

A job applies all of an endpoint's changes whose time has come, in the order they were made in, by
one commit. What came with a segment's schedule goes with the commit that ends it: so nobody sees an
endpoint that has lost its segment and not yet got back what was there before.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from shared import work
from shared.app import App
from shared.engine import jobs
from shared.engine.jobs import JOB, JOBS, RETRIED, Done, Job, Next
from shared.engine.prepare import Edit
from shared.errors import Problem
from shared.pipeline.configuration import Configuration, Defined, put
from shared.pipeline.destinations import ENDPOINTS, VERSIONS, Endpoint
from shared.pipeline.endpoints import check_fitting
from shared.pipeline.job_space import space_of
from shared.pipeline.queued_changes import LOOK, QUEUED, QueuedChange, due_of, pending
from shared.pipeline.segments import SEGMENTS
from shared.pipeline.version_publishing import settled
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Add

_SOON: Final = timedelta(seconds=1)


def apply_segment_change(app: App, id_: str, job: Job) -> Next | Done:
    """One step: apply what waits for the endpoint if its time has come, or say when to look."""
    space = space_of(app, job)
    change = job.args["change"]
    at = space.decide(partial(_apply, space, jobs.own_id(id_), change))
    return Done({"change": change}) if at is None else Next({}, job.done, None, at)


def _apply(
    space: Workspace, job_id: str, change_id: str, configuration: Configuration
) -> datetime | None:
    """When to look again; None where nothing is left to do."""
    found = configuration.find(QUEUED, change_id)
    if found is None or found.value.job != job_id or found.value.status != "pending":
        return None
    endpoint = configuration.find(ENDPOINTS, found.value.endpoint)
    if endpoint is None:
        return None
    waits = _waits(space, configuration, endpoint.value, found.value)
    if waits is not None:
        return waits
    every = [
        each
        for each in pending(space, configuration, endpoint.value.id)
        if each.value.id == change_id
        or _waits(space, configuration, endpoint.value, each.value) is None
    ]
    after, edits = endpoint.value, []
    for each in every:
        after, edit = _tried(configuration, after, each, space.call.now)
        edits.append(edit)
    if after != endpoint.value:
        edits.append(put(ENDPOINTS, after, endpoint))
    follows = configuration.get(VERSIONS, after.version).value.follows
    redefines = [after.collection] if follows and after != endpoint.value else []
    space.configure(*edits, redefines=redefines)
    return None


def _waits(
    space: Workspace, configuration: Configuration, endpoint: Endpoint, change: QueuedChange
) -> datetime | None:
    """When to look at a change again; None where its time has come.

    The cards of its segment have to say so first: an endpoint would lose what is replaced before it
    has what takes its place.
    """
    now = space.call.now
    found = configuration.find(SEGMENTS, change.segment)
    segment = found.value if found else None
    due = due_of(change, segment)
    if due > now:
        return min(due, now + LOOK)
    version = configuration.get(VERSIONS, endpoint.version).value
    is_early = change.brings and segment is not None and segment.status == "Scheduled"
    cards = endpoint.inputs[0] if endpoint.revision else ""
    walks = change.brings and cards and version.follows and space.head(cards).walks
    publishing = settled(space.call.app, space.call.tenant, version).state == "Publishing"
    return now + _SOON if is_early or walks or publishing else None


def _tried(
    configuration: Configuration, endpoint: Endpoint, change: Defined[QueuedChange], now: datetime
) -> tuple[Endpoint, Edit]:
    """The endpoint after a change, and the change after that; one that fails changes nothing."""
    update: dict[str, object] = {"status": "applied", "ended_at": now}
    try:
        selection = change.value.applied(endpoint.selection)
        after = endpoint.model_copy(update={"selection": selection})
        check_fitting(configuration, after, now)
    except Problem as problem:
        if problem.code in RETRIED:
            raise
        after = endpoint
        update |= {"status": "failed", "error": problem.message}
    return after, put(QUEUED, change.value.model_copy(update=update), change)


class Reverts(NamedTuple):
    """What ends with a segment's schedule: edits, and the collections that are walked for it."""

    edits: list[Edit]
    redefines: list[str]


def reverts(configuration: Configuration, segment: str, now: datetime) -> Reverts:
    """What came with a segment's schedule, taken away."""
    ended = Reverts([], [])
    changes = [
        each
        for each in configuration.every(QUEUED)
        if each.value.segment == segment
        and each.value.status == "applied"
        and each.value.brings
        and each.value.mode == "include"
        and each.value.apply_at is None
    ]
    for id_ in dict.fromkeys(each.value.endpoint for each in changes):
        seen = configuration.get(ENDPOINTS, id_)
        after = seen.value
        for each in reversed([each for each in changes if each.value.endpoint == id_]):
            after = after.model_copy(update={"selection": each.value.reverted(after.selection)})
            over = each.value.model_copy(update={"status": "reverted", "ended_at": now})
            ended.edits.append(put(QUEUED, over, each))
        if after != seen.value:
            ended.edits.append(put(ENDPOINTS, after, seen))
            if configuration.get(VERSIONS, after.version).value.follows:
                ended.redefines.append(after.collection)
    return ended


def wakes(space: Workspace, segment: str) -> dict[str, Add]:
    """By job, the writes that have the changes looked at that wait for a segment."""
    now, tenant = space.call.now, space.call.tenant
    ids = [
        f"{tenant}:{each.value.job}"
        for each in space.configuration.every(QUEUED)
        if each.value.segment == segment and each.value.status == "pending"
    ]
    found = space.call.app.bulk_documents.get_many([JOBS.path(id_) for id_ in ids])
    there = {JOBS.path(id_): id_ for id_ in ids}
    return {there[path]: work.ask(JOB, there[path], now) for path in found}


def wake(space: Workspace, ids: Iterable[str]) -> None:
    """Hand over what `wakes` wrote."""
    work.hand_over_all(space.call.app, JOB, ids)
