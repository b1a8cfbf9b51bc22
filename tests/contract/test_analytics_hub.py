"""What AnalyticsHubListings promises beyond the port: etags, failures, other people's policies."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import Problem
from shared.gcp.listings import AnalyticsHubListings
from shared.ports.listings import ListingText
from tests.contract.hub_server import SUBSCRIBER

TEXT = ListingText("Books", "The products of Books.", "## Columns")
ADA, BOB = "user:ada@acme.example", "group:bob@acme.example"


@pytest.fixture
def listings(hub_listings):
    hub_listings.keep("books", TEXT)
    return hub_listings


@pytest.fixture
def policy(hub_server, listings):
    hub_server.calls.clear()
    return lambda: hub_server.policies[listings.resource("books")]


def test_a_listing_is_made_over_the_catalogs_dataset_and_updated_only_when_it_says_otherwise(
    listings, hub_server
):
    (listing,) = hub_server.listings.values()
    assert listing.bigquery_dataset.dataset == "projects/local-exchange/datasets/catalog_books"
    listings.keep("books", TEXT)
    assert hub_server.calls["UpdateListing"] == 0
    listings.keep("books", ListingText("Books", "Other.", "## Columns"))
    assert hub_server.listings[listing.name].description == "Other."
    assert hub_server.listings[listing.name].bigquery_dataset.dataset.endswith("catalog_books")


def test_a_listing_that_somebody_else_makes_at_the_same_time_is_kept(hub_listings, hub_server):
    hub_server.fail("CreateListing", "ALREADY_EXISTS", after=True)
    hub_listings.keep("books", TEXT)
    assert len(hub_server.listings) == 1


def test_other_bindings_and_conditions_of_the_policy_come_through_untouched(listings, hub_server):
    resource = listings.resource("books")
    listings.admit("books", BOB)
    theirs = hub_server.policies[resource]
    theirs.bindings.add(role="roles/analyticshub.viewer", members=["allUsers"])
    conditional = theirs.bindings.add(role=SUBSCRIBER, members=["user:eve@acme.example"])
    conditional.condition.expression = "request.time < timestamp('2030-01-01T00:00:00Z')"
    before = list(theirs.bindings)[1:]
    listings.admit("books", ADA)
    listings.dismiss("books", BOB)
    after = hub_server.policies[resource]
    assert [binding for binding in after.bindings if binding in before] == before
    assert [list(b.members) for b in after.bindings if b not in before] == [[ADA]]


def test_a_policy_that_already_says_so_is_not_written(listings, hub_server, policy):
    listings.admit("books", ADA)
    listings.admit("books", ADA)
    listings.dismiss("books", BOB)
    assert hub_server.calls["SetIamPolicy"] == 1


def test_a_change_by_somebody_else_in_between_is_kept_and_ours_made_again(
    listings, hub_server, policy
):
    hub_server.racing = ["user:eve@acme.example", "user:mal@acme.example"]
    listings.admit("books", ADA)
    assert hub_server.calls["SetIamPolicy"] == 3
    members = {member for binding in policy().bindings for member in binding.members}
    assert members == {ADA, "user:eve@acme.example", "user:mal@acme.example"}


def test_many_changes_at_once_all_arrive(listings, policy):
    principals = [f"user:u{number}@acme.example" for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda principal: listings.admit("books", principal), principals))
    assert sorted(m for binding in policy().bindings for m in binding.members) == principals


@pytest.mark.slow
def test_an_endless_race_is_unavailable(listings, hub_server, policy):
    hub_server.fail("SetIamPolicy", *["ABORTED"] * 8)
    with pytest.raises(Problem, match="unavailable"):
        listings.admit("books", ADA)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("PERMISSION_DENIED", "forbidden"),
        ("UNAUTHENTICATED", "forbidden"),
        ("FAILED_PRECONDITION", "forbidden"),
        ("RESOURCE_EXHAUSTED", "unavailable"),
        ("INTERNAL", "unavailable"),
        ("DEADLINE_EXCEEDED", "unavailable"),
        ("CANCELLED", "unavailable"),
    ],
)
def test_what_google_answers_becomes_one_of_ours(listings, hub_server, status, code):
    for method, ask in (
        ("GetIamPolicy", lambda: listings.admit("books", ADA)),
        ("SetIamPolicy", lambda: listings.admit("books", ADA)),
        ("ListSharedResourceSubscriptions", lambda: listings.subscriptions("books")),
        ("DeleteListing", lambda: listings.remove("books")),
    ):
        hub_server.fail(method, status)
        with pytest.raises(Problem, match=code) as raised:
            ask()
        assert "injected" not in raised.value.message


def test_a_short_outage_is_waited_out(listings, hub_server):
    hub_server.fail("GetIamPolicy", "UNAVAILABLE", "UNAVAILABLE")
    hub_server.fail("ListSharedResourceSubscriptions", "UNAVAILABLE", wait=0.05)
    listings.admit("books", ADA)
    assert list(listings.subscriptions("books")) == []


def test_an_answer_that_was_lost_after_the_change_changes_nothing_twice(
    listings, hub_server, policy
):
    hub_server.fail("SetIamPolicy", "UNAVAILABLE", after=True)
    with pytest.raises(Problem, match="unavailable"):
        listings.admit("books", ADA)
    listings.admit("books", ADA)
    assert [list(binding.members) for binding in policy().bindings] == [[ADA]]


def test_a_principal_that_does_not_exist_is_invalid(listings, hub_server):
    hub_server.unknown.add(ADA)
    with pytest.raises(Problem, match="invalid"):
        listings.admit("books", ADA)


def test_a_policy_that_lets_nobody_else_in_is_named(listings, hub_server):
    """What Google says of members of other domains under domain restricted sharing."""
    hub_server.fail("SetIamPolicy", "FAILED_PRECONDITION")
    with pytest.raises(Problem, match="domain restricted sharing"):
        listings.admit("books", ADA)


@pytest.mark.slow
def test_a_hub_that_is_not_there_is_unavailable_within_seconds(listings, hub_server):
    hub_server.server.stop(grace=None).wait()
    with pytest.raises(Problem, match="unavailable"):
        listings.admit("books", ADA)


def test_catalogs_are_spread_over_exchanges_by_their_keys(hub_server):
    """An exchange takes 1,000 listings."""
    both = [
        AnalyticsHubListings(
            "local-exchange", "us", "catalog_mcp", number, address=hub_server.address
        )
        for number in (2, 2)
    ]
    keys = [f"shop_{number}" for number in range(12)]
    for key in keys:
        both[0].keep(key, TEXT)
        both[1].admit(key, ADA)
    assert [both[0].members(key) for key in keys] == [[ADA]] * len(keys)
    parents = Counter(name.split("/")[5] for name in hub_server.listings)
    assert set(parents) == {"catalog_mcp", "catalog_mcp_1"}
    assert min(parents.values()) >= 3
    for each in both:
        each.close()
