"""Building a worn catalog whole, in a turn of its own, while it is served and changed.

Every change leaves dead records behind, which cost time and room. A whole build takes seconds, of a
large catalog minutes, so it holds the catalog's lease only at its end: what changed meanwhile is
then changed in the new build as well. The asking ends under that lease too, so that no change takes
it for one that still stands.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from shared import work
from shared.app import App
from shared.catalog.heads import Head, head_path
from shared.catalog.later import REBUILD, REBUILDS, end_turn, put_off, rebuild_at
from shared.catalog.lease import Lease, leased
from shared.catalog.making import EVERY, finish, making
from shared.catalog.opened import SOURCES, opened_segments
from shared.catalog.products.product import Product
from shared.catalog.segment.reader import BATCH, Segment
from shared.catalog.segment.writer import apply, build
from shared.catalog.versions import version_id, versions
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.tool import Call


def rebuild(call: Call, catalog: str, generation: int) -> str:
    """A task's turn of building a catalog whole. What it came to."""
    app = call.app
    if work.turn(app, REBUILD, REBUILDS, catalog, generation) is None:
        return "old"
    try:
        with (
            leased(app.documents, app.clock, f"rebuild:{catalog}") as lease,
            temporary_folder() as scratch,
        ):
            return _rebuilt(call, catalog, lease, scratch)
    except Problem as problem:
        now = app.clock.now()
        later = partial(put_off, problem=problem, due=rebuild_at(catalog, now), now=now)
        end_turn(app, REBUILD, REBUILDS, catalog, later)
        return problem.code


def _rebuilt(call: Call, catalog: str, lease: Lease, scratch: Path) -> str:
    app = call.app
    snapshot = app.documents.get(head_path(catalog))
    if snapshot is None:
        return _end(app, catalog, "nothing to do")
    number = Head.of(snapshot).number
    opened = app.once(opened_segments)
    old = opened.hold(catalog, number, scratch / "old", also=SOURCES)
    worn = old.manifest.worn
    whole = _built(old, lease, scratch / "whole", app.clock.now()) if worn else old
    with making(call, catalog) as made:
        now = made.published()
        if not worn and now.number == number:
            return _end(app, catalog, "nothing to do")
        if not worn or not _follows(app, now, number):
            return _end(app, catalog, "overtaken", again=True)
        if now.number != number:
            new = opened.hold(catalog, now.number, scratch / "new", also=SOURCES)
            whole = _caught_up(whole, old, new, scratch / "caught up")
        finish(made, whole, made_by="rebuild", source_revision=now.source_revision)
        return _end(app, catalog, "built whole", again=whole.manifest.worn)


def _built(old: Segment, lease: Lease, directory: Path, now: datetime) -> Segment:
    """The whole build of a version, while the lease is kept."""

    def products() -> Iterator[Product]:
        for done, product in enumerate(old.products(), 1):
            if done % EVERY == 0:
                lease.renew()
            yield product

    catalog = old.manifest.catalog
    return Segment(directory, build(products(), catalog, directory, since=now))


def _follows(app: App, head: Head, number: int) -> bool:
    """Whether nothing but small changes led from that version to what is served."""
    at: int | None = head.number
    while at != number:
        found = None if at is None else versions(head.catalog).find(app.documents, version_id(at))
        if found is None or found.value.made_by != "upsert":
            return False
        at = found.value.parent
    return True


def _caught_up(whole: Segment, old: Segment, new: Segment, directory: Path) -> Segment:
    """The whole build of `old`, with what changed from `old` to `new`."""
    latest = old.manifest.generation
    upserts = (
        new.read(number)
        for each in new.manifest.generations
        for number in new.living(each)
        if number >> BATCH > latest
    )
    gone = [
        old.claims(number)[0]
        for each in old.manifest.generations
        for number in old.living(each)
        if not new.lives(number)
    ]
    return Segment(directory, apply(whole, upserts, gone, directory))


def _end(app: App, catalog: str, outcome: str, *, again: bool = False) -> str:
    due = rebuild_at(catalog, app.clock.now()) if again else None
    settled = partial(work.at, due=due, attempts=0, last_error=None)
    end_turn(app, REBUILD, REBUILDS, catalog, settled)
    return outcome
