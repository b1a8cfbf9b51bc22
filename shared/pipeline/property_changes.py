"""Properties that change their type, or go: the steps of the job `change_properties`.

The definition changes first, so nobody writes by the old one any more. Then the job goes through
the entries in order of key. What is already as it is to be is not touched, so a step that is done
again changes nothing. What it came to is counted from the log in the end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from shared.app import App
from shared.engine import history
from shared.engine.history import body_before
from shared.engine.jobs import Done, Job, Next
from shared.engine.prepare import MOST_EDITS, Edit, Stored
from shared.engine.records import held, record_key
from shared.engine.typed import Declared
from shared.pipeline.configuration import Configuration, put
from shared.pipeline.conversion import converted
from shared.pipeline.job_space import space_of
from shared.pipeline.properties import (
    GivenProperty,
    check_unchanging,
    checked_properties,
    filled,
    retyped,
)
from shared.pipeline.sources import SOURCES, Property, Source, active, invalid
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Query
from shared.queries import RECORDS
from shared.query.kinds import Kind, body_key, parsed_key
from shared.tool import Result

MOST_EXAMPLES: Final = 20
"""Values that are shown of those that could not be converted."""
MOST_TRIED: Final = 5000
"""Entries that are looked at before such a change is made."""
_AT_ONCE: Final = 20
"""Pages of one step."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the values of the property `id`; `becomes` is None where they go."""

    id: str
    was: Declared
    becomes: Declared | None

    @property
    def key(self) -> str:
        """Where a body has its values now."""
        return body_key(self.was.kind, self.id)


def noted(was: Declared) -> dict[str, Any]:
    """What the job keeps of a property; what it becomes stands in the source."""
    return {"kind": was.kind.value, "delimiter": was.delimiter}


class Lost(Result):
    """A value that cannot be converted whole."""

    entry_id: str
    property: str
    value: str


class Tried(NamedTuple):
    """What a change would lose, of so many entries that were looked at."""

    lost: list[Lost]
    entries: int


class Upserted(NamedTuple):
    """A source with the properties `ids` added or changed.

    The values of `retyped` have to be converted; `tried` says what that would lose.
    """

    source: Source
    ids: list[str]
    retyped: list[Change]
    tried: Tried


def upserted(
    space: Workspace, configuration: Configuration, source: str, given: Sequence[GivenProperty]
) -> Upserted:
    """What properties that are given make of a source.

    Raises `not_found`, `invalid` with all that is wrong, `conflict` for one that a job is changing.
    """
    before = active(configuration, source)
    made = checked_properties(given, before.properties)
    check_unchanging(before, made)
    there = filled(space, before, retyped(before.properties, made))
    changes = []
    for id_ in there:
        was, becomes = before.properties[id_].declared, made[id_].declared
        if was is None:
            continue
        if becomes is None:
            raise invalid(f"properties: {id_}", "Entries have values, so name the type.")
        if becomes.kind.is_localized and not was.kind.is_localized and not before.languages:
            raise invalid(
                f"properties: {id_}",
                "Its values have no language. Name the source's languages first: they are taken to "
                "be in the first.",
            )
        changes.append(Change(id_, was, becomes))
        made[id_] = made[id_].model_copy(update={"state": "Updating"})
    after = before.with_properties(made)
    seen = tried(space, before, changes) if changes else Tried([], 0)
    return Upserted(after, list(made), changes, seen)


def tried(space: Workspace, source: Source, changes: Sequence[Change]) -> Tried:
    """What changes would lose of the first MOST_TRIED entries in order of key."""
    found: list[Lost] = []
    entries, cursor = 0, ""
    while entries < MOST_TRIED:
        records, cursor = _page(space, source, cursor)
        entries += len(records)
        for key, record in records.items():
            found += _lost(key, record.body, changes, source)
        if not cursor:
            break
    return Tried(found, entries)


def _lost(
    key: str, body: Mapping[str, Any], changes: Iterable[Change], source: Source
) -> Iterator[Lost]:
    for change in changes:
        value = body.get(change.key)
        if change.becomes is None or value is None:
            continue
        if not converted(value, change.was, change.becomes, source.languages).whole:
            yield Lost(entry_id=key, property=change.id, value=str(value)[:100])


def change_properties(app: App, id_: str, job: Job) -> Next | Done:
    """One step: some pages of entries; in the end the definition is active, or gone."""
    del id_
    space = space_of(app, job)
    cursor: str = (job.cursor or {}).get("after", "")
    for _ in range(_AT_ONCE):
        found = space.configuration.find(SOURCES, job.args["source"])
        changes = () if found is None else _changes(found.value, job)
        if found is None or not changes:  # somebody took the change back
            return _over(space, job)
        records, cursor = _page(space, found.value, cursor)
        if records:
            keys = tuple(records)
            space.decide(partial(_change, space, job, keys))
        if not cursor:
            space.decide(partial(_finish, space, job))
            return _over(space, job)
    return Next({"after": cursor}, job.done + _AT_ONCE * MOST_EDITS, job.total)


def _changes(source: Source, job: Job) -> tuple[Change, ...]:
    """What is still to be changed, as the source says now."""
    return tuple(
        Change(
            id_,
            _was(noted),
            source.properties[id_].declared if source.properties[id_].state == "Updating" else None,
        )
        for id_, noted in job.args["properties"].items()
        if id_ in source.properties and source.properties[id_].state != "Active"
    )


def _page(space: Workspace, source: Source, cursor: str) -> tuple[dict[str, Stored], str]:
    """Living entries behind a place in order of key, and the next place; empty at the end."""
    name = space.name(source.entries)
    asked = Query(RECORDS, tuple(name), limit=MOST_EDITS, cursor=cursor or None)
    page = space.call.app.bulk_documents.query(asked)
    records = {record_key(each): found for each in page.items if (found := held(each).record)}
    living = {key: record for key, record in records.items() if not record.deleted}
    return living, page.cursor or ""


def _change(space: Workspace, job: Job, keys: Sequence[str], configuration: Configuration) -> None:
    """Change some entries, as they are now. Raises Outdated where one changes meanwhile."""
    source = configuration.get(SOURCES, job.args["source"]).value
    changes = _changes(source, job)
    records = space.collections.get(space.name(source.entries), keys)
    edits = [
        edit
        for key, record in records.items()
        if not record.deleted and (edit := _edit(key, record, changes, source)) is not None
    ]
    for _ in space.commit_fitting(source.entries, edits, job.import_id, meaning=configuration.seq):
        pass


def _edit(key: str, record: Stored, changes: Iterable[Change], source: Source) -> Edit | None:
    body = dict(record.body)
    for change in changes:
        if change.becomes is None:
            _remove(body, change.id)
        elif change.key in body:
            value = body.pop(change.key)
            made = converted(value, change.was, change.becomes, source.languages).value
            kind = Kind.CLEARED if made is None else change.becomes.kind
            body[body_key(kind, change.id)] = made
    if body == record.body:
        return None
    return Edit(key, body, combine="replace", kind="retyped", seen=record.seqs[0])


def _remove(body: dict[str, Any], property_: str) -> None:
    for key in [key for key in body if parsed_key(key)[1] == property_]:
        del body[key]


def _finish(space: Workspace, job: Job, configuration: Configuration) -> None:
    before = configuration.get(SOURCES, job.args["source"])
    properties: dict[str, Property] = {}
    for id_, each in before.value.properties.items():
        if id_ not in job.args["properties"] or each.state == "Active":
            properties[id_] = each
        elif each.state == "Updating":
            properties[id_] = each.model_copy(update={"state": "Active"})
    after = before.value.model_copy(update={"properties": properties})
    if after != before.value:
        space.configure(
            put(SOURCES, after, before), redefines=[after.entries], import_id=job.import_id
        )


def _over(space: Workspace, job: Job) -> Done:
    result = _came_to(space, job)
    return Done(result, result.get("changed"))


def _came_to(space: Workspace, job: Job) -> dict[str, Any]:
    """How many entries were changed, and what could not be converted, from the log."""
    source = space.configuration.find(SOURCES, job.args["source"])
    if source is None:
        return {"import_id": job.import_id}
    name, documents = space.name(source.value.entries), space.call.app.bulk_documents
    seqs = history.commits_of_import(documents, name, job.import_id)
    changes = [
        Change(id_, _was(noted), source.value.properties[id_].declared)
        for id_, noted in job.args["properties"].items()
        if id_ in source.value.properties
    ]
    changed = lost = 0
    examples: list[dict[str, str]] = []
    for event in history.of_range(documents, name, seqs):
        changed += 1
        for each in _lost(event.row.key, body_before(event.row) or {}, changes, source.value):
            lost += 1
            if len(examples) < MOST_EXAMPLES:
                examples.append(each.model_dump())
    return {"import_id": job.import_id, "changed": changed, "lost": lost, "examples": examples}


def _was(noted: Mapping[str, Any]) -> Declared:
    return Declared(Kind(noted["kind"]), noted["delimiter"])
