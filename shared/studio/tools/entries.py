"""Entries: imported, searched, read as they are stored."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine.catching_up import Freshness
from shared.pipeline import raw
from shared.pipeline.ingest import Import, Imported, ingest
from shared.pipeline.sources import SOURCES, invalid, shown_type
from shared.pipeline.workspace import Workspace
from shared.query.answers import Answer
from shared.studio.arguments import EntryId, OfSource, Time, Written, touched
from shared.studio.asked import SearchEntries, filters_of, question
from shared.studio.found import Behind, FacetShown, behind_shown, facets_shown
from shared.studio.given import EntryGiven, entry_of
from shared.studio.views import ValueShown, values_shown
from shared.tool import Call, Effect, Family, Json, Result, Risk

family = Family("entries", org_types=STUDIO.org_types, tenant=True, touched=touched)


class EntryShown(Result):
    """An entry; `revision` is the source's when it was changed last."""

    id: str
    properties: list[ValueShown]
    last_updated: datetime
    version: int
    revision: int


class EntriesPage(Result):
    """Entries, how many match, and what was counted. All of one revision."""

    items: list[EntryShown]
    total: int
    facets: list[FacetShown]
    next_cursor: str | None
    has_more: bool
    revision: int
    freshness: Behind


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search entries")
def search_entries(call: Call, args: SearchEntries) -> EntriesPage:
    """Find entries of a source by typed filters and words, in any order, with facets and a total.

    Read describe_data_source_schema first: it names each property's filter type and operators. With
    `limit: 0` only the total and the facets are told. What was imported before is included.
    """
    space = Workspace(call)
    source = space.configuration.get(SOURCES, args.source_id).value
    asked = question(filters_of(call, source), args)
    answer, freshness = space.collections.ask(
        space.name(source.entries), asked, space.head(source.entries)
    )
    return _page(args, answer, freshness)


def _page(args: SearchEntries, answer: Answer, freshness: Freshness) -> EntriesPage:
    only = {each.lower() for each in args.properties}
    return EntriesPage(
        items=[
            EntryShown(
                id=item.key,
                properties=list(values_shown(item.body, only, args.language)),
                last_updated=item.updated,
                version=item.version,
                revision=item.seq,
            )
            for item in answer.items
        ],
        total=answer.total,
        facets=facets_shown(args, answer),
        next_cursor=answer.cursor,
        has_more=answer.cursor is not None,
        revision=answer.seq,
        freshness=behind_shown(freshness),
    )


class ListSourceEntries(OfSource):
    """Which entries, in which order."""

    ids: Annotated[tuple[EntryId, ...], Field(max_length=200, description="These alone.")] = ()
    sort: Annotated[
        Literal["last_updated", "key"], Field(description="Newest change first, or by id.")
    ] = "last_updated"
    updated_from: Annotated[Time, Field(description="Changed last at or after this time.")] = None
    updated_to: Annotated[Time, Field(description="Changed last before this time.")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Most items.")] = 50
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


class RawEntry(Result):
    """An entry as it is stored: each property's id, its kind in front (s text, n decimal, ...)."""

    id: str
    values: dict[str, Any]
    version: int
    revision: int
    last_updated: datetime | None
    import_id: str
    correlation_id: str


class RawEntriesPage(Result):
    """Entries as they are stored."""

    items: list[RawEntry]
    next_cursor: str | None
    has_more: bool


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List stored entries")
def list_source_entries(call: Call, args: ListSourceEntries) -> RawEntriesPage:
    """List entries exactly as they are stored, newest change first, or those of given ids.

    It does not use the search index: compare it with search_entries to tell what was imported from
    what is found. Ids that are not there are left out.
    """
    space = Workspace(call)
    source = space.configuration.get(SOURCES, args.source_id).value
    bounds = raw.Bounds(args.updated_from, args.updated_to)
    if any(bounds) and (args.ids or args.sort == "key"):
        raise invalid("updated_from", "Times need sort last_updated, and no ids.")
    if args.ids:
        page = raw.RawPage(raw.of_keys(space, source, args.ids), None)
    elif args.sort == "key":
        page = raw.by_key(space, source, args.limit, args.cursor or None)
    else:
        page = raw.by_time(space, source, args.limit, args.cursor or None, bounds)
    return RawEntriesPage(
        items=[
            RawEntry(
                id=each.key,
                values=each.record.body,
                version=each.record.version,
                revision=each.seq,
                last_updated=each.at,
                import_id=each.import_id,
                correlation_id=each.correlation_id,
            )
            for each in page.items
        ],
        next_cursor=page.cursor,
        has_more=page.cursor is not None,
    )


class GetEntries(OfSource):
    """Which entries, and what of them."""

    ids: Annotated[
        tuple[EntryId, ...], Field(min_length=1, max_length=200, description="The entries' ids.")
    ]
    properties: Annotated[tuple[str, ...], Field(description="Only these are shown.")] = ()
    language: Annotated[str, Field(description="Only these localized values.")] = ""


class EntriesFound(Result):
    """The entries that are there, and the ids of those that are not."""

    items: list[EntryShown]
    missing: list[str]


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Get entries")
def get_entries(call: Call, args: GetEntries) -> EntriesFound:
    """Read entries by id as they are now: the cheapest look after a change."""
    space = Workspace(call)
    source = space.configuration.get(SOURCES, args.source_id).value
    found = {each.key: each for each in raw.of_keys(space, source, args.ids)}
    only = {each.lower() for each in args.properties}
    return EntriesFound(
        items=[
            EntryShown(
                id=each.key,
                properties=list(values_shown(each.record.body, only, args.language)),
                last_updated=each.at or call.now,
                version=each.record.version,
                revision=each.seq,
            )
            for each in found.values()
        ],
        missing=[id_ for id_ in args.ids if id_ not in found],
    )


class ImportData(OfSource, Written):
    """What to import."""

    entries: Annotated[
        tuple[EntryGiven, ...],
        Field(min_length=1, max_length=500, description="Each id once."),
    ]
    mode: Annotated[
        Literal["merge", "replace"],
        Field(description="merge leaves properties that are not named; replace removes them."),
    ] = "merge"
    correlation_id: Annotated[
        str, Field(max_length=200, description="Your own name for this import; used once.")
    ] = ""
    idempotency_key: Annotated[
        str, Field(max_length=200, description="The same call again is answered, not done again.")
    ] = ""
    split: Annotated[
        bool, Field(description="Allow several commits where one cannot hold all of it.")
    ] = False


class NewProperty(Result):
    """A property that came with the import, and the type that its values showed."""

    id: str
    type: str
    delimiter: str


class ImportDone(Result):
    """What the import came to. `revision` is the source's; a search includes it at once."""

    import_id: str
    correlation_id: str
    accepted: int
    upserted: int
    deleted: int
    unchanged: int
    new_properties: list[NewProperty]
    revision: int
    revisions: list[int]
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Import entries",
    role=Role.EDITOR,
    idempotent=True,
    returns=ImportDone,
)
def import_data(call: Call, args: ImportData) -> ImportDone | Json:
    """Add, change or delete up to 500 entries of a source: all of them, or none and every reason.

    Values are checked against the declared types; unknown properties are added with the type their
    values show. Properties that are not named stay. Importing the same again changes nothing. Use
    dry_run first, and revert_import with the import_id to take it back.
    """
    space = Workspace(call)
    if args.split and args.idempotency_key:
        raise invalid("idempotency_key", "It cannot be given together with split.")
    arguments = args.model_dump(mode="json", exclude={"idempotency_key"})
    given = Import(
        source=args.source_id,
        entries=tuple(entry_of(each, args.mode) for each in args.entries),
        correlation=args.correlation_id or None,
        idempotency=space.idempotency("import_data", args.idempotency_key, arguments),
        split=args.split,
        dry_run=args.dry_run,
    )

    def answer(done: Imported) -> bytes:
        return _done(args, done).model_dump_json().encode()

    done = ingest(space, given, answer)
    return Json(done.repeated) if done.repeated is not None else _done(args, done)


def _done(args: ImportData, done: Imported) -> ImportDone:
    return ImportDone(
        import_id=done.import_id,
        correlation_id=args.correlation_id or done.import_id,
        accepted=len(args.entries),
        upserted=done.upserted,
        deleted=done.deleted,
        unchanged=done.unchanged,
        new_properties=[
            NewProperty(id=id_, type=shown_type(each.kind), delimiter=each.delimiter or "")
            for id_, each in done.added.items()
        ],
        revision=done.revision,
        revisions=list(done.revisions),
        warnings=["Nothing was written: dry_run."] if args.dry_run else [],
    )
