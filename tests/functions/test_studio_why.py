"""Why a card is not published: every cause made for real, found first, and gone by its fix."""

import random
from base64 import b64encode

import pytest

from tests.functions.destination_shop import ENDPOINT, DestinationShop
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path):
    shop = await DestinationShop(tmp_path / "data").fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


async def why(shop, card="p05", **more):
    return await shop.call(
        "why_not_published", endpoint_id="shop.v1.products", card_id=card, **more
    )


def heavy(seed):
    return b64encode(random.Random(seed).randbytes(650_000)).decode()


async def no_entry(shop):
    await shop.published()
    await shop.put("goods", {"id": "p05", "delete": True})
    shop.work(5)


async def card_pending(shop):
    await shop.published()
    await shop.put("goods", {"id": "p05", "delete": True})
    shop.work(5)
    await shop.put("goods", given("p05", title="Back"))


async def version_new(shop):
    await shop.destination()
    await shop.call("create_endpoint", **ENDPOINT)


async def version_publishing(shop):
    await version_new(shop)
    await shop.call("update_api_version", api_version_id="shop.v1", state="publish")


async def version_stopped(shop):
    await shop.published()
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)


async def segment_not_active(shop):
    """A schedule ended: nobody archives a segment that an endpoint names."""
    await shop.published(content_selection={"include_segments": ["small"]})
    ends = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-22T12:00:00Z"}
    await shop.call("update_segment", segment_id="small", schedule=ends)
    shop.work(2 * 86_400)


async def not_in_segment(shop):
    await shop.published(content_selection={"include_segments": ["recalled"]})


async def left_out(shop):
    """A segment whose filter the card matches leaves it out by name."""
    await shop.call("update_segment", segment_id="small", exclude_card_ids=["p05"])
    shop.work(3)
    await shop.published(content_selection={"include_segments": ["small"]})


async def excluded(shop):
    await shop.call("update_segment", segment_id="recalled", include_card_ids=["p05"])
    shop.work(3)
    await shop.published(content_selection={"exclude_segments": ["recalled"]})


async def filtered(shop):
    large = [{"property": "size", "type": "number", "op": "gt", "value": 10}]
    await shop.published(content_selection={"filters": large})


async def entry_pending(shop):
    """The card is there; the endpoint's turn has not come."""
    await shop.published()
    await shop.put("goods", {"id": "p05", "delete": True})
    shop.work(5)
    await shop.put("goods", given("p05", title="Back"))
    for task in shop.tasks():
        if "card.cards" in task.body["id"]:
            shop.do_task(task)


async def language(shop):
    await shop.published()


CAUSES = {
    "no_entry": no_entry,
    "card_pending": card_pending,
    "version_new": version_new,
    "version_publishing": version_publishing,
    "version_stopped": version_stopped,
    "segment_not_active": segment_not_active,
    "not_in_segment": not_in_segment,
    "not_in_segment, left out": left_out,
    "excluded": excluded,
    "filter": filtered,
    "entry_pending": entry_pending,
    "language": language,
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_cause_is_the_first_that_blocks_and_its_fix_makes_the_card_appear(shop, cause):
    await CAUSES[cause](shop)
    asked = {"language": "de"} if cause == "language" else {}
    found = await why(shop, **asked)
    assert (found["published"], found["cause"]) == (False, cause.partition(",")[0]), found
    for fix in found["fixes"]:
        await shop.call(fix["tool"], **fix["arguments"])
    shop.work(10)
    again = await why(shop, **asked)
    assert (again["published"], again["cause"]) == (True, ""), again
    assert "p05" in await shop.ids(**asked)


async def test_an_entry_that_cannot_be_computed_says_why_and_goes_on_when_its_cause_is_gone(shop):
    """Both brands are large: an entry that shows what is related to it would be too large."""
    await shop.call("update_relation_definition", relation_id="maker", target_property_id="country")
    await shop.put("goods", given("p05", brand="SE"))
    await shop.put("brands", given("b2", country="SE"))
    shop.work(5)
    await shop.published(relations=[{"relation_id": "maker", "properties": ["name"]}])
    assert (await why(shop))["published"]
    for id_ in ("b1", "b2"):
        await shop.put("brands", given(id_, name=heavy(id_)))
    shop.work(5)
    found = await why(shop)
    assert found["cause"] == "entry_failed", found
    assert "bytes" in found["verdict"]
    await shop.put("brands", given("b1", name="light"))
    shop.work(5)
    assert (await why(shop))["published"]


async def test_a_card_that_cannot_be_computed_is_the_cause(shop):
    """Its two sources have more than one card may hold."""
    text = [{"id": "long", "type": "Text"}]
    await shop.call("create_data_source", id="texts", name="T", properties=text)
    await shop.call("upsert_data_source_properties", source_id="goods", properties=text)
    await shop.call("update_data_source", source_id="goods", related_source_ids=["texts"])
    await shop.call(
        "create_card_definition",
        id="wide",
        name="Wide",
        sources=[{"source_id": "goods"}, {"source_id": "texts"}],
        properties=[
            {"id": "a", "source_property_id": "long"},
            {"id": "b", "source_id": "texts", "source_property_id": "long"},
        ],
    )
    await shop.call("activate_card_definition", card_definition_id="wide")
    shop.work(5)
    await shop.destination()
    asked = {"api_version_id": "shop.v1", "card_definition_id": "wide", "properties": ["a", "b"]}
    await shop.call("create_endpoint", **asked, name="products")
    await shop.publish()
    for source in ("goods", "texts"):
        await shop.put(source, given("p05", long=heavy(source)))
    shop.work(5)
    found = await why(shop)
    assert (found["cause"], "bytes" in found["verdict"]) == ("card_failed", True)
    await shop.put("texts", given("p05", long="light"))
    shop.work(5)
    assert (await why(shop))["published"]


async def test_what_was_compared_is_evidence(shop):
    await filtered(shop)
    found = await why(shop)
    checks = {each["name"]: each for each in found["checks"]}
    assert checks["filter"]["evidence"]["conditions"] == [
        {"property": "size", "op": "gt", "wanted": [10], "actual": [5]}
    ]
    assert checks["version"]["evidence"]["state"] == "Active"
    refused = await shop.refused("why_not_published", endpoint_id="shop.v1.product", card_id="p05")
    assert refused["near"] == ["shop.v1.products"]
    assert (await why(shop, card="p15"))["published"]
