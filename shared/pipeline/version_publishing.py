"""Versions published and stopped.

The commit that begins a publication names the revisions of cards that the version reads, and has
the collections of its endpoints follow them. The job `publish_version` does their turns until they
are as far as their cards, then one commit switches. What a version no longer reads ends with the
commit that stops it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from shared.app import App
from shared.engine import jobs
from shared.engine.heads import CollectionName, Head
from shared.engine.jobs import JOBS, Asked, Done, Job, Next
from shared.engine.later import PROJECTIONS, work_id
from shared.engine.prepare import Edit
from shared.engine.projections import project
from shared.errors import Problem
from shared.pipeline import following, publications
from shared.pipeline.card_building import kept_of
from shared.pipeline.cards import CARDS
from shared.pipeline.configuration import CONFIGURATION, Configuration, Defined, put, remove
from shared.pipeline.derived import DEFINING
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    MOST_ACTIVE,
    VERSIONS,
    ApiVersion,
    Endpoint,
    endpoints_of,
    revisions_read,
    versions_of,
)
from shared.pipeline.endpoints import check_fitting, pinned
from shared.pipeline.job_kinds import PUBLISH_VERSION
from shared.pipeline.job_space import asked, space_of
from shared.pipeline.queued_changes import QUEUED, of_endpoints
from shared.pipeline.workspace import Moves, Workspace

_STEP: Final = timedelta(seconds=20)
_AGAIN: Final = timedelta(seconds=1)
"""How soon a job looks again while others do the work."""
Heads = Mapping[CollectionName, Head]


class _NotYetError(Exception):
    """The endpoints are not yet as far as their cards."""


class Published(NamedTuple):
    """A version that is being published by a job; None where nothing was to be done."""

    version: ApiVersion
    job: Asked | None


class Ended(NamedTuple):
    """What ends together: edits, heads that move, jobs that remove what nobody reads."""

    edits: list[Edit]
    moves: list[Moves]
    drops: list[Asked]


def settled(app: App, tenant: str, version: ApiVersion) -> ApiVersion:
    """The version without a publication that ended before its time."""
    if version.state != "Publishing":
        return version
    job = JOBS.find(app.documents, f"{tenant}:{version.job}")
    if job is not None and not job.value.is_over:
        return version
    state = "Stopped" if version.published_at else "New"
    return version.model_copy(update={"state": state, "job": ""})


def publish(
    space: Workspace, configuration: Configuration, version_id: str, *, dry_run: bool = False
) -> Published:
    """Have a version published; nothing is done for one that is.

    Raises `not_found`; `conflict` while it is being published, without endpoints, where three
    others are active, or its cards are not in use; `invalid` where they no longer fit.
    """
    seen = configuration.get(VERSIONS, version_id)
    version = settled(space.call.app, space.call.tenant, seen.value)
    if version.state == "Active":
        return Published(version, None)
    state = version.moved("publish")
    _check_room(configuration, version)
    found = endpoints_of(configuration, version_id)
    if not found:
        message = f"The version {version_id!r} has no endpoint yet. Use create_endpoint first."
        raise Problem("conflict", message)
    edits, moves = [], []
    for each in found:
        after = pinned(configuration, each.value)
        check_fitting(configuration, after, space.call.now)
        edits.append(put(ENDPOINTS, after, each))
        if seen.value.follows:  # a publication that ended before its time
            moves.append(_ended(space, each.value))
        inputs = map(space.name, after.inputs)
        name = space.name(after.collection)
        feeds = after.catalog is not None
        moves.append(following.begin(name, inputs, space.name(CONFIGURATION), feeds=feeds))
    job = asked(space.call, PUBLISH_VERSION, version=version_id)
    after_ = version.model_copy(update={"state": state, "job": jobs.own_id(job.id)})
    space.configure(
        put(VERSIONS, after_, seen),
        *edits,
        job=job,
        moves=following.together(*moves),
        dry_run=dry_run,
    )
    return Published(after_, job)


def _check_room(configuration: Configuration, version: ApiVersion) -> None:
    others = versions_of(configuration, version.destination)
    active = [e.value.id for e in others if e.value.follows and e.value.id != version.id]
    if len(active) >= MOST_ACTIVE:
        message = f"{', '.join(active)} are published; at most {MOST_ACTIVE} are. Stop one first."
        raise Problem("conflict", message, active=active, limit=MOST_ACTIVE)


def publish_version(app: App, id_: str, job: Job) -> Next | Done:
    """One step: compute entries, and switch once all endpoints have theirs."""
    space = space_of(app, job)
    version_id = job.args["version"]
    found = space.configuration.find(VERSIONS, version_id)
    if found is None or found.value.job != jobs.own_id(id_) or found.value.state != "Publishing":
        return Done({"version": version_id})
    endpoints = [each.value for each in endpoints_of(space.configuration, version_id)]
    more = False
    for each in endpoints:
        work = PROJECTIONS.find(app.documents, work_id(space.name(each.collection)))
        if work is not None:
            came = project(app, DEFINING, work.id, work.value.generation, _STEP)
            more = more or came == "more later"
    heads = space.heads(each.collection for each in endpoints)
    cards = space.heads(each.inputs[0] for each in endpoints)
    done = sum(head.count for head in heads.values())
    total = sum(cards[each.inputs[0]].count for each in endpoints)
    if not any(head.walks for head in heads.values()):
        try:
            space.decide(partial(_switch, space, jobs.own_id(id_), version_id))
        except _NotYetError:
            pass
        else:
            return Done({"version": version_id, "entries": done}, done)
    return Next({}, done, total, None if more else app.clock.now() + _AGAIN)


def _switch(space: Workspace, job: str, version_id: str, configuration: Configuration) -> None:
    """Have the version be published, unless it is, or another job does it by now."""
    seen = configuration.find(VERSIONS, version_id)
    if seen is None or seen.value.job != job or seen.value.state != "Publishing":
        return
    update = {"state": seen.value.moved("end"), "job": "", "published_at": space.call.now}
    endpoints = endpoints_of(configuration, version_id)
    names = tuple(space.name(each.value.collection) for each in endpoints)
    after = seen.value.model_copy(update=update)
    asks = publications.asks(space, (each.value for each in endpoints))
    moves = Moves(names, partial(_live, names))
    space.configure(put(VERSIONS, after, seen), moves=moves, also=asks.writes)
    asks.hand_over()


def _live(names: Iterable[CollectionName], heads: Heads) -> Heads:
    if any(heads[name].walks for name in names):
        raise _NotYetError
    return {name: heads[name].model_copy(update={"state": "live"}) for name in names}


def stop(
    space: Workspace, configuration: Configuration, version_id: str, *, dry_run: bool = False
) -> ApiVersion:
    """Have a version answer no longer. Its entries stay as they are, for when it is published.

    Partners see none of its catalogs once this returns.
    """
    seen = configuration.get(VERSIONS, version_id)
    version = settled(space.call.app, space.call.tenant, seen.value)
    if seen.value.state == "Stopped":
        return version
    given_up = seen.value.follows and not version.follows
    state = version.state if given_up else version.moved("stop")
    after = version.model_copy(update={"state": state})
    found = endpoints_of(configuration, version_id)
    moves = [_ended(space, each.value) for each in found]
    ended = _released(space, configuration, version_id)
    asks = publications.asks(space, (each.value for each in found))
    space.configure(
        put(VERSIONS, after, seen),
        *ended.edits,
        moves=following.together(*moves, *ended.moves),
        also=(*(each.write for each in ended.drops), *asks.writes),
        dry_run=dry_run,
    )
    if not dry_run:
        publications.hide(space.call, [each.value for each in found], space.call.tenant)
        asks.hand_over()
        _begin(space, ended.drops)
    return after


def delete_endpoint(space: Workspace, configuration: Configuration, endpoint_id: str) -> None:
    """Remove an endpoint of a version that does not answer."""
    seen = configuration.get(ENDPOINTS, endpoint_id)
    version = configuration.get(VERSIONS, seen.value.version)
    if version.value.follows:
        message = (
            f"{endpoint_id!r} is part of {version.value.id!r}, which is {version.value.state}: "
            "applications read it. Stop the version first, or create a new one without it."
        )
        raise Problem("conflict", message, status=version.value.state)
    ended = _dropped(space, configuration, [seen])
    _remove(space, ended)


def delete_destination(space: Workspace, configuration: Configuration, id_: str) -> None:
    """Remove a destination with its versions and endpoints. Raises `conflict` while any answers."""
    seen = configuration.get(DESTINATIONS, id_)
    versions = versions_of(configuration, id_)
    active = [each.value.id for each in versions if each.value.follows]
    if active:
        message = f"{', '.join(active)} are published. Stop them first."
        raise Problem("conflict", message, active=active)
    endpoints = [e for v in versions for e in endpoints_of(configuration, v.value.id)]
    ended = _dropped(space, configuration, endpoints)
    edits = [remove(DESTINATIONS, seen), *(remove(VERSIONS, each) for each in versions)]
    _remove(space, ended._replace(edits=[*edits, *ended.edits]))


def _dropped(
    space: Workspace, configuration: Configuration, endpoints: Sequence[Defined[Endpoint]]
) -> Ended:
    """Endpoints removed, with what waits for them and the entries of those ever published."""
    ended = Ended([], [], [])
    waiting = of_endpoints(configuration, [each.value.id for each in endpoints])
    ended.edits.extend(remove(QUEUED, each) for each in waiting)
    for each in endpoints:
        ended.edits.append(remove(ENDPOINTS, each))
        if each.value.revision:
            name = space.name(each.value.collection)
            ended.moves.append(following.end(name, ()))
            ended.drops.append(following.dropping(space.call, name))
    return ended


def _remove(space: Workspace, ended: Ended) -> None:
    space.configure(
        *ended.edits,
        moves=following.together(*ended.moves) if ended.moves else None,
        also=tuple(each.write for each in ended.drops),
    )
    _begin(space, ended.drops)


def _begin(space: Workspace, drops: Iterable[Asked]) -> None:
    for each in drops:
        jobs.begin(space.call.app, each)


def _ended(space: Workspace, endpoint: Endpoint) -> Moves:
    inputs = map(space.name, endpoint.inputs)
    return following.end(space.name(endpoint.collection), inputs, drop=False)


def _released(space: Workspace, configuration: Configuration, version_id: str) -> Ended:
    """Revisions of cards that were kept for a version alone."""
    still = revisions_read(configuration, besides=version_id)
    ended = Ended([], [], [])
    for seen in configuration.every(CARDS):
        card = seen.value
        gone = [each.revision for each in card.kept if (card.id, each.revision) not in still]
        if not gone:
            continue
        kept = tuple(each for each in card.kept if each.revision not in gone)
        ended.edits.append(put(CARDS, card.model_copy(update={"kept": kept}), seen))
        for name, inputs in kept_of(space, card, gone):
            ended.moves.append(following.end(name, inputs))
            ended.drops.append(following.dropping(space.call, name))
    return ended
