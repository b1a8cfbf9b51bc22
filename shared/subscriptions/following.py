"""Cells follow grants, subscribers and listings: who is to have what, made into turns of cells."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from shared import work
from shared.app import App
from shared.auth.access import Access, Grant
from shared.errors import Conflict
from shared.identity.access_changes import FOLLOWING
from shared.ports.documents import ABSENT, Query
from shared.queries import CELLS_OF_ORGANIZATION, SUBSCRIBERS_OF_ORGANIZATION
from shared.records import Found
from shared.subscriptions.cells import FAILED, every_cell, wake
from shared.subscriptions.records import (
    CELL,
    CELLS,
    FOLLOWINGS,
    SUBSCRIBERS,
    Cell,
    Subscriber,
    cell_id,
    iam_member,
)
from shared.subscriptions.standing import granted, shareable

SPACING: Final = timedelta(milliseconds=100)
"""Between the first turns of cells that begin together, to stay within Analytics Hub's quotas."""
SOON: Final = timedelta(minutes=1)
MOST_SUBSCRIBERS: Final = 20


def follow(app: App, org: str, generation: int) -> str:
    """A task's turn of an organization: give every cell that is not as it should be a turn.

    Comes again when the first of its grants ends by itself.
    """
    turn = work.turn(app, FOLLOWING, FOLLOWINGS, org, generation)
    if turn is None:
        return "old"
    now = app.clock.now()
    snapshot = app.documents.get(f"access/{org}")
    access = Access.of(snapshot) if snapshot else None
    woken = _follow(app, org, access, now)
    ends = [
        grant.expires_at
        for grant in (access.grants.values() if access else ())
        if grant.expires_at is not None and grant.expires_at > now.timestamp()
    ]
    due = datetime.fromtimestamp(min(ends), now.tzinfo) if ends else None
    after = work.at(turn.value, due)
    try:
        app.documents.commit([FOLLOWINGS.put(org, after, if_version=turn.version)])
    except Conflict:
        return "asked again meanwhile"
    if due is not None:
        work.enqueue(app, FOLLOWING, org, due, after.generation)
    return f"{woken} cells"


def subscribers_of(app: App, org: str) -> list[Found[Subscriber]]:
    """All subscribers an organization ever registered."""
    query = Query(SUBSCRIBERS_OF_ORGANIZATION, equal={"org": org}, limit=1000)
    found, _ = SUBSCRIBERS.page(app.documents, query)
    return found


def new_cell(id_: str, subscriber: Subscriber, catalog: str, now: datetime) -> Cell:
    """A cell that begins."""
    return Cell(
        subscriber=id_,
        org=subscriber.org,
        catalog=catalog,
        project=subscriber.project,
        principal=iam_member(subscriber.principal),
        changed_at=now,
    )


def _follow(app: App, org: str, access: Access | None, now: datetime) -> int:
    existing = {found.id: found for found in every_cell(app, CELLS_OF_ORGANIZATION, org=org)}
    wanted = dict(_wanted(app, org, access, now))
    started = 0
    for id_, (subscriber, catalog) in wanted.items():
        found = existing.get(id_)
        if found is None:
            cell = new_cell(subscriber.id, subscriber.value, catalog, now)
            _start(app, id_, cell, now + SPACING * started)
        elif _is_asleep(found.value, now):
            wake(app, found, now + SPACING * started)
        else:
            continue
        started += 1
    for found in _unwanted(existing.values(), wanted, access, now):
        wake(app, found, now + SPACING * started)
        started += 1
    return started


def _wanted(
    app: App, org: str, access: Access | None, now: datetime
) -> Iterator[tuple[str, tuple[Found[Subscriber], str]]]:
    """The cells there should be, whether or not their listings exist yet."""
    if access is None or access.state != "active":
        return
    for subscriber in subscribers_of(app, org):
        if subscriber.value.state == "enabled":
            for grant in _shared(access, now):
                yield cell_id(subscriber.id, grant.catalog), (subscriber, grant.catalog)


def _shared(access: Access, now: datetime) -> Iterator[Grant]:
    return (grant for grant in access.grants.values() if shareable(grant, now))


def _start(app: App, id_: str, cell: Cell, due: datetime) -> None:
    first = work.at(cell, due)
    try:
        app.documents.commit([CELLS.put(id_, first, if_version=ABSENT)])
    except Conflict:
        return  # the same work, done by somebody else just now
    work.enqueue(app, CELL, id_, due, first.generation)


def _is_asleep(cell: Cell, now: datetime) -> bool:
    """Whether a wanted cell stands still without having been admitted."""
    rests = cell.due is None or cell.due > now + SOON
    return rests and (cell.status == "pending" or cell.status in FAILED)


def _unwanted(
    existing: Iterable[Found[Cell]],
    wanted: dict[str, tuple[Found[Subscriber], str]],
    access: Access | None,
    now: datetime,
) -> Iterator[Found[Cell]]:
    """Cells that have to give something back, or to remember since when they are withdrawn."""
    for found in existing:
        if found.id in wanted:
            continue
        withdrawn = granted(access, found.value.catalog, now) is None
        if found.value.member or (withdrawn and found.value.revoked_at is None):
            yield found
