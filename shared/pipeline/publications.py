"""Publications: a partner catalog follows the entries of the endpoint that feeds it.

A turn holds the catalog's lease and decides by what it reads under it: whether the endpoint still
feeds the catalog, and from which commit the catalog has to follow. How far it has come is written
in the commit that moves the catalog's head, so a turn that comes twice, late or is killed goes on
where the head says. That commit holds only while the head and the version's record are as they were
read: what was decided before somebody stopped the version or rolled back is not published after.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from shared import work
from shared.catalog.catalogs import CATALOGS, Catalog, create
from shared.catalog.heads import Head as CatalogHead
from shared.catalog.making import Making, making
from shared.catalog.products.product import Product
from shared.catalog.publishing import change_some, publish_whole, show, take_down
from shared.catalog.publishing import resume as resume_catalog
from shared.engine.collections import collections
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.later import PUBLICATION, name_of, work_id
from shared.engine.log import read_tail
from shared.engine.records import record_path
from shared.errors import Conflict, Problem
from shared.holds import HeldWork, Hold, take_found
from shared.identity.records import TENANTS
from shared.pipeline.catalog_block import CatalogBlock
from shared.pipeline.configuration import CONFIGURATION, Configuration
from shared.pipeline.destinations import (
    ENDPOINTS,
    PREFIX,
    VERSIONS,
    Endpoint,
    Placed,
    endpoints_of,
    placed,
)
from shared.pipeline.products import Made, Products
from shared.pipeline.workspace import Workspace, configuration_at
from shared.ports.documents import ABSENT, Add, Check, Write
from shared.records import Records
from shared.tool import Call

SPACED: Final = timedelta(seconds=5)
"""Between two publications of a catalog: each is a version that readers have to open."""
MOST_ROWS: Final = 100
"""Refused entries that are kept to be shown."""
_REASONS: Final = 5
_AT_ONCE: Final = 500
Refused = dict[str, tuple[str, ...]]
"""Why entries are no products, by key."""


class Publication(HeldWork):
    """How far a catalog has followed, `publications/{tenant}:{collection}`.

    Attributes:
        source, seq: what of the endpoint is published, and up to which of its commits.
        published_at: when that was done.
        rejected: entries that are no product; `rows`: the first of them with reasons.
    """

    source: str = ""
    seq: int = 0
    published_at: datetime | None = None
    rejected: int = 0
    rows: tuple[dict[str, Any], ...] = ()


PUBLICATIONS: Final = Records("publications", Publication, "publication")


class Feeding(NamedTuple):
    """An endpoint that may feed a catalog: by the configuration of one moment, and its entries.

    `unmoved`: its version's record as it was read before that.
    """

    configuration: Configuration
    placed: Placed
    block: CatalogBlock
    products: Products
    head: Head
    unmoved: Check

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint."""
        return self.placed.endpoint.value

    @property
    def source(self) -> str:
        """See `source_of`."""
        return source_of(self.endpoint, self.head, self.products.language)

    @property
    def revision(self) -> str:
        """What the catalog is marked with once it has all entries as they are."""
        return f"{self.source}:{self.head.seq}"


def source_of(endpoint: Endpoint, head: Head, language: str) -> str:
    """What makes products of entries: another one has all of them published anew."""
    block = endpoint.catalog.model_dump(mode="json") if endpoint.catalog else None
    shown = [endpoint.created_at, endpoint.properties, [*endpoint.reads], block, language]
    mark = blake2b(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()
    return f"{endpoint.collection}:{head.epoch}.{mark}"


def publish_entries(call: Call, id_: str, generation: int) -> str:
    """A task's turn: have a catalog follow its endpoint. What it came to."""
    app = call.app
    found = work.turn(app, PUBLICATION, PUBLICATIONS, id_, generation)
    if found is None:
        return "old"
    last = found.value.published_at
    if last is not None and last + SPACED > app.clock.now():
        work.enqueue(app, PUBLICATION, id_, last + SPACED, 0)  # one task, however many asked
        return "too soon"
    hold = take_found(app, PUBLICATION, PUBLICATIONS, found, generation)
    if hold is None:
        return "old"
    try:
        with hold.kept():
            return _turns(call, name_of(id_), hold)
    except Problem as problem:
        if problem.code == "publish_conflict":
            hold.give_back(app.clock.now() + SPACED)
        else:
            hold.fail(problem)
        return problem.code


def _turns(call: Call, name: CollectionName, hold: Hold[Publication]) -> str:
    while True:
        outcome = _turn(call, name, hold.value)
        if hold.settle(None):
            return outcome
        if outcome in ("published", "changed"):
            hold.give_back(call.app.clock.now() + SPACED)
            return outcome


def _turn(call: Call, name: CollectionName, before: Publication) -> str:
    feeding = _feeding(call, name)
    if feeding is None:
        return "nothing to feed"
    key = feeding.block.key
    tenant, catalog = TENANTS.path(name.tenant), CATALOGS.path(key)
    found = call.app.documents.get_many([tenant, catalog])
    org = TENANTS.there(found.get(tenant)).value.org
    if catalog not in found:
        if feeding.placed.version.value.state != "Active":
            return "not published"
        _create(call, name.tenant, feeding.block, org)
    with making(call, key) as made:
        now = _feeding(call, name)
        if now is None or now.block.key != key or made.catalog.value.tenant != name.tenant:
            return "nothing to feed"
        now = now._replace(unmoved=feeding.unmoved)  # whatever was changed since makes it fail
        return _decided(replace(made, org=org), name, now, before)


def _decided(made: Making, name: CollectionName, feeding: Feeding, before: Publication) -> str:
    id_, head = work_id(name), made.head
    catalog = made.catalog.value
    if feeding.placed.version.value.state != "Active":
        if catalog.fed_by == id_ and head is not None:
            take_down(made.call, made.key)
        return "not published"
    if catalog.paused or catalog.state == "withdrawn":
        return "paused" if catalog.paused else "withdrawn"
    if head is not None and (catalog.fed_by is None or _is_later(feeding, catalog.fed_by)):
        return "fed by another"
    if head is not None and catalog.fed_by == id_ and head.includes(feeding.revision):
        return "shown" if show(made).changed else "nothing to do"
    tail = _tail(made, name, feeding, before, head)
    refused: Refused = {}
    made = _following(made, name, feeding, refused)
    if tail is None:
        _publish(made, name, feeding, refused)
        return "published"
    known = {each["key"]: tuple(each["reasons"]) for each in before.rows}
    refused |= {key: reasons for key, reasons in known.items() if key not in tail}
    _change(made, feeding, tail, refused)
    return "changed"


def _following(made: Making, name: CollectionName, feeding: Feeding, refused: Refused) -> Making:
    """The making of a version that this endpoint feeds; how far, goes into its commit."""

    def also(after: CatalogHead) -> list[Write]:
        noted = {
            "source": feeding.source,
            "seq": feeding.head.seq,
            "publishedAt": made.call.app.clock.now(),
            "rejected": feeding.head.count - after.product_count,
            "rows": _first(refused),
        }
        return [Add(PUBLICATIONS.path(work_id(name)), {}, noted), feeding.unmoved]

    sets = {
        "fed_by": work_id(name),
        "display_name": feeding.block.display_name,
        "source_base_url": feeding.block.source_base_url,
    }
    return replace(made, shows=True, sets=sets, also=also)


def _is_later(feeding: Feeding, fed_by: str) -> bool:
    """Whether another endpoint feeds the catalog, whose version was published later."""
    other = feeding.configuration.find(ENDPOINTS, name_of(fed_by).id.removeprefix(f"{PREFIX}."))
    if other is None or other.value.id == feeding.endpoint.id:
        return False
    version = placed(feeding.configuration, other.value.id).version.value
    mine = feeding.placed.version.value
    if version.state != "Active" or not (version.published_at and mine.published_at):
        return False
    return (version.published_at, other.value.id) > (mine.published_at, feeding.endpoint.id)


def _tail(
    made: Making,
    name: CollectionName,
    feeding: Feeding,
    before: Publication,
    head: CatalogHead | None,
) -> dict[str, Mapping[str, Any] | None] | None:
    """Entries that changed since the catalog followed last, None for one that is gone.

    None altogether where all of it has to be published: the first time, after a rollback, with
    other roles, or where the log does not go back far enough.
    """
    known = f"{before.source}:{before.seq}"
    if head is None or head.source_revision != known or before.source != feeding.source:
        return None
    changed: dict[str, Mapping[str, Any] | None] = {}
    reached = before.seq
    for logged in read_tail(made.call.app.bulk_documents, name, before.seq, feeding.head.seq):
        reached = logged.seq
        changed |= {row.key: None if row.deletes else row.body for row in logged.rows}
        if len(changed) > max(_AT_ONCE, feeding.head.count // 2):
            return None  # most of it changed: it is faster to build whole
    return changed if reached == feeding.head.seq else None


def _publish(made: Making, name: CollectionName, feeding: Feeding, refused: Refused) -> None:
    """Publish all entries."""

    def entries() -> Iterator[tuple[str, Mapping[str, Any]]]:
        with collections(made.call.app).whole(name, feeding.head) as replica:
            keys = iter(replica.keys())
            while some := list(islice(keys, _AT_ONCE)):
                found = replica.bodies(some)
                yield from ((key, found[key].body) for key in some if key in found)

    products = _products(feeding.products.every(entries()), refused)
    publish_whole(made, products, source_revision=feeding.revision, rejected=lambda: len(refused))


def _change(
    made: Making,
    feeding: Feeding,
    tail: Mapping[str, Mapping[str, Any] | None],
    refused: Refused,
) -> None:
    """Publish what changed. An entry that is no product any more is gone, not sold as it was."""
    living = ((key, body) for key, body in tail.items() if body is not None)
    upserts = list(_products(feeding.products.every(living), refused))
    kept = {each.key for each in upserts}
    deletes = [key for key in tail if key not in kept]
    change_some(made, upserts, deletes, source_revision=feeding.revision)


def _products(made: Iterable[Made], refused: Refused) -> Iterator[Product]:
    for each in made:
        if each.product is not None:
            yield each.product
        else:
            refused[each.key] = each.reasons


def _first(refused: Refused) -> list[dict[str, Any]]:
    return [
        {"key": key, "reasons": list(reasons[:_REASONS])}
        for key, reasons in islice(refused.items(), MOST_ROWS)
    ]


def _feeding(call: Call, name: CollectionName) -> Feeding | None:
    """The endpoint as it is now; None where it is gone, or feeds nothing."""
    settings, now = CollectionName(name.tenant, CONFIGURATION), call.app.clock.now()
    id_ = name.id.removeprefix(f"{PREFIX}.")
    version = record_path(settings, VERSIONS.key(id_.rpartition(".")[0]))
    found = call.app.bulk_documents.get_many([settings.path, name.path, version])
    head = head_of(found.get(settings.path), now).value
    configuration = configuration_at(call.app, name.tenant, head)
    if configuration.find(ENDPOINTS, id_) is None or name.path not in found:
        return None
    of = placed(configuration, id_)
    block = of.endpoint.value.catalog
    if block is None:
        return None
    products = Products(configuration, of.endpoint.value, of.destination.value, now)
    unmoved = Check(version, found[version].version if version in found else ABSENT)
    own = head_of(found[name.path], now).value
    return Feeding(configuration, of, block, products, own, unmoved)


def _create(call: Call, tenant: str, block: CatalogBlock, org: str) -> None:
    catalog = Catalog(
        tenant=tenant,
        display_name=block.display_name,
        source_base_url=block.source_base_url,
        created_at=call.app.clock.now(),
    )
    try:
        create(call, block.key, catalog, org)
    except Conflict:
        return  # somebody just did


class Asks(NamedTuple):
    """Turns of publications that a commit asks for: its writes, and their hand-over afterwards."""

    call: Call
    ids: tuple[str, ...]

    @property
    def writes(self) -> tuple[Write, ...]:
        """Those of the commit."""
        return tuple(work.ask(PUBLICATION, id_, self.call.now) for id_ in self.ids)

    def hand_over(self) -> None:
        """Have them done soon."""
        work.hand_over_all(self.call.app, PUBLICATION, self.ids)


def asks(space: Workspace, endpoints: Iterable[Endpoint]) -> Asks:
    """Have catalogs follow what became of endpoints: also those that others may feed now."""
    given = [each for each in endpoints if each.catalog]
    keys = {each.catalog.key for each in given if each.catalog}
    every = (each.value for each in space.configuration.every(ENDPOINTS))
    others = (each for each in every if each.catalog and each.catalog.key in keys)
    names = (space.name(each.collection) for each in (*given, *others) if each.revision)
    return Asks(space.call, tuple(dict.fromkeys(map(work_id, names))))


def resume(space: Workspace, version_id: str) -> list[str]:
    """Have the catalogs of a version follow again that were rolled back; their keys."""
    of = endpoints_of(space.configuration, version_id)
    keys = [each.value.catalog.key for each in of if each.value.catalog]
    found = space.call.app.documents.get_many(list(map(CATALOGS.path, keys)))
    paused = [found[path].id for path in found if found[path].data.get("paused")]
    return [key for key in paused if resume_catalog(space.call, key)]


def hide(call: Call, endpoints: Sequence[Endpoint], tenant: str) -> None:
    """Take down the catalogs that these endpoints feed; partners do not see them from then on."""
    keys = {
        CATALOGS.path(each.catalog.key): work_id(CollectionName(tenant, each.collection))
        for each in endpoints
        if each.catalog
    }
    found = call.app.documents.get_many(list(keys)) if keys else {}
    for path, snapshot in found.items():
        catalog = CATALOGS.read(snapshot)
        if catalog.value.fed_by == keys[path]:
            take_down(call, catalog.id)
