"""Whose turn it is at a collection, once somebody keeps losing: a lease that lets others wait.

It saves work and starves nobody. What is right never rests on it: the head decides.
"""

from datetime import datetime, timedelta
from typing import Final

from shared.engine.heads import CollectionName
from shared.errors import Conflict
from shared.ports.documents import ABSENT, Delete, Documents, Snapshot
from shared.records import Record, Records

LONGEST: Final = timedelta(seconds=10)
PAUSE: Final = 0.05
"""Seconds between two looks at somebody else's turn."""
MOST_PAUSES: Final = 300
"""Of one commit: a little longer than a turn lasts, in case its holder was killed."""


class Turn(Record):
    """Who has the turn, and until when at most: `leases/commit:{tenant}:{collection}`."""

    holder: str
    until: datetime


TURNS: Final = Records("leases", Turn, "turn")


def turn_path(name: CollectionName) -> str:
    """Where a collection's turn is kept."""
    return TURNS.path(_id(name))


def is_others(snapshot: Snapshot | None, holder: str, now: datetime) -> bool:
    """Whether somebody else has the turn now."""
    if snapshot is None:
        return False
    turn = TURNS.read(snapshot).value
    return turn.holder != holder and turn.until > now


def take(
    documents: Documents,
    name: CollectionName,
    snapshot: Snapshot | None,
    holder: str,
    now: datetime,
) -> bool:
    """Take the turn that nobody has, or that ran out; whether that worked."""
    version = ABSENT if snapshot is None else snapshot.version
    turn = Turn(holder=holder, until=now + LONGEST)
    try:
        documents.commit([TURNS.put(_id(name), turn, if_version=version)])
    except Conflict:
        return False
    return True


def let_go(name: CollectionName) -> Delete:
    """The write that ends the turn, with the commit it was taken for."""
    return Delete(turn_path(name))


def _id(name: CollectionName) -> str:
    return f"commit:{name.tenant}:{name.id}"
