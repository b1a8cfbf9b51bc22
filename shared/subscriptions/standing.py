"""Whether a subscriber is to have a catalog now, and what holds it back if not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.auth.access import Access, Grant
from shared.ports.documents import Documents, Snapshot
from shared.subscriptions.records import (
    EXPORTS,
    SUBSCRIBERS,
    Cell,
    Export,
    Reason,
    Subscriber,
)


@dataclass(frozen=True)
class Standing:
    """What decides about one cell, as read just now."""

    access: Access | None
    subscriber: Subscriber | None
    export: Export | None

    def held_back(self, catalog: str, now: datetime) -> Reason | None:
        """Why the subscriber is not to have the catalog; None when it is."""
        if self.subscriber is None or self.subscriber.state == "disabled":
            return "removing"
        grant = granted(self.access, catalog, now)
        if grant is None:
            return "scope_revoked"
        if not shareable(grant, now) or self.export is None or not self.export.is_open:
            return "catalog_not_enabled"
        return None


def read_standing(documents: Documents, cell: Cell) -> Standing:
    """What decides about a cell, in one read."""
    paths = (
        f"access/{cell.org}",
        SUBSCRIBERS.path(cell.subscriber),
        EXPORTS.path(cell.catalog),
    )
    return standing(documents.get_many(paths), *paths)


def standing(found: Mapping[str, Snapshot], access: str, subscriber: str, export: str) -> Standing:
    """The same, of documents that were read already."""
    return Standing(
        access=Access.of(found[access]) if access in found else None,
        subscriber=SUBSCRIBERS.read(found[subscriber]).value if subscriber in found else None,
        export=EXPORTS.read(found[export]).value if export in found else None,
    )


def granted(access: Access | None, catalog: str, now: datetime) -> Grant | None:
    """The organization's grant of a catalog, if it counts on any surface now."""
    if access is None or access.state != "active":
        return None
    grant = access.grants.get(catalog)
    if grant is None or (grant.expires_at is not None and grant.expires_at <= now.timestamp()):
        return None
    return grant


def shareable(grant: Grant, now: datetime) -> bool:
    """Whether a grant counts in BigQuery. One with `only` never does (docs/protocol.md).

    A listing is shared by all its subscribers, so it cannot show a part to one of them.
    """
    return grant.only is None and grant.holds("bigquery", now.timestamp())


def is_wanted(documents: Documents, cell: Cell, now: datetime) -> bool:
    """Whether this cell is to have its catalog now."""
    return read_standing(documents, cell).held_back(cell.catalog, now) is None
