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


class Walk(Record):
    """How far a derived collection is being computed anew, of all its inputs' records.

    Attributes:
        definition: the configuration's seq that it computes by.
        stage, cursor: which input, in their order, and the last of its records that is done. After
            the inputs come the collection's own records, then those that could not be computed.
        fresh: nothing was there when it began, so nothing of its own can be out of date.
        over: it has come to its end.
    """

    definition: int
    stage: int = 0
    cursor: str = ""
    fresh: bool = False
    over: bool = False


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
        emptied: the commit at which this epoch began with no records.
        inputs: of a derived collection: how far it has followed each collection that it is computed
            from, as epoch and seq; None of one that is written by people.
        walk: of a derived collection, see `Walk`.
        failed: how many of its records could not be computed.
        feeds: of a derived collection: whether something outside the engine follows its commits.
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
    emptied: int = 0
    inputs: dict[str, tuple[int, int]] | None = None
    walk: Walk | None = None
    failed: int = 0
    feeds: bool | None = None

    @property
    def walks(self) -> bool:
        """Whether a derived collection has to be computed anew, or is being so."""
        walk = self.walk
        return walk is None or not walk.over or walk.definition < (self.definition or 0)


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
