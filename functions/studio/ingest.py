"""Imports by programs: the typed route, and the older one whose values are all text.

Both are `import_data` for backends: with an API key that is for one tenant, which acts there as an
editor, and by the same rules (`shared.pipeline.ingest`).
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from shared.app import App
from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine.typed import Entry, Given
from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.ingest import Import, Imported, ingest
from shared.pipeline.sources import SOURCES, Source, shown_type
from shared.pipeline.text_values import cleared_or_value
from shared.pipeline.workspace import Workspace
from shared.serve.discovery import base_path
from shared.serve.openapi import document
from shared.serve.problem_details import (
    MEDIA_TYPE,
    SCHEMA,
    STATUSES,
    each_error,
    problem_details,
)
from shared.serve.rest import Refusals, RestHost, Route
from shared.serve.run import Runner
from shared.spelling import Case, Spelling
from shared.studio.arguments import EntryId, OfSource, touched
from shared.studio.given import EntryGiven, entry_of
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("ingest", org_types=STUDIO.org_types, tenant=True, touched=touched)
MOST_ENTRIES: Final = 1000
MOST_BODY: Final = 8 * 1024 * 1024
"""Bytes of one request."""
Correlation = Annotated[
    str, Field(max_length=200, description="Your own name for this import; used once.")
]


class PropertyFound(Result):
    """A property that nobody had declared, with the type that its values showed."""

    id: str
    type: str
    delimiter: str


class Accepted(Result):
    """What an import came to: it is stored, and a search includes it at once."""

    correlation_id: str
    import_id: str
    source_id: str
    accepted_at: datetime
    accepted_entry_count: int
    upserted: int
    deleted: int
    unchanged: int
    revision: int
    new_properties_found: list[PropertyFound]


class IngestEntries(OfSource):
    """Entries with JSON values."""

    entries: Annotated[
        tuple[EntryGiven, ...],
        Field(min_length=1, max_length=MOST_ENTRIES, description="Each id once."),
    ]
    mode: Annotated[
        Literal["merge", "replace"],
        Field(description="merge leaves properties that are not named; replace removes them."),
    ] = "merge"
    correlation_id: Correlation = ""
    dry_run: Annotated[bool, Field(description="Check everything; change nothing.")] = False


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Import entries",
    role=Role.EDITOR,
    idempotent=True,
)
def ingest_entries(call: Call, args: IngestEntries) -> Accepted:
    """Add, change or delete up to 1,000 entries of a source: all of them, or none and every reason.

    Values are native JSON, checked against the declared types; null clears. Unknown properties are
    added with the type their values show. Sending the same again changes nothing.
    """
    entries = tuple(entry_of(each, args.mode) for each in args.entries)
    return _imported(call, args.source_id, entries, args.correlation_id, dry_run=args.dry_run)


class _Named(Exact):
    model_config = ConfigDict(populate_by_name=True)


class TextProperty(_Named):
    """One value as text; null clears it."""

    id: Annotated[str, Field(alias="Id", min_length=1, max_length=256)]
    value: Annotated[str | None, Field(alias="Value")] = None
    language: Annotated[str | None, Field(alias="Language")] = None


class TextEntity(_Named):
    """An entry whose values are text, or that is deleted."""

    key: Annotated[EntryId, Field(alias="Key")]
    delete: Annotated[bool, Field(alias="Delete")] = False
    properties: Annotated[tuple[TextProperty, ...], Field(alias="Properties")] = ()


class ImportId(Result):
    """Which import it became."""

    id: str


class Taken(Result):
    """What the older form answers."""

    result: ImportId
    errors: list[str]
    request_id: str


class ImportEntities(OfSource):
    """Entries whose values are text."""

    entities: Annotated[
        tuple[TextEntity, ...],
        Field(
            alias="Entities", min_length=1, max_length=MOST_ENTRIES, description="Each key once."
        ),
    ]
    correlation_id: Correlation = ""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Import entities",
    role=Role.EDITOR,
    idempotent=True,
)
def import_entities(call: Call, args: ImportEntities) -> Taken:
    """Add, change or delete up to 1,000 entries whose values are all text, as older programs send.

    A text is read by what the property is declared to hold: lists by their delimiter, numbers and
    booleans as such; of those, an empty text clears. Unknown properties are taken as text.
    """
    source = Workspace(call).configuration.get(SOURCES, args.source_id).value
    entries = tuple(_read(each, source) for each in args.entities)
    done = _imported(call, source.id, entries, args.correlation_id)
    return Taken(result=ImportId(id=done.import_id), errors=[], request_id=call.request_id)


def _read(given: TextEntity, source: Source) -> Entry:
    declared = source.declared
    values = tuple(
        Given(
            each.id,
            cleared_or_value(each.value, declared.get(each.id.lower())),
            each.language or None,
        )
        for each in given.properties
    )
    return Entry(given.key, values, "delete" if given.delete else "merge")


def _imported(
    call: Call, source: str, entries: tuple[Entry, ...], correlation: str, *, dry_run: bool = False
) -> Accepted:
    given = Import(
        source=source,
        entries=entries,
        correlation=correlation or None,
        split=len(entries) > 1 and not dry_run,
        dry_run=dry_run,
    )
    done: Imported = ingest(Workspace(call), given)
    return Accepted(
        correlation_id=correlation or done.import_id,
        import_id=done.import_id,
        source_id=source,
        accepted_at=call.now,
        accepted_entry_count=len(entries),
        upserted=done.upserted,
        deleted=done.deleted,
        unchanged=done.unchanged,
        revision=done.revision,
        new_properties_found=[
            PropertyFound(id=id_, type=shown_type(each.kind), delimiter=each.delimiter or "")
            for id_, each in done.added.items()
        ],
    )


def _failed(problem: Problem, request_id: str) -> dict[str, Any]:
    """The older form, with no result, the errors and the request's id."""
    errors = [
        {
            "message": each["message"],
            "details": {"propertyName": _as_sent(each["path"]), "message": each["message"]},
        }
        for each in each_error(problem)
    ]
    errors = errors or [{"message": problem.message, "details": {}}]
    return {"result": None, "errors": errors, "requestId": request_id}


def _as_sent(path: str) -> str:
    """A path of entries as one of the entities that were sent."""
    path = re.sub(r"^entries(\[\d+\])\.id$", r"Entities\1.Key", path)
    path = re.sub(r"^entries", "Entities", path)
    return ".".join(part[:1].upper() + part[1:] for part in path.split("."))


_TEXT: Final = {"type": "string"}
_PROBLEM: Final = Refusals(problem_details, MEDIA_TYPE.decode(), "Problem", SCHEMA, STATUSES)
_FAILED: Final = Refusals(
    _failed,
    "application/json",
    "Failed",
    {
        "type": "object",
        "properties": {
            "result": {"type": "null"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"message": _TEXT, "details": {"type": "object"}},
                    "required": ["message", "details"],
                },
            },
            "requestId": _TEXT,
        },
        "required": ["result", "errors", "requestId"],
    },
    STATUSES,
)
_ERRORS: Final = {
    "400": "Something is wrong with it: all of it is named, and nothing was written.",
    "404": "There is no such source, or the key is for another tenant.",
    "409": "The source is being emptied, or the correlation id stands for another import.",
}
_QUERY: Final = frozenset({"correlationId"})
ROUTES: Final = (
    Route(
        "POST",
        "/{tenant}/v1/sources/{sourceId}",
        "ingestEntries",
        family["ingest_entries"],
        errors=_ERRORS,
        query=_QUERY,
        status=202,
        refusals=_PROBLEM,
        most_body=MOST_BODY,
    ),
    Route(
        "POST",
        "/{tenant}/import/{sourceId}",
        "importEntities",
        family["import_entities"],
        errors=_ERRORS,
        query=_QUERY,
        status=202,
        refusals=_FAILED,
        most_body=MOST_BODY,
    ),
)


def ingest_host(app: App, runner: Runner) -> RestHost:
    """The two routes, beside the MCP endpoints of the tenants."""
    base = STUDIO.base(app.settings)
    described = document(
        ROUTES,
        title="Ingest API",
        version="1",
        server=base,
        description="Import entries into the data sources of the tenant that an API key is for.",
        case=Case.CAMEL,
    )
    return RestHost(
        ROUTES,
        runner,
        base=base_path(base),
        document=described,
        surface="rest",
        spelling=Spelling(arguments=Case.CAMEL),
    )
