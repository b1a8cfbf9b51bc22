"""The hourly check: who may subscribe to a listing and who has, for all cells without a turn soon.

Answers that are the same as an hour ago cost one write; cells derive when they were checked from it
(docs/protocol.md, "Scheduled refresh"). Access that no cell knows of, or that somebody took away
behind our back, is found here: an overtaken handler that was killed leaves either for an hour at
most.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared import work
from shared.app import App
from shared.errors import Conflict, Problem
from shared.ports.listings import Subscription
from shared.queries import CELLS_OF_CATALOG
from shared.records import Found
from shared.subscriptions.cells import every_cell, judge, wake
from shared.subscriptions.following import SPACING
from shared.subscriptions.records import CELLS, EXPORTS, LISTING, LISTINGS, Cell, ListingCheck

EVERY: Final = timedelta(hours=1)


def check(app: App, catalog: str, generation: int) -> str:
    """A task's turn of a listing. What it came to."""
    found = work.turn(app, LISTING, LISTINGS, catalog, generation)
    if found is None:
        return "old"
    export = EXPORTS.find(app.documents, catalog)
    if export is None or not export.value.is_open:
        return _store(app, found, work.at(found.value, None, seen=None), "no listing")
    now = app.clock.now()
    try:
        members = app.listings.members(catalog)
        subscriptions = app.listings.subscriptions(catalog)
    except Problem as problem:
        return _store(app, found, work.failed(found.value, problem, now), problem.code)
    seen = _digest(members, subscriptions, found.value.changes)
    changed = 0
    if seen != found.value.seen:
        cells = list(every_cell(app, CELLS_OF_CATALOG, catalog=catalog))
        changed += _wake_astray(app, cells, members, now)
        changed += _judge_all(app, cells, subscriptions, now)
    after = work.at(
        found.value, now + EVERY, attempts=0, last_error=None, checked_at=now, seen=seen
    )
    return _store(app, found, after, f"{changed} changed")


def _wake_astray(
    app: App, cells: Sequence[Found[Cell]], members: Collection[str], now: datetime
) -> int:
    """Give a turn to cells whose principals are not in the policy as the cells remember.

    A cell that is about to admit or to dismiss anyway is left alone.
    """
    known = {found.value.principal for found in cells if found.value.member}
    astray = [
        found
        for found in cells
        if found.value.member != (found.value.principal in members)
        and (found.value.member or found.value.principal not in known)
        and not _acts(found.value, now)
    ]
    for number, found in enumerate(astray):
        wake(app, found, now + SPACING * number, member=True, status="pending")
    return len(astray)


def _acts(cell: Cell, now: datetime) -> bool:
    """Whether its next turn admits or dismisses: one that comes soon, or is tried again."""
    if cell.due is None or cell.status not in ("pending", "access_grant_failed"):
        return False
    return cell.attempts > 0 or cell.due <= now + EVERY


def _judge_all(
    app: App, cells: Sequence[Found[Cell]], subscriptions: Sequence[Subscription], now: datetime
) -> int:
    changed = 0
    for found in cells:
        cell = found.value
        if cell.due is not None or cell.status == "pending":
            continue
        status = judge(cell, subscriptions)
        if status != cell.status:
            update = {"status": status, "changed_at": now, "last_checked_at": now}
            changed += _change(app, found, work.at(cell, None, **update))
    return changed


def _change(app: App, found: Found[Cell], after: Cell) -> int:
    try:
        app.documents.commit([CELLS.put(found.id, after, if_version=found.version)])
    except Conflict:
        return 0  # it has just got a turn of its own
    return 1


def _store(app: App, found: Found[ListingCheck], after: ListingCheck, outcome: str) -> str:
    """Write the check; cells that joined meanwhile are counted on, and looked at next time."""
    current: Found[ListingCheck] | None = found
    while current is not None and current.value.generation == found.value.generation:
        stored = after.model_copy(update={"changes": current.value.changes})
        try:
            app.documents.commit([LISTINGS.put(found.id, stored, if_version=current.version)])
        except Conflict:
            current = LISTINGS.find(app.documents, found.id)
            continue
        if stored.due is not None:
            work.enqueue(app, LISTING, found.id, stored.due, stored.generation)
        return outcome
    return "old"


def _digest(members: Sequence[str], subscriptions: Sequence[Subscription], changes: int) -> str:
    lines = sorted(f"{each.name} {sorted(each.projects)} {each.state}" for each in subscriptions)
    return hashlib.sha256("\n".join([str(changes), *members, *lines]).encode()).hexdigest()[:32]
