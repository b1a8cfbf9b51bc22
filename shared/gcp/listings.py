"""Listings in an Analytics Hub data exchange, and who may subscribe to them.

Limits that matter (https://cloud.google.com/bigquery/quotas, "Sharing"): a listing's policy names
at most 1,500 principals; calls are throttled per minute and project.
"""

import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import grpc
from google.api_core import exceptions, retry
from google.cloud.bigquery_analyticshub_v1 import (
    AnalyticsHubServiceClient,
    CreateListingRequest,
    Listing,
    ListSharedResourceSubscriptionsRequest,
    UpdateListingRequest,
)
from google.cloud.bigquery_analyticshub_v1 import Subscription as HubSubscription
from google.cloud.bigquery_analyticshub_v1.services.analytics_hub_service.transports import (
    AnalyticsHubServiceGrpcTransport,
)
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest
from google.iam.v1.options_pb2 import GetPolicyOptions
from google.iam.v1.policy_pb2 import Binding, Policy

from shared.errors import Problem
from shared.per_process import PerProcess
from shared.ports.listings import ListingText, Subscription

ROLE: Final = "roles/analyticshub.subscriber"
ATTEMPTS: Final = 8
_POLICY_VERSION: Final = 3
"""So that conditional bindings of others come and go as they are."""
_SECONDS: Final = 10.0
_RETRY: Final = retry.Retry(
    predicate=retry.if_exception_type(exceptions.ServiceUnavailable),
    initial=0.1,
    maximum=1.0,
    timeout=_SECONDS,
)
_STATES: Final = {
    HubSubscription.State.STATE_ACTIVE: "active",
    HubSubscription.State.STATE_STALE: "stale",
}
_TEXT_FIELDS: Final = ("display_name", "description", "documentation")


class AnalyticsHubListings:
    """`Listings` in the data exchange `exchange` of a project.

    Reads are retried for up to ten seconds; what changes something is a state that is asked for, so
    it is retried too. A policy is read, changed and written back under its etag, again when
    somebody else was faster, and never written when it already says the right thing.

    Args:
        project, location, exchange: which data exchange.
        exchanges: how many; one takes 1,000 listings. The further ones are `{exchange}_1` and so
            on. A catalog's is found by its key, so their number never changes once there are any.
        address: host:port of a server without TLS instead of Google's, for tests.
        connect: makes the client; another one in tests.
    """

    def __init__(
        self,
        project: str,
        location: str,
        exchange: str,
        exchanges: int = 1,
        *,
        address: str = "",
        connect: Callable[[], AnalyticsHubServiceClient] | None = None,
    ) -> None:
        self._project = project
        self._location = location
        parent = f"projects/{project}/locations/{location}/dataExchanges/{exchange}"
        self._exchanges = [parent, *(f"{parent}_{number}" for number in range(1, exchanges))]
        self._client = PerProcess(connect or (lambda: _connect(address)))

    @property
    def location(self) -> str:
        """Where the exchange is."""
        return self._location

    def resource(self, catalog: str) -> str:
        """The listing's full name."""
        return f"{self._exchange(catalog)}/listings/{_listing_id(catalog)}"

    def keep(self, catalog: str, text: ListingText) -> None:
        """Create the listing, or make it say this."""
        wanted = Listing(
            name=self.resource(catalog),
            display_name=text.display_name,
            description=text.description,
            documentation=text.documentation,
            bigquery_dataset=Listing.BigQueryDatasetSource(
                dataset=f"projects/{self._project}/datasets/catalog_{catalog}"
            ),
        )
        client = self._client.get()
        with _answered():
            try:
                found = client.get_listing(name=wanted.name, retry=_RETRY, timeout=_SECONDS)
            except exceptions.NotFound:
                found = self._create(catalog, wanted)
            if any(getattr(found, name) != getattr(wanted, name) for name in _TEXT_FIELDS):
                request = UpdateListingRequest(
                    listing=wanted, update_mask={"paths": list(_TEXT_FIELDS)}
                )
                client.update_listing(request, retry=_RETRY, timeout=_SECONDS)

    def remove(self, catalog: str) -> None:
        """Take the listing down."""
        with _answered():
            try:
                self._client.get().delete_listing(
                    name=self.resource(catalog), retry=_RETRY, timeout=_SECONDS
                )
            except exceptions.NotFound:
                return

    def admit(self, catalog: str, principal: str) -> None:
        """Let a principal subscribe. Raises `not_found`, `invalid` for one that does not exist."""
        self._change_policy(catalog, lambda members: members | {principal})

    def dismiss(self, catalog: str, principal: str) -> None:
        """Do not let it subscribe any more."""
        try:
            self._change_policy(catalog, lambda members: members - {principal})
        except Problem as problem:
            if problem.code != "not_found":
                raise

    def members(self, catalog: str) -> list[str]:
        """Who may subscribe, in order. Raises `not_found`."""
        with _answered():
            return sorted(_members(self._policy(catalog)))

    def subscriptions(self, catalog: str) -> Sequence[Subscription]:
        """Who has subscribed. Raises `not_found`."""
        request = ListSharedResourceSubscriptionsRequest(
            resource=self.resource(catalog), page_size=1000
        )
        with _answered():
            pages = self._client.get().list_shared_resource_subscriptions(
                request, retry=_RETRY, timeout=_SECONDS
            )
            return [_subscription(each) for each in pages]

    def revoke(self, subscription: Subscription) -> None:
        """End a subscription."""
        with _answered():
            try:
                self._client.get().revoke_subscription(
                    name=subscription.name, retry=_RETRY, timeout=_SECONDS
                )
            except exceptions.NotFound:
                return

    def close(self) -> None:
        """Close this process's channel. The object opens a new one when it is used again."""
        client = self._client.take()
        if client is not None:
            client.transport.close()

    def _exchange(self, catalog: str) -> str:
        return self._exchanges[zlib.crc32(catalog.encode()) % len(self._exchanges)]

    def _create(self, catalog: str, wanted: Listing) -> Listing:
        client = self._client.get()
        request = CreateListingRequest(
            parent=self._exchange(catalog), listing_id=_listing_id(catalog), listing=wanted
        )
        try:
            return client.create_listing(request, timeout=_SECONDS)
        except exceptions.AlreadyExists:
            return client.get_listing(name=wanted.name, retry=_RETRY, timeout=_SECONDS)

    def _change_policy(
        self, catalog: str, edit: Callable[[frozenset[str]], frozenset[str]]
    ) -> None:
        with _answered():
            for attempt in range(ATTEMPTS):
                policy = self._policy(catalog)
                if not _edited(policy, edit):
                    return
                write = SetIamPolicyRequest(resource=self.resource(catalog), policy=policy)
                try:
                    self._client.get().set_iam_policy(write, timeout=_SECONDS)
                except exceptions.Aborted:
                    time.sleep(random.uniform(0, 0.05) * 2**attempt)  # noqa: S311  spacing
                else:
                    return
        raise Problem(
            "unavailable", "Too many changes of this listing's policy at once. Try again."
        )

    def _policy(self, catalog: str) -> Policy:
        options = GetPolicyOptions(requested_policy_version=_POLICY_VERSION)
        read = GetIamPolicyRequest(resource=self.resource(catalog), options=options)
        return self._client.get().get_iam_policy(read, retry=_RETRY, timeout=_SECONDS)


def _listing_id(catalog: str) -> str:
    return f"catalog_{catalog}_exported_product_view_v1"


def _edited(policy: Policy, edit: Callable[[frozenset[str]], frozenset[str]]) -> bool:
    """Change the members of our role's unconditional binding in place; whether that did anything.

    Everything else in the policy stays as it was read.
    """
    before = _members(policy)
    after = edit(before)
    if after == before:
        return False
    for binding in _bindings(policy):
        policy.bindings.remove(binding)
    if after:
        policy.bindings.add(role=ROLE, members=sorted(after))
    policy.version = _POLICY_VERSION
    return True


def _members(policy: Policy) -> frozenset[str]:
    return frozenset(member for binding in _bindings(policy) for member in binding.members)


def _bindings(policy: Policy) -> list[Binding]:
    """Those of our role, without a condition."""
    return [
        binding
        for binding in policy.bindings
        if binding.role == ROLE and not binding.condition.expression
    ]


def _subscription(found: HubSubscription) -> Subscription:
    datasets = [linked.linked_dataset for linked in found.linked_dataset_map.values()]
    named = [found.name, *datasets, *(each.linked_dataset for each in found.linked_resources)]
    projects = {name.split("/")[1] for name in named if name.startswith("projects/")}
    destination = found.destination_dataset.dataset_reference.project_id
    return Subscription(
        name=found.name,
        projects=frozenset({*projects, destination} - {""}),
        state=_STATES.get(found.state, "inactive"),  # type: ignore[arg-type]
    )


def _connect(address: str) -> AnalyticsHubServiceClient:
    if not address:
        return AnalyticsHubServiceClient()
    channel = grpc.insecure_channel(address)
    return AnalyticsHubServiceClient(transport=AnalyticsHubServiceGrpcTransport(channel=channel))


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except exceptions.NotFound as error:
        raise Problem("not_found", "There is no listing of this catalog.") from error
    except exceptions.FailedPrecondition as error:
        raise Problem(
            "forbidden",
            "Our organization's policy lets nobody of this domain in (domain restricted sharing)."
            " Its administrators have to make an exception for our project.",
        ) from error
    except exceptions.BadRequest as error:
        raise Problem(
            "invalid",
            "Analytics Hub does not know this principal, or refused the request as wrong.",
        ) from error
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise Problem(
            "forbidden", "Analytics Hub refused us. Check our access to the data exchange."
        ) from error
    except (exceptions.GoogleAPICallError, exceptions.RetryError, OSError) as error:
        raise Problem(
            "unavailable", "Analytics Hub did not answer in time. Try again in a moment."
        ) from error
