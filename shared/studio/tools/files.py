"""Whole files into sources, and out of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine import jobs
from shared.pipeline import uploads
from shared.pipeline.files import FileFormat
from shared.pipeline.job_kinds import EXPORT_ENTRIES, IMPORT_FEED
from shared.pipeline.job_space import asked
from shared.pipeline.sources import SOURCES, active, entries_of, invalid
from shared.pipeline.workspace import Workspace
from shared.query.ast import Question
from shared.query.checks import check
from shared.studio.arguments import FileRead, OfSource, StudioArgs, TransferId, Waits, touched
from shared.studio.asked import MatchingEntries, filters_of
from shared.studio.started import JobShown, shown_asked, started, waited
from shared.tool import Call, Confirmed, Effect, Family, Pending, Plan, Result, Risk

family = Family("files", org_types=STUDIO.org_types, tenant=True, touched=touched)


class PrepareFileUpload(StudioArgs):
    """What file will come."""

    filename: Annotated[str, Field(min_length=1, max_length=200, description="For people.")]
    size: Annotated[int, Field(ge=0, description="Its bytes; 0 if not known.")] = 0


class UploadPrepared(Result):
    """Where the file is sent to, and what it is called afterwards."""

    transfer_id: str
    upload_url: str
    page_url: str
    ends_at: datetime


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Prepare an upload",
    role=Role.EDITOR,
)
def prepare_file_upload(call: Call, args: PrepareFileUpload) -> UploadPrepared:
    """Get addresses for one file, for an hour: `curl -T FILE UPLOAD_URL`, page_url for a person.

    Use it for files without an https address. Then pass transfer_id to draft_data_source, or to
    import_feed, which takes it once. upload_url is a secret.
    """
    id_, transfer = uploads.prepare(call, args.filename, args.size)
    query = urlencode({"tenant": call.tenant, "id": id_})
    return UploadPrepared(
        transfer_id=id_,
        upload_url=uploads.address(call, id_),
        page_url=f"{call.app.settings.portal_url}/upload?{query}",
        ends_at=transfer.ends_at,
    )


class ImportFeed(OfSource, FileRead, Confirmed, Waits):
    """Which file, into which source, and how."""

    url: Annotated[str, Field(max_length=2048, description="The file's https address, or")] = ""
    transfer_id: Annotated[TransferId, Field(description="that of prepare_file_upload.")] = ""
    missing: Annotated[
        Literal["keep", "delete"],
        Field(description="What becomes of entries that the file does not have."),
    ] = "keep"

    def touches(self) -> Iterable[str]:
        """The entries of the source, and of its variants' one."""
        return map(entries_of, filter(None, (self.source_id, self.variants_source_id)))


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
    """Import a whole file: CSV, TSV, XLSX, JSON lines, or a Merchant or Shopify feed, also packed.

    It is a job: get_job tells how far it is, and which lines were left out and why. The file is
    checked first: above 5 % wrong rows nothing is written. revert_import takes it back.
    """
    configuration = Workspace(call).configuration
    for each in filter(None, (args.source_id, args.variants_source_id)):
        active(configuration, each)
    if bool(args.url) == bool(args.transfer_id):
        raise invalid("url", "Give either url or transfer_id.")
    if args.variants_source_id == args.source_id:
        raise invalid("variants_source_id", "Variants need a source of their own.")
    upload = uploads.ready(call, args.transfer_id) if args.transfer_id else None
    given = asked(
        call,
        IMPORT_FEED,
        source=args.source_id,
        variants=args.variants_source_id,
        url=args.url,
        transfer=args.transfer_id,
        reading=args.model_dump(include={"kind", "sheet", "base_url", "currency"}),
        key_column=args.key_column,
        mapping=args.mapping,
        missing=args.missing,
    )
    own = shown_asked(given)
    jobs.start(call.app, given, *([uploads.used(call, upload, own.id)] if upload else ()))
    return waited(call, own, args.wait)


class ExportEntries(MatchingEntries, Waits):
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
