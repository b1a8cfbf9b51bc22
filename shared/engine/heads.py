"""A collection's head: the small document that says which commit is the newest.

Its compare-and-set is the only thing that orders commits. Leases and holds save work; no guarantee
rests on them.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from shared.ports.documents import ABSENT, Put, Snapshot
from shared.records import Record, stored


class CollectionName(NamedTuple):
    """Which collection: whose, and its id in the tenant."""

    tenant: str
    id: str

    @property
    def path(self) -> str:
        """Where its head is kept; everything else of it stands below."""
        return f"tenants/{self.tenant}/collections/{self.id}"


class Head(Record):
    """What a collection's newest commit left.

    Attributes:
        seq: its sequence number; 0 before the first.
        epoch: raised when a derived collection is rebuilt from nothing.
        count: records that are not deleted.
        at: when it was; rises with every commit, also where clocks disagree.
        changes, bytes: records and log bytes committed ever; they only grow.
        nonce: who made it, so that a commit whose answer was lost can be found.
        consumers: the derived collections that read this one.
        language: of its text, two letters.
        definition: the configuration's seq that last changed what the collection means.
    """

    seq: int = 0
    epoch: int = 1
    count: int = 0
    at: datetime
    changes: int = 0
    bytes: int = 0
    nonce: str = ""
    consumers: tuple[str, ...] = ()
    language: str | None = None
    definition: int | None = None
    state: Literal["live", "building", "dropped"] = "live"


class FoundHead(NamedTuple):
    """A head as it was read; its version is ABSENT before a collection's first commit."""

    value: Head
    version: str


def head_of(snapshot: Snapshot | None, now: datetime) -> FoundHead:
    """The head that a snapshot holds, or that of a collection nobody wrote to yet."""
    if snapshot is None:
        return FoundHead(Head(at=now), ABSENT)
    return FoundHead(Head.model_validate(snapshot.data), snapshot.version)


def put_head(name: CollectionName, head: Head, found: FoundHead) -> Put:
    """The write that moves the head, if nobody else did meanwhile."""
    return Put(name.path, stored(head), if_version=found.version)
