"""The part of Analytics Hub that the client libraries use here, over real gRPC, also with TLS.

https://cloud.google.com/bigquery/docs/reference/analytics-hub/rpc
Who calls is the e-mail address in the bearer token; a caller without one is the publisher. Roles
are those of listings; a project's owners may create datasets in it.
"""

import base64
import json
import secrets
from typing import ClassVar

from google.cloud import bigquery_analyticshub_v1 as api
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2

from tests.contract.grpc_server import GrpcServer, abort

SUBSCRIBER = "roles/analyticshub.subscriber"
STATE = api.Subscription.State


class HubServer(GrpcServer):
    """Serves at `address`, and with TLS at `secure_port` when given a key and certificate."""

    SERVICE = "google.cloud.bigquery.analyticshub.v1.AnalyticsHubService"
    METHODS: ClassVar = {
        "GetListing": (api.GetListingRequest, api.Listing),
        "CreateListing": (api.CreateListingRequest, api.Listing),
        "UpdateListing": (api.UpdateListingRequest, api.Listing),
        "DeleteListing": (api.DeleteListingRequest, empty_pb2.Empty),
        "SubscribeListing": (api.SubscribeListingRequest, api.SubscribeListingResponse),
        "ListSubscriptions": (api.ListSubscriptionsRequest, api.ListSubscriptionsResponse),
        "ListSharedResourceSubscriptions": (
            api.ListSharedResourceSubscriptionsRequest,
            api.ListSharedResourceSubscriptionsResponse,
        ),
        "RevokeSubscription": (api.RevokeSubscriptionRequest, api.RevokeSubscriptionResponse),
        "GetIamPolicy": (iam_policy_pb2.GetIamPolicyRequest, policy_pb2.Policy),
        "SetIamPolicy": (iam_policy_pb2.SetIamPolicyRequest, policy_pb2.Policy),
    }

    def __init__(self, *, page=50, tls=None):
        super().__init__(tls)
        self.page = page
        self.listings, self.policies, self.subscriptions = {}, {}, {}
        self.owners = {}
        self.unknown = set()
        self.racing = []

    def get_listing(self, request, context):
        return self._listing(request.name, context)

    def create_listing(self, request, context):
        name = f"{request.parent}/listings/{request.listing_id}"
        if name in self.listings:
            abort(context, "ALREADY_EXISTS", name)
        if not request.listing.bigquery_dataset.dataset:
            abort(context, "INVALID_ARGUMENT", "bigquery_dataset is required")
        listing = api.Listing(request.listing, name=name, state=api.Listing.State.ACTIVE)
        self.listings[name] = listing
        return listing

    def update_listing(self, request, context):
        listing = self._listing(request.listing.name, context)
        for path in request.update_mask.paths:
            setattr(listing, path, getattr(request.listing, path))
        return listing

    def delete_listing(self, request, context):
        self._listing(request.name, context)
        del self.listings[request.name]
        self.policies.pop(request.name, None)
        for subscription in self.subscriptions.values():
            if subscription.listing == request.name:
                subscription.state = STATE.STATE_INACTIVE
        return empty_pb2.Empty()

    def subscribe_listing(self, request, context):
        listing = self._listing(request.name, context)
        who = caller(context)
        if who not in self._members(request.name):
            abort(context, "PERMISSION_DENIED", f"{who} may not subscribe")
        target = request.destination_dataset.dataset_reference
        dataset = f"projects/{target.project_id}/datasets/{target.dataset_id}"
        if who not in self.owners.get(target.project_id, ()):
            abort(context, "PERMISSION_DENIED", "bigquery.datasets.create")
        if request.destination_dataset.location != request.name.split("/")[3]:
            abort(context, "INVALID_ARGUMENT", "another location than the listing's")
        if any(dataset == _dataset(each) for each in self.subscriptions.values()):
            abort(context, "ALREADY_EXISTS", f"{dataset} exists")
        made = self.subscribe(request.name, target.project_id, target.dataset_id, listing)
        return api.SubscribeListingResponse(subscription=made)

    def list_subscriptions(self, request, context):
        project = request.parent.split("/")[1]
        if caller(context) not in self.owners.get(project, ()):
            abort(context, "PERMISSION_DENIED", "analyticshub.subscriptions.list")
        found = [
            each for name, each in self.subscriptions.items() if name.startswith(request.parent)
        ]
        return self._page(api.ListSubscriptionsResponse, "subscriptions", found, request)

    def list_shared_resource_subscriptions(self, request, context):
        self._listing(request.resource, context)
        found = [each for each in self.subscriptions.values() if each.listing == request.resource]
        return self._page(
            api.ListSharedResourceSubscriptionsResponse,
            "shared_resource_subscriptions",
            found,
            request,
        )

    def revoke_subscription(self, request, context):
        if request.name not in self.subscriptions:
            abort(context, "NOT_FOUND", request.name)
        self.subscriptions[request.name].state = STATE.STATE_INACTIVE
        return api.RevokeSubscriptionResponse()

    def get_iam_policy(self, request, context):
        self._listing(request.resource, context)
        return self.policies.setdefault(request.resource, policy_pb2.Policy(etag=b"first"))

    def set_iam_policy(self, request, context):
        self._listing(request.resource, context)
        if self.racing:
            self._add(request.resource, self.racing.pop())
        kept = self.policies.setdefault(request.resource, policy_pb2.Policy(etag=b"first"))
        if request.policy.etag != kept.etag:
            abort(context, "ABORTED", "There were concurrent policy changes.")
        for binding in request.policy.bindings:
            if self.unknown.intersection(binding.members):
                abort(context, "INVALID_ARGUMENT", "The member does not exist.")
        written = policy_pb2.Policy()
        written.CopyFrom(request.policy)
        written.etag = secrets.token_bytes(8)
        self.policies[request.resource] = written
        return written

    def subscribe(self, resource, project, dataset="linked", listing=None):
        """A subscription of a project to a listing, as if its people had made it."""
        name = f"projects/{project}/locations/us/subscriptions/{secrets.token_hex(6)}"
        source = (listing or self.listings[resource]).bigquery_dataset.dataset
        linked = f"projects/{project}/datasets/{dataset}"
        self.subscriptions[name] = api.Subscription(
            name=name,
            listing=resource,
            state=STATE.STATE_ACTIVE,
            linked_dataset_map={
                source: api.Subscription.LinkedResource(linked_dataset=linked, listing=resource)
            },
            destination_dataset=api.DestinationDataset(
                location="us", dataset_reference={"project_id": project, "dataset_id": dataset}
            ),
        )
        return self.subscriptions[name]

    def _add(self, resource, member):
        """Somebody else changes the policy."""
        policy = self.policies[resource]
        policy.bindings.add(role=SUBSCRIBER, members=[member])
        policy.etag = secrets.token_bytes(8)

    def _members(self, resource):
        policy = self.policies.get(resource, policy_pb2.Policy())
        return {
            member
            for binding in policy.bindings
            if binding.role == SUBSCRIBER
            for member in binding.members
        }

    def _listing(self, name, context):
        if name not in self.listings:
            abort(context, "NOT_FOUND", f"{name} not found")
        return self.listings[name]

    def _page(self, response, field, items, request):
        size = min(request.page_size or self.page, self.page)
        start = int(request.page_token or 0)
        more = start + size < len(items)
        return response(
            **{field: items[start : start + size]},
            next_page_token=str(start + size) if more else "",
        )


def caller(context):
    """The principal in the call's bearer token, or the publisher."""
    sent = dict(context.invocation_metadata()).get("authorization")
    if sent is None:
        return "serviceAccount:publisher@local-exchange.iam.gserviceaccount.com"
    body = sent.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return f"serviceAccount:{claims.get('email') or claims['sub']}"


def _dataset(subscription):
    return next(iter(subscription.linked_dataset_map.values())).linked_dataset
