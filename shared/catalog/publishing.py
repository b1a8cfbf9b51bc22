"""Publishing: from products to a served version, in steps that may be killed at any point.

How a version is stored and served, and what follows from it: `shared.catalog.making`. Running a
killed publish again finishes it.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from shared.catalog.making import Making, Published, finish, making, move
from shared.catalog.opened import opened_segments
from shared.catalog.products.product import Product
from shared.catalog.segment.compaction import compact
from shared.catalog.segment.manifest import Manifest, SegmentFile
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.catalog.versions import version_id, versions
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
    too many hosts.
    """
    with making(call, key, progress) as made, temporary_folder() as scratch:
        if made.head is not None and made.head.includes(source_revision):
            return Published(made.head, changed=False)
        stream = made.counted(products, "reading and indexing products")
        segment = Segment(scratch, build(stream, key, scratch, since=call.now))
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
    with making(call, key, progress) as made, temporary_folder() as scratch:
        head = made.published()
        if head.includes(source_revision):
            return Published(head, changed=False)
        opened = call.app.once(opened_segments)
        parent = opened.hold(key, head.number, scratch / "parent")
        stream = made.counted(upserts, "indexing changed products")
        directory = scratch / "changed"
        changed = Segment(directory, apply(parent, stream, deletes, directory, since=call.now))
        return finish(
            made,
            _compacted(made, changed, scratch),
            made_by="upsert",
            source_revision=source_revision,
            parent=parent.manifest.files,
            disputes=changed.disputes(),
        )


def roll_back(call: Call, key: str, number: int) -> Published:
    """Serve an earlier version again. Raises `not_found` when it is no longer kept."""
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
        return move(made, head, writes, event="catalog.rolled_back")


def take_down(call: Call, key: str) -> Published:
    """Hide a catalog from everybody it is granted to, until it is put up again.

    Its versions and grants stay, and it can be published meanwhile. Raises `not_found`,
    `publish_conflict`.
    """
    return _show(call, key, down=True)


def put_up(call: Call, key: str) -> Published:
    """Show a catalog again that was taken down. Raises as `take_down` does."""
    return _show(call, key, down=False)


def _show(call: Call, key: str, *, down: bool) -> Published:
    with making(call, key) as made:
        head = made.published()
        if head.down is down:
            return Published(head, changed=False)
        event = "catalog.taken_down" if down else "catalog.put_up"
        return move(made, head._replace(down=down), [], event=event)


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
