"""Whole files into sources, and out of them."""

from typing import Annotated, Literal

from pydantic import Field

from functions.studio.arguments import OfSource, Waits, touched
from functions.studio.asked import Matching, filters_of
from functions.studio.started import JobShown, started, waited
from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline.files import FileFormat
from shared.pipeline.job_kinds import EXPORT_ENTRIES, IMPORT_FEED
from shared.pipeline.properties import PROPERTY_ID
from shared.pipeline.sources import SOURCES, active
from shared.pipeline.workspace import Workspace
from shared.query.ast import Question
from shared.query.checks import check
from shared.tool import Call, Confirmed, Effect, Family, Pending, Plan, Risk

family = Family("files", org_types=STUDIO.org_types, tenant=True, touched=touched)
PropertyName = Annotated[str, Field(pattern=PROPERTY_ID)]


class ImportFeed(OfSource, Confirmed, Waits):
    """Which file, into which source, and how."""

    url: Annotated[str, Field(max_length=2048, description="The file's https address.")]
    key_column: Annotated[str, Field(max_length=200, description="Whose values are ids.")] = "id"
    mapping: Annotated[
        dict[str, PropertyName],
        Field(description="Property by column; others get a property of their own name."),
    ] = {}  # noqa: RUF012  pydantic copies defaults
    missing: Annotated[
        Literal["keep", "delete"],
        Field(description="What becomes of entries that the file does not have."),
    ] = "keep"


def _would_import(call: Call, args: ImportFeed) -> Plan | None:
    if args.missing == "keep":
        return None
    space = Workspace(call)
    count = space.head(active(space.configuration, args.source_id).entries).count
    return Plan(
        f"import the file and delete every one of the {count} entries that it does not have.",
        {"entries": count},
    )


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Import a file",
    role=Role.EDITOR,
    open_world=True,
    plan=_would_import,
    streams=True,
    returns=JobShown,
)
def import_feed(call: Call, args: ImportFeed) -> JobShown | Pending:
    """Import a whole file from an https address: CSV with a header, or JSON lines, also packed.

    It is a job: get_job tells how far it is, and which lines were left out and why. The file is
    checked first: above 5 % wrong rows nothing is written. revert_import takes it back.
    """
    space = Workspace(call)
    source = active(space.configuration, args.source_id)
    job = started(
        call,
        IMPORT_FEED,
        source=source.id,
        url=args.url,
        transfer="",
        variants="",
        reading={},
        key_column=args.key_column,
        mapping={column: each.lower() for column, each in args.mapping.items()},
        missing=args.missing,
    )
    return waited(call, job, args.wait)


class ExportEntries(Matching, Waits):
    """Which entries, what of them, and as what."""

    properties: Annotated[
        tuple[str, ...], Field(description="Only these columns; all if left out.")
    ] = ()
    format: Annotated[FileFormat, Field(description="What the file is.")] = "csv"


@family.tool(
    scope="studio:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Export entries to a file",
    streams=True,
    returns=JobShown,
)
def export_entries(call: Call, args: ExportEntries) -> JobShown | Pending:
    """Write entries to a CSV, XLSX or JSON-lines file, found as in search_entries.

    It is a job: once it is over, get_job has a download_url for an hour. import_feed takes the file
    back (with the result's key_column), and where nothing was edited it changes nothing.
    """
    source = Workspace(call).configuration.get(SOURCES, args.source_id).value
    filters = filters_of(call, source)
    check(Question(where=filters.matching(args.filters, args.query, args.search_on)))
    for number, each in enumerate(args.properties):
        filters.kind(each, f"properties[{number}]")
    job = started(
        call,
        EXPORT_ENTRIES,
        source=source.id,
        filters=[each.model_dump(mode="json", by_alias=True) for each in args.filters],
        query=args.query,
        search_on=list(args.search_on),
        properties=list(args.properties),
        format=args.format,
    )
    return waited(call, job, args.wait)
