"""Publishing: from products to a served version, in steps that may be killed at any point.

How a version is stored and served, and what follows from it: `shared.catalog.making`. Running a
killed publish again finishes it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from shared import work
from shared.catalog.catalogs import CATALOGS, EXPORT
from shared.catalog.heads import Head, head_path
from shared.catalog.making import NEVER_PUBLISHED, Making, Published, finish, making, move
from shared.catalog.opened import opened_segments
from shared.catalog.products.product import Product
from shared.catalog.segment.compaction import compact
from shared.catalog.segment.manifest import Manifest, SegmentFile
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.catalog.versions import version_id, versions
from shared.engine.later import PUBLICATION
from shared.errors import Conflict, Problem
from shared.indexes.files import link
from shared.indexes.folders import temporary_folder
from shared.tool import Call, Progress


def publish(
    call: Call,
    key: str,
    products: Iterable[Product],
    *,
    progress: Progress,
    source_revision: str | None = None,
    rejected: Callable[[], int] = lambda: 0,
) -> Published:
    """Make these products the whole content of a catalog.

    `products` are read once, in a stream; what they raise ends the publish with nothing changed.
    They are not read at all when the catalog serves this revision of their source already, or a
    later one (`Head.includes`). Raises `not_found`, `publish_conflict`, `invalid` for products of
    too many hosts, `conflict` for a catalog that an endpoint feeds.
    """
    with making(call, key, progress) as made:
        made.check_unfed()
        if made.head is not None and made.head.includes(source_revision):
            return Published(made.head, changed=False)
        return publish_whole(made, products, source_revision=source_revision, rejected=rejected)


def publish_whole(
    made: Making,
    products: Iterable[Product],
    *,
    source_revision: str | None,
    rejected: Callable[[], int] = lambda: 0,
) -> Published:
    """What `publish` does once it is known that there is something to do."""
    with temporary_folder() as scratch:
        stream = made.counted(products, "reading and indexing products")
        segment = Segment(scratch, build(stream, made.key, scratch, since=made.call.now))
        return finish(
            made,
            segment,
            made_by="publish",
            source_revision=source_revision,
            rejected=rejected(),
            disputes=segment.disputes(),
        )


def change(
    call: Call,
    key: str,
    upserts: Iterable[Product],
    deletes: Sequence[str],
    *,
    progress: Progress,
    source_revision: str | None = None,
) -> Published:
    """Change some products of a published catalog, without building the rest again.

    Upserts and deletes become visible together, as one version. When many small versions have
    gathered, the newest become one on the way. What the catalog serves already is left alone as in
    `publish`. Raises as `publish` does.
    """
    with making(call, key, progress) as made:
        made.check_unfed()
        head = made.published()
        if head.includes(source_revision):
            return Published(head, changed=False)
        return change_some(made, upserts, deletes, source_revision=source_revision)


def change_some(
    made: Making,
    upserts: Iterable[Product],
    deletes: Sequence[str],
    *,
    source_revision: str | None,
) -> Published:
    """What `change` does once it is known that there is something to do."""
    head = made.published()
    opened = made.call.app.once(opened_segments)
    with temporary_folder() as scratch:
        parent = opened.hold(made.key, head.number, scratch / "parent")
        stream = made.counted(upserts, "indexing changed products")
        directory = scratch / "changed"
        applied = apply(parent, stream, deletes, directory, since=made.call.now)
        changed = Segment(directory, applied)
        return finish(
            made,
            _compacted(made, changed, scratch),
            made_by="upsert",
            source_revision=source_revision,
            parent=parent.manifest.files,
            disputes=changed.disputes(),
        )


def roll_back(call: Call, key: str, number: int) -> Published:
    """Serve an earlier version again. Raises `not_found` when it is no longer kept.

    A catalog that an endpoint feeds stays at it until somebody resumes it: the next edit must not
    undo what a person went back to.
    """
    with making(call, key) as made:
        before = made.published()
        if before.number == number:
            return Published(before, changed=False)
        target = versions(key).get(call.app.documents, version_id(number))
        head = before._replace(
            number=number,
            product_count=target.value.product_count,
            last_indexed_at=target.value.created_at,
            source_revision=target.value.source_revision,
        )
        served_again = target.value.model_copy(update={"replaced_at": None})
        writes = [versions(key).put(target.id, served_again, if_version=target.version)]
        sets = {"paused": True} if made.catalog.value.fed_by else {}
        return move(replace(made, sets=sets), head, writes, event="catalog.rolled_back")


def resume(call: Call, key: str) -> str | None:
    """Have a catalog that was rolled back follow its endpoint again, from its next turn on.

    That turn's id; None where it was not paused. Raises `not_found`.
    """
    found = CATALOGS.get(call.app.documents, key)
    fed_by = found.value.fed_by
    if not found.value.paused or fed_by is None:
        return None
    follows = found.value.model_copy(update={"paused": None})
    call.commit(
        [
            CATALOGS.put(key, follows, if_version=found.version),
            work.ask(PUBLICATION, fed_by, call.app.clock.now()),
        ],
        event="catalog.resumed",
        target=key,
    )
    work.hand_over(call.app, PUBLICATION, fed_by)
    return fed_by


def take_down(call: Call, key: str) -> bool:
    """Hide a catalog from everybody it is granted to, until it is put up again.

    Whether it was there to be seen. Its versions and grants stay. Nobody is waited for: a version
    that somebody is making meanwhile is given up (`publish_conflict`), since its head has moved.
    Raises `not_found`.
    """
    documents = call.app.documents
    while True:
        snapshot = documents.get(head_path(key))
        if snapshot is None:
            CATALOGS.get(documents, key)
            raise Problem("not_found", NEVER_PUBLISHED)
        head = Head.of(snapshot)
        if head.down:
            return False
        asked = work.ask(EXPORT, key, call.app.clock.now())
        with suppress(Conflict):
            hidden = head._replace(down=True).write()
            call.commit([hidden, asked], event="catalog.taken_down", target=key)
            work.hand_over(call.app, EXPORT, key)
            return True


def put_up(call: Call, key: str) -> Published:
    """Show a catalog again that was taken down. Raises `not_found`, `publish_conflict`."""
    with making(call, key) as made:
        return show(made)


def show(made: Making) -> Published:
    """What `put_up` does, under the lease."""
    head = made.published()
    if not head.down:
        return Published(head, changed=False)
    return move(made, head._replace(down=False), [], event="catalog.put_up")


def _compacted(made: Making, changed: Segment, scratch: Path) -> Segment:
    """The changed version, its newest generations as one when many have gathered."""
    gathered = changed.manifest.gathered
    if not gathered:
        return changed
    numbers = {each.number for each in gathered}

    def sources(manifest: Manifest) -> list[SegmentFile]:
        return [file for file in manifest.files if file.is_source_of(numbers)]

    head = made.published()
    held = made.call.app.once(opened_segments).hold(
        made.key, head.number, scratch / "gathered", also=sources
    )
    link(sources(held.manifest), held.directory, changed.directory)
    directory = scratch / "compacted"
    return Segment(directory, compact(changed, gathered, directory))
