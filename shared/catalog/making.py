"""Making a version: the catalog's lease, its files, and the one commit that moves the head.

Files are stored first, by content; then one commit writes the version, moves the head and records
the audit event, and asks for what follows from it: the export to the warehouse, the forgetting of
what was replaced, a whole build of a catalog that is worn. Before that commit the old version
serves, after it the new one. Whoever is killed leaves at most files nobody names and a lease that
runs out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from shared import work
from shared.catalog.catalogs import CATALOGS, EXPORT, MOST_HOSTS, Catalog
from shared.catalog.heads import Head, head_path
from shared.catalog.later import REBUILD, REBUILDS, TIDY, TIDYING, rebuild_at, tidy_at
from shared.catalog.lease import Lease, leased
from shared.catalog.products.product import Product
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Dispute, Segment
from shared.catalog.versions import MadeBy, Version, store, version_id, versions
from shared.catalog.widening import FIRST, WIDEN, granted
from shared.errors import Conflict, Problem
from shared.identity.access_changes import widen_hosts
from shared.indexes.files import File
from shared.ports.documents import ABSENT, Write
from shared.records import Found
from shared.tool import Call, Progress, silently
from shared.work import Kind

EVERY: Final = 1000
MOST_DISPUTES: Final = 100
NEVER_PUBLISHED: Final = "This catalog was never published. Publish it first."
HOW_TO_RETRY: Final = "Somebody else published this catalog meanwhile. Nothing was lost; try again."


@dataclass(frozen=True, slots=True)
class Published:
    """What a change of what a catalog serves came to.

    `disputed` URLs are claimed by several products; `disputes` shows the first MOST_DISPUTES.
    """

    head: Head
    changed: bool
    disputed: int = 0
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class Making:
    """A version on its way: who makes it, for which catalog, from which head.

    `asked` are the kinds of later work that are due already (`shared.catalog.later`). In the commit
    that moves the head: `sets` are fields of the catalog's record, `also` gives further writes once
    the head is known; `shows`: it is put up by that. `org`: whose history it belongs to, the
    caller's own by default.
    """

    call: Call
    key: str
    catalog: Found[Catalog]
    head: Head | None
    asked: frozenset[Kind]
    lease: Lease
    progress: Progress
    sets: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Head], Sequence[Write]] = lambda _: ()
    shows: bool = False
    org: str = ""

    def check_unfed(self) -> None:
        """Raises `conflict` where an endpoint feeds the catalog, and no feed may."""
        fed_by = self.catalog.value.fed_by
        if fed_by is not None:
            endpoint = fed_by.partition(".")[2]
            raise Problem(
                "conflict",
                f"The endpoint {endpoint!r} feeds this catalog: change its entries in the studio.",
                endpoint=endpoint,
            )

    def published(self) -> Head:
        """The head. Raises `not_found` where there is none yet."""
        if self.head is None:
            raise Problem("not_found", NEVER_PUBLISHED)
        return self.head

    def counted(self, products: Iterable[Product], doing: str) -> Iterator[Product]:
        """The same products, while the lease is kept and progress is told."""
        done = 0
        for done, product in enumerate(products, 1):
            if done % EVERY == 0:
                self.lease.renew()
                self.progress(doing, done)
            yield product
        self.progress(doing, done)


@contextmanager
def making(call: Call, key: str, progress: Progress = silently) -> Iterator[Making]:
    """Hold the catalog's lease and look at the catalog as it is now.

    Raises `not_found`, and `publish_conflict` while somebody else holds the lease.
    """
    documents = call.app.documents
    with leased(documents, call.app.clock, key) as lease:
        later = {TIDY: TIDYING.path(key), REBUILD: REBUILDS.path(key)}
        found = documents.get_many([CATALOGS.path(key), head_path(key), *later.values()])
        catalog = CATALOGS.there(found.get(CATALOGS.path(key)))
        snapshot = found.get(head_path(key))
        head = None if snapshot is None else Head.of(snapshot)
        asked = frozenset(
            kind
            for kind, path in later.items()
            if path in found and found[path].data.get("due") is not None
        )
        yield Making(call, key, catalog, head, asked, lease, progress)


def finish(
    made: Making,
    built: Segment,
    *,
    made_by: MadeBy,
    source_revision: str | None,
    rejected: int = 0,
    parent: Iterable[File] = (),
    disputes: Iterable[Dispute] = (),
) -> Published:
    """Store the files of a built version, then move the head to it.

    `parent`: the files of the version it was built on, which are stored already. Raises `invalid`
    for products of too many hosts, `too_large` for more than serving instances hold.
    """
    manifest = built.manifest
    _check_size(manifest, made.call.app.settings.version_bytes)
    if len(manifest.hosts) > MOST_HOSTS:
        raise Problem(
            "invalid",
            f"The products' pages are on {len(manifest.hosts)} hosts; a catalog covers at most "
            f"{MOST_HOSTS}. Split it.",
            limit=MOST_HOSTS,
        )
    lying = {file.sha256 for file in parent}
    files = [file for file in manifest.files if file.sha256 not in lying]
    for stored in store(made.call.app.blobs, made.key, built.directory, files):
        made.lease.renew()
        made.progress("storing files", stored)
    head = made.head
    version = Version(
        number=head.last_number + 1 if head else 1,
        parent=head.number if head else None,
        manifest=manifest.model_dump_json(by_alias=True).encode(),
        product_count=manifest.product_count,
        made_by=made_by,
        source_revision=source_revision,
        rejected=rejected,
        created_at=made.call.app.clock.now(),
    )
    writes = [versions(made.key).put(version_id(version.number), version, if_version=ABSENT)]
    next_head = _next_head(made, version, manifest)
    found = list(disputes)
    published = move(made, next_head, writes, event=f"catalog.{made_by}", worn=manifest.worn)
    return replace(published, disputed=len(found), disputes=tuple(found[:MOST_DISPUTES]))


def _check_size(manifest: Manifest, limit: int) -> None:
    """Refuse a version that no serving instance could open beside nothing else."""
    size = sum({file.sha256: file.size for file in manifest.served}.values())
    if size <= limit:
        return
    each = max(1, size // max(1, manifest.product_count))
    raise Problem(
        "too_large",
        f"Serving these {manifest.product_count:,} products takes {size:,} bytes of memory, about "
        f"{each:,} each; the functions here have {limit:,} for it. Nothing was changed. Have "
        f"memory_gib of api, partner and portal raised (docs/operations.md, When to outgrow what), "
        f"or split the catalog.",
        products=manifest.product_count,
        size=size,
        limit=limit,
        most_products=limit // each,
    )


def move(
    made: Making, head: Head, writes: Sequence[Write], *, event: str, worn: bool = False
) -> Published:
    """Move the head, in one commit with everything that belongs to it.

    `worn`: the version is to be built whole.
    """
    call, key = made.call, made.key
    catalog = _widened(made, head.hosts)
    after = catalog.value.model_copy(update=made.sets)
    asks = _asks(made, worn=worn)
    try:
        call.commit(
            [
                *writes,
                *_replaced(made, head),
                head.write(),
                *_set(key, catalog, after),
                *made.also(head),
                *(work.ask(kind, key, at) for kind, at in asks.items()),
            ],
            event=event,
            target=key,
            org=made.org,
            number=head.number,
            productCount=head.product_count,
        )
    except Conflict:
        raise Problem("publish_conflict", HOW_TO_RETRY) from None
    for kind in asks:
        work.hand_over(call.app, kind, key)
    return Published(head, changed=True)


def _set(key: str, catalog: Found[Catalog], after: Catalog) -> list[Write]:
    if after == catalog.value:
        return []
    return [CATALOGS.put(key, after, if_version=catalog.version)]


def _asks(made: Making, *, worn: bool) -> dict[Kind, datetime]:
    """The work that follows, and when it is due: what is due already is not asked for again."""
    key, now = made.key, made.call.app.clock.now()
    later = {}
    if made.head is not None:
        later[TIDY] = tidy_at(key, now)
    if worn:
        later[REBUILD] = rebuild_at(key, now)
    fresh = {kind: at for kind, at in later.items() if kind not in made.asked}
    return {EXPORT: now, **fresh}


def _next_head(made: Making, version: Version, manifest: Manifest) -> Head:
    catalog, before = made.catalog.value.model_copy(update=made.sets), made.head
    return Head(
        catalog=made.key,
        display_name=catalog.display_name,
        source_base_url=catalog.source_base_url,
        number=version.number,
        last_number=version.number,
        product_count=version.product_count,
        last_indexed_at=version.created_at,
        hosts=tuple(sorted({*catalog.hosts, *manifest.hosts})),
        source_revision=version.source_revision,
        version=before.version if before else ABSENT,
        down=before is not None and before.down and not made.shows,
        pictures=manifest.pictures,
    )


def _widened(made: Making, hosts: tuple[str, ...]) -> Found[Catalog]:
    """Let the catalog, and the first it is granted to, know of new hosts before a product is there.

    All others follow in turns of their own, and so do the first if this is cut off. The catalog as
    it is then.
    """
    call, key, catalog = made.call, made.key, made.catalog
    if not set(hosts) - set(catalog.value.hosts):
        return catalog
    widened = catalog.value.model_copy(update={"hosts": hosts})
    orgs, _ = granted(call, key, FIRST, None)
    asks = [work.ask(WIDEN, key, call.app.clock.now())] if orgs else []
    call.commit(
        [CATALOGS.put(key, widened, if_version=catalog.version), *asks],
        event="catalog.hosts_widened",
        target=key,
        org=made.org,
    )
    widen_hosts(call, key, hosts, orgs)
    work.hand_over(call.app, WIDEN, key)
    return CATALOGS.get(call.app.documents, key)


def _replaced(made: Making, head: Head) -> list[Write]:
    """The write that says when the version served so far was replaced."""
    if made.head is None or made.head.number == head.number:
        return []
    records = versions(made.key)
    found = records.find(made.call.app.documents, version_id(made.head.number))
    if found is None:
        return []
    replaced = found.value.model_copy(update={"replaced_at": made.call.app.clock.now()})
    return [records.put(found.id, replaced, if_version=found.version)]
