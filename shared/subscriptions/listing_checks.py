"""The hourly check: one question per listing, for every cell without a turn of its own.

An answer that is the same as an hour ago costs one write; cells derive when they were checked from
it (contract, "Scheduled refresh").
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared import work
from shared.app import App
from shared.errors import Conflict, Problem
from shared.ports import Subscription
from shared.queries import CELLS_OF_CATALOG
from shared.records import Found
from shared.subscriptions.cells import every_cell, judge
from shared.subscriptions.records import CELLS, EXPORTS, LISTINGS, Cell, ListingCheck

EVERY: Final = timedelta(hours=1)


def check(app: App, catalog: str, generation: int) -> str:
    """A task's turn of a listing. What it came to."""
    found = work.turn(app, LISTINGS, catalog, generation)
    if found is None:
        return "old"
    export = EXPORTS.find(app.documents, catalog)
    if export is None or not export.value.is_open:
        return _store(app, found, work.at(found.value, None, seen=None), "no listing")
    now = app.clock.now()
    try:
        subscriptions = app.listings.subscriptions(catalog)
    except Problem as problem:
        return _store(app, found, work.failed(found.value, problem, now), problem.code)
    seen = _digest(subscriptions, found.value.changes)
    changed = 0
    if seen != found.value.seen:
        changed = _judge_all(app, catalog, subscriptions, now)
    after = work.at(
        found.value, now + EVERY, attempts=0, last_error=None, checked_at=now, seen=seen
    )
    return _store(app, found, after, f"{changed} changed")


def _judge_all(app: App, catalog: str, subscriptions: Sequence[Subscription], now: datetime) -> int:
    changed = 0
    for page in every_cell(app, CELLS_OF_CATALOG, catalog=catalog):
        for found in page:
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
            work.enqueue(app, "listings", found.id, stored.due, stored.generation)
        return outcome
    return "old"


def _digest(subscriptions: Sequence[Subscription], changes: int) -> str:
    lines = sorted(f"{each.name} {sorted(each.projects)} {each.state}" for each in subscriptions)
    return hashlib.sha256("\n".join([str(changes), *lines]).encode()).hexdigest()[:32]
