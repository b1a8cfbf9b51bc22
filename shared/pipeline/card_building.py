"""Card definitions activated: a revision is built beside the one in use, then one commit switches.

The work itself is the projection's; the job `build_cards` does its turns and waits for its end. A
revision that a published version reads is kept true beside a newer one, for as long as it does.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from shared.app import App
from shared.engine import jobs
from shared.engine.heads import CollectionName, Head
from shared.engine.jobs import JOBS, Asked, Done, Job, Next
from shared.engine.later import PROJECTIONS, work_id
from shared.engine.projections import project
from shared.errors import Problem
from shared.pipeline import destinations, following, relations, segments
from shared.pipeline.card_definitions import checked_again
from shared.pipeline.cards import CARDS, CardDefinition, Kept, collection_of, inputs_of
from shared.pipeline.configuration import CONFIGURATION, Configuration, put, remove
from shared.pipeline.derived import DEFINING
from shared.pipeline.destinations import revisions_read
from shared.pipeline.job_kinds import BUILD_CARDS
from shared.pipeline.job_space import asked, space_of
from shared.pipeline.workspace import Moves, Workspace

_STEP: Final = timedelta(seconds=20)
_AGAIN: Final = timedelta(seconds=1)
"""How soon a job looks again while others do the work."""
Heads = Mapping[CollectionName, Head]


class _NotYetError(Exception):
    """The new revision is not yet as far as the one in use."""


class Activated(NamedTuple):
    """A definition that is being built by a job; None where nothing was to be done."""

    card: CardDefinition
    job: Asked | None


def settled(app: App, tenant: str, card: CardDefinition) -> CardDefinition:
    """The definition without a build that ended before its time: it waits for activation again."""
    if card.status != "Updating":
        return card
    job = JOBS.find(app.documents, f"{tenant}:{card.job}")
    if job is not None and not job.value.is_over:
        return card
    status = "PendingChanges" if card.revision else "Draft"
    return card.model_copy(update={"status": status, "building": 0, "job": ""})


def activate(
    space: Workspace, configuration: Configuration, card_id: str, *, dry_run: bool = False
) -> Activated:
    """Have a definition's cards built. Nothing is done for one that has no changes.

    Raises `not_found`, `conflict` while it is being built, `invalid` without properties.
    """
    seen = configuration.get(CARDS, card_id)
    card = settled(space.call.app, space.call.tenant, seen.value)
    if card.status == "Active":
        return Activated(card, None)
    status = card.moved("activate")
    if not card.working.properties:
        raise Problem(
            "invalid", "A card has no properties yet. Add some first.", field="properties"
        )
    checked_again(configuration, card)
    segments.check_fitting(configuration, card, space.call.now)
    relations.check_fitting(configuration, card)
    number = card.last + 1
    job = asked(space.call, BUILD_CARDS, card=card_id, revision=number)
    update = {"status": status, "building": number, "last": number, "job": jobs.own_id(job.id)}
    after = card.model_copy(update=update)
    name = space.name(collection_of(card_id, number))
    inputs = [space.name(each) for each in inputs_of(card_id, card.working)]
    given_up = kept_of(space, seen.value, [seen.value.building])
    moves = following.together(
        following.begin(name, inputs, space.name(CONFIGURATION)),
        *(following.end(each, of) for each, of in given_up),
    )
    drops = [following.dropping(space.call, each) for each, _ in given_up]
    also = tuple(each.write for each in drops)
    space.configure(put(CARDS, after, seen), job=job, moves=moves, also=also, dry_run=dry_run)
    return Activated(after, job)


def build_cards(app: App, id_: str, job: Job) -> Next | Done:
    """One step: compute cards, and switch to them once they are as far as those in use."""
    del id_
    space = space_of(app, job)
    name = space.name(collection_of(job.args["card"], job.args["revision"]))
    found = PROJECTIONS.find(app.documents, work_id(name))
    came = project(app, DEFINING, found.id, found.value.generation, _STEP) if found else "old"
    head = space.collections.head(name)
    if head.state != "building":  # a step before was killed at its end, or nobody wants them
        return Done({"cards": head.count, "revision": job.args["revision"]}, head.count)
    total = max((each.count for each in _inputs(space, head).values()), default=0)
    if not head.walks:
        try:
            space.decide(partial(_switch, space, job))
        except _NotYetError:
            pass  # those in use are ahead in some source: their changes come here as well
        else:
            return Done({"cards": head.count, "revision": job.args["revision"]}, head.count)
    at = None if came == "more later" else app.clock.now() + _AGAIN  # others do it meanwhile
    return Next({}, head.count, total, at)


def _inputs(space: Workspace, head: Head) -> Mapping[str, Head]:
    return space.heads(head.inputs or ())


def _switch(space: Workspace, job: Job, configuration: Configuration) -> None:
    """Have the new revision be the one in use, unless it is already, or never will be."""
    seen = configuration.find(CARDS, job.args["card"])
    revision = job.args["revision"]
    if seen is None or seen.value.building != revision:
        return
    card = seen.value
    read = (card.id, card.revision) in revisions_read(configuration)
    kept = (Kept(revision=card.revision, content=card.content),) if read else ()
    after = card.model_copy(
        update={
            "status": card.moved("end"),
            "content": card.working,
            "pending": None,
            "revision": revision,
            "building": 0,
            "kept": (*card.kept, *kept),
            "job": "",
        }
    )
    new = space.name(collection_of(card.id, revision))
    old = kept_of(space, card, [card.revision])
    left = [] if kept else old
    moves = following.together(
        Moves((new, *(name for name, _ in old)), partial(_caught_up, new, [n for n, _ in old])),
        *(following.end(name, of) for name, of in left),
    )
    drops = [following.dropping(space.call, name) for name, _ in left]
    also = tuple(each.write for each in drops)
    space.configure(put(CARDS, after, seen), moves=moves, also=also)
    for each in drops:
        jobs.begin(space.call.app, each)


def delete(space: Workspace, configuration: Configuration, card_id: str) -> None:
    """Remove a definition and its cards."""
    seen = configuration.get(CARDS, card_id)
    check_unused(configuration, card_id)
    kept = kept_of(space, seen.value, seen.value.revisions)
    drops = [following.dropping(space.call, name) for name, _ in kept]
    also = tuple(each.write for each in drops)
    moves = following.together(*(following.end(name, of) for name, of in kept)) if kept else None
    space.configure(remove(CARDS, seen), moves=moves, also=also)
    for each in drops:
        jobs.begin(space.call.app, each)


def check_unused(
    configuration: Configuration, card_id: str, *, but_by_segments: bool = False
) -> None:
    """Raises `conflict` where something else is about a card definition."""
    users = [
        *(each.id for each in segments.of_card(configuration, card_id) if not but_by_segments),
        *(each.id for each in relations.of_card(configuration, card_id)),
        *destinations.of_card(configuration, card_id),
    ]
    if users:
        named = ", ".join(users[:3])
        message = f"{named} are segments, relations or endpoints of {card_id!r}. Delete them first."
        raise Problem("conflict", message, used_by=users)


def kept_of(
    space: Workspace, card: CardDefinition, revisions: Iterable[int]
) -> list[tuple[CollectionName, list[CollectionName]]]:
    """The collections of a definition's revisions, with their inputs."""
    found = []
    for revision in revisions:
        content = card.of_revision(revision)
        if content is not None:
            inputs = [space.name(each) for each in inputs_of(card.id, content)]
            found.append((space.name(collection_of(card.id, revision)), inputs))
    return found


def _caught_up(new: CollectionName, old: list[CollectionName], heads: Heads) -> Heads:
    """The new revision in use: only where it is as far as the old one in every input."""
    head = heads[new]
    if head.walks:
        raise _NotYetError
    for name in old:
        for input_, reached in (heads[name].inputs or {}).items():
            if input_ in (head.inputs or {}) and (head.inputs or {})[input_] < reached:
                raise _NotYetError
    return {new: head.model_copy(update={"state": "live"})}
