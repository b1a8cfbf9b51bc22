"""Where an entry is on its way, and what endpoints are to compute, could not, and did."""

from base64 import b64encode
from random import Random

import pytest

from tests.functions.destination_shop import ENDPOINT, DestinationShop, p
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


async def trace(shop, entry="p05", **more):
    return await shop.call("trace_entry_lifecycle", source_id="goods", entry_id=entry, **more)


async def rows(shop, **asked):
    found, cursor = [], ""
    while cursor is not None:
        page = await shop.call(
            "search_destination_queue", destination_id="shop", cursor=cursor, **asked
        )
        assert len(page["items"]) <= asked.get("limit", 50)
        found += page["items"]
        cursor = page["next_cursor"]
    return found


def stages(found):
    return [(each["stage"], each["of"], each["status"]) for each in found["stages"]]


def heavy(seed):
    return b64encode(Random(seed).randbytes(650_000)).decode()


async def test_an_entry_is_followed_from_its_import_to_the_endpoint_with_times(shop):
    await shop.published()
    shop.clock.advance(60)
    made = await shop.put("goods", given("p05", title="New"))
    shop.work(5, apart=1)
    found = await trace(shop)
    assert stages(found) == [
        ("stored", "goods", "ok"),
        ("indexed", "goods", "ok"),
        ("card", "cards", "ok"),
        ("endpoint", "shop.v1.products", "ok"),
    ]
    assert (found["version"], found["verdict"]) == (2, "It is everywhere.")
    assert made["import_id"] in found["stages"][0]["detail"]
    lags = [each["lag_s"] for each in found["stages"]]
    assert 0 == lags[0] <= lags[2] <= lags[3] < 5
    assert found["stages"][2]["detail"] == "In small."


async def test_what_has_not_come_far_is_the_first_stage_that_is_not_ok(shop):
    await shop.published()
    await shop.put("goods", given("p05", title="New"))
    found = await trace(shop)
    assert stages(found)[2] == ("card", "cards", "pending")
    assert found["verdict"].startswith("card cards")
    shop.work(5)
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
    found = await trace(shop)
    assert stages(found)[3] == ("endpoint", "shop.v1.products", "missing")
    assert found["verdict"].startswith("endpoint shop.v1.products: version_stopped")
    assert found["next_steps"][0]["tool"] == "update_api_version"
    for step in found["next_steps"]:
        await shop.call(step["tool"], **step["arguments"])
    shop.work(5)
    assert (await trace(shop))["verdict"] == "It is everywhere."


async def test_a_deleted_entry_says_by_whom_and_one_that_never_was_is_not_found(shop):
    await shop.published()
    await shop.put("goods", {"id": "p05", "delete": True})
    shop.work(5)
    found = await trace(shop)
    assert "deleted by olga" in found["verdict"]
    assert stages(found)[2] == ("card", "cards", "ok")
    tool = "trace_entry_lifecycle"
    refused = await shop.refused(tool, source_id="goods", entry_id="none")
    assert refused["code"] == "not_found"
    refused = await shop.refused(tool, source_id="goods", entry_id="p01", endpoint_id="shop.v1.x")
    assert refused["near"] == ["shop.v1.products"]


async def test_a_card_that_waits_says_since_when_and_why_and_then_that_it_is_done(shop):
    await shop.published()
    await shop.put("goods", given("p05", title="New"), {"id": "p06", "delete": True})
    for task in shop.tasks():
        if "card.cards" in task.body["id"]:
            shop.do_task(task)
    waiting = await rows(shop, status="pending")
    assert [(each["card_id"], each["reason"]) for each in waiting] == [
        ("p05", "card_changed"),
        ("p06", "card_deleted"),
    ]
    assert all(each["enqueued_at"] and not each["finished_at"] for each in waiting)
    shop.catch_up()
    assert await rows(shop, status="pending") == []
    done = await rows(shop, card_id="p05")
    assert [(each["reason"], each["status"]) for each in done] == [
        ("card_changed", "completed"),
        ("version_published", "completed"),
    ]
    assert done[0]["enqueued_at"] == waiting[0]["enqueued_at"] < done[0]["finished_at"]


async def test_every_reason_is_told(shop):
    await shop.published(content_selection={"exclude_segments": ["recalled"]})
    since = (await shop.ask())["until"]
    await shop.call("update_segment", segment_id="recalled", include_card_ids=["p03"])
    shop.work(5)
    await shop.put("brands", given("b1", country="DK"))
    shop.work(5)
    await shop.call("update_destination", destination_id="shop", languages=["en"])
    shop.work(5)
    await shop.call("update_endpoint", endpoint_id="shop.v1.products", content_selection={})
    shop.work(5)
    found = await rows(shop, **{"from": since}, limit=7)
    by_reason = {}
    for each in found:
        by_reason.setdefault(each["reason"], set()).add(each["card_id"])
    assert by_reason["segment_changed"] == set(p(3))
    assert by_reason["relation_changed"] == {*p(*range(0, 20, 2))}
    assert by_reason["selection_changed"] == set(p(1, 3))
    assert set(by_reason) == {
        "segment_changed", "relation_changed", "languages_changed", "selection_changed",
    }  # fmt: skip
    assert len({each["id"] for each in found}) == len(found)


async def test_one_that_could_not_be_computed_is_failed_with_its_error(shop):
    await shop.call("update_relation_definition", relation_id="maker", target_property_id="country")
    await shop.put("goods", given("p05", brand="SE"))
    await shop.put("brands", given("b2", country="SE"))
    shop.work(5)
    await shop.published(relations=[{"relation_id": "maker", "properties": ["name"]}])
    for id_ in ("b1", "b2"):
        await shop.put("brands", given(id_, name=heavy(id_)))
    shop.work(5)
    (failed,) = await rows(shop, status="failed")
    assert (failed["card_id"], failed["reason"]) == ("p05", "relation_changed")
    assert ("bytes" in failed["error"], failed["attempts"] >= 1) == (True, True)
    found = await trace(shop)
    assert stages(found)[3] == ("endpoint", "shop.v1.products", "failed")


async def test_a_publication_under_way_is_one_row_that_stands_for_all_cards(shop):
    await shop.destination()
    await shop.call("create_endpoint", **ENDPOINT)
    assert await rows(shop) == []
    await shop.call("update_api_version", api_version_id="shop.v1", state="publish")
    (row,) = await rows(shop, limit=1)
    assert (row["card_id"], row["reason"], row["status"]) == ("", "version_published", "pending")
    shop.work(5)
    assert len(await rows(shop, limit=7)) == 20


async def test_the_queue_is_narrowed_and_refuses_what_is_not_there(shop):
    await shop.published()
    assert len(await rows(shop, api_version="v1", card_id="p07")) == 1
    assert await rows(shop, status="completed", to="2020-01-01T00:00:00Z") == []
    tool = "search_destination_queue"
    for asked in ({"api_version": "v9"}, {"endpoint_id": "shop.v1.no"}):
        refused = await shop.refused(tool, destination_id="shop", **asked)
        assert refused["code"] == "not_found"
    refused = await shop.refused(tool, destination_id="shop", cursor="x")
    assert refused["details"][0]["path"] == "cursor"
