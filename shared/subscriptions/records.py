"""What subscriptions keep: subscribers, cells, exports, checks of listings (docs/data.md)."""

from datetime import datetime
from typing import Final, Literal

from shared.catalog.catalogs import EXPORT
from shared.identity.access_changes import FOLLOWING
from shared.queries import DUE_CELLS, DUE_LISTINGS
from shared.records import Record, Records
from shared.work import Kind, Scheduled

SHARE_SCHEMA: Final = "exported_product_view"
SCHEMA_VERSION: Final = "v1"
VIEW: Final = f"products_current_{SCHEMA_VERSION}"

Status = Literal[
    "pending",
    "awaiting_subscription",
    "active",
    "source_stale",
    "access_grant_failed",
    "refresh_failed",
]
Reason = Literal["catalog_not_enabled", "scope_revoked", "removing", "needs_attention"]


class Subscriber(Record):
    """A reader an organization registered: a Google project, and who may subscribe for it."""

    org: str
    project: str
    principal: str
    state: Literal["enabled", "disabled"] = "enabled"
    created_at: datetime
    created_by: str
    updated_at: datetime


class Cell(Scheduled):
    """One subscriber's share of one catalog.

    Attributes:
        principal: as IAM knows it: the e-mail address in lower case.
        member: the listing's policy may name the principal on our account. True before it is added,
            False after it was removed, so that no crash leaves a member nobody knows of.
        changed_at: when `status` last changed.
        revoked_at: when its grant was found withdrawn; gone again when granted anew.
    """

    subscriber: str
    org: str
    catalog: str
    project: str
    principal: str
    status: Status = "pending"
    member: bool = False
    changed_at: datetime
    last_checked_at: datetime | None = None
    revoked_at: datetime | None = None


class Export(Scheduled):
    """What of a catalog is in the warehouse.

    Attributes:
        state: `none`: no listing; `opening`: the listing exists and its cells are being told;
            `ready`; `closing`: nobody is admitted any more and the listing is being taken down.
        version: the catalog's version that the table holds.
        exported_at: when that was loaded; `fresh_until` is what freshness we promise.
    """

    state: Literal["none", "opening", "ready", "closing"] = "none"
    version: int | None = None
    product_count: int | None = None
    exported_at: datetime | None = None
    fresh_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether partners can be admitted to the listing."""
        return self.state in ("opening", "ready")


class ListingCheck(Scheduled):
    """The hourly check of one listing, for all cells that have no turn of their own.

    Attributes:
        checked_at: when Analytics Hub last answered.
        changes: counts cells that began to rely on this check, and dismissals that began.
        seen: digest of the last answers and of `changes`. While all are the same, no cell can need
            a change, and none is read.
    """

    checked_at: datetime | None = None
    changes: int = 0
    seen: str | None = None


class Following(Scheduled):
    """That an organization's cells are to follow its grants and subscribers."""


CELL: Final = Kind(DUE_CELLS, "/jobs/cells")
LISTING: Final = Kind(DUE_LISTINGS, "/jobs/listings")

SUBSCRIBERS: Final = Records("subscribers", Subscriber, "BigQuery subscriber")
CELLS: Final = Records(CELL.collection, Cell, "subscription")
EXPORTS: Final = Records(EXPORT.collection, Export, "export")
LISTINGS: Final = Records(LISTING.collection, ListingCheck, "listing")
FOLLOWINGS: Final = Records(FOLLOWING.collection, Following, "organization")


def cell_id(subscriber: str, catalog: str) -> str:
    """The id of a cell's document."""
    return f"{subscriber}:{catalog}"


def iam_member(principal: str) -> str:
    """The principal as IAM compares it: the kind as it is, the address in lower case."""
    kind, _, address = principal.partition(":")
    return f"{kind}:{address.lower()}"
