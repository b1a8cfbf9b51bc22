"""Files that come or go by an address of their own: each is there for an hour, then it goes.

A transfer is the record of one such file. Its own turn, when the hour is over, removes the file
first and the record afterwards, so that a file nobody knows of is never left behind.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared import work
from shared.app import App
from shared.engine.later import GRACE
from shared.ports.documents import Delete
from shared.ports.queue import ENGINE
from shared.queries import DUE_TRANSFERS
from shared.records import Records
from shared.work import Kind, Scheduled

LASTS: Final = timedelta(hours=1)
FOLDER: Final = "transfers"
"""What the names of their blobs begin with; the bucket forgets what is a day old there."""


class Transfer(Scheduled):
    """One file, `transfers/{tenant}:{id}`; due when it is to go.

    Attributes:
        way: whether it goes down, to whom asked for it, or comes up.
        by: who handed it in, or asked for it.
        filename: what a person calls it.
        size: how many bytes were announced of one that comes; 0 where that is not known.
        ends_at: until when it can be fetched, put or used.
        job: the job that imports it; it is of no use to any other.
        look: the job that looks into it.
        sample: what that showed, `Sample` as JSON.
    """

    tenant: str
    way: Literal["down", "up"]
    by: str
    filename: str
    size: int = 0
    ends_at: datetime
    job: str | None = None
    look: str | None = None
    sample: dict[str, Any] | None = None


TRANSFER: Final = Kind(DUE_TRANSFERS, "/engine/transfers", ENGINE, GRACE)
TRANSFERS: Final = Records("transfers", Transfer, "transfer")


def transfer_id(tenant: str, id_: str) -> str:
    """The id of its record: nobody else's tenant has it."""
    return f"{tenant}:{id_}"


def blob_of(tenant: str, id_: str) -> str:
    """The name of the blob that has its bytes."""
    return f"{FOLDER}/{tenant}/{id_}"


def keep(app: App, id_: str, transfer: Transfer) -> None:
    """Write down that a file is there, or will be, and have it removed when its hour is over.

    The same again changes nothing.
    """
    own = transfer_id(transfer.tenant, id_)
    if TRANSFERS.find(app.documents, own) is None:
        due = transfer.model_copy(update={"due": transfer.ends_at, "generation": 1})
        app.documents.commit([TRANSFERS.put(own, due)])
    work.hand_over(app, TRANSFER, own)


def end_transfer(app: App, id_: str, generation: int) -> str:
    """A task's turn: the file's hour is over. What it came to."""
    found = work.turn(app, TRANSFER, TRANSFERS, id_, generation)
    if found is None:
        return "old"
    tenant, _, own = id_.partition(":")
    app.blobs.delete(blob_of(tenant, own))
    app.documents.commit([Delete(TRANSFERS.path(id_))])
    return "removed"


def forget(app: App, tenant: str, id_: str) -> None:
    """Remove a file now: nobody needs it any more."""
    app.blobs.delete(blob_of(tenant, id_))
    app.documents.commit([Delete(TRANSFERS.path(transfer_id(tenant, id_)))])
