"""A partner catalog follows the endpoint that feeds it."""

import asyncio

import pytest

from shared.catalog.catalogs import CATALOGS
from shared.pipeline.publications import PUBLICATIONS
from tests.functions.catalog_shop import CATALOG, ENDPOINT, KEY, SIZES, CatalogShop, item
from tests.functions.studio_shop import given
from tests.platform import Platform, product
from tests.raced import RacedApp

BOTH_STORES = True
pytestmark = pytest.mark.anyio
WORK = "north:endpoint.shop.v1.products"


@pytest.fixture
async def bare(tmp_path, stores):
    shop = await CatalogShop(tmp_path / "data", **stores).fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


@pytest.fixture
async def shop(bare):
    return await bare.fed()


def number(shop, key=KEY):
    return shop.app.documents.get(f"heads/{key}").data["number"]


def publication(shop):
    return PUBLICATIONS.get(shop.app.documents, WORK).value


async def stop(shop, version="shop.v1"):
    await shop.call("update_api_version", api_version_id=version, state="stop", confirm=True)


async def test_partners_see_the_entries_of_an_endpoint_as_products(shop):
    found = await shop.products()
    assert sorted(found) == [f"Lamp {number}" for number in range(6)]
    page = await shop.seen("lookup_product", canonical_url="https://north.example/p/3")
    seen = page["product"]
    assert (seen["title"], seen["brand"]["name"]) == ("Lamp 3", "Bolt")
    assert (seen["currentPrice"], seen["currency"]) == (3.5, "EUR")
    assert seen["enrichment"]["attributes"] == {"Watts": ["15"]}
    assert [each["displayName"] for each in await shop.seen("list_catalogs")] == ["North"]


async def test_an_edit_is_seen_in_the_next_seconds_as_a_small_change(shop):
    before = number(shop)
    shop.work(10)
    await shop.put("goods", item(2, price=99.0), {"id": "p04", "delete": True}, item(9))
    shop.work(3)
    found = await shop.products()
    assert found["Lamp 2"]["currentPrice"] == 99
    assert sorted(found) == ["Lamp 0", "Lamp 1", "Lamp 2", "Lamp 3", "Lamp 5", "Lamp 9"]
    versions = shop.do("list_versions", catalog=KEY)
    assert versions[-1]["madeBy"] == "upsert"
    assert number(shop) == before + 1
    assert versions[-1]["sourceRevision"].startswith("endpoint.shop.v1.products:1.")


async def test_many_edits_in_a_row_are_published_every_five_seconds(shop):
    shop.work(10)
    before = number(shop)
    for edit in range(30):
        await shop.put("goods", item(1, price=100.0 + edit))
        shop.work(1)
    assert 5 <= number(shop) - before <= 8
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 129


async def test_what_is_no_product_any_more_is_gone_and_comes_back_once_it_is_mended(shop):
    shop.work(10)
    await shop.put("goods", item(1, url="no page"), item(2, price=-1.0), item(7, title=""))
    shop.work(10)
    assert sorted(await shop.products()) == ["Lamp 0", "Lamp 3", "Lamp 4", "Lamp 5"]
    known = publication(shop)
    assert known.rejected == 3
    assert {each["key"]: each["reasons"][0].split(":")[0] for each in known.rows} == {
        "p01": "url", "p02": "price", "p07": "title",
    }  # fmt: skip
    await shop.put("goods", item(1), {"id": "p07", "delete": True})
    shop.work(10)
    assert "Lamp 1" in await shop.products()
    known = publication(shop)
    assert (known.rejected, [each["key"] for each in known.rows]) == (1, ["p02"])


async def test_segments_and_filters_of_the_endpoint_decide_what_partners_see(bare):
    await bare.fed(content_selection={"include_segments": ["cheap"]})
    assert sorted(await bare.products()) == [f"Lamp {number}" for number in range(4)]
    await bare.put("goods", item(5, price=1.0))
    bare.work(10)
    assert "Lamp 5" in await bare.products()
    await bare.call("update_endpoint", endpoint_id="shop.v1.products", content_selection={})
    bare.work(10)
    assert len(await bare.products()) == 6


async def test_related_cards_are_variants(bare):
    await bare.put(
        "forms",
        given("s1", of="p01", size="S", price=9.0, gtin="4006381333931"),
        given("s2", of="p01", size="L", price=12.5),
    )
    bare.work(5)
    relations = [{"relation_id": "sizes", "properties": ["size", "price", "gtin"]}]
    await bare.fed(relations=relations, catalog={**CATALOG, "variants": SIZES})
    seen = await bare.seen("lookup_product", canonical_url="https://north.example/p/1")
    variants = {each["options"]["Size"]: each for each in seen["product"]["variants"]}
    assert variants["L"]["currentPrice"] == 12.5
    assert seen["product"]["currentPrice"] == 9


async def test_a_stop_hides_the_catalog_at_once_and_a_new_publication_shows_it(shop):
    await stop(shop)
    assert await shop.seen("list_catalogs") == []
    await shop.put("goods", item(1, price=50.0))
    shop.work(3600)
    assert await shop.seen("list_catalogs") == []
    grant = shop.app.documents.get(f"grants/partner:{KEY}").data
    assert grant["state"] == "active"
    await shop.publish()
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 50


async def test_published_again_without_a_change_it_is_shown_as_it_was(shop):
    before = number(shop)
    await stop(shop)
    await shop.publish()
    shop.work(10)
    assert len(await shop.products()) == 6
    assert number(shop) <= before + 1


async def test_a_catalog_that_was_rolled_back_stays_so_until_it_is_resumed(shop):
    shop.work(10)
    first = number(shop)
    await shop.put("goods", item(1, price=50.0))
    shop.work(10)
    shop.do("roll_back_catalog", catalog=KEY, version=first)
    await shop.put("goods", item(2, price=60.0))
    shop.work(3600)
    found = await shop.products()
    assert (found["Lamp 1"]["currentPrice"], number(shop)) == (1.5, first)
    assert CATALOGS.get(shop.app.documents, KEY).value.paused is True
    again = await shop.publish()
    assert again["state"] == "Active"
    shop.work(10)
    found = await shop.products()
    assert [found[f"Lamp {n}"]["currentPrice"] for n in (1, 2)] == [50, 60]
    await shop.put("goods", item(3, price=70.0))
    shop.work(10)
    assert (await shop.products())["Lamp 3"]["currentPrice"] == 70


async def test_an_operator_resumes_a_catalog_too(shop):
    shop.work(10)
    await shop.put("goods", item(1, price=50.0))
    shop.work(10)
    shop.do("roll_back_catalog", catalog=KEY, version=1)
    shop.do("resume_catalog", catalog=KEY)
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 50


async def test_a_catalog_that_operators_withdrew_follows_again_once_it_is_restored(shop):
    shop.work(10)
    shop.do("withdraw_catalog", catalog=KEY)
    await shop.put("goods", item(1, price=50.0))
    shop.work(10)
    assert shop.app.documents.get(f"heads/{KEY}").data["down"] is True
    assert (await why(shop))[0] == "catalog_withdrawn"
    shop.do("restore_catalog", catalog=KEY)
    shop.work(10)
    shop.grant("partner", KEY)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 50


async def test_no_feed_may_change_a_catalog_that_an_endpoint_feeds(shop):
    for operation in ("publish_catalog", "upsert_products"):
        with pytest.raises(Exception, match=r"shop\.v1\.products"):
            Platform.publish(shop, KEY, [product("1")], operation)
    with pytest.raises(Exception, match=r"shop\.v1\.products"):
        shop.do("delete_products", catalog=KEY, keys=["p01"])
    assert len(await shop.products()) == 6


async def test_a_version_published_later_takes_the_catalog_over_and_gives_it_back(shop):
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    expensive = [{"property": "price", "type": "number", "op": "gte", "value": 3}]
    await shop.call(
        "update_endpoint",
        endpoint_id="shop.v2.products",
        content_selection={"filters": expensive},
    )
    await shop.publish("shop.v2")
    shop.work(10)
    assert sorted(await shop.products()) == ["Lamp 3", "Lamp 4", "Lamp 5"]
    await shop.put("goods", item(1, price=0.5))
    shop.work(10)
    assert sorted(await shop.products()) == ["Lamp 3", "Lamp 4", "Lamp 5"]
    await stop(shop, "shop.v2")
    assert await shop.seen("list_catalogs") == []
    shop.work(10)
    assert len(await shop.products()) == 6


async def test_other_roles_have_everything_published_anew(shop):
    shop.work(10)
    roles = {**CATALOG["roles"], "mpn": "watts"}
    catalog = {**CATALOG, "display_name": "Norths", "roles": roles}
    await shop.call("update_endpoint", endpoint_id="shop.v1.products", catalog=catalog)
    shop.work(10)
    seen = await shop.seen("lookup_product", canonical_url="https://north.example/p/3")
    assert seen["product"]["identifiers"]["mpn"] == "15"
    assert [each["displayName"] for each in await shop.seen("list_catalogs")] == ["Norths"]


async def test_an_active_endpoint_can_begin_to_feed_a_catalog(bare):
    await bare.call("create_endpoint", **{**ENDPOINT, "catalog": None})
    await bare.publish()
    await bare.call("update_endpoint", endpoint_id="shop.v1.products", catalog=CATALOG)
    bare.work(10)
    bare.partner()
    assert len(await bare.products()) == 6
    await bare.put("goods", item(1, price=50.0))
    bare.work(10)
    assert (await bare.products())["Lamp 1"]["currentPrice"] == 50


@pytest.mark.parametrize("about", ["heads/north_products", "leases/north_products"])
async def test_a_turn_in_flight_publishes_nothing_after_a_stop(tmp_path, about):
    shop = await CatalogShop(tmp_path / "data", app=RacedApp).fill().open()
    await shop.stock()
    await shop.fed()
    shop.work(10)
    before = number(shop)
    await shop.put("goods", item(1, price=50.0))
    other = shop.again().connected()
    stopping = other.tried(
        "update_api_version", api_version_id="shop.v1", state="stop", confirm=True
    )
    seen = []

    def rival():
        asyncio.run(stopping)
        seen.append(asyncio.run(shop.seen("list_catalogs")))

    shop.app.raced.about, shop.app.raced.rival = about, rival
    await asyncio.to_thread(shop.work, 10)
    assert shop.app.raced.rival is None
    assert [*seen, await shop.seen("list_catalogs")] == [[], []]
    assert number(shop) == before
    await shop.north.close()
    shop.close()


async def test_the_first_turn_shows_nothing_of_a_version_that_was_stopped_meanwhile(tmp_path):
    shop = await CatalogShop(tmp_path / "data", app=RacedApp).fill().open()
    await shop.stock()
    await shop.call("create_endpoint", **ENDPOINT)
    stopping = (
        shop.again()
        .connected()
        .tried("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
    )
    shop.app.raced.about = f"heads/{KEY}"
    shop.app.raced.rival = lambda: asyncio.run(stopping)
    await shop.call("update_api_version", api_version_id="shop.v1", state="publish")
    await asyncio.to_thread(shop.work, 60)
    assert shop.app.raced.rival is None
    assert shop.app.documents.get(f"heads/{KEY}") is None
    await shop.north.close()
    shop.close()


async def test_a_log_that_was_cut_has_everything_published_anew(shop):
    shop.work(10)
    await shop.put("goods", item(1, price=50.0))
    shop.cut_log("endpoint.shop.v1.products")
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 50


async def why(shop, card="p01", endpoint="shop.v1.products"):
    found = await shop.call("why_not_published", endpoint_id=endpoint, card_id=card)
    for fix in found["fixes"]:
        await shop.call(fix["tool"], **fix["arguments"])
    return found["cause"], found["verdict"]


async def test_why_partners_do_not_see_an_entry_is_said(shop):
    shop.work(10)
    assert await why(shop) == ("", "It is published.")
    await shop.put("goods", item(1, url="no page"))
    shop.work(10)
    cause, verdict = await why(shop)
    assert (cause, "url:" in verdict) == ("catalog_rejected", True)
    await shop.put("goods", item(1))
    for task in shop.tasks():  # cards and entries follow, the catalog does not yet
        shop.do_task(task)
    for task in shop.tasks():
        shop.do_task(task)
    shop.tasks()
    assert (await why(shop))[0] == "catalog_pending"
    shop.catch_up()
    shop.work(10)
    shop.do("roll_back_catalog", catalog=KEY, version=1)
    assert (await why(shop))[0] == "catalog_paused"
    shop.work(10)
    assert await why(shop) == ("", "It is published.")
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    await shop.publish("shop.v2")
    shop.work(10)
    assert (await why(shop))[0] == "catalog_taken_over"
    assert (await why(shop, endpoint="shop.v2.products"))[0] == ""
