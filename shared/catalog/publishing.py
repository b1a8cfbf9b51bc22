"""Publishing: from products to a served version, in steps that may be killed at any point.

Files are stored first, by content; then one commit writes the version, moves the head and records
the audit event, and asks for the export to the warehouse. Before that commit the old version
serves, after it the new one. A killed publish leaves at most files nobody names and a lease that
runs out; running it again finishes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from shared import work
from shared.catalog.catalogs import CATALOGS, EXPORT, MOST_HOSTS, Catalog
from shared.catalog.heads import Head, head_path
from shared.catalog.lease import Lease, leased
from shared.catalog.opened import SOURCES, opened_segments
from shared.catalog.products.product import Product
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Dispute, Segment
from shared.catalog.segment.writer import apply, build
from shared.catalog.versions import Version, forget_old, store, version_id, versions
from shared.errors import Conflict, Problem
from shared.identity.access_changes import widen_hosts
from shared.identity.grants import organizations_granted
from shared.indexes.files import link
from shared.indexes.folders import temporary_folder
from shared.ports.documents import ABSENT, Write
from shared.records import Found
from shared.tool import Call, Progress

EVERY: Final = 1000
MOST_DISPUTES: Final = 100
HOW_TO_RETRY: Final = "Somebody else published this catalog meanwhile. Nothing was lost; try again."


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish came to.

    `disputed` URLs are claimed by several products; `disputes` shows the first MOST_DISPUTES.
    """

    head: Head
    changed: bool
    disputed: int = 0
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class _Making:
    """A version on its way: who makes it, for which catalog, from which head."""

    call: Call
    key: str
    catalog: Found[Catalog]
    head: Head | None
    lease: Lease
    progress: Progress


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
    Raises `not_found`, `publish_conflict`, `invalid` for products of too many hosts.
    """
    with _making(call, key, progress) as making, temporary_folder() as scratch:
        stream = _counted(products, "reading and indexing products", making)
        manifest = build(stream, key, scratch)
        version = _version(
            making,
            manifest,
            made_by="publish",
            source_revision=source_revision,
            rejected=rejected(),
        )
        return _finish(making, manifest, scratch, version)


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
    gathered, this one is built whole. Raises as `publish` does.
    """
    with _making(call, key, progress) as making, temporary_folder() as scratch:
        if making.head is None:
            raise Problem("not_found", "This catalog was never published. Publish it first.")
        opened = call.app.once(opened_segments)
        number, parent = making.head.number, scratch / "parent"
        segment = opened.hold(key, number, parent)
        stream = _counted(upserts, "indexing changed products", making)
        directory = scratch / "changed"
        manifest = apply(segment, stream, deletes, directory)
        if manifest.worn or manifest.gathered:
            segment = opened.hold(key, number, parent, also=SOURCES)
            directory, manifest = _rebuilt(making, segment, manifest, directory, scratch)
        version = _version(making, manifest, made_by="upsert", source_revision=source_revision)
        return _finish(making, manifest, directory, version)


def roll_back(call: Call, key: str, number: int) -> Published:
    """Serve an earlier version again. Raises `not_found` when it is no longer kept."""
    with _making(call, key, lambda *_: None) as making:
        if making.head is None:
            raise Problem("not_found", "This catalog was never published. Publish it first.")
        if making.head.number == number:
            return Published(making.head, changed=False)
        target = versions(key).get(call.app.documents, version_id(number))
        head = making.head._replace(
            number=number,
            product_count=target.value.product_count,
            last_indexed_at=target.value.created_at,
            source_revision=target.value.source_revision,
        )
        served_again = target.value.model_copy(update={"replaced_at": None})
        writes = [versions(key).put(target.id, served_again, if_version=target.version)]
        return _move(making, head, writes, event="catalog.rolled_back")


@contextmanager
def _making(call: Call, key: str, progress: Progress) -> Iterator[_Making]:
    """Hold the catalog's lease and look at it as it is now."""
    documents = call.app.documents
    CATALOGS.get(documents, key)
    with leased(documents, call.app.clock, key) as lease:
        snapshot = documents.get(head_path(key))
        head = None if snapshot is None else Head.of(snapshot)
        yield _Making(call, key, CATALOGS.get(documents, key), head, lease, progress)


def _counted(products: Iterable[Product], doing: str, making: _Making) -> Iterable[Product]:
    done = 0
    for done, product in enumerate(products, 1):
        if done % EVERY == 0:
            making.lease.renew()
            making.progress(doing, done)
        yield product
    making.progress(doing, done)


def _rebuilt(
    making: _Making, segment: Segment, changed: Manifest, directory: Path, scratch: Path
) -> tuple[Path, Manifest]:
    """The changed catalog as one generation."""
    link(segment.manifest.files, segment.directory, directory)
    whole = Segment(directory, changed)
    target = scratch / "rebuilt"
    stream = _counted(whole.products(), "building the whole catalog anew", making)
    return target, build(stream, making.key, target)


def _finish(making: _Making, manifest: Manifest, directory: Path, made: Version) -> Published:
    """Store the files, then move the head to the new version."""
    call, key = making.call, making.key
    if len(manifest.hosts) > MOST_HOSTS:
        raise Problem(
            "invalid",
            f"The products' pages are on {len(manifest.hosts)} hosts; a catalog covers at most "
            f"{MOST_HOSTS}. Split it.",
            limit=MOST_HOSTS,
        )
    stored = 0

    def each() -> None:
        nonlocal stored
        stored += 1
        making.lease.renew()
        making.progress("storing files", stored)

    store(call.app.blobs, key, directory, manifest, each)
    writes = [versions(key).put(version_id(made.number), made, if_version=ABSENT)]
    head = _next_head(making, made, manifest.hosts)
    disputes = list(Segment(directory, manifest).disputes())
    published = _move(making, head, writes, event=f"catalog.{made.made_by}")
    forget_old(call.app.documents, call.app.blobs, published.head, made.created_at)
    return replace(published, disputed=len(disputes), disputes=tuple(disputes[:MOST_DISPUTES]))


def _version(making: _Making, manifest: Manifest, **made: Any) -> Version:
    head = making.head
    return Version(
        number=head.last_number + 1 if head else 1,
        parent=head.number if head else None,
        manifest=manifest.model_dump_json(by_alias=True).encode(),
        product_count=manifest.product_count,
        created_at=making.call.app.clock.now(),
        **made,
    )


def _next_head(making: _Making, version: Version, hosts: Iterable[str]) -> Head:
    catalog = making.catalog.value
    return Head(
        catalog=making.key,
        display_name=catalog.display_name,
        source_base_url=catalog.source_base_url,
        number=version.number,
        last_number=version.number,
        product_count=version.product_count,
        last_indexed_at=version.created_at,
        hosts=tuple(sorted({*catalog.hosts, *hosts})),
        source_revision=version.source_revision,
        version=making.head.version if making.head else ABSENT,
    )


def _move(making: _Making, head: Head, writes: Sequence[Write], *, event: str) -> Published:
    """Move the head, in one commit with everything that belongs to it."""
    call, key = making.call, making.key
    catalog = making.catalog.value
    if set(head.hosts) - set(catalog.hosts):
        widened = catalog.model_copy(update={"hosts": head.hosts})
        call.commit(
            [CATALOGS.put(key, widened, if_version=making.catalog.version)],
            event="catalog.hosts_widened",
            target=key,
        )
        orgs = organizations_granted(call.app.documents, key)
        widen_hosts(call, key, head.hosts, list(orgs))
    try:
        call.commit(
            [
                *writes,
                *_replaced(making),
                head.write(),
                work.ask(EXPORT, key, call.app.clock.now()),
            ],
            event=event,
            target=key,
            number=head.number,
            productCount=head.product_count,
        )
    except Conflict:
        raise Problem("publish_conflict", HOW_TO_RETRY) from None
    work.hand_over(call.app, EXPORT, key)
    return Published(head, changed=True)


def _replaced(making: _Making) -> list[Write]:
    """The write that says when the version served so far was replaced."""
    if making.head is None:
        return []
    records = versions(making.key)
    found = records.find(making.call.app.documents, version_id(making.head.number))
    if found is None:
        return []
    replaced = found.value.model_copy(update={"replaced_at": making.call.app.clock.now()})
    return [records.put(found.id, replaced, if_version=found.version)]
