"""What happened to a tenant's data, counted for real and asked in buckets of time."""

import pytest

from shared.ports.documents import Query
from shared.queries import METRICS
from tests.functions.destination_shop import DestinationShop
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    yield await shop.stock(4)
    await shop.north.close()
    shop.close()


async def written(shop):
    """Ten seconds later something is written, and what was counted with it."""
    shop.clock.advance(15)
    await shop.call("whoami")
    await shop.put("brands", given("b9", name=f"at {shop.clock.time()}"))
    shop.work(20, apart=6)
    shop.clock.advance(15)
    await shop.call("whoami")


async def lines(shop, metric, **asked):
    found = await shop.call("get_metrics", metric=metric, **asked)
    return {
        ",".join(each["tags"].values()): [point["value"] for point in each["points"]]
        for each in found["series"]
    }


async def total(shop, metric, **asked):
    return sum(sum(each) for each in (await lines(shop, metric, bucket="1h", **asked)).values())


async def test_imports_cards_and_calls_are_counted_by_their_tags(shop):
    await shop.put("goods", given("p01", title="One"), given("p02", title="Two"))
    wrong = [given("p03", size="3"), given("p04", title=4)]
    await shop.refused("import_data", source_id="goods", entries=wrong)
    shop.work(5)
    await written(shop)
    imported = await lines(shop, "ingest.entries", group_by=["source"], bucket="1h")
    assert imported["goods"] == [6]
    assert await total(shop, "ingest.rejected", tags={"source": "goods"}) == 2
    made = await lines(shop, "cards.projected", group_by=["card_definition"], bucket="1h")
    assert made["cards"] == [4 + 4 + 2]  # built, walked for a segment, changed
    calls = await lines(shop, "mcp.tool_calls", group_by=["tool"], bucket="1h", limit=50)
    assert calls["create_card_definition"] == [2]
    errors = await lines(shop, "mcp.tool_errors", group_by=["tool", "code"], bucket="1h")
    assert errors["import_data,invalid"] == [1]


async def test_lag_is_measured_from_the_import_to_the_card(shop):
    await written(shop)
    before = await total(shop, "index.lag_seconds", aggregation="count", tags={"of": "cards"})
    await shop.put("goods", given("p01", title="New"))
    shop.work(30, apart=4)
    await written(shop)
    asked = {"tags": {"of": "cards"}, "bucket": "1h"}
    assert await total(shop, "index.lag_seconds", aggregation="count", tags=asked["tags"]) > before
    (highest,) = (await lines(shop, "index.lag_seconds", aggregation="max", **asked))[""]
    assert 4 <= highest < 9
    found = await shop.call("get_metrics", metric="index.lag_seconds", aggregation="p95")
    assert (found["approximate"], found["unit"]) == (True, "s")
    assert (await lines(shop, "queue.pending", **asked))[""] == [0]


async def test_calls_of_applications_are_counted_by_endpoint_and_outcome(shop):
    await shop.destination(protected=False)
    await shop.call(
        "create_endpoint", api_version_id="shop.v1", card_definition_id="cards", name="products"
    )
    await shop.publish()
    async with shop.web() as web:
        for path in ("v1/products", "v1/products?top=x", "v1/nothing"):
            await web.get(path)
        shop.clock.advance(15)
        await web.get("v1/products")
    await written(shop)
    tags = ["endpoint", "status"]
    found = await lines(shop, "destination.requests", group_by=tags, bucket="1h")
    assert found == {
        "shop.v1.products,ok": [2],
        "shop.v1.products,invalid": [1],
        ",not_found": [1],
    }
    taken = await lines(shop, "destination.latency_ms", aggregation="count", bucket="1h")
    assert taken[""] == [4]


async def test_metrics_are_listed_once_they_have_values_and_asked_with_what_fits(shop):
    await written(shop)
    listed = {each["name"]: each for each in (await shop.call("list_metrics"))["items"]}
    assert {"ingest.entries", "cards.projected", "mcp.tool_calls"} <= set(listed)
    assert "destination.requests" not in listed
    assert listed["ingest.entries"]["first"] <= listed["ingest.entries"]["last"]
    some = await shop.call("list_metrics", query="INGEST")
    assert [each["name"] for each in some["items"]] == ["ingest.entries", "ingest.requests"]
    refused = await shop.refused("get_metrics", metric="ingest.entry")
    assert (refused["code"], "ingest.entries" in refused["near"]) == ("not_found", True)
    for asked, path in (
        ({"aggregation": "p95"}, "aggregation"),
        ({"group_by": ["endpoint"]}, "group_by"),
        ({"tags": {"tool": "x"}}, "tags"),
        ({"from": "2026-11-20T00:00:00Z", "bucket": "1m"}, "bucket"),
        ({"from": "2026-01-01T00:00:00Z", "bucket": "1d"}, "from"),
        ({"from": "2026-11-21T00:00:00Z", "to": "2026-11-20T00:00:00Z"}, "to"),
    ):
        refused = await shop.refused("get_metrics", metric="ingest.entries", **asked)
        assert refused["details"][0]["path"] == path, asked


async def test_nobody_sees_another_tenants_metrics_and_an_idle_tenant_writes_none(shop):
    await written(shop)
    south = shop.connected("south")
    found = await south.call("list_metrics")
    assert [each["name"] for each in found["items"]] == []
    await south.close()

    def hours():
        asked = Query(METRICS, parents=("north",), limit=500)
        return {each.path: each.version for each in shop.app.documents.query(asked).items}

    before = hours()
    shop.work(7200)
    assert hours() == before
