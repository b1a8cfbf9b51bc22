"""Derived collections that begin and end to follow their inputs, and are removed in the end.

The commit that begins names the new collection in the heads of its inputs. So from then on every
commit to them asks for it, and nothing can come between what is built and what is followed.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Final

from shared.app import App
from shared.engine import jobs
from shared.engine.dropping import stored_of
from shared.engine.heads import CollectionName, Head
from shared.engine.jobs import Asked, Done, Job, Next
from shared.errors import Conflict
from shared.pipeline.job_kinds import DROP_COLLECTION
from shared.pipeline.job_space import asked
from shared.pipeline.workspace import Moves
from shared.ports.documents import Check, Delete
from shared.tool import Call

_READ_ON: Final = timedelta(hours=1)
"""How long a collection is kept that calls in flight may still read."""
_REMOVED: Final = 100
"""Documents that one step removes."""
Heads = Mapping[CollectionName, Head]


def begin(
    name: CollectionName,
    inputs: Iterable[CollectionName],
    configuration: CollectionName,
    *,
    feeds: bool = False,
) -> Moves:
    """A collection that follows its inputs from now on, and is computed of all they have.

    One that was there before keeps its records until then, its log and its sequence numbers.
    `feeds`: something follows it in turn.
    """
    inputs = tuple(inputs)

    def move(heads: Heads) -> Heads:
        settings = heads[configuration]
        made = {each: followed(heads[each], name.id) for each in inputs}
        reached = {each.id: (heads[each].epoch, heads[each].seq) for each in inputs}
        update = {"definition": settings.seq + 1, "state": "building", "inputs": reached}
        update["feeds"] = feeds or None
        before = heads[name] if heads[name].inputs is not None else Head(at=settings.at)
        made[name] = before.model_copy(update=update)
        return made

    return Moves((name, *inputs), move)


def end(name: CollectionName, inputs: Iterable[CollectionName], *, drop: bool = True) -> Moves:
    """A collection that follows its inputs no longer; `drop`: nobody will read it again."""
    inputs = tuple(inputs)

    def move(heads: Heads) -> Heads:
        made = {each: followed(heads[each], name.id, ends=True) for each in inputs}
        if drop:
            made[name] = heads[name].model_copy(update={"state": "dropped"})
        return made

    return Moves((name, *inputs), move)


def feed(name: CollectionName, configuration: CollectionName) -> Moves:
    """A collection that means something else now, and that something follows from then on."""

    def move(heads: Heads) -> Heads:
        update = {"feeds": True, "definition": heads[configuration].seq + 1}
        return {name: heads[name].model_copy(update=update)}

    return Moves((name,), move)


def followed(head: Head, by: str, *, ends: bool = False) -> Head:
    """An input's head, once it is followed by a collection, or no longer."""
    others = tuple(each for each in head.consumers if each != by)
    return head.model_copy(update={"consumers": others if ends else (*others, by)})


def together(*moves: Moves) -> Moves:
    """Several moves as one; each sees what those before made of a head."""
    names = tuple(dict.fromkeys(name for each in moves for name in each.moving))

    def move(heads: Heads) -> Heads:
        made: dict[CollectionName, Head] = {}
        for each in moves:
            made |= each.move({**heads, **made})
        return made

    return Moves(names, move)


def dropping(call: Call, name: CollectionName) -> Asked:
    """The job that removes a collection, once nobody can be reading it."""
    return jobs.ask(asked(call, DROP_COLLECTION, collection=name.id).job, call.now + _READ_ON)


def drop_collection(app: App, id_: str, job: Job) -> Next | Done:
    """One step: remove some of a collection's documents and files.

    One that began anew meanwhile, under the same name, stays.
    """
    del id_
    name = CollectionName(job.tenant, job.args["collection"])
    documents = app.bulk_documents
    head = documents.get(name.path)
    if head is None or head.data["state"] != "dropped":
        return Done({"removed": job.done})
    paths = list(islice(stored_of(documents, name), _REMOVED))
    still: Check | Delete = Check(name.path, head.version)
    if name.path in paths:
        for blob in app.blobs.list(f"{name.path}/"):
            app.blobs.delete(blob.name)
        still = Delete(name.path, head.version)
    try:
        documents.commit([still, *(Delete(path) for path in paths if path != name.path)])
    except Conflict:
        return Next({}, job.done)
    return Next({}, job.done + len(paths))
