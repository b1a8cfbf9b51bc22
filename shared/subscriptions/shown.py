"""What a partner sees of subscribers, cells and listings.

docs/protocol.md, "BigQuery subscription tools", is what they may rely on.

A cell is shown as it stands now, not as its record says: a grant withdrawn this second is
`scope_revoked` this second, and an export that grew old is `source_stale`, without a write.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared import work
from shared.app import App
from shared.subscriptions.cells import FAILED, SHOWN_FOR
from shared.subscriptions.records import (
    SCHEMA_VERSION,
    SHARE_SCHEMA,
    VIEW,
    Cell,
    ListingCheck,
    Reason,
    Status,
    Subscriber,
)
from shared.subscriptions.standing import Standing
from shared.tool import Result


class ListingResource(Result):
    """A catalog your organization can subscribe to in BigQuery."""

    catalog_key: Annotated[str, Field(description="The catalog's key.")]
    display_name: Annotated[str, Field(description="Its name for people.")]
    listing_resource: Annotated[str, Field(description="The Analytics Hub listing's full name.")]
    location: Annotated[str, Field(description="Where a linked dataset has to be.")]
    linked_dataset_suggestion: Annotated[str, Field(description="A name for the linked dataset.")]
    sample_query: Annotated[str, Field(description="A first query, for a dataset of that name.")]
    share_schema: Annotated[str, Field(description="Which tables it shares.")]
    schema_version: Annotated[str, Field(description="The version of their columns.")]


class SubscriberView(Result):
    """A reader your organization registered."""

    subscriber_id: Annotated[str, Field(description="To pass to delete_bigquery_subscriber.")]
    subscriber_project_id: Annotated[str, Field(description="The project linked datasets are in.")]
    subscriber_principal: Annotated[str, Field(description="Who may subscribe for it.")]
    desired_state: Annotated[Literal["enabled", "disabled"], Field(description="As you asked.")]
    created_at: Annotated[datetime, Field(description="When first registered (UTC).")]
    updated_at: Annotated[datetime, Field(description="When last enabled or disabled (UTC).")]


class CellView(Result):
    """One reader's share of one catalog, and how far it is."""

    subscriber_id: Annotated[str, Field(description="The reader.")]
    catalog_key: Annotated[str, Field(description="The catalog.")]
    status: Annotated[
        Status,
        Field(
            description="pending: not admitted yet. awaiting_subscription: subscribe now. active: "
            "the linked dataset works. source_stale: it works, but is older than promised."
        ),
    ]
    reason_code: Annotated[
        Reason | None, Field(description="What holds it back, or that somebody should look.")
    ]
    listing_resource: Annotated[str, Field(description="The listing to subscribe to.")]
    location: Annotated[str, Field(description="Where the linked dataset has to be.")]
    linked_dataset_suggestion: Annotated[str, Field(description="A name for the linked dataset.")]
    sample_query: Annotated[str, Field(description="A first query, for a dataset of that name.")]
    share_schema: Annotated[str, Field(description="Which tables it shares.")]
    schema_version: Annotated[str, Field(description="The version of their columns.")]
    last_checked_at: Annotated[
        datetime | None, Field(description="When Analytics Hub was last asked (UTC).")
    ]
    next_check_at: Annotated[
        datetime | None, Field(description="When it will be asked again (UTC).")
    ]


def linked_dataset(app: App, catalog: str) -> str:
    """The suggested name of a linked dataset."""
    return f"{app.settings.dataset_prefix}_catalog_{catalog}_{SHARE_SCHEMA}_{SCHEMA_VERSION}"


def listing_resource(app: App, catalog: str, display_name: str) -> ListingResource:
    """A listing as a partner sees it."""
    dataset = linked_dataset(app, catalog)
    return ListingResource(
        catalog_key=catalog,
        display_name=display_name,
        listing_resource=app.listings.resource(catalog),
        location=app.listings.location,
        linked_dataset_suggestion=dataset,
        sample_query=_sample(dataset),
        share_schema=SHARE_SCHEMA,
        schema_version=SCHEMA_VERSION,
    )


def subscriber_view(id_: str, subscriber: Subscriber) -> SubscriberView:
    """A subscriber as a partner sees it."""
    return SubscriberView(
        subscriber_id=id_,
        subscriber_project_id=subscriber.project,
        subscriber_principal=subscriber.principal,
        desired_state=subscriber.state,
        created_at=subscriber.created_at,
        updated_at=subscriber.updated_at,
    )


def cell_view(
    app: App, cell: Cell, standing: Standing, check: ListingCheck | None, now: datetime
) -> CellView:
    """A cell as it stands now."""
    status, reason = _standing_of(cell, standing, check, now)
    covered = cell.due is None and check is not None and status != "pending"
    dataset = linked_dataset(app, cell.catalog)
    return CellView(
        subscriber_id=cell.subscriber,
        catalog_key=cell.catalog,
        status=status,
        reason_code=reason,
        listing_resource=app.listings.resource(cell.catalog),
        location=app.listings.location,
        linked_dataset_suggestion=dataset,
        sample_query=_sample(f"{cell.project}.{dataset}"),
        share_schema=SHARE_SCHEMA,
        schema_version=SCHEMA_VERSION,
        last_checked_at=_later(
            cell.last_checked_at, check.checked_at if covered and check else None
        ),
        next_check_at=check.due if covered and check else _next(cell, status),
    )


def is_shown(cell: Cell, *, granted: bool, now: datetime) -> bool:
    """Whether a cell is part of the list: granted now, or withdrawn in the last 30 days."""
    return granted or cell.revoked_at is None or now - cell.revoked_at < SHOWN_FOR


def _standing_of(
    cell: Cell, standing: Standing, check: ListingCheck | None, now: datetime
) -> tuple[Status, Reason | None]:
    held_back = standing.held_back(cell.catalog, now)
    if cell.status in FAILED:
        return cell.status, "needs_attention"
    if held_back == "removing" and not cell.member:
        return "pending", None
    if held_back is not None:
        return "pending", held_back
    if cell.due is None and check is not None and work.is_spent(check) and cell.status != "pending":
        return "refresh_failed", "needs_attention"
    fresh_until = standing.export.fresh_until if standing.export else None
    if cell.status == "active" and fresh_until is not None and now >= fresh_until:
        return "source_stale", None
    return cell.status, None


def _next(cell: Cell, status: Status) -> datetime | None:
    """Its own next turn; that a settled cell is forgotten in a month is no check."""
    settled = status == "pending" and cell.revoked_at is not None and not cell.member
    return None if settled else cell.due


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _sample(dataset: str) -> str:
    return f"SELECT * FROM `{dataset}.{VIEW}` LIMIT 10;"  # noqa: S608  shown to people, run by nobody here
