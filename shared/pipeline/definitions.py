"""What an import or a job made of a source's properties, taken back with its entries."""

from functools import partial
from typing import NamedTuple

from shared.engine import history
from shared.engine.history import body_before
from shared.engine.jobs import Asked
from shared.errors import Problem
from shared.pipeline.configuration import CONFIGURATION, Configuration, definition_of, put
from shared.pipeline.job_kinds import CHANGE_PROPERTIES
from shared.pipeline.job_space import asked
from shared.pipeline.property_changes import noted
from shared.pipeline.sources import SOURCES, Property, Source
from shared.pipeline.workspace import Workspace

_MEANING = ("type", "delimiter", "state")


Redefined = dict[str, tuple[Property, Property | None]]
"""Properties that were made something else: what each was, and what it was made."""


def before(space: Workspace, source: str, import_id: str) -> Redefined:
    """What an import's commits made of the source's properties; nothing, mostly.

    Properties that it added are no such thing: they stay, as nothing is lost by them.
    """
    name, documents = space.name(CONFIGURATION), space.call.app.bulk_documents
    seqs = history.commits_of_import(documents, name, import_id)
    rows = [
        event.row
        for event in history.of_range(documents, name, seqs)
        if event.row.key == SOURCES.key(source) and not event.row.deletes
    ]
    if not rows or (body := body_before(rows[0])) is None:
        return {}
    was, made = definition_of(SOURCES, body), definition_of(SOURCES, rows[-1].body)
    return {
        id_: (each, made.properties.get(id_))
        for id_, each in was.properties.items()
        if _meaning(made.properties.get(id_)) != _meaning(each)
    }


class PutBack(NamedTuple):
    """The source with its properties as they were; `job` converts what was written since."""

    source: Source
    job: Asked | None = None


def put_back(
    space: Workspace, source: str, redefined: Redefined, import_id: str, *, dry_run: bool
) -> PutBack:
    """Make properties what they were.

    Raises `conflict` where something else was made of one since.
    """
    return space.decide(partial(_put_back, space, source, redefined, import_id, dry_run))


def _put_back(
    space: Workspace,
    source: str,
    redefined: Redefined,
    import_id: str,
    dry_run: bool,  # noqa: FBT001  bound by partial
    configuration: Configuration,
) -> PutBack:
    now = configuration.get(SOURCES, source)
    properties, retyped = dict(now.value.properties), {}
    for id_, (was, made) in redefined.items():
        there = properties.get(id_)
        if _meaning(there) != _meaning(made):
            raise Problem(
                "conflict",
                f"The property {id_!r} was changed again since. Take that back first.",
                property=id_,
            )
        properties[id_] = was
        if there is not None and there.declared is not None and there.declared != was.declared:
            retyped[id_] = noted(there.declared)
            properties[id_] = was.model_copy(update={"state": "Updating"})
    after = now.value.model_copy(update={"properties": properties})
    job = None
    if retyped:
        job = asked(space.call, CHANGE_PROPERTIES, source=source, properties=retyped)
    space.configure(
        put(SOURCES, after, now),
        redefines=[after.entries],
        import_id=import_id,
        dry_run=dry_run,
        job=job,
    )
    return PutBack(after, None if dry_run else job)


def _meaning(given: Property | None) -> tuple[object, ...]:
    return () if given is None else tuple(getattr(given, name) for name in _MEANING)
