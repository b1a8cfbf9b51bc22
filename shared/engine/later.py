"""Work that commits leave for later: files are to be stored, what is derived or published follows.

A commit reads what the collection's newest snapshot includes along with everything else. So it
knows how far that is behind, and asks only where there is something to ask for. Which collections
are derived from this one stands in its head.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shared.engine.heads import CollectionName
from shared.holds import HeldWork
from shared.ports.documents import Snapshot
from shared.ports.queue import ENGINE
from shared.queries import DUE_PROJECTIONS, DUE_PUBLICATIONS, DUE_SNAPSHOTS
from shared.records import Records
from shared.work import Kind

MANY: Final = 500
"""Changes from which on a snapshot is taken at once."""
AT_LEAST: Final = timedelta(days=1)
"""After the first change: a snapshot for every few would be most of what a small tenant costs."""
GRACE: Final = timedelta(seconds=30)


class SnapshotWork(HeldWork):
    """A collection's snapshots, `snapshot_work/{tenant}:{collection}`.

    Attributes:
        seq: the newest commit that the newest snapshot includes; 0 while there is none.
        changes: the head's, at that commit.
    """

    seq: int = 0
    changes: int = 0


class ProjectionWork(HeldWork):
    """A derived collection that has to follow its inputs, `projections/{tenant}:{collection}`."""


SNAPSHOT: Final = Kind(DUE_SNAPSHOTS, "/engine/snapshots", ENGINE, GRACE)
SNAPSHOT_WORK: Final = Records("snapshot_work", SnapshotWork, "snapshot work")
PROJECTION: Final = Kind(DUE_PROJECTIONS, "/engine/projections", ENGINE, GRACE)
PUBLICATION: Final = Kind(DUE_PUBLICATIONS, "/engine/publications", ENGINE, GRACE)
"""What a collection feeds is to follow its commits, where its head says `feeds`."""
PROJECTIONS: Final = Records("projections", ProjectionWork, "projection")


def work_id(name: CollectionName) -> str:
    """The id of a collection's scheduled work."""
    return f"{name.tenant}:{name.id}"


def name_of(id_: str) -> CollectionName:
    """The collection that scheduled work is about."""
    tenant, _, collection = id_.partition(":")
    return CollectionName(tenant, collection)


def snapshot_due(changes: int, included: int, now: datetime) -> datetime | None:
    """When the next snapshot is to be taken; None where the newest includes all changes."""
    behind = changes - included
    if not behind:
        return None
    return now if behind >= MANY else now + AT_LEAST


def needed_snapshot(changes: int, found: Snapshot | None, now: datetime) -> datetime | None:
    """When a commit has to ask for a snapshot; None where it need not, or one is due by then.

    `changes`: the head's, after the commit; `found`: the collection's snapshot work as it was read.
    """
    data: Mapping[str, Any] = {} if found is None else found.data
    due, asked = snapshot_due(changes, data.get("changes", 0), now), data.get("due")
    return None if due is None or (asked is not None and asked <= due) else due
