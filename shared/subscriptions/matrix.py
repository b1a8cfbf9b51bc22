"""An organization's cells: every subscriber by every catalog, read for one call."""

from collections.abc import Iterator
from contextlib import suppress

from shared import work
from shared.errors import Conflict
from shared.ports.documents import ABSENT, Snapshot
from shared.queries import CELLS_OF_ORGANIZATION
from shared.records import Found
from shared.subscriptions.cells import every_cell, settle
from shared.subscriptions.following import new_cell
from shared.subscriptions.records import (
    CELLS,
    EXPORTS,
    LISTINGS,
    Cell,
    Export,
    ListingCheck,
    Subscriber,
    cell_id,
)
from shared.subscriptions.shown import CellView, cell_view, is_shown
from shared.subscriptions.standing import Standing, granted
from shared.tool import Call


def cells_of(call: Call, subscribers: list[Found[Subscriber]]) -> list[CellView]:
    """A cell per subscriber and catalog, in order; those without a record have just begun.

    The call has read the exports and checks of every granted catalog.
    """
    kept = {
        (found.value.subscriber, found.value.catalog): found.value
        for found in every_cell(call.app, CELLS_OF_ORGANIZATION, org=call.access.org)
    }
    exports = {key: export_of(call, key) for key in call.access.grants}
    checks = {key: _check(call, key) for key in call.access.grants}
    return [
        cell_view(
            call.app,
            cell,
            Standing(call.access, subscriber.value, exports.get(cell.catalog)),
            checks.get(cell.catalog),
            call.now,
        )
        for subscriber in subscribers
        for cell in _cells_of(call, subscriber, kept)
    ]


def refreshed(call: Call, subscriber: Found[Subscriber], catalog: str) -> CellView:
    """A cell, after Analytics Hub was asked about it."""
    documents = call.app.documents
    standing = Standing(call.access, subscriber.value, export_of(call, catalog))
    id_ = cell_id(subscriber.id, catalog)
    fresh = new_cell(subscriber.id, subscriber.value, catalog, call.now)
    found = CELLS.find(documents, id_)
    if found is None and standing.held_back(catalog, call.now) is None:
        first = CELLS.put(id_, work.at(fresh, call.now), if_version=ABSENT)
        with suppress(Conflict):  # the same cell, begun by somebody else just now
            documents.commit([first])
        found = CELLS.get(documents, id_)
    cell = (settle(call.app, found) if found else None) or fresh
    check = LISTINGS.find(documents, catalog)
    return cell_view(call.app, cell, standing, check.value if check else None, call.now)


def export_of(call: Call, catalog: str) -> Export | None:
    """The catalog's export, as the gate read it along."""
    found: Snapshot | None = call.found.get(EXPORTS.path(catalog))
    return EXPORTS.read(found).value if found else None


def _check(call: Call, catalog: str) -> ListingCheck | None:
    found = call.found.get(LISTINGS.path(catalog))
    return LISTINGS.read(found).value if found else None


def _cells_of(
    call: Call, subscriber: Found[Subscriber], kept: dict[tuple[str, str], Cell]
) -> Iterator[Cell]:
    catalogs = {catalog for id_, catalog in kept if id_ == subscriber.id}
    now = {key for key in call.access.grants if granted(call.access, key, call.now)}
    for catalog in sorted(catalogs | now):
        cell = kept.get((subscriber.id, catalog))
        if cell is None:
            cell = new_cell(subscriber.id, subscriber.value, catalog, subscriber.value.updated_at)
        if is_shown(cell, granted=catalog in now, now=call.now):
            yield cell
