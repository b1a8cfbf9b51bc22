"""The whole of BigQuery subscriptions on Google's own client libraries, each over its wire.

Firestore and BigQuery are emulators, Analytics Hub and Cloud Tasks the wire servers beside this
file. Between them stands the product as it is deployed.
"""

from urllib.parse import urlsplit

import orjson
import pytest

from shared import app as composition
from shared.errors import Problem
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import call

pytestmark = pytest.mark.slow
PROJECT = "acme-reader"
PRINCIPAL = f"serviceAccount:etl@{PROJECT}.iam.gserviceaccount.com"


class OnGoogle(Platform):
    """A platform whose adapters are Google's, and whose tasks are dispatched by hand."""

    def use(self, *, documents, listings, queue, warehouse, tasks):
        made = self.app._made
        made[composition._documents] = documents
        made[composition._listings] = listings
        made[composition._queue] = queue
        made[composition._warehouse] = warehouse
        self.tasks = tasks

    def work(self, seconds=1):
        """Dispatch every task whose time comes until then, as Cloud Tasks would."""
        until = self.clock.time() + seconds
        while True:
            waiting = sorted(self.tasks.tasks.values(), key=lambda task: task.schedule_time)
            if not waiting or waiting[0].schedule_time.timestamp() > until:
                break
            task = waiting[0]
            due = task.schedule_time.timestamp()
            self.clock.advance(max(0.0, due - self.clock.time()))
            job = urlsplit(task.http_request.url).path
            reply = self.job(job, orjson.loads(task.http_request.body))
            assert reply.problem is None, (job, reply.problem)
            del self.tasks.tasks[task.name]
        self.clock.advance(max(0.0, until - self.clock.time()))


@pytest.fixture
def platform(
    tmp_path, firestore_documents, hub_listings, cloud_queue, bigquery_warehouse, tasks_server
):
    platform = OnGoogle(tmp_path / "data")
    platform.use(
        documents=firestore_documents,
        listings=hub_listings,
        queue=cloud_queue,
        warehouse=bigquery_warehouse,
        tasks=tasks_server,
    )
    platform.organization("partner")
    platform.catalog("books", [product("1"), product("2")])
    platform.grant("partner", "books")
    return platform


def cells(platform):
    found = call(platform, "partner", "list_bigquery_subscribers")["cells"]
    return [(each["catalogKey"], each["status"], each["reasonCode"]) for each in found]


def test_a_partner_gets_its_catalog_and_loses_it_again(platform, hub_server, bigquery_warehouse):
    reader = {"subscriberProjectId": PROJECT, "subscriberPrincipal": PRINCIPAL}
    call(platform, "partner", "register_bigquery_subscriber", request=reader)
    assert cells(platform) == [("books", "pending", "catalog_not_enabled")]

    hub_server.fail("SetIamPolicy", "ABORTED", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED")
    hub_server.fail("ListSharedResourceSubscriptions", "UNAVAILABLE", "INTERNAL")
    platform.work(120)
    assert cells(platform) == [("books", "awaiting_subscription", None)]
    client = bigquery_warehouse.connect()
    (row,) = client.query_and_wait("SELECT count(*) AS n FROM `catalog_books.products_current_v1`")
    client.close()
    assert row.n == 2

    resource = platform.app.listings.resource("books")
    assert "products_current_v1" in hub_server.listings[resource].documentation
    hub_server.subscribe(resource, PROJECT)
    platform.work(60)
    assert cells(platform) == [("books", "active", None)]

    platform.do("withdraw_grant", org="partner", catalog="books")
    platform.work(60)
    assert hub_server._members(resource) == set()
    (subscription,) = platform.app.listings.subscriptions("books")
    assert subscription.state == "inactive"

    platform.do("withdraw_catalog", catalog="books")
    platform.work(60)
    assert hub_server.listings == {}
    with pytest.raises(Problem, match="not_found"):
        platform.app.listings.subscriptions("books")


def test_hours_pass_and_only_the_listing_is_asked_about(platform, hub_server):
    reader = {"subscriberProjectId": PROJECT, "subscriberPrincipal": PRINCIPAL}
    platform.work()
    call(platform, "partner", "register_bigquery_subscriber", request=reader)
    platform.work()
    hub_server.subscribe(platform.app.listings.resource("books"), PROJECT)
    platform.work(3600)
    hub_server.calls.clear()
    platform.work(3 * 3600)
    assert dict(hub_server.calls) == {"GetIamPolicy": 3, "ListSharedResourceSubscriptions": 3}
    assert cells(platform) == [("books", "active", None)]
