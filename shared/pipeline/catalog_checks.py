"""Why partners do not see an entry that the endpoint has: what its catalog makes of it."""

from collections.abc import Iterator
from typing import Final

from shared.catalog.catalogs import CATALOGS
from shared.catalog.heads import Head, head_path
from shared.engine.later import name_of, work_id
from shared.pipeline.checks import Check, Fix
from shared.pipeline.destinations import Placed
from shared.pipeline.products import Products
from shared.pipeline.publications import PUBLICATIONS, source_of
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Snapshot

_REASONS: Final = 5


def catalog_checks(space: Workspace, placed: Placed, key: str) -> Iterator[Check]:
    """What stands between an entry and partners; nothing where the endpoint has none of the card.

    An endpoint that feeds no catalog has no such checks.
    """
    endpoint, block = placed.endpoint.value, placed.endpoint.value.catalog
    if block is None or placed.version.value.state != "Active":
        return
    name, head = space.name(endpoint.collection), space.head(endpoint.collection)
    item = space.collections.found(name, [key], head).get(key)
    if item is None:
        return
    id_ = work_id(name)
    paths = [CATALOGS.path(block.key), head_path(block.key), PUBLICATIONS.path(id_)]
    catalog, served, known = map(space.call.app.documents.get_many(paths).get, paths)
    held = _held_back(endpoint.version, block.key, id_, catalog)
    if held is not None:
        yield held
        return
    products = Products(space.configuration, endpoint, placed.destination.value, space.call.now)
    made = products.of(key, item.body)
    reasons = list(made.reasons[:_REASONS])
    if made.product is None:
        message = f"The catalog refuses it: {' '.join(reasons)} Change its values."
        yield Check("product", message, "catalog_rejected", {"reasons": reasons})
        return
    yield Check("product", "It is a product.", evidence={"left_out": reasons} if reasons else {})
    revision = f"{source_of(endpoint, head, products.language)}:{head.seq}"
    if served is not None and Head.of(served).includes(revision):
        yield Check("catalog", "Partners who are granted it see it.", evidence={"key": block.key})
    elif known and known.data.get("attempts"):
        message = f"The catalog could not be published: {known.data.get('lastError')}"
        yield Check("catalog", message, "catalog_failed", {"attempts": known.data["attempts"]})
    else:
        message = "The catalog is being published. Ask again in a moment."
        yield Check("catalog", message, "catalog_pending")


def _held_back(version: str, key: str, id_: str, catalog: Snapshot | None) -> Check | None:
    """Why a catalog does not follow the endpoint `id_`; None where it does."""
    if catalog is None:
        return None
    fed_by = catalog.data.get("fedBy", id_)
    if fed_by != id_:
        other = name_of(fed_by).id.partition(".")[2]
        message = f"{other!r}, published later, feeds the catalog {key!r} now."
        return Check("catalog", message, "catalog_taken_over", {"endpoint": other})
    if catalog.data["state"] == "withdrawn":
        message = f"Who operates the platform withdrew the catalog {key!r}. Ask them."
        return Check("catalog", message, "catalog_withdrawn")
    if catalog.data.get("paused"):
        fix = Fix("update_api_version", {"api_version_id": version, "state": "publish"})
        message = f"The catalog {key!r} was rolled back and follows no more."
        return Check("catalog", message, "catalog_paused", {}, fix)
    return None
