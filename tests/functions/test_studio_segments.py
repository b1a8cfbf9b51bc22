"""Segments: cards that belong together, by a question or one by one."""

from datetime import datetime

import pytest

from functions.engine.turns import KINDS
from shared import work
from tests.functions.card_shop import CardShop
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio
ACTIVE = "card.cards.1"
SMALL = [{"property": "size", "type": "number", "op": "lt", "value": 10}]


@pytest.fixture
async def shop(tmp_path):
    shop = await CardShop(tmp_path / "data").fill().open()
    entries = [given(f"p{number}", title=f"T{number}", size=str(number)) for number in range(20)]
    await shop.put("products", *entries)
    await shop.define()
    await shop.activate()
    shop.work(5)
    yield shop
    await shop.north.close()
    shop.close()


async def small(shop, **more):
    asked = {"name": "Small ones", "card_definition_id": "cards", "filter": SMALL, **more}
    made = await shop.call("create_segment", **asked)
    shop.work(2)
    return made


async def members(shop, segment="small-ones"):
    found = await shop.call(
        "search_cards", card_definition_id="cards", segments={"any_of": [segment]}, limit=200
    )
    return {each["id"] for each in found["items"]}


def keys(*numbers):
    return {f"p{number}" for number in numbers}


async def test_a_segments_cards_come_and_go_with_their_values(shop):
    made = await small(shop)
    assert made["preview"] == {
        "count": 10,
        "entered": 10,
        "left": 0,
        "examples": ["p0", "p1", "p2"],
    }
    assert await members(shop) == keys(*range(10))
    await shop.put("products", given("p3", size="30"), given("p15", size="5"))
    shop.work(2)
    assert await members(shop) == keys(*range(10)) - keys(3) | keys(15)
    found = await shop.call(
        "search_cards", card_definition_id="cards", segments={"none_of": ["small-ones"]}
    )
    assert found["total"] == 10
    listed = await shop.call("list_segments", card_definition_id="cards")
    assert [(each["id"], each["kind"], each["card_count"]) for each in listed["items"]] == [
        ("small-ones", "query", 10)
    ]


async def test_a_change_is_counted_before_it_is_saved_and_stands_in_the_history(shop):
    await small(shop)
    smaller = [{**SMALL[0], "value": 3}]
    tried = await shop.call(
        "update_segment",
        segment_id="small-ones",
        filter=smaller,
        exclude_card_ids=["p0"],
        dry_run=True,
    )
    assert tried["preview"] == {"count": 2, "entered": 0, "left": 8, "examples": ["p1", "p2"]}
    assert await members(shop) == keys(*range(10))
    await shop.call(
        "update_segment", segment_id="small-ones", filter=smaller, exclude_card_ids=["p0"]
    )
    shop.work(2)
    assert await members(shop) == keys(1, 2)
    history = await shop.call("get_entry_history", card_definition_id="cards", entry_id="p0")
    changes = [each["changes"] for each in history["items"]]
    one = {"property": "segments", "language": ""}
    assert changes == [
        [{**one, "old": ["small-ones"], "new": None}],
        [{**one, "old": None, "new": ["small-ones"]}],
        [],
    ]
    back = await shop.call("update_segment", segment_id="small-ones", include_card_ids=["p0", "p7"])
    assert back["preview"]["entered"] == 1
    shop.work(2)
    assert await members(shop) == keys(0, 1, 2)


async def test_a_segment_names_its_cards_one_by_one(shop):
    asked = {"name": "Chosen", "card_definition_id": "cards"}
    made = await shop.call("create_segment", **asked, card_ids=["p1", "p2", "p99"])
    assert made["preview"]["count"] == 2
    shop.work(2)
    assert await members(shop, "chosen") == keys(1, 2)
    await shop.put("products", given("p99", title="Late"), {"id": "p1", "delete": True})
    shop.work(2)
    assert await members(shop, "chosen") == keys(2, 99)
    changed = await shop.call(
        "update_segment", segment_id="chosen", include_card_ids=["p5"], exclude_card_ids=["p2"]
    )
    assert (changed["preview"]["entered"], changed["preview"]["left"]) == (1, 1)
    shop.work(2)
    assert await members(shop, "chosen") == keys(5, 99)
    await shop.call("update_segment", segment_id="chosen", card_ids=["p7"])
    shop.work(2)
    assert await members(shop, "chosen") == keys(7)


@pytest.mark.slow
async def test_ten_thousand_long_keys_are_named_in_several_calls(shop):
    long = [f"{number:05}-{'k' * 200}" for number in range(10_000)]
    await shop.put("products", given(long[0], title="First"), given(long[9_999], title="Last"))
    asked = {"name": "Many", "card_definition_id": "cards", "card_ids": long[:4000]}
    await shop.call("create_segment", **asked)
    for at in range(4000, 10_000, 3000):
        more = long[at : at + 3000]
        await shop.call("update_segment", segment_id="many", include_card_ids=more)
    shop.work(5)
    assert await members(shop, "many") == {long[0], long[9_999]}
    refused = await shop.refused("update_segment", segment_id="many", include_card_ids=["x"])
    assert "10000" in refused["message"]


async def test_a_schedule_has_a_segment_begin_and_end_at_its_minute(shop):
    start = "2026-11-26T08:00:00+00:00"
    made = await small(shop, schedule={"from": start, "to": "2026-11-27T08:00:00Z"})
    assert (made["status"], made["preview"]["count"]) == ("Scheduled", 10)
    assert await members(shop) == set()

    def until(text):
        shop.work((datetime.fromisoformat(text) - shop.clock.now()).total_seconds())

    until("2026-11-26T07:59:59+00:00")
    assert await members(shop) == set()
    until("2026-11-26T08:00:02+00:00")
    assert await members(shop) == keys(*range(10))
    until("2026-11-27T07:59:59+00:00")
    assert await members(shop) == keys(*range(10))
    until("2026-11-27T08:00:02+00:00")
    assert await members(shop) == set()
    listed = await shop.call("list_segments", status="Archived")
    assert [each["scheduled_from"] for each in listed["items"]] == [start]


async def test_a_schedule_that_was_changed_counts_and_the_one_before_does_not(shop):
    await small(shop, schedule={"from": "2026-11-22T12:00:00Z"})
    await shop.call(
        "update_segment", segment_id="small-ones", schedule={"from": "2026-11-23T12:00:00Z"}
    )
    shop.work(25 * 3600)
    assert await members(shop) == set()
    shop.work(24 * 3600)
    assert await members(shop) == keys(*range(10))
    await shop.call("update_segment", segment_id="small-ones", status="Archived")
    shop.work(48 * 3600)
    work.sweep(shop.app, KINDS)
    shop.work(2)
    assert await members(shop) == set()
    await shop.call("update_segment", segment_id="small-ones", status="Active")
    shop.work(2)
    assert await members(shop) == keys(*range(10))


async def test_a_draft_shows_what_a_segment_would_have(shop):
    asked = {"name": "Small ones", "card_definition_id": "cards", "filter": SMALL}
    draft = await shop.call("draft_segment", **asked)
    assert (draft["ready"], draft["preview"]["count"]) == (True, 10)
    assert (await shop.call("list_segments"))["total"] == 0
    await shop.call("create_segment", **draft["form"]["submit_arguments"])
    shop.work(2)
    assert len(await members(shop)) == 10
    again = await shop.call("draft_segment", **asked)
    assert [each["field"] for each in again["issues"]] == ["id"]


async def test_what_a_segment_cannot_ask_is_refused_with_the_reason(shop):
    asked = {"name": "New", "card_definition_id": "cards"}
    for filter_, path in (
        ([{"type": "updated_at", "op": "within_last", "value": "P7D"}], "filter[0]"),
        ([{"not": [{"type": "updated_at", "op": "after", "value": "x"}]}], "filter[0].not[0]"),
        ([{"property": "weight", "type": "number", "op": "lt", "value": 1}], "filter[0].property"),
    ):
        refused = await shop.refused("create_segment", **asked, filter=filter_)
        assert refused["details"][0]["path"] == path
    refused = await shop.refused("create_segment", **asked)
    assert "either a filter or card_ids" in refused["message"]
    refused = await shop.refused(
        "search_cards", card_definition_id="cards", segments={"all_of": ["none"]}
    )
    assert refused["details"][0]["path"] == "segments.all_of[0]"


async def test_kinds_of_segments_belong_to_a_card_definition(shop):
    kinds = [{"id": "by-size", "name": "By size", "properties": ["size"]}]
    await shop.call("update_card_definition", card_definition_id="cards", segment_definitions=kinds)
    made = {"name": "Small ones", "segment_definition_id": "by-size", "filter": SMALL}
    await shop.call("create_segment", **made)
    shop.work(2)
    assert len(await members(shop)) == 10
    refused = await shop.refused(
        "update_card_definition", card_definition_id="cards", segment_definitions=[]
    )
    assert (refused["code"], refused["used_by"]) == ("conflict", ["small-ones"])
    listed = await shop.call("list_segments", segment_definition_id="by-size", query="small")
    assert listed["total"] == 1
    graph = await shop.call("list_configuration", focus="segment:small-ones", depth=1)
    assert {each["id"] for each in graph["nodes"]} == {"cards", "small-ones"}


async def test_a_definition_keeps_what_its_segments_ask(shop):
    await small(shop)
    await shop.call(
        "update_card_definition", card_definition_id="cards", properties_remove=["size"]
    )
    refused = await shop.refused("activate_card_definition", card_definition_id="cards")
    assert refused["details"][0]["path"] == "segments.small-ones.filter[0].property"
    refused = await shop.refused("delete_card_definition", card_definition_id="cards")
    assert refused["used_by"] == ["small-ones"]


async def test_a_change_that_moves_no_card_walks_none(shop):
    await small(shop)
    before = shop.head(ACTIVE).definition
    for change in ({"name": "Low"}, {"description": "Below ten"}, {"exclude_card_ids": ["p1"]}):
        await shop.call("update_segment", segment_id="small-ones", **change)
    await small(shop, name="Later", schedule={"from": "2026-12-01T00:00:00Z"})
    await shop.call("delete_segment", segment_id="later", confirm=True)
    shop.work(2)
    assert shop.head(ACTIVE).definition == before
    assert await members(shop) == keys(*range(10)) - keys(1)
    await shop.call("update_segment", segment_id="small-ones", status="Archived")
    assert shop.head(ACTIVE).definition > before
    shop.work(2)
    assert await members(shop) == set()


async def test_a_deleted_segment_leaves_its_cards(shop):
    await small(shop, exclude_card_ids=["p1"])
    plan = await shop.refused("delete_segment", segment_id="small-ones")
    assert (plan["code"], plan["counts"]) == ("confirmation_required", {"cards": 9})
    await shop.call("delete_segment", segment_id="small-ones", confirm=True)
    shop.work(2)
    found = await shop.call("search_cards", card_definition_id="cards", limit=200)
    assert (found["total"], {tuple(each["segments"]) for each in found["items"]}) == (20, {()})
    assert shop.head("members.cards").count == 0


async def test_a_segment_that_is_edited_in_the_middle_of_its_walk_ends_as_it_was_edited_last(shop):
    many = [given(f"w{n:04}", title="W", size=str(n % 20)) for n in range(1_500)]
    for at in range(0, 1500, 500):
        await shop.put("products", *many[at : at + 500])
    shop.work(5)
    await shop.call("create_segment", name="S", card_definition_id="cards", filter=SMALL)
    for value in (5, 15, 3):
        for task in shop.tasks():
            shop.do_task(task)
        changed = [{**SMALL[0], "value": value}]
        await shop.call("update_segment", segment_id="s", filter=changed)
    shop.work(5)
    found = await shop.call("search_cards", card_definition_id="cards", segments={"any_of": ["s"]})
    assert found["total"] == 3 + 3 * 75
