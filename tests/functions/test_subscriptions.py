"""BigQuery subscriptions as a partner meets them: five tools, and work done behind them."""

import pytest

from shared.ports.listings import Subscription
from tests.interfered import InterferedApp
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio
READER = {
    "subscriberProjectId": "acme-reader",
    "subscriberPrincipal": "serviceAccount:etl@acme-reader.iam.gserviceaccount.com",
}
OTHER = {"subscriberProjectId": "acme-other", "subscriberPrincipal": "user:Ada@acme.example"}


async def register(client, reader=READER):
    return await value(client, "register_bigquery_subscriber", {"request": reader})


async def cells(client):
    found = (await value(client, "list_bigquery_subscribers"))["cells"]
    return {(cell["catalogKey"], cell["status"], cell.get("reasonCode")) for cell in found}


async def refresh(client, catalog="books", reader=READER):
    return await value(
        client,
        "refresh_bigquery_subscription_status",
        {"catalog_key": catalog, "subscriber_principal": reader["subscriberPrincipal"]},
    )


@pytest.fixture
def shared(stocked):
    """A platform whose catalog `books` is granted, exported and listed."""
    stocked.work()
    return stocked


async def test_a_published_catalog_becomes_a_listing_that_is_shown(stocked):
    async with stocked.http(stocked.token()) as client:
        assert await value(client, "list_bigquery_listing_resources") == []
        stocked.work()
        (listing,) = await value(client, "list_bigquery_listing_resources")
    assert listing == {
        "catalogKey": "books",
        "displayName": "Books",
        "listingResource": "projects/local-exchange/locations/us/dataExchanges/catalog_mcp"
        "/listings/catalog_books_exported_product_view_v1",
        "location": "us",
        "linkedDatasetSuggestion": "octogen_catalog_books_exported_product_view_v1",
        "sampleQuery": "SELECT * FROM `octogen_catalog_books_exported_product_view_v1"
        ".products_current_v1` LIMIT 10;",
        "shareSchema": "exported_product_view",
        "schemaVersion": "v1",
    }


async def test_a_cell_goes_from_pending_to_active_to_stale_and_back(shared):
    async with shared.http(shared.token(lifetime=1_000_000)) as client:
        registered = await register(client)
        (cell,) = registered["cells"]
        assert (cell["status"], cell.get("reasonCode")) == ("pending", None)
        assert shared.app.listings.members("books") == []
        shared.work()
        assert shared.app.listings.members("books") == [READER["subscriberPrincipal"]]
        assert await cells(client) == {("books", "awaiting_subscription", None)}
        shared.app.listings.subscribe("books", READER["subscriberPrincipal"], "acme-reader")
        shared.work(10)
        assert await cells(client) == {("books", "active", None)}
        shared.work(shared.settings.export_fresh_for)
        assert await cells(client) == {("books", "source_stale", None)}
        shared.publish("books", [product("1")])
        shared.work()
        assert await cells(client) == {("books", "active", None)}


async def test_what_is_not_known_of_a_cell_is_left_out_over_mcp(shared):
    async with shared.http(shared.token()) as client:
        (cell,) = (await register(client))["cells"]
        assert None not in cell.values()
        assert "reasonCode" not in cell
        found = await value(client, "list_bigquery_subscribers")
        assert None not in found["cells"][0].values()


async def test_no_subscribers_are_said_to_be_none(shared):
    async with shared.http(shared.token()) as client:
        assert await value(client, "list_bigquery_subscribers") == {"subscribers": [], "cells": []}


async def test_asking_now_finds_the_subscription_at_once(shared):
    async with shared.http(shared.token()) as client:
        await register(client)
        shared.work()
        shared.app.listings.subscribe("books", READER["subscriberPrincipal"], "acme-reader")
        assert (await refresh(client))["status"] == "active"


async def test_of_several_subscribers_with_one_principal_the_least_advanced_is_shown(shared):
    twin = {**READER, "subscriberProjectId": "acme-second"}
    principal = READER["subscriberPrincipal"]
    async with shared.http(shared.token()) as client:
        for reader in (READER, twin):
            await register(client, reader)
        shared.work()
        shared.app.listings.subscribe("books", principal, "acme-reader")
        assert (await refresh(client))["status"] == "awaiting_subscription"
        assert await cells(client) == {
            ("books", "active", None),
            ("books", "awaiting_subscription", None),
        }
        shared.app.listings.subscribe("books", principal, "acme-second")
        assert (await refresh(client))["status"] == "active"


async def test_a_subscription_that_analytics_hub_calls_stale_is_stale(shared):
    stale = [Subscription("one", frozenset({"acme-reader"}), "stale")]
    shared.others.append(Platform(shared.folder, shared.clock, app=InterferedApp))
    instead = shared.others[-1].app.listings.instead
    async with shared.others[-1].http(shared.token()) as client:
        await register(client)
        shared.work()
        instead["subscriptions"] = lambda *_: stale
        assert (await refresh(client))["status"] == "source_stale"
        del instead["subscriptions"]
        assert (await refresh(client))["status"] == "awaiting_subscription"


async def test_the_same_pair_is_the_same_subscriber(shared):
    async with shared.http(shared.token()) as client:
        first, second = await register(client), await register(client)
        assert first["subscriber"] == second["subscriber"]
        other = await register(client, OTHER)
        assert other["subscriber"]["subscriberPrincipal"] == OTHER["subscriberPrincipal"]
        assert len((await value(client, "list_bigquery_subscribers"))["subscribers"]) == 2


async def test_a_new_grant_adds_a_cell_and_a_withdrawn_one_takes_the_access_back(shared):
    async with shared.http(shared.token()) as client:
        await register(client)
        shared.work()
        shared.app.listings.subscribe("books", READER["subscriberPrincipal"], "acme-reader")
        await refresh(client)
        shared.catalog("toys", [product("1", url="https://toys.example/1")])
        shared.grant("partner", "toys")
        assert ("toys", "pending", "catalog_not_enabled") in await cells(client)
        shared.work()
        assert ("toys", "awaiting_subscription", None) in await cells(client)
        shared.do("withdraw_grant", org="partner", catalog="books")
        assert ("books", "pending", "scope_revoked") in await cells(client)
        shared.work()
        assert shared.app.listings.members("books") == []
        (subscription,) = shared.app.listings.subscriptions("books")
        assert subscription.state == "inactive"
        assert ("books", "pending", "scope_revoked") in await cells(client)
        shared.grant("partner", "books")
        shared.work()
        assert ("books", "awaiting_subscription", None) in await cells(client)
        assert shared.app.listings.members("books") == [READER["subscriberPrincipal"]]


async def test_a_withdrawn_cell_is_shown_for_thirty_days_and_then_forgotten(shared):
    async with shared.http(shared.token(lifetime=10_000_000)) as client:
        shared.do("start_session", subject="ada", session="long-session", days=60)
        token = shared.token(session="long-session", lifetime=10_000_000)
        client.headers["authorization"] = f"Bearer {token}"
        await register(client)
        shared.work()
        shared.do("withdraw_grant", org="partner", catalog="books")
        shared.work(29 * 86_400)
        assert await cells(client) == {("books", "pending", "scope_revoked")}
        shared.clock.advance(2 * 86_400)
        assert await cells(client) == set()
        shared.job("/jobs/sweep", {})
        shared.work()
        subscriber = (await value(client, "list_bigquery_subscribers"))["subscribers"][0]
        assert shared.app.documents.get(f"cells/{subscriber['subscriberId']}:books") is None


async def test_a_deleted_subscriber_is_removed_everywhere_and_can_come_back(shared):
    async with shared.http(shared.token()) as client:
        id_ = (await register(client))["subscriber"]["subscriberId"]
        shared.work()
        deleted = await value(client, "delete_bigquery_subscriber", {"subscriber_id": id_})
        assert deleted["desiredState"] == "disabled"
        assert await cells(client) == {("books", "pending", "removing")}
        shared.work()
        assert shared.app.listings.members("books") == []
        assert await cells(client) == {("books", "pending", None)}
        again = await register(client)
        assert again["subscriber"]["subscriberId"] == id_
        assert again["subscriber"]["desiredState"] == "enabled"
        shared.work()
        assert await cells(client) == {("books", "awaiting_subscription", None)}


async def test_a_principal_that_another_subscriber_still_needs_stays(shared):
    twin = {**READER, "subscriberProjectId": "acme-second"}
    async with shared.http(shared.token()) as client:
        first = (await register(client))["subscriber"]["subscriberId"]
        await register(client, twin)
        shared.work()
        await value(client, "delete_bigquery_subscriber", {"subscriber_id": first})
        shared.work()
        assert shared.app.listings.members("books") == [READER["subscriberPrincipal"]]
        assert await cells(client) == {
            ("books", "pending", None),
            ("books", "awaiting_subscription", None),
        }


async def test_restricted_grants_have_no_listing(shared):
    shared.grant("partner", "books", only=[{"name": "color", "values": ["Blue"]}])
    async with shared.http(shared.token()) as client:
        assert await value(client, "list_bigquery_listing_resources") == []
        await register(client)
        shared.work()
        assert await cells(client) == {("books", "pending", "catalog_not_enabled")}
        assert (await refresh(client))["reasonCode"] == "catalog_not_enabled"
        assert shared.app.listings.members("books") == []
        shared.grant("partner", "books", surfaces=["mcp"])
        assert await cells(client) == {("books", "pending", "catalog_not_enabled")}
        shared.grant("partner", "books", surfaces=["bigquery"])
        shared.work()
        assert await cells(client) == {("books", "awaiting_subscription", None)}


async def test_a_grant_that_ends_by_itself_takes_the_access_back_then(shared):
    shared.grant("partner", "books", expires_at="2026-11-21T14:00:00Z")
    async with shared.http(shared.token(lifetime=100_000)) as client:
        await register(client)
        shared.work(3600)
        assert await cells(client) == {("books", "awaiting_subscription", None)}
        shared.work(3700)
        assert shared.app.listings.members("books") == []
        assert await cells(client) == {("books", "pending", "scope_revoked")}


async def test_a_disabled_organization_loses_its_access(shared):
    async with shared.http(shared.token()) as client:
        await register(client)
        shared.work()
        shared.do("change_organization", id="partner", state="disabled")
        shared.work()
        assert shared.app.listings.members("books") == []
        shared.do("change_organization", id="partner", state="active")
        shared.work()
        assert shared.app.listings.members("books") == [READER["subscriberPrincipal"]]


async def test_a_withdrawn_catalog_loses_its_listing_and_its_tables_and_can_come_back(shared):
    async with shared.http(shared.token()) as client:
        await register(client)
        shared.work()
        shared.do("withdraw_catalog", catalog="books")
        shared.work()
        with pytest.raises(Exception, match="not_found"):
            shared.app.listings.members("books")
        assert not shared.app.warehouse.file("books").exists()
        assert await cells(client) == {("books", "pending", "scope_revoked")}
        shared.do("restore_catalog", catalog="books")
        shared.grant("partner", "books")
        shared.work()
        assert await cells(client) == {("books", "awaiting_subscription", None)}
        assert shared.app.listings.members("books") == [READER["subscriberPrincipal"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subscriberProjectId": "Acme"}, "invalid_project"),
        ({"subscriberProjectId": "acme-reader-"}, "invalid_project"),
        ({"subscriberProjectId": "123456789"}, "invalid_project"),
        ({"subscriberPrincipal": "etl@acme.example"}, "invalid_principal"),
        ({"subscriberPrincipal": "allUsers"}, "invalid_principal"),
        ({"subscriberPrincipal": "domain:acme.example"}, "invalid_principal"),
        ({"subscriberPrincipal": "user:a@b\n.example"}, "invalid_principal"),
        ({"subscriberPrincipal": "deleted:user:a@b.example?uid=1"}, "invalid_principal"),
    ],
)
async def test_what_cannot_be_a_reader_is_a_value(shared, change, code):
    async with shared.http(shared.token()) as client:
        assert (await register(client, {**READER, **change}))["error"] == code


async def test_unknown_things_are_values(shared):
    async with shared.http(shared.token()) as client:
        assert (await refresh(client))["error"] == "subscriber_not_found"
        await register(client)
        assert (await refresh(client, "toys"))["error"] == "catalog_not_granted"
        asked = await value(
            client, "list_bigquery_listing_resources", {"catalogs": ["toys", "games"]}
        )
        assert asked["error"] == "catalog_not_granted"
        deleted = await value(client, "delete_bigquery_subscriber", {"subscriber_id": "sub_1"})
        assert deleted["error"] == "subscriber_not_found"


async def test_another_organizations_subscriber_does_not_exist(shared):
    shared.organization("rival")
    async with shared.http(shared.token()) as client, shared.http(shared.token("rival")) as rival:
        id_ = (await register(client))["subscriber"]["subscriberId"]
        found = await value(rival, "delete_bigquery_subscriber", {"subscriber_id": id_})
        assert found["error"] == "subscriber_not_found"
        assert await value(rival, "list_bigquery_subscribers") == {"subscribers": [], "cells": []}


async def test_an_organization_registers_twenty_readers_and_no_more(shared):
    async with shared.http(shared.token()) as client:
        for number in range(20):
            await register(client, {**READER, "subscriberProjectId": f"acme-reader-{number}"})
        refused = await register(client, READER)
        assert refused["error"] == "too_many_subscribers"
        kept = await register(client, {**READER, "subscriberProjectId": "acme-reader-7"})
        assert kept["subscriber"]["subscriberProjectId"] == "acme-reader-7"


async def test_reading_and_writing_need_their_own_scopes(shared):
    from tests.platform import call

    token = shared.token(scopes=["catalog:read", "subscriptions:read"])
    async with shared.http(token) as client:
        assert (await value(client, "list_bigquery_subscribers"))["subscribers"] == []
        refused = await call(client, "register_bigquery_subscriber", {"request": READER})
        assert refused.status_code == 403
        assert "subscriptions:write" in refused.headers["www-authenticate"]
