"""Whole files into sources."""

from typing import Annotated, Literal

from pydantic import Field

from functions.studio.arguments import OfSource, Waits, touched
from functions.studio.started import JobShown, started, waited
from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline.job_kinds import IMPORT_FEED
from shared.pipeline.properties import PROPERTY_ID
from shared.pipeline.sources import active
from shared.pipeline.workspace import Workspace
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
        key_column=args.key_column,
        mapping={column: each.lower() for column, each in args.mapping.items()},
        missing=args.missing,
    )
    return waited(call, job, args.wait)
