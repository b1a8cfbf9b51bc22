"""The rules of imports, for every way in: what entries may hold, and what an import comes to.

All of a call is checked before anything is written, and everything that is wrong is named. What is
unknown is accepted with the type its value shows, and added to the source in the same commit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shared.engine.heads import CollectionName
from shared.engine.outcome import Idempotency
from shared.engine.prepare import Edit
from shared.engine.typed import Declared, Entry, Typed, typed
from shared.engine.wanted import Committed, Part, Wanted
from shared.errors import Problem
from shared.pipeline.configuration import CONFIGURATION, Configuration, put
from shared.pipeline.properties import check_unchanging
from shared.pipeline.sources import (
    MOST_ENTRIES,
    MOST_PROPERTIES,
    SOURCES,
    Property,
    Source,
    active,
    found,
)
from shared.pipeline.workspace import Workspace, new_import


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be imported into one source.

    Attributes:
        entries: each key once.
        import_id: of all that the call or job writes.
        correlation: the caller's own name for it.
        split: whether what is more than one commit holds may become several.
        emptying: whether it is the emptying of a source, which takes nothing else meanwhile.
    """

    source: str
    entries: tuple[Entry, ...]
    import_id: str = field(default_factory=new_import)
    correlation: str | None = None
    idempotency: Idempotency | None = None
    split: bool = False
    dry_run: bool = False
    emptying: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        added: the properties nobody had declared, with the types they have now.
        revisions: of the source, one for each commit; empty where nothing changed.
        revision: of the source afterwards.
    """

    import_id: str
    upserted: int
    deleted: int
    unchanged: int
    added: dict[str, Declared]
    revisions: tuple[int, ...]
    revision: int
    repeated: bytes | None = None


Answering = Callable[[Imported], bytes]
"""What a call that comes again with its idempotency key is answered with."""


def ingest(space: Workspace, given: Import, answer: Answering = lambda _: b"{}") -> Imported:
    """Do an import, whole or not at all (`split`: each commit whole).

    Raises `invalid` with everything that is wrong, `not_found`, `conflict` for a source that is
    being emptied or a correlation id that stands for another import, `too_large` with how many
    entries do fit.
    """
    try:
        done = _ingested(space, given, answer)
    except Problem as problem:
        if problem.code == "invalid":
            _count(space, given, rejected=len(given.entries))
        raise
    if done.repeated is None:
        _count(space, given, requests=1, entries=len(given.entries))
    return done


def _count(space: Workspace, given: Import, **values: int) -> None:
    """Count an import for the tenant's metrics."""
    if given.dry_run:
        return
    for name, value in values.items():
        metric = f"ingest.{name}"
        space.call.app.metrics.count(space.call.tenant, metric, value, source=given.source)


def _ingested(space: Workspace, given: Import, answer: Answering) -> Imported:
    try:
        return space.decide(lambda configuration: _ingest(space, configuration, given, answer))
    except Problem as problem:
        fits = problem.details.get("fits", 0)
        if problem.code != "too_large" or not given.split or not fits or given.dry_run:
            raise
    space.forget_heads()
    first = _ingested(space, replace(given, entries=given.entries[:fits]), answer)
    space.forget_heads()
    rest = replace(given, entries=given.entries[fits:])
    return _together(first, _ingested(space, rest, answer))


def _ingest(
    space: Workspace, configuration: Configuration, given: Import, answer: Answering
) -> Imported:
    if given.emptying:
        source = configuration.get(SOURCES, given.source).value
    else:
        source = active(configuration, given.source)
    going = {id_ for id_, each in source.properties.items() if each.state == "Deleting"}
    if going:
        named = {each.property.lower() for entry in given.entries for each in entry.given}
        check_unchanging(source, going & named)
    checked = typed(given.entries, source.declared)
    if checked.failed:
        raise _refused(checked)
    name, config = space.name(source.entries), space.name(CONFIGURATION)
    parts = [Part(name, tuple(checked.edits), meaning=configuration.seq)]
    if checked.added:
        parts.append(Part(config, (_with(configuration, source, checked.added),)))
    wanted = Wanted(
        parts=tuple(parts),
        author=space.author,
        import_id=given.import_id,
        correlation=given.correlation,
        idempotency=given.idempotency,
        answer=lambda committed: answer(_imported(given, name, committed, checked.added)),
    )
    _check_room(space, configuration, source, given)
    committed = space.commit(wanted, dry_run=given.dry_run)
    return _imported(given, name, committed, checked.added)


def _with(configuration: Configuration, source: Source, added: Mapping[str, Declared]) -> Edit:
    """The edit that adds properties to a source, if it is still as it was seen."""
    if len(source.properties) + len(added) > MOST_PROPERTIES:
        raise Problem(
            "too_large",
            f"The source has {len(source.properties)} properties, and this would add {len(added)}; "
            f"{MOST_PROPERTIES} are the most.",
            properties=len(source.properties),
            added=len(added),
            limit=MOST_PROPERTIES,
        )
    properties = {id_: _typed_as(source.properties.get(id_), each) for id_, each in added.items()}
    return put(SOURCES, source.with_properties(properties), configuration.get(SOURCES, source.id))


def _typed_as(known: Property | None, declared: Declared) -> Property:
    shown = found(declared)
    if known is None:
        return shown
    return known.model_copy(update={"type": shown.type, "delimiter": shown.delimiter})


def _check_room(
    space: Workspace, configuration: Configuration, source: Source, given: Import
) -> None:
    """Refuse what makes a source larger than an instance can search, or a tenant than it may be."""
    count = space.head(source.entries).count
    upserts = sum(entry.combine != "delete" for entry in given.entries)
    most = room_of(space, configuration, source)
    if not upserts or count + upserts <= most:
        return
    keys = [entry.key for entry in given.entries if entry.combine != "delete"]
    there = space.collections.get(space.name(source.entries), keys)
    new = len(keys) - sum(not record.deleted for record in there.values())
    if new and count + new > most:
        raise no_room(count, new, most)


def room_of(space: Workspace, configuration: Configuration, source: Source) -> int:
    """How many entries the source may have, as it and its tenant's other sources are now."""
    quota = space.quota.get("entries")
    if quota is None:
        return MOST_ENTRIES
    every = [each.value.entries for each in configuration.every(SOURCES)]
    others = [each for each in every if each != source.entries]
    return min(MOST_ENTRIES, quota - sum(head.count for head in space.heads(others).values()))


def no_room(count: int, new: int, most: int) -> Problem:
    """Why so many new entries do not fit."""
    is_quota = most < MOST_ENTRIES
    what = "That is the tenant's quota." if is_quota else "Spread them over several sources."
    return Problem(
        "too_large",
        f"The source has {count} entries, and this would add {new}; {max(0, most)} are the most. "
        f"{what}",
        entries=count,
        added=new,
        limit=max(0, most),
    )


def _imported(
    given: Import, name: CollectionName, committed: Committed, added: Mapping[str, Declared]
) -> Imported:
    made = committed.prepared.get(name)
    changed = made.changed if made else ()
    deleted = sum(each.record.deleted for each in changed)
    revision = committed.seqs[name]
    return Imported(
        import_id=committed.import_id,
        upserted=len(changed) - deleted,
        deleted=deleted,
        unchanged=len(made.unchanged) if made else 0,
        added=dict(added),
        revisions=(revision,) if changed and not given.dry_run else (),
        revision=revision,
        repeated=committed.repeated,
    )


def _together(one: Imported, other: Imported) -> Imported:
    return Imported(
        import_id=one.import_id,
        upserted=one.upserted + other.upserted,
        deleted=one.deleted + other.deleted,
        unchanged=one.unchanged + other.unchanged,
        added={**one.added, **other.added},
        revisions=one.revisions + other.revisions,
        revision=other.revision,
    )


def _refused(checked: Typed) -> Problem:
    more = checked.failed - len(checked.failures)
    first = checked.failures[0]
    several = f" and {checked.failed - 1} more" if checked.failed > 1 else ""
    return Problem(
        "invalid",
        f"Nothing was imported. {first.path}: {first.message}{several}"
        + (f" ({more} of them not listed)." if more else ""),
        errors=[each._asdict() for each in checked.failures],
        failed=checked.failed,
    )
