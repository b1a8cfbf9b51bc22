"""What every Listings adapter promises."""

import os

import pytest

from shared.errors import Problem
from shared.ports.listings import ListingText

TEXT = ListingText("Books", "The products of Books.", "## Columns")
GIVEN = os.environ.get("GOOGLE_TEST_PRINCIPALS")  # noqa: TID251  real ones, on a real project
ADA, BOB = (GIVEN or "user:ada@acme.example,group:bob@acme.example").split(",")
READER = os.environ.get("GOOGLE_TEST_PROJECT", "acme-reader")  # noqa: TID251  likewise


@pytest.fixture
def kept(listings):
    listings.keep("books", TEXT)
    return listings


def test_a_listings_name_has_the_contracts_form(listings):
    parts = listings.resource("books").split("/")
    assert parts[::2] == ["projects", "locations", "dataExchanges", "listings"]
    assert parts[3] == listings.location
    assert parts[-1] == "catalog_books_exported_product_view_v1"


def test_keeping_a_listing_again_leaves_it_and_its_readers_as_they_are(kept, exchange):
    kept.admit("books", ADA)
    exchange.subscribe("books", ADA, READER)
    kept.keep("books", ListingText("Books 2", "Other.", "Text."))
    assert exchange.members("books") == [ADA]
    assert len(kept.subscriptions("books")) == 1


def test_principals_are_admitted_and_dismissed_one_by_one_and_again(kept, exchange):
    for principal in (ADA, BOB, ADA):
        kept.admit("books", principal)
    assert exchange.members("books") == list(kept.members("books")) == sorted([ADA, BOB])
    for _ in range(2):
        kept.dismiss("books", ADA)
    assert exchange.members("books") == [BOB]


def test_subscriptions_name_their_project_and_end_when_revoked(kept, exchange):
    assert list(kept.subscriptions("books")) == []
    kept.admit("books", ADA)
    exchange.subscribe("books", ADA, READER)
    (subscription,) = kept.subscriptions("books")
    assert READER in subscription.projects
    assert subscription.state == "active"
    for _ in range(2):
        kept.revoke(subscription)
    assert [each.state for each in kept.subscriptions("books")] == ["inactive"]


def test_more_subscriptions_than_a_page_are_found(kept, exchange):
    kept.admit("books", ADA)
    for number in range(7):
        exchange.subscribe("books", ADA, f"acme-reader-{number}")
    found = {project for each in kept.subscriptions("books") for project in each.projects}
    assert found == {f"acme-reader-{number}" for number in range(7)}


def test_without_a_listing_nobody_is_admitted_and_taking_back_is_fine(listings):
    asks = (listings.members, listings.subscriptions, lambda key: listings.admit(key, ADA))
    for ask in asks:
        with pytest.raises(Problem, match="not_found"):
            ask("books")
    listings.dismiss("books", ADA)
    listings.remove("books")


def test_a_removed_listing_takes_its_readers_with_it(kept, exchange):
    kept.admit("books", ADA)
    kept.remove("books")
    kept.keep("books", TEXT)
    assert exchange.members("books") == []
