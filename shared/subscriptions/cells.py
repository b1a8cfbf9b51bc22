"""One cell's turn: make Analytics Hub and the record agree (docs/protocol.md, "Cell life cycle").

Every step may be repeated: what is asked of Analytics Hub is a state, not a change, and the record
moves only by compare-and-set. A handler that loses that race does nothing more; the winner has
already arranged the next turn.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared import work
from shared.app import App
from shared.errors import Conflict, Problem
from shared.ports.documents import Add, Delete, Query, Shape
from shared.ports.listings import Subscription
from shared.queries import CELLS_OF_PRINCIPAL, CELLS_OF_PROJECT
from shared.records import Found
from shared.subscriptions.records import CELL, CELLS, LISTINGS, Cell, Reason, Status
from shared.subscriptions.standing import is_wanted, read_standing

FIRST_POLL: Final = timedelta(seconds=5)
POLLED_FOR: Final = timedelta(hours=1)
"""How long a cell that awaits its subscription is asked about by itself; then hourly, with all."""
SHOWN_FOR: Final = timedelta(days=30)
"""How long a withdrawn catalog's cell is still shown."""
FAILED: Final = ("access_grant_failed", "refresh_failed")


def check(app: App, id_: str, generation: int) -> str:
    """A task's turn of a cell. What it came to: a status, `old` or `gone`."""
    found = work.turn(app, CELL, CELLS, id_, generation)
    if found is None:
        return "old"
    after = settle(app, found)
    return after.status if after else "gone"


def settle(app: App, found: Found[Cell]) -> Cell | None:
    """Bring a cell to where it belongs now, and arrange its next turn. None when it is gone.

    Raises `unavailable` only for our own documents; what Analytics Hub refuses is recorded.
    """
    now = app.clock.now()
    reason = read_standing(app.documents, found.value).held_back(found.value.catalog, now)
    try:
        found = _marked(app, found, reason, now)
    except Conflict:
        return _current(app, found.id)
    after = _held(app, found.value, reason, now) if reason else _served(app, found.value, now)
    try:
        return _store(app, found, after)
    except Conflict:
        _start_over(app, found.id, now)
        return _current(app, found.id)


def judge(cell: Cell, subscriptions: Sequence[Subscription]) -> Status:
    """The status of an admitted cell, given the listing's subscriptions."""
    states = {each.state for each in subscriptions if cell.project in each.projects}
    if "active" in states:
        return "active"
    return "source_stale" if "stale" in states else "awaiting_subscription"


def _marked(app: App, found: Found[Cell], reason: Reason | None, now: datetime) -> Found[Cell]:
    """The cell, with what must be known of it before Analytics Hub is touched, on record.

    Killed in the middle, the next handler then knows that the principal may be a member, or that it
    may be none any more and has to be admitted anew. What a handler leaves that was overtaken and
    then killed is found by the next hourly check: an admission by itself, because the policy is not
    as it was; a dismissal may have undone one, so it says that there is something to look at.
    Raises Conflict.
    """
    cell = found.value
    if reason is None:
        marked = cell.model_copy(update={"member": True})
    elif cell.member and cell.status not in ("pending", "access_grant_failed"):
        marked = cell.model_copy(update={"status": "pending", "changed_at": now})
    else:
        marked = cell
    if marked == cell:
        return found
    looks = [_look_at(cell)] if reason in ("scope_revoked", "removing") else []
    app.documents.commit([CELLS.put(found.id, marked, if_version=found.version), *looks])
    current = CELLS.get(app.documents, found.id)
    if current.value != marked:
        raise Conflict(CELLS.path(found.id))
    return current


def _start_over(app: App, id_: str, now: datetime) -> None:
    """After the race was lost with Analytics Hub already touched.

    What we did there may have come after what the winner did, so the cell is settled once more,
    from a state that takes nothing for granted.
    """
    found = CELLS.find(app.documents, id_)
    if found is not None:
        wake(app, found, now, member=True, status="pending")


def _current(app: App, id_: str) -> Cell | None:
    found = CELLS.find(app.documents, id_)
    return found.value if found else None


def _served(app: App, cell: Cell, now: datetime) -> Cell:
    """Admit the principal where that was not done yet, and look for the subscription."""
    if cell.status in ("pending", "access_grant_failed"):
        try:
            app.listings.admit(cell.catalog, cell.principal)
        except Problem as problem:
            return _failed(cell, "access_grant_failed", problem, now)
    try:
        status = judge(cell, app.listings.subscriptions(cell.catalog))
    except Problem as problem:
        if cell.status in ("pending", "access_grant_failed"):
            cell = cell.model_copy(update={"status": "awaiting_subscription", "changed_at": now})
        return _failed(cell, "refresh_failed", problem, now)
    changed_at = cell.changed_at if status == cell.status else now
    return work.at(
        cell,
        _next_poll(status, now - changed_at, now),
        status=status,
        changed_at=changed_at,
        attempts=0,
        last_error=None,
        last_checked_at=now,
        revoked_at=None,
    )


def _next_poll(status: Status, waited: timedelta, now: datetime) -> datetime | None:
    if status != "awaiting_subscription" or waited >= POLLED_FOR:
        return None
    return now + max(FIRST_POLL, waited / 2)


def _held(app: App, cell: Cell, reason: Reason, now: datetime) -> Cell | None:
    """Take the access back of a cell that is not to have any. None when it can be forgotten."""
    revoked_at = cell.revoked_at or now if reason == "scope_revoked" else None
    if not cell.member and revoked_at is not None and now >= revoked_at + SHOWN_FOR:
        return None
    if cell.member:
        try:
            _take_back(app, cell, now)
        except Problem as problem:
            return _failed(cell, "access_grant_failed", problem, now)
    return work.at(
        cell,
        None if revoked_at is None else revoked_at + SHOWN_FOR,
        status="pending",
        member=False,
        attempts=0,
        last_error=None,
        last_checked_at=now,
        revoked_at=revoked_at,
    )


def _take_back(app: App, cell: Cell, now: datetime) -> None:
    """Remove the principal and end the project's subscription, unless another cell needs them.

    Removing the member alone would leave the linked dataset readable. Who came to need the same
    principal meanwhile gets a new turn, which admits it again.
    """
    if not _needed(app, CELLS_OF_PRINCIPAL, {"principal": cell.principal}, cell, now):
        app.listings.dismiss(cell.catalog, cell.principal)
        for other in _needed(app, CELLS_OF_PRINCIPAL, {"principal": cell.principal}, cell, now):
            wake(app, other, now, status="pending")
    if not _needed(app, CELLS_OF_PROJECT, {"project": cell.project}, cell, now):
        try:
            subscriptions = app.listings.subscriptions(cell.catalog)
        except Problem as problem:
            if problem.code != "not_found":
                raise
            return
        for subscription in subscriptions:
            if cell.project in subscription.projects and subscription.state != "inactive":
                app.listings.revoke(subscription)


def _needed(
    app: App, shape: Shape, same: dict[str, str], cell: Cell, now: datetime
) -> list[Found[Cell]]:
    """The other cells of this catalog that need the same thing."""
    query = Query(shape, equal={"catalog": cell.catalog, **same}, limit=1000)
    found, _ = CELLS.page(app.documents, query)
    return [
        other
        for other in found
        if other.value.subscriber != cell.subscriber and is_wanted(app.documents, other.value, now)
    ]


def _failed(cell: Cell, status: Status, problem: Problem, now: datetime) -> Cell:
    """The cell after a failure: it says so only when the retries are spent."""
    after = work.failed(cell, problem, now)
    if work.is_spent(after) and cell.status != status:
        return after.model_copy(update={"status": status, "changed_at": now})
    return after


def _store(app: App, found: Found[Cell], after: Cell | None) -> Cell | None:
    """Write the cell, tell the hourly check when it takes over, and hand over the next turn."""
    if after is None:
        app.documents.commit([Delete(CELLS.path(found.id), if_version=found.version)])
        return None
    joins = [] if after.due else [_look_at(after)]
    app.documents.commit([CELLS.put(found.id, after, if_version=found.version), *joins])
    if after.due is not None:
        work.enqueue(app, CELL, found.id, after.due, after.generation)
    return after


def _look_at(cell: Cell) -> Add:
    """The write that makes the next hourly check read the cells of the listing."""
    return Add(LISTINGS.path(cell.catalog), {"changes": 1})


def wake(app: App, found: Found[Cell], due: datetime, **changes: Any) -> None:
    """Give a cell a turn of its own. One that is changed meanwhile is looked at again."""
    current: Found[Cell] | None = found
    while current is not None:
        after = work.at(current.value, due, **changes)
        try:
            app.documents.commit([CELLS.put(found.id, after, if_version=current.version)])
        except Conflict:
            current = CELLS.find(app.documents, found.id)
            continue
        work.enqueue(app, CELL, found.id, due, after.generation)
        return


def every_cell(app: App, shape: Shape, **equal: str) -> Iterator[Found[Cell]]:
    """All cells of a shape."""
    return CELLS.every(app.documents, Query(shape, equal=equal, limit=500))
