"""Files that people hand in: prepared, sent to an address of their own, and used once.

Somebody else's upload, of another tenant or another person, is one that does not exist.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal, NamedTuple

from shared import work
from shared.engine import jobs
from shared.engine.jobs import Asked
from shared.errors import Problem
from shared.pipeline.columns_seen import Sample
from shared.pipeline.files import MOST_BYTES
from shared.pipeline.transfers import (
    LASTS,
    TRANSFERS,
    Transfer,
    blob_of,
    keep,
    transfer_id,
)
from shared.ports.documents import Put
from shared.records import Found
from shared.tool import Call

USED_FOR: Final = timedelta(days=1)
"""How long the job that uses one may take."""
UploadState = Literal["open", "arrived", "used"]


class Upload(NamedTuple):
    """A file that is handed in: its record, and how many bytes have arrived; None before."""

    found: Found[Transfer]
    arrived: int | None

    @property
    def state(self) -> UploadState:
        """Where it stands."""
        if self.found.value.job is not None:
            return "used"
        return "open" if self.arrived is None else "arrived"


def prepare(call: Call, filename: str, size: int) -> tuple[str, Transfer]:
    """An upload for an hour, and its id."""
    if size > MOST_BYTES:
        raise Problem(
            "too_large", f"A file has at most {MOST_BYTES} bytes. Split it.", limit=MOST_BYTES
        )
    transfer = Transfer(
        tenant=call.tenant,
        way="up",
        by=call.caller.subject,
        filename=filename,
        size=size,
        ends_at=call.now + LASTS,
    )
    id_ = secrets.token_hex(12)
    keep(call.app, id_, transfer)
    return id_, transfer


def find(call: Call, id_: str) -> Upload:
    """An upload of the caller. Raises `not_found`."""
    found = TRANSFERS.find(call.app.documents, transfer_id(call.tenant, id_))
    mine = found is not None and (found.value.way, found.value.by) == ("up", call.caller.subject)
    if found is None or not mine or found.value.ends_at <= call.now:
        raise Problem(
            "not_found",
            f"There is no upload {id_!r}, or its hour is over. Prepare a new one.",
            field="transfer_id",
        )
    name = blob_of(call.tenant, id_)
    sizes = [each.size for each in call.app.blobs.list(name) if each.name == name]
    return Upload(found, sizes[0] if sizes else None)


def address(call: Call, id_: str, origin: str = "") -> str:
    """Where its bytes are sent to. Raises `conflict` for one that has arrived."""
    upload = find(call, id_)
    if upload.state != "open":
        raise Problem("conflict", "The file has arrived already.")
    return call.app.addresses.to_upload(blob_of(call.tenant, id_), upload.found.value.size, origin)


def ready(call: Call, id_: str) -> Upload:
    """One that can be read. Raises `not_found`; `conflict` before it arrived and after its use."""
    upload = find(call, id_)
    if upload.state == "used":
        message = "This upload was imported already. Prepare a new one to import it again."
        raise Problem("conflict", message, field="transfer_id", job_id=upload.found.value.job)
    if upload.arrived is None:
        raise Problem(
            "conflict",
            f"No file has arrived yet for {id_!r}. Send it to upload_url, or let a person open "
            "page_url; then call again.",
            field="transfer_id",
        )
    if upload.arrived > MOST_BYTES:
        raise Problem("too_large", f"The file has more than {MOST_BYTES} bytes.", limit=MOST_BYTES)
    return upload


def used(call: Call, upload: Upload, job: str) -> Put:
    """The write that gives it to a job, once: its commit fails where another came first."""
    ends = call.now + USED_FOR
    value = work.at(upload.found.value, ends, job=job, ends_at=ends)
    return TRANSFERS.put(upload.found.id, value, if_version=upload.found.version)


def looked_into(call: Call, id_: str, sheet: str, ask: Callable[[], Asked]) -> Sample | None:
    """What a look into an upload showed; None while it is being looked at, which `ask` has begun.

    Raises what `ready` raises, and the Problem that the look came to.
    """
    upload = ready(call, id_)
    transfer = upload.found.value
    if transfer.look is not None:
        job = jobs.find(call.app, call.tenant, transfer.look).value
        if not job.is_over:
            return None
        if job.args["reading"]["sheet"] == sheet:
            if transfer.sample is None or job.error:
                message = (job.error or {}).get("message", "The file was not looked at.")
                raise Problem("invalid", message, field="transfer_id")
            return Sample.model_validate(transfer.sample)
    asked = ask()
    looked = transfer.model_copy(update={"look": asked.id.partition(":")[2]})
    jobs.start(
        call.app, asked, TRANSFERS.put(upload.found.id, looked, if_version=upload.found.version)
    )
    return None
