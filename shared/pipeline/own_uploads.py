"""What a person does with an upload that their assistant prepared for them."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from shared.auth.tenancy import Role
from shared.pipeline import uploads
from shared.pipeline.columns_seen import ColumnSeen, Sample
from shared.pipeline.files import MOST_BYTES
from shared.pipeline.uploads import UploadState
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_uploads", org_types=frozenset({"catalog_owner"}), tenant=True, free=True)


class WhichUpload(Args):
    """Which upload of the tenant."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The upload's id.")]


class UploadShown(Result):
    """An upload: what it is to be, whether it is there, and what a look into it showed."""

    filename: str
    state: UploadState
    arrived: int | None
    most_bytes: int
    ends_at: datetime
    columns: list[ColumnSeen]


class Address(Result):
    """Where a file is sent to."""

    url: str


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="See an upload",
    role=Role.EDITOR,
)
def get_own_upload(call: Call, args: WhichUpload) -> UploadShown:
    """Tell what file is waited for, and whether it has arrived."""
    upload = uploads.find(call, args.id)
    sample = upload.found.value.sample
    return UploadShown(
        filename=upload.found.value.filename,
        state=upload.state,
        arrived=upload.arrived,
        most_bytes=upload.found.value.size or MOST_BYTES,
        ends_at=upload.found.value.ends_at,
        columns=Sample.model_validate(sample).columns if sample else [],
    )


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Start sending a file",
    role=Role.EDITOR,
)
def start_own_upload(call: Call, args: WhichUpload) -> Address:
    """Give the address that the file's bytes are sent to."""
    portal = urlsplit(call.app.settings.portal_url)
    return Address(url=uploads.address(call, args.id, f"{portal.scheme}://{portal.netloc}"))
