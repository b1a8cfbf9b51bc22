"""Card definitions activated: a revision is built beside the one in use, then one commit switches.

The commit that begins names the new collection in the heads of its inputs. So from then on every
commit to them asks for it, and nothing can come between what is built and what is followed. The
work itself is the projection's; the job `build_cards` does its turns and waits for its end.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from shared.app import App
from shared.engine import jobs
from shared.engine.dropping import stored_of
from shared.engine.heads import CollectionName, Head
from shared.engine.jobs import JOBS, Asked, Done, Job, Next
from shared.engine.later import PROJECTIONS, work_id
from shared.engine.projections import project
from shared.errors import Problem
from shared.pipeline import relations, segments
from shared.pipeline.card_definitions import checked_again
from shared.pipeline.card_projection import DEFINING
from shared.pipeline.cards import CARDS, CardDefinition, collection_of, inputs_of
from shared.pipeline.configuration import CONFIGURATION, Configuration, put, remove
from shared.pipeline.job_kinds import BUILD_CARDS, DROP_COLLECTION
from shared.pipeline.job_space import asked, space_of
from shared.pipeline.workspace import Moves, Workspace
from shared.ports.documents import Delete
from shared.tool import Call

_STEP: Final = timedelta(seconds=20)
_AGAIN: Final = timedelta(seconds=1)
"""How soon a job looks again while others do the work."""
_READ_ON: Final = timedelta(hours=1)
"""How long a collection is kept that calls in flight may still read."""
_REMOVED: Final = 100
"""Documents that one step removes."""
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
    given_up = _kept_of(space, seen.value, building=True)
    moves = _together(
        _begin(name, inputs, space.name(CONFIGURATION)), *(_end(each, of) for each, of in given_up)
    )
    drops = [dropping(space.call, each) for each, _ in given_up]
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
    after = card.model_copy(
        update={
            "status": card.moved("end"),
            "content": card.working,
            "pending": None,
            "revision": revision,
            "building": 0,
            "job": "",
        }
    )
    new = space.name(collection_of(card.id, revision))
    old = [(name, of) for name, of in _kept_of(space, card) if name != new]
    moves = _together(
        Moves((new,), partial(_caught_up, new, [name for name, _ in old])),
        *(_end(name, of) for name, of in old),
    )
    drops = [dropping(space.call, name) for name, _ in old]
    also = tuple(each.write for each in drops)
    space.configure(put(CARDS, after, seen), moves=moves, also=also)
    for each in drops:
        jobs.begin(space.call.app, each)


def delete(space: Workspace, configuration: Configuration, card_id: str) -> None:
    """Remove a definition and its cards."""
    seen = configuration.get(CARDS, card_id)
    check_unused(configuration, card_id)
    kept = _kept_of(space, seen.value)
    drops = [dropping(space.call, name) for name, _ in kept]
    also = tuple(each.write for each in drops)
    moves = _together(*(_end(name, of) for name, of in kept)) if kept else None
    space.configure(remove(CARDS, seen), moves=moves, also=also)
    for each in drops:
        jobs.begin(space.call.app, each)


def check_unused(configuration: Configuration, card_id: str) -> None:
    """Raises `conflict` where something else is about a card definition."""
    users = [
        *(each.id for each in segments.of_card(configuration, card_id)),
        *(each.id for each in relations.of_card(configuration, card_id)),
    ]
    if users:
        named = ", ".join(users[:3])
        message = f"{named} are segments or relations of {card_id!r}. Delete them first."
        raise Problem("conflict", message, used_by=users)


def dropping(call: Call, name: CollectionName) -> Asked:
    """The job that removes a collection, once nobody can be reading it."""
    return jobs.ask(asked(call, DROP_COLLECTION, collection=name.id).job, call.now + _READ_ON)


def drop_collection(app: App, id_: str, job: Job) -> Next | Done:
    """One step: remove some of a collection's documents and files."""
    del id_
    name = CollectionName(job.tenant, job.args["collection"])
    documents = app.bulk_documents
    if documents.get(name.path) is None:
        return Done({"removed": job.done})
    paths = list(islice(stored_of(documents, name), _REMOVED))
    if name.path in paths:
        for blob in app.blobs.list(f"{name.path}/"):
            app.blobs.delete(blob.name)
    documents.commit([Delete(path) for path in paths])
    return Next({}, job.done + len(paths))


def _kept_of(
    space: Workspace, card: CardDefinition, *, building: bool = False
) -> list[tuple[CollectionName, list[CollectionName]]]:
    """A definition's collections with their inputs; only the one that is being built."""
    found = []
    for revision in (card.building,) if building else (card.revision, card.building):
        content = card.of_revision(revision)
        if content is not None:
            inputs = [space.name(each) for each in inputs_of(card.id, content)]
            found.append((space.name(collection_of(card.id, revision)), inputs))
    return found


def _begin(
    name: CollectionName, inputs: list[CollectionName], configuration: CollectionName
) -> Moves:
    """A new collection that follows its inputs from now on."""

    def move(heads: Heads) -> Heads:
        settings = heads[configuration]
        made = {each: _followed(heads[each], name.id) for each in inputs}
        made[name] = Head(
            at=settings.at,
            definition=settings.seq + 1,
            state="building",
            inputs={each.id: (heads[each].epoch, heads[each].seq) for each in inputs},
        )
        return made

    return Moves((name, *inputs), move)


def _end(name: CollectionName, inputs: list[CollectionName]) -> Moves:
    """A collection that follows its inputs no longer."""

    def move(heads: Heads) -> Heads:
        made = {each: _followed(heads[each], name.id, ends=True) for each in inputs}
        made[name] = heads[name].model_copy(update={"state": "dropped"})
        return made

    return Moves((name, *inputs), move)


def _followed(head: Head, by: str, *, ends: bool = False) -> Head:
    others = tuple(each for each in head.consumers if each != by)
    return head.model_copy(update={"consumers": others if ends else (*others, by)})


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


def _together(*moves: Moves) -> Moves:
    """Several moves as one; each sees what those before made of a head."""
    names = tuple(dict.fromkeys(name for each in moves for name in each.moving))

    def move(heads: Heads) -> Heads:
        made: dict[CollectionName, Head] = {}
        for each in moves:
            made |= each.move({**heads, **made})
        return made

    return Moves(names, move)
