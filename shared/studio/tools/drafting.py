"""Drafts, for a person to look at before anything is stored."""

from typing import Annotated, Any

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.pipeline import drafts, file_drafts, uploads
from shared.pipeline.columns_seen import Sample
from shared.pipeline.drafts import Draft, Issue, Known
from shared.pipeline.job_kinds import LOOK_AT_FILE
from shared.pipeline.job_space import asked
from shared.pipeline.properties import GivenProperties
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import TransferId, Waits, touched
from shared.studio.reviews import Reviewed, told, with_page
from shared.tool import Call, Effect, Family, Pending, Risk

family = Family(
    "drafting", org_types=STUDIO.org_types, tenant=True, toolset="sources", touched=touched
)


class DraftDataSource(Reviewed, Waits):
    """What is known of the source so far; all of it may be left out."""

    id: Annotated[str, Field(max_length=100, description="Made from the name if empty.")] = ""
    name: Annotated[str, Field(max_length=200, description="For people.")] = ""
    description: Annotated[str, Field(max_length=2000, description="What it holds.")] = ""
    properties: Annotated[GivenProperties, Field(description="Those known already.")] = ()
    languages: Annotated[tuple[str, ...], Field(description="Such as en, sv-SE.")] = ()
    related_source_ids: Annotated[
        tuple[str, ...], Field(description="Sources whose entries have the same keys.")
    ] = ()
    sample_entries: Annotated[
        tuple[dict[str, Any], ...],
        Field(max_length=50, description="Rows as they are; properties are worked out from them."),
    ] = ()
    transfer_id: Annotated[TransferId, Field(description="Of a file, in place of rows.")] = ""
    sheet: Annotated[str, Field(max_length=100, description="Of a workbook; else the first.")] = ""


@family.tool(
    scope="studio:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Draft a data source",
    returns=Draft,
)
def draft_data_source(call: Call, args: DraftDataSource) -> Draft | Pending:
    """Work out a new source from sample rows or a file that was handed in, for a person to see.

    Nothing is stored. `submit_arguments` are what create_data_source takes once a person agreed,
    `import_arguments` what import_feed takes then, with the mapping of the file's columns.
    """
    if args.review_id:
        return _told(call, args)
    if not args.transfer_id:
        return with_page(call, _drafted(call, args))

    def look() -> tuple[Draft, bool]:
        sample = uploads.looked_into(
            call,
            args.transfer_id,
            args.sheet,
            lambda: asked(
                call, LOOK_AT_FILE, transfer=args.transfer_id, reading={"sheet": args.sheet}
            ),
        )
        draft = _of_file(call, args, sample)
        return (draft, False) if sample is None else (with_page(call, draft), True)

    draft, is_last = look()
    return draft if is_last or not args.wait else Pending(draft, args.wait, look)


def _told(call: Call, args: DraftDataSource) -> Draft | Pending:
    """What became of a draft; later, where the caller waits for it."""

    def look() -> tuple[Draft, bool]:
        draft = told(call, args, "create_data_source")
        return draft, draft.review is not None and draft.review.state != "pending"

    draft, is_last = look()
    return draft if is_last or not args.wait else Pending(draft, args.wait, look)


def _of_file(call: Call, args: DraftDataSource, sample: Sample | None) -> Draft:
    if sample is None:
        message = "The file is being read. Call again in a moment, or with wait."
        waiting = Issue(severity="error", field="transfer_id", message=message)
        draft = _drafted(call, args)
        return draft.model_copy(update={"issues": [waiting], "ready": False})
    found = file_drafts.of_file(sample)
    given = {each.id.lower() for each in args.properties}
    draft = _drafted(
        call,
        args,
        properties=[*args.properties, *(p for p in found.properties if p.id not in given)],
        languages=[*args.languages, *found.languages],
    )
    issues = [*draft.issues, *found.issues]
    importing: dict[str, Any] = {
        "source_id": draft.draft.get("id", ""),
        "transfer_id": args.transfer_id,
        "key_column": found.key_column,
        "mapping": found.mapping,
        "sheet": args.sheet,
    }
    return draft.model_copy(
        update={
            "issues": issues,
            "ready": not any(each.severity == "error" for each in issues),
            "import_arguments": {name: each for name, each in importing.items() if each},
        }
    )


def _drafted(call: Call, args: DraftDataSource, **more: Any) -> Draft:
    known = {"properties": args.properties, "languages": args.languages, **more}
    return drafts.of_source(
        Workspace(call).configuration,
        Known(
            id=args.id,
            name=args.name,
            description=args.description,
            related=args.related_source_ids,
            samples=args.sample_entries,
            **known,
        ),
    )
