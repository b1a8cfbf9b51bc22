"""The five tools for BigQuery subscriptions (docs/protocol.md, "BigQuery subscription tools")."""

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared import work
from shared.auth.access import Access
from shared.catalog.heads import Head, head_path
from shared.errors import Conflict, Problem
from shared.identity.access_changes import FOLLOWING
from shared.identity.records import CatalogKey
from shared.ports.documents import ABSENT, Write
from shared.records import Found
from shared.subscriptions.following import MOST_SUBSCRIBERS, subscribers_of
from shared.subscriptions.matrix import cells_of, export_of, refreshed
from shared.subscriptions.records import (
    EXPORTS,
    LISTINGS,
    SCHEMA_VERSION,
    SHARE_SCHEMA,
    SUBSCRIBERS,
    Subscriber,
)
from shared.subscriptions.shown import (
    CellView,
    ListingResource,
    SubscriberView,
    listing_resource,
    subscriber_view,
)
from shared.subscriptions.standing import granted, shareable
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("readers", toolset="subscriptions", org_types=frozenset({"catalog_partner"}))

PRINCIPAL: Final = re.compile(
    r"(?:user|group|serviceAccount):"
    r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"
)
PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
PROGRESS: Final = (
    "access_grant_failed",
    "pending",
    "refresh_failed",
    "awaiting_subscription",
    "source_stale",
    "active",
)
"""Statuses, the least advanced first."""


class ListListings(Args):
    """Which catalogs."""

    catalogs: Annotated[
        tuple[CatalogKey, ...] | None,
        Field(min_length=1, max_length=500, description="Only these; all granted if left out."),
    ] = None


def _exports(_: Any, access: Access) -> Iterable[str]:
    for catalog in access.grants:
        yield EXPORTS.path(catalog)
        yield head_path(catalog)


@family.tool(
    scope="subscriptions:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List BigQuery listings",
    reads=_exports,
)
def list_bigquery_listing_resources(call: Call, args: ListListings) -> list[ListingResource]:
    """List the granted catalogs that can be linked into your own BigQuery, and how.

    Each is an Analytics Hub listing; subscribing to it makes a read-only linked dataset in your
    project. Register a subscriber first. Catalogs without a listing (yet) are left out.
    """
    now = call.now
    shared = [grant.catalog for grant in call.access.grants.values() if shareable(grant, now)]
    if args.catalogs is not None:
        shared = [catalog for catalog in shared if catalog in args.catalogs]
        if not any(granted(call.access, catalog, now) for catalog in args.catalogs):
            raise _not_granted()
    heads = {
        catalog: Head.of(call.found[head_path(catalog)])
        for catalog in shared
        if _is_open(call, catalog) and head_path(catalog) in call.found
    }
    return [
        listing_resource(call.app, catalog, head.display_name)
        for catalog, head in heads.items()
        if not head.down
    ]


class Subscribers(Result):
    """Your organization's readers, and the state of each catalog for each of them."""

    subscribers: list[SubscriberView]
    cells: list[CellView]


def _exports_and_checks(_: Any, access: Access) -> Iterable[str]:
    for catalog in access.grants:
        yield EXPORTS.path(catalog)
        yield LISTINGS.path(catalog)


@family.tool(
    scope="subscriptions:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List BigQuery subscribers",
    reads=_exports_and_checks,
)
def list_bigquery_subscribers(call: Call, args: Args) -> Subscribers:
    """List your registered BigQuery readers, and how far each catalog is for each of them.

    Subscribe to the cells that say awaiting_subscription, then call
    refresh_bigquery_subscription_status.
    """
    del args
    found = subscribers_of(call.app, call.access.org)
    return Subscribers(
        subscribers=[subscriber_view(each.id, each.value) for each in found],
        cells=cells_of(call, found),
    )


class SubscriberRequest(Args):
    """The Google project and principal of a reader."""

    model_config = ConfigDict(alias_generator=to_camel)

    subscriber_project_id: Annotated[
        str, Field(max_length=100, description="The id of the project to link datasets into.")
    ]
    subscriber_principal: Annotated[
        str,
        Field(
            max_length=320,
            description="Who subscribes: user:, group: or serviceAccount: and an e-mail address.",
        ),
    ]


class RegisterSubscriber(Args):
    """Who is to read."""

    request: Annotated[SubscriberRequest, Field(description="The reader.")]


class Registered(Result):
    """The reader, and its catalogs."""

    subscriber: SubscriberView
    cells: list[CellView]


@family.tool(
    scope="subscriptions:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Register a BigQuery subscriber",
    reads=_exports_and_checks,
    idempotent=True,
    open_world=True,
)
def register_bigquery_subscriber(call: Call, args: RegisterSubscriber) -> Registered:
    """Register a Google project and principal to read every granted catalog in BigQuery.

    Access follows within seconds to minutes, now and for every catalog granted later. The same pair
    is the same subscriber; a disabled one is enabled again.
    """
    project, principal = _checked(args.request)
    org = call.access.org
    text = f"{org} {project} {principal}"
    id_ = f"sub_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    before = subscribers_of(call.app, org)
    known = next((each for each in before if each.id == id_), None)
    if known is None and len(before) >= MOST_SUBSCRIBERS:
        raise Problem(
            "too_many_subscribers",
            f"An organization registers at most {MOST_SUBSCRIBERS} subscribers. Use a group.",
            limit=MOST_SUBSCRIBERS,
        )
    if known is None or known.value.state == "disabled":
        subscriber = Subscriber(
            org=org,
            project=project,
            principal=principal,
            created_at=known.value.created_at if known else call.now,
            created_by=known.value.created_by if known else call.caller.subject,
            updated_at=call.now,
        )
        version = known.version if known else ABSENT
        known = _write(call, id_, subscriber, version, "subscriber.registered")
    return Registered(subscriber=subscriber_view(id_, known.value), cells=cells_of(call, [known]))


class RefreshStatus(Args):
    """Whose subscription to what."""

    catalog_key: Annotated[CatalogKey, Field(description="The catalog.")]
    subscriber_principal: Annotated[
        str, Field(max_length=320, description="The principal, as it was registered.")
    ]
    share_schema: Annotated[
        Literal["exported_product_view"], Field(description="Which tables are shared.")
    ] = SHARE_SCHEMA
    schema_version: Annotated[Literal["v1"], Field(description="The version of their columns.")] = (
        SCHEMA_VERSION
    )


@family.tool(
    scope="subscriptions:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Refresh a BigQuery subscription's status",
    reads=lambda args, _: (EXPORTS.path(args.catalog_key), LISTINGS.path(args.catalog_key)),
    idempotent=True,
    open_world=True,
)
def refresh_bigquery_subscription_status(call: Call, args: RefreshStatus) -> CellView:
    """Ask Analytics Hub now how far a subscription is. Use it after subscribing to a listing.

    If several of your subscribers share the principal, all are refreshed and the least advanced is
    shown.
    """
    if granted(call.access, args.catalog_key, call.now) is None:
        raise _not_granted()
    subscribers = [
        each
        for each in subscribers_of(call.app, call.access.org)
        if each.value.principal == args.subscriber_principal and each.value.state == "enabled"
    ]
    if not subscribers:
        raise _no_subscriber()
    shown = [refreshed(call, each, args.catalog_key) for each in subscribers]
    return min(shown, key=lambda cell: PROGRESS.index(cell.status))


class DeleteSubscriber(Args):
    """Which reader."""

    subscriber_id: Annotated[
        str, Field(max_length=100, description="As list_bigquery_subscribers shows it.")
    ]


@family.tool(
    scope="subscriptions:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Remove a BigQuery subscriber",
    idempotent=True,
    open_world=True,
)
def delete_bigquery_subscriber(call: Call, args: DeleteSubscriber) -> SubscriberView:
    """Disable a reader: its access to every listing is taken back.

    Registering the same project and principal again enables it.
    """
    found = next(
        (
            each
            for each in subscribers_of(call.app, call.access.org)
            if each.id == args.subscriber_id
        ),
        None,
    )
    if found is None:
        raise _no_subscriber()
    if found.value.state == "enabled":
        update = {"state": "disabled", "updated_at": call.now}
        disabled = found.value.model_copy(update=update)
        found = _write(call, found.id, disabled, found.version, "subscriber.disabled")
    return subscriber_view(found.id, found.value)


def _write(
    call: Call, id_: str, subscriber: Subscriber, version: str, event: str
) -> Found[Subscriber]:
    """Store a subscriber; its cells follow by themselves.

    Of two callers at once, the one that comes second finds the other's done.
    """
    org = call.access.org
    writes: list[Write] = [
        SUBSCRIBERS.put(id_, subscriber, if_version=version),
        work.ask(FOLLOWING, org, call.now),
    ]
    try:
        call.commit(writes, event=event, target=id_)
    except Conflict:
        found = SUBSCRIBERS.get(call.app.documents, id_)
        if found.value.state != subscriber.state:
            raise
        return found
    work.hand_over(call.app, FOLLOWING, org)
    return SUBSCRIBERS.get(call.app.documents, id_)


def _checked(request: SubscriberRequest) -> tuple[str, str]:
    """The project and principal, when they can be ones."""
    if not PROJECT.fullmatch(request.subscriber_project_id):
        raise Problem(
            "invalid_project",
            "subscriberProjectId is the id of a Google Cloud project: 6 to 30 lower-case letters, "
            "digits and hyphens, beginning with a letter. Not its name, nor its number.",
        )
    if not PRINCIPAL.fullmatch(request.subscriber_principal):
        raise Problem(
            "invalid_principal",
            "subscriberPrincipal is user:, group: or serviceAccount: and an e-mail address.",
        )
    return request.subscriber_project_id, request.subscriber_principal


def _is_open(call: Call, catalog: str) -> bool:
    export = export_of(call, catalog)
    return export is not None and export.is_open


def _not_granted() -> Problem:
    return Problem(
        "catalog_not_granted",
        "None of these catalogs is granted to your organization. list_catalogs shows those that "
        "are.",
    )


def _no_subscriber() -> Problem:
    return Problem(
        "subscriber_not_found",
        "Your organization has no such subscriber, or none that is enabled. "
        "list_bigquery_subscribers shows them.",
    )
