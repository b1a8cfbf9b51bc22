"""Data sources: what entries come in as, and what their properties hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine.jobs import Asked
from shared.errors import Problem
from shared.pipeline import schedules, schemas
from shared.pipeline.cards import redefined
from shared.pipeline.configuration import Configuration, Defined, put
from shared.pipeline.job_kinds import CHANGE_PROPERTIES
from shared.pipeline.job_space import asked
from shared.pipeline.properties import GivenProperties, GivenProperty, checked_properties
from shared.pipeline.property_changes import MOST_EXAMPLES, Lost, noted, upserted
from shared.pipeline.schemas import SchemaPage
from shared.pipeline.sources import (
    MOST_SOURCES,
    SOURCE_ID,
    SOURCES,
    Source,
    checked_languages,
    checked_relations,
    entries_of,
)
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Write
from shared.studio.arguments import (
    OfSource,
    Paged,
    SourceId,
    Time,
    Written,
    touched,
)
from shared.studio.given_feed import GivenFeed
from shared.studio.reviews import FromDraft, from_draft
from shared.studio.views import PropertyShown, SourceShown, property_shown, source_shown
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family("sources", org_types=STUDIO.org_types, tenant=True, touched=touched)
PAGE_OF_PROPERTIES = 100


class SearchDataSources(Paged):
    """Which sources."""

    query: Annotated[str, Field(max_length=200, description="A part of the name or id.")] = ""
    type: Annotated[
        Literal["", "Generic", "Media"], Field(description="Sources of this type; all if empty.")
    ] = ""
    status: Annotated[
        Literal["", "Active", "Purging"], Field(description="Of this status; all if empty.")
    ] = ""
    created_from: Annotated[Time, Field(description="Created at or after this time.")] = None
    created_to: Annotated[Time, Field(description="Created before this time.")] = None
    updated_from: Annotated[Time, Field(description="Changed at or after this time.")] = None
    updated_to: Annotated[Time, Field(description="Changed before this time.")] = None

    def holds(self, defined: Defined[Source]) -> bool:
        """Whether a source is asked for."""
        source, asked = defined.value, self.query.lower()
        return (
            (asked in source.name.lower() or asked in source.id.lower())
            and self.type in ("", source.type)
            and self.status in ("", source.status)
            and _within(source.created_at, self.created_from, self.created_to)
            and _within(defined.updated, self.updated_from, self.updated_to)
        )


def _within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or at >= start) and (end is None or at < end)


class SourcesPage(Result):
    """Sources in order of id; `more_properties` counts those that are not listed."""

    items: list[SourceShown]
    next_cursor: str | None
    has_more: bool
    total: int


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search data sources")
def search_data_sources(call: Call, args: SearchDataSources) -> SourcesPage:
    """List the tenant's data sources with their properties, relations and numbers of entries.

    Use it to find a source's id; describe_data_source_schema tells what its properties hold.
    """
    space = Workspace(call)
    found = [each for each in space.configuration.every(SOURCES) if args.holds(each)]
    rest = [each for each in found if each.value.id > args.cursor]
    shown = rest[: args.limit]
    more = len(rest) > len(shown) and bool(shown)
    heads = space.heads([each.value.entries for each in shown])
    return SourcesPage(
        items=[source_shown(each, heads[each.value.entries].count) for each in shown],
        next_cursor=shown[-1].value.id if more else None,
        has_more=more,
        total=len(found),
    )


class DescribeDataSourceSchema(OfSource):
    """Whose schema."""

    query: Annotated[str, Field(max_length=200, description="A part of the property's id.")] = ""
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Describe a source's schema"
)
def describe_data_source_schema(call: Call, args: DescribeDataSourceSchema) -> SchemaPage:
    """Tell what each property of a source holds, how it is filtered and how often it is filled.

    Read it before search_entries and before import_data. Pages hold 100 properties.
    """
    space = Workspace(call)
    return schemas.describe(
        space, args.source_id, query=args.query, after=args.cursor, limit=PAGE_OF_PROPERTIES
    )


class CreateDataSource(FromDraft):
    """A new source."""

    id: Annotated[str, Field(pattern=SOURCE_ID, description="Of A-Z a-z 0-9 _ -, for good.")]
    name: Annotated[str, Field(min_length=1, max_length=200, description="For people.")]
    description: Annotated[str, Field(max_length=2000, description="What it holds.")] = ""
    type: Annotated[
        Literal["Generic", "Media"], Field(description="Media for files, else Generic.")
    ] = "Generic"
    properties: Annotated[GivenProperties, Field(description="Those known already.")] = ()
    languages: Annotated[tuple[str, ...], Field(description="Such as en, sv-SE.")] = ()
    related_source_ids: Annotated[
        tuple[SourceId, ...], Field(description="Sources whose entries have the same keys.")
    ] = ()

    def touches(self) -> Iterable[str]:
        """The new source's entries."""
        return (entries_of(self.id),)


class SourceWritten(Result):
    """A source after a change, and what to know about it."""

    source: SourceShown
    revision: int
    import_id: str
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a data source",
    role=Role.EDITOR,
)
@from_draft
def create_data_source(call: Call, args: CreateDataSource) -> SourceWritten:
    """Create a data source with its properties; properties may also come with the first import.

    Use draft_data_source first where a person should look at it.
    """
    space = Workspace(call)
    return space.decide(lambda configuration: _create(space, configuration, args))


def _create(
    space: Workspace, configuration: Configuration, args: CreateDataSource
) -> SourceWritten:
    if configuration.find(SOURCES, args.id) is not None:
        raise Problem("conflict", f"There is a data source {args.id!r} already.", field="id")
    most = min(MOST_SOURCES, space.quota.get("sources", MOST_SOURCES))
    if sum(1 for _ in configuration.every(SOURCES)) >= most:
        message = f"The tenant has {most} data sources, and may have no more. Delete one first."
        raise Problem("too_large", message, limit=most)
    source = Source(
        id=args.id,
        name=args.name,
        description=args.description,
        type=args.type,
        languages=checked_languages(args.languages),
        related=checked_relations(configuration, args.id, args.related_source_ids),
        properties=checked_properties(args.properties, {}),
        created_at=space.call.now,
    )
    return _written(space, source, None, dry_run=args.dry_run)


class UpdateDataSource(OfSource, Written):
    """What to change; what is left out stays."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="For people.")] = ""
    description: Annotated[str, Field(max_length=2000, description="Empty clears it.")] = ""
    languages: Annotated[tuple[str, ...], Field(description="All of them.")] = ()
    related_source_ids: Annotated[
        tuple[SourceId, ...], Field(description="All of them, in the place of those before.")
    ] = ()
    feed: Annotated[GivenFeed | None, Field(description="Fetched now and then; null ends it.")] = (
        None
    )


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Change a data source",
    role=Role.EDITOR,
    idempotent=True,
)
def update_data_source(call: Call, args: UpdateDataSource) -> SourceWritten:
    """Change a source's name, description, languages, related sources, or the feed it fetches.

    What is left out stays as it is. For properties use upsert_data_source_properties. A feed is
    fetched at once; describe_data_source_schema tells how the last time went.
    """
    space = Workspace(call)
    written = space.decide(lambda configuration: _update(space, configuration, args))
    if args.feed is not None and not args.dry_run:
        schedules.begin(call, args.source_id)
    return written


def _update(
    space: Workspace, configuration: Configuration, args: UpdateDataSource
) -> SourceWritten:
    before = configuration.get(SOURCES, args.source_id)
    given = args.model_fields_set
    update: dict[str, Any] = {
        name: getattr(args, name) for name in ("name", "description") if name in given
    }
    if "languages" in given:
        update["languages"] = checked_languages(args.languages)
    if "related_source_ids" in given:
        update["related"] = checked_relations(
            configuration, args.source_id, args.related_source_ids
        )
    if "feed" in given:
        update["feed"] = args.feed and args.feed.checked(configuration)
    after = before.value.model_copy(update=update)
    due = after.feed is not None and after.feed != before.value.feed
    also = (schedules.soon(space.call, after.id),) if due else ()
    return _written(space, after, before, dry_run=args.dry_run, also=also)


class UpsertDataSourceProperties(OfSource, Written, Confirmed):
    """Which properties, and what of them."""

    properties: Annotated[
        tuple[GivenProperty, ...],
        Field(min_length=1, max_length=200, description="Each with what is to change."),
    ]


class PropertiesWritten(Result):
    """The properties after the change.

    `reindexed`: those whose values the job `job_id` converts; `lost`: values of them that have no
    such value, among the first entries.
    """

    properties: list[PropertyShown]
    revision: int
    import_id: str
    job_id: str
    reindexed: list[str]
    lost: list[Lost]
    warnings: list[str]


def _would_retype(call: Call, args: UpsertDataSourceProperties) -> Plan | None:
    if args.dry_run:
        return None
    space = Workspace(call)
    changed = upserted(space, space.configuration, args.source_id, args.properties)
    if not changed.tried.lost:
        return None
    first = changed.tried.lost[0]
    return Plan(
        f"convert the values of {', '.join(each.id for each in changed.retyped)}, and clear "
        f"those that have no such value: {len(changed.tried.lost)} among the first "
        f"{changed.tried.entries} entries, such as {first.value!r} of {first.entry_id!r}.",
        {"lost": len(changed.tried.lost), "entries": changed.tried.entries},
    )


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Add or change a source's properties",
    role=Role.EDITOR,
    idempotent=True,
    plan=_would_retype,
)
def upsert_data_source_properties(
    call: Call, args: UpsertDataSourceProperties
) -> PropertiesWritten:
    """Add properties to a source or change their name, type, delimiter or description.

    What is left out of a property stays. Where entries have values of another type, a job converts
    them; if some would be lost, it says so first and wants confirm. revert_import takes it back.
    """
    space = Workspace(call)
    return space.decide(lambda configuration: _upsert(space, configuration, args))


def _upsert(
    space: Workspace, configuration: Configuration, args: UpsertDataSourceProperties
) -> PropertiesWritten:
    changed = upserted(space, configuration, args.source_id, args.properties)
    job = None
    if changed.retyped:
        was = {each.id: noted(each.was) for each in changed.retyped}
        job = asked(space.call, CHANGE_PROPERTIES, source=args.source_id, properties=was)
    written = _written(
        space,
        changed.source,
        configuration.get(SOURCES, args.source_id),
        dry_run=args.dry_run,
        job=job,
    )
    return PropertiesWritten(
        properties=[property_shown(id_, changed.source.properties[id_]) for id_ in changed.ids],
        revision=written.revision,
        import_id=written.import_id,
        job_id=job.id.partition(":")[2] if job and not args.dry_run else "",
        reindexed=[each.id for each in changed.retyped],
        lost=changed.tried.lost[:MOST_EXAMPLES],
        warnings=written.warnings,
    )


def _written(
    space: Workspace,
    source: Source,
    before: Defined[Source] | None,
    *,
    dry_run: bool,
    job: Asked | None = None,
    also: tuple[Write, ...] = (),
) -> SourceWritten:
    """Store a source; what its entries mean changes with it."""
    changes = before is None or before.value != source
    redefines = redefined(space.configuration, before, source) if before and changes else []
    committed = space.configure(
        put(SOURCES, source, before), redefines=redefines, dry_run=dry_run, job=job, also=also
    )
    updated: datetime = space.call.now if changes or before is None else before.updated
    return SourceWritten(
        source=source_shown(Defined(source, 0, updated), space.head(source.entries).count),
        revision=next(iter(committed.seqs.values())),
        import_id=committed.import_id,
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )
