"""The publish side: a catalog's served version in the warehouse, and its listing in the exchange.

Publishing asks for this in the commit that moves the head, and never waits for it. Every step may
be repeated, and the record moves only by compare-and-set: killed anywhere, the next turn finishes.
One exporter at a time per catalog, by a lease.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import orjson

from shared import work
from shared.app import App
from shared.catalog.catalogs import CATALOGS, EXPORT
from shared.catalog.heads import Head, head_path
from shared.catalog.lease import Lease, leased
from shared.catalog.opened import SOURCES, opened_segments
from shared.catalog.segment.reader import Segment
from shared.errors import Conflict, Problem
from shared.indexes.folders import temporary_folder
from shared.ports.listings import ListingText
from shared.queries import CELLS_OF_CATALOG
from shared.records import Found
from shared.subscriptions.cells import every_cell, wake
from shared.subscriptions.following import SPACING
from shared.subscriptions.records import EXPORTS, LISTING, SCHEMA_VERSION, VIEW, Export
from shared.subscriptions.row_files import written
from shared.subscriptions.rows import row
from shared.subscriptions.schema import COLUMNS

TRY_AGAIN: Final = timedelta(seconds=30)
RENEWED_EVERY: Final = 1000


def export(app: App, catalog: str, generation: int) -> str:
    """A task's turn of a catalog's export. What it came to."""
    found = work.turn(app, EXPORT, EXPORTS, catalog, generation)
    if found is None:
        return "old"
    try:
        with leased(app.documents, app.clock, f"export:{catalog}") as lease:
            return _export(app, found, lease)
    except Problem as problem:
        return _put_off(app, found, problem)


def _export(app: App, found: Found[Export], lease: Lease) -> str:
    catalog = CATALOGS.find(app.documents, found.id)
    snapshot = app.documents.get(head_path(found.id))
    head = None if snapshot is None else Head.of(snapshot)
    gone = catalog is None or catalog.value.state == "withdrawn"
    if gone or (head is not None and head.down):
        return _close(app, found)
    if head is None:
        return _settle(app, found, None)
    record = found.value
    now = app.clock.now()
    changes = {}
    if record.version != head.number or record.state in ("none", "closing"):
        if record.exported_at is not None and now < record.exported_at + _spacing(app):
            return _settle(app, found, record.exported_at + _spacing(app))
        _load(app, head, record.generation, now, lease)
        changes = {
            "version": head.number,
            "product_count": head.product_count,
            "exported_at": now,
            "fresh_until": now + timedelta(seconds=app.settings.export_fresh_for),
        }
    app.listings.keep(found.id, _text(head))
    if not record.is_open or record.state == "opening":
        opening = record.model_copy(update={**changes, "state": "opening"})
        found = _store(app, found, opening)
        _wake_all(app, found.id)
        first = work.ask(LISTING, found.id, now)
        app.documents.commit([first])
        work.hand_over(app, LISTING, found.id)
    _settle(app, found, None, state="ready", **changes)
    return f"exported version {head.number}"


def _close(app: App, found: Found[Export]) -> str:
    """The safe order: nobody new is admitted, everybody's access ends, then the data goes."""
    if found.value.state == "none":
        return _settle(app, found, None)
    closing = found.value.model_copy(update={"state": "closing"})
    found = _store(app, found, closing)
    app.listings.remove(found.id)
    app.warehouse.drop(found.id)
    _wake_all(app, found.id)
    gone = {"version": None, "product_count": None, "exported_at": None, "fresh_until": None}
    _settle(app, found, None, state="none", **gone)
    return "closed"


def _load(app: App, head: Head, generation: int, now: datetime, lease: Lease) -> None:
    """Write the served version's products as rows, and load them."""
    opened = app.once(opened_segments)
    text = f"{head.catalog} {head.number} {generation}"
    with temporary_folder() as folder:
        version = folder / "version"
        segment = opened.hold(head.catalog, head.number, version, also=SOURCES)
        files = written(_rows(segment, head, now, lease), folder)
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        app.warehouse.load(head.catalog, files, COLUMNS, key=key, go_on=lease.renew)


def _rows(segment: Segment, head: Head, now: datetime, lease: Lease) -> Iterator[bytes]:
    for number, product in enumerate(segment.products(), 1):
        yield orjson.dumps(row(product, head.catalog, head.number, now))
        if number % RENEWED_EVERY == 0:
            lease.renew()


def _wake_all(app: App, catalog: str) -> None:
    """Give every cell of the catalog a turn: its listing has come or gone."""
    now = app.clock.now()
    cells = every_cell(app, CELLS_OF_CATALOG, catalog=catalog)
    for number, found in enumerate(cells):
        wake(app, found, now + SPACING * number, status="pending")


def _put_off(app: App, found: Found[Export], problem: Problem) -> str:
    """Something did not answer, or refused: recorded, and tried again by ourselves."""
    current = EXPORTS.get(app.documents, found.id)
    if current.value.generation != found.value.generation:
        work.hand_over(app, EXPORT, found.id)
        return "asked again meanwhile"
    now = app.clock.now()
    if problem.code == "publish_conflict":
        after = work.at(current.value, now + TRY_AGAIN)
    else:
        after = work.failed(current.value, problem, now)
    app.documents.commit([EXPORTS.put(found.id, after, if_version=current.version)])
    work.hand_over(app, EXPORT, found.id)
    return problem.code


def _settle(app: App, found: Found[Export], due: datetime | None, **changes: object) -> str:
    """Write what came of it, and the next turn. Asked again meanwhile, that turn comes anyway."""
    after = work.at(found.value, due, attempts=0, last_error=None, **changes)
    _store(app, found, after)
    if due is not None:
        work.enqueue(app, EXPORT, found.id, due, after.generation)
    return "nothing to do" if due is None else "later"


def _store(app: App, found: Found[Export], after: Export) -> Found[Export]:
    app.documents.commit([EXPORTS.put(found.id, after, if_version=found.version)])
    stored = EXPORTS.get(app.documents, found.id)
    if stored.value != after:
        raise Conflict(EXPORTS.path(found.id))
    return stored


def _spacing(app: App) -> timedelta:
    return timedelta(seconds=app.settings.export_every)


def _text(head: Head) -> ListingText:
    columns = "\n".join(f"- `{column.name}`: {column.description}" for column in COLUMNS)
    return ListingText(
        display_name=f"{head.display_name} products",
        description=f"The products of {head.display_name} ({head.source_base_url}), "
        f"schema {SCHEMA_VERSION}. Query {VIEW}.",
        documentation=f"## {VIEW}\n\nOne row per active product.\n\n{columns}\n",
    )
