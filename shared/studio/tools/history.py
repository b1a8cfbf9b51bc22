"""What happened to entries, and how it is taken back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine import history
from shared.engine.derived import KEPT as DERIVED_KEPT
from shared.engine.heads import CollectionName
from shared.engine.history import Event
from shared.engine.log import KEPT
from shared.errors import Problem
from shared.pipeline import changelog, undoing
from shared.pipeline.cards import CARDS
from shared.pipeline.sources import SOURCE_ID, SOURCES, Source, active, invalid
from shared.pipeline.workspace import Workspace
from shared.query.kinds import parsed_key
from shared.studio.arguments import EntryId, OfSource, StudioArgs, Time, Written, touched
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("history", org_types=STUDIO.org_types, tenant=True, touched=touched)
ChangeType = Literal["created", "updated", "cleared", "deleted", "restored", "retyped"]


class ChangeShown(Result):
    """A property's value before and after; null where there was none."""

    property: str
    language: str
    old: Any
    new: Any


class VersionShown(Result):
    """One change of one entry: what, who, when, by which import."""

    entry_id: str
    version: int
    revision: int
    change_type: ChangeType
    changes: list[ChangeShown]
    author: str
    channel: str
    client: str
    at: datetime
    import_id: str
    correlation_id: str


class VersionsPage(Result):
    """Changes; what is older than `kept_since` is not kept."""

    items: list[VersionShown]
    next_cursor: str | None
    has_more: bool
    kept_since: datetime


class GetEntryHistory(StudioArgs):
    """Whose history: an entry's of a source, or a card's."""

    source_id: Annotated[str, Field(pattern=f"{SOURCE_ID}|^$", description="Its source.")] = ""
    card_definition_id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="In place of a source: a card's.")
    ] = ""
    entry_id: EntryId
    property: Annotated[str, Field(description="Only changes of this property.")] = ""
    limit: Annotated[int, Field(ge=1, le=200, description="Most items.")] = 50
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Get an entry's history")
def get_entry_history(call: Call, args: GetEntryHistory) -> VersionsPage:
    """Tell what happened to one entry, newest first: old and new values, who, when, which import.

    It works for deleted entries. restore_entry_version brings a version back. Of a card that is
    there it tells the same, with the segments it entered and left; that is kept for 30 days.
    """
    space = Workspace(call)
    if bool(args.source_id) == bool(args.card_definition_id):
        raise invalid("source_id", "Give either source_id or card_definition_id.")
    find = _of_card if args.card_definition_id else _of_entry
    found = changelog.page(find(space, args), args.property.lower(), args.limit, args.cursor)
    return _page(call, found, DERIVED_KEPT if args.card_definition_id else KEPT)


def _of_entry(space: Workspace, args: GetEntryHistory) -> Iterator[Event]:
    name = _entries(space, args.source_id)
    record = space.collections.get(name, [args.entry_id]).get(args.entry_id)
    if record is None:
        raise Problem("not_found", f"There never was an entry {args.entry_id!r} in this source.")
    return history.of_record(space.call.app.bulk_documents, name, args.entry_id, record)


def _of_card(space: Workspace, args: GetEntryHistory) -> Iterator[Event]:
    card = space.configuration.get(CARDS, args.card_definition_id).value
    name = space.name(card.built)
    item = space.collections.found(name, [args.entry_id]).get(args.entry_id)
    if item is None:
        raise Problem("not_found", f"There is no card {args.entry_id!r}.")
    return history.since(space.call.app.bulk_documents, name, args.entry_id, item.seq)


class QueryChangelog(OfSource):
    """Which changes."""

    entry_id: Annotated[str, Field(max_length=256, description="Of this entry alone.")] = ""
    property: Annotated[str, Field(description="Of this property alone.")] = ""
    change_types: Annotated[tuple[ChangeType, ...], Field(description="Of these kinds.")] = ()
    author: Annotated[str, Field(description="By this user id.")] = ""
    client: Annotated[str, Field(description="With this client.")] = ""
    import_id: Annotated[str, Field(description="All that one import did.")] = ""
    start: Annotated[Time, Field(alias="from", description="At or after this time.")] = None
    end: Annotated[Time, Field(alias="to", description="Before this time.")] = None
    order: Annotated[Literal["desc", "asc"], Field(description="Newest first, or last.")] = "desc"
    limit: Annotated[int, Field(ge=1, le=200, description="Most items.")] = 50
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Query the changelog")
def query_changelog(call: Call, args: QueryChangelog) -> VersionsPage:
    """List what changed in a source, by entry, property, kind of change, author, import or time.

    A page may be short and still have more: it looks at 50 commits at a time.
    """
    space = Workspace(call)
    source = space.configuration.get(SOURCES, args.source_id).value
    asked = changelog.Asked(
        entry=args.entry_id,
        property=args.property.lower(),
        kinds=frozenset(args.change_types),
        author=args.author,
        client=args.client,
        import_id=args.import_id,
        start=args.start,
        end=args.end,
        newest_first=args.order == "desc",
    )
    return _page(call, changelog.query(space, source, asked, args.limit, args.cursor))


class RevertImport(OfSource, Written):
    """Which import, and what of it that something else changed since."""

    import_id: Annotated[
        str, Field(min_length=1, max_length=100, description="What import_data answered with.")
    ]
    on_conflict: Annotated[
        Literal["refuse", "skip"],
        Field(description="Where something else changed entries since: stop, or do the rest."),
    ] = "refuse"


class Undone(Result):
    """What was taken back, and which entries were left because something else changed them.

    `job_id`: of the job that converts what was written since, where a type goes back.
    """

    import_id: str
    restored: int
    deleted: int
    conflicts: list[str]
    revision: int
    job_id: str
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Take an import back",
    role=Role.PUBLISHER,
)
def revert_import(call: Call, args: RevertImport) -> Undone:
    """Put every entry that an import or a job touched back to what it was; history shows both.

    That includes the types of properties that the job changed or deleted.

    Try it with dry_run. Entries that something else changed since are conflicts: they stop it, or
    with on_conflict skip they stay as they are.
    """
    space = Workspace(call)
    done = undoing.revert(
        space, args.source_id, args.import_id, skip=args.on_conflict == "skip", dry_run=args.dry_run
    )
    return Undone(
        import_id=done.import_id,
        restored=done.restored,
        deleted=done.deleted,
        conflicts=list(done.conflicts[:200]),
        revision=done.revision,
        job_id=done.job.id.partition(":")[2] if done.job else "",
        warnings=["Nothing was written: dry_run."] if args.dry_run else [],
    )


class RestoreEntryVersion(OfSource, Written):
    """Which version of which entry."""

    entry_id: EntryId
    version: Annotated[int, Field(ge=1, description="As get_entry_history lists it.")]


class Restored(Result):
    """The entry's version now."""

    entry_id: str
    version: int
    import_id: str
    revision: int


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Restore a version of an entry",
    role=Role.EDITOR,
    idempotent=True,
)
def restore_entry_version(call: Call, args: RestoreEntryVersion) -> Restored:
    """Make an entry what it was at one of its versions; that is a new version of its own.

    get_entry_history lists the versions.
    """
    space = Workspace(call)
    source = active(space.configuration, args.source_id)
    done = undoing.restore(space, source, args.entry_id, args.version, dry_run=args.dry_run)
    return Restored(
        entry_id=args.entry_id,
        version=done.version,
        import_id=done.import_id,
        revision=done.revision,
    )


def _entries(space: Workspace, source_id: str) -> CollectionName:
    source: Source = space.configuration.get(SOURCES, source_id).value
    return space.name(source.entries)


def _page(call: Call, page: changelog.Page, kept: timedelta = KEPT) -> VersionsPage:
    return VersionsPage(
        items=[_shown(event) for event in page.events],
        next_cursor=page.cursor,
        has_more=page.cursor is not None,
        kept_since=call.now - kept,
    )


def _shown(event: Event) -> VersionShown:
    entry, row = event.entry, event.row
    return VersionShown(
        entry_id=row.key,
        version=row.version,
        revision=event.seq,
        change_type=row.kind,
        changes=list(_changes(event)),
        author=entry.by,
        channel=entry.surface,
        client=entry.client or "",
        at=entry.at,
        import_id=entry.import_id,
        correlation_id=entry.correlation_id or "",
    )


def _changes(event: Event) -> Iterator[ChangeShown]:
    row = event.row
    if row.deletes:
        return
    for key, language, was in row.changes:
        value = row.body.get(key)
        if language is not None:
            value = value.get(language) if isinstance(value, dict) else None
        yield ChangeShown(
            property=parsed_key(key)[1],
            language=language or "",
            old=was[0] if was else None,
            new=value,
        )
