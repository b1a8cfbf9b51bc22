"""Changes of endpoints' segments that wait: applied at their minute, in order, together."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.functions.destination_shop import DestinationShop, p

pytestmark = pytest.mark.anyio
BOTH_STORES = True
ENDPOINT_ID = "shop.v1.products"
SMALL, LARGE = p(*range(10)), p(*range(10, 20))


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


def at(shop, **ahead):
    moment = datetime.fromtimestamp(shop.clock.time(), UTC) + timedelta(**ahead)
    return moment.replace(microsecond=0).isoformat()


async def campaign(shop, *, start, end=None, id_="campaign"):
    """A segment of the large ones that has cards for a time alone."""
    large = [{"property": "size", "type": "number", "op": "gte", "value": 10}]
    schedule = {"from": start, **({"to": end} if end else {})}
    asked = {"id": id_, "name": id_, "card_definition_id": "cards", "filter": large}
    await shop.call("create_segment", **asked, schedule=schedule)


async def queue(shop, segment, operation="add", **more):
    asked = {"endpoint_id": ENDPOINT_ID, "segment_id": segment, "operation": operation}
    return await shop.call("queue_endpoint_segment_change", **asked, **more)


async def queued(shop, **more):
    tool = "list_queued_endpoint_segment_changes"
    return (await shop.call(tool, api_version_id="shop.v1", **more))["items"]


async def states(shop):
    return [each["status"] for each in await queued(shop)]


async def test_a_scheduled_segment_comes_at_its_minute_five_days_ahead_and_leaves_with_its_end(
    shop,
):
    await shop.published(content_selection={"include_segments": ["small"]})
    start, end = at(shop, days=5), at(shop, days=8)
    await campaign(shop, start=start, end=end)
    made = await queue(shop, "campaign")
    assert datetime.fromisoformat(made["due"]) == datetime.fromisoformat(start)
    shop.work(5 * 86_400 - 60)
    assert (await shop.ids(), await states(shop)) == (SMALL, ["pending"])
    shop.work(120)
    assert (await shop.ids(), await states(shop)) == (SMALL + LARGE, ["applied"])
    shop.work(3 * 86_400)
    assert (await shop.ids(), await states(shop)) == (SMALL, ["reverted"])


async def test_a_change_for_a_time_is_applied_then_and_what_it_replaces_goes_at_once(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    await queue(
        shop, "recalled", "replace", replaces_segment_id="small", apply_at=at(shop, hours=30)
    )
    shop.work(29 * 3600)
    assert await shop.ids() == SMALL
    shop.work(2 * 3600)
    assert await shop.ids() == p(1)
    (change,) = await queued(shop)
    assert (change["status"], change["error"]) == ("applied", "")


async def test_a_campaign_in_the_place_of_all_cards_never_leaves_an_endpoint_empty(shop):
    """The endpoint had all cards; at the campaign's end it has them again, at once."""
    await shop.published()
    await campaign(shop, start=at(shop, hours=2), end=at(shop, hours=5))
    made = await queue(shop, "campaign")
    assert "all cards" in made["warnings"][0]
    shop.work(3 * 3600)
    assert await shop.ids() == LARGE
    since = (await shop.ask())["until"]
    shop.work(3 * 3600)
    assert await shop.ids() == SMALL + LARGE
    delta = await shop.ask(period={"since": since}, includeDeleted=True, top=500)
    assert delta["deleted"] == []


async def test_changes_that_are_due_together_are_one_step_in_the_order_they_were_queued(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    moment = at(shop, hours=1)
    await queue(shop, "recalled", "add", apply_at=moment)
    await queue(shop, "recalled", "remove", apply_at=moment)
    await queue(shop, "recalled", "add", mode="exclude", apply_at=moment)
    before = shop.head("config").seq
    shop.work(2 * 3600)
    assert await states(shop) == ["applied"] * 3
    assert await shop.ids() == p(0, *range(2, 10))
    assert shop.head("config").seq == before + 1


async def test_a_segment_that_is_made_active_by_hand_brings_its_change_at_once(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    await campaign(shop, start=at(shop, days=9))
    await queue(shop, "campaign")
    shop.work(3600)
    await shop.call("update_segment", segment_id="campaign", status="Active")
    shop.work(10)
    assert await shop.ids() == SMALL + LARGE


async def test_a_change_that_no_longer_fits_fails_and_says_why(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    await queue(
        shop, "recalled", "replace", replaces_segment_id="small", apply_at=at(shop, hours=1)
    )
    await shop.call("update_endpoint", endpoint_id=ENDPOINT_ID, content_selection={})
    shop.work(2 * 3600)
    (change,) = await queued(shop)
    assert (change["status"], "small" in change["error"]) == ("failed", True)
    assert len(await shop.ids()) == 20


async def test_one_that_was_taken_back_is_not_applied_and_says_what_became_of_each(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    first = await queue(shop, "recalled", mode="exclude")
    later = await queue(shop, "recalled", apply_at=at(shop, days=3))
    shop.work(5)
    ids = [first["change"]["id"], later["change"]["id"], "0" * 12]
    tried = await shop.call("delete_queued_endpoint_segment_changes", ids=ids, dry_run=True)
    done = await shop.call("delete_queued_endpoint_segment_changes", ids=ids)
    assert done == tried == {
        "deleted": [ids[1]], "not_found": [ids[2]], "already_applied": [ids[0]],
    }  # fmt: skip
    job = await shop.call("get_job", job_id=later["change"]["job_id"])
    shop.work(4 * 86_400)
    job = await shop.call("get_job", job_id=later["change"]["job_id"])
    assert job["state"] == "cancelled"
    assert await shop.ids() == p(0, *range(2, 10))


async def test_a_cancelled_job_cancels_its_change_and_no_other_applies_it(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    made = await queue(shop, "recalled", mode="exclude", apply_at=at(shop, hours=1))
    await queue(shop, "recalled", apply_at=at(shop, hours=1))
    await shop.call("cancel_job", job_id=made["change"]["job_id"])
    shop.work(2 * 3600)
    assert await states(shop) == ["cancelled", "applied"]
    assert [each["id"] for each in await queued(shop, status="cancelled")] == [made["change"]["id"]]
    assert await shop.ids() == SMALL


async def test_the_same_call_again_is_answered_and_the_same_change_again_is_refused(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    moment = at(shop, hours=1)
    first = await queue(shop, "recalled", apply_at=moment, idempotency_key="k")
    again = await queue(shop, "recalled", apply_at=moment, idempotency_key="k")
    assert first == again
    asked = {"endpoint_id": ENDPOINT_ID, "segment_id": "recalled", "operation": "add"}
    tool = "queue_endpoint_segment_change"
    refused = await shop.refused(tool, **asked, apply_at=moment)
    assert refused["code"] == "conflict"
    refused = await shop.refused(tool, **asked, mode="exclude", idempotency_key="k")
    assert refused["details"][0]["path"] == "idempotency_key"
    assert len(await queued(shop)) == 1


REFUSED = {
    "a time that has passed": ({"apply_at": "2020-01-01T00:00:00Z"}, "apply_at"),
    "a segment of other cards": ({"segment_id": "swedish"}, "segment_id"),
    "what is there already": ({"segment_id": "small"}, "segment_id"),
    "removing what is not there": ({"operation": "remove"}, "segment_id"),
    "replacing what is not there": (
        {"operation": "replace", "replaces_segment_id": "later"},
        "replaces_segment_id",
    ),
    "replacing nothing": ({"operation": "replace"}, "replaces_segment_id"),
    "a replacement of an addition": ({"replaces_segment_id": "small"}, "replaces_segment_id"),
    "before the segment has cards": (
        {"segment_id": "later", "apply_at": "2026-12-31T00:00:00Z"},
        "apply_at",
    ),
}


async def test_what_cannot_be_is_refused_by_its_field(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    await campaign(shop, start="2027-01-01T00:00:00Z", id_="later")
    await shop.call(
        "create_segment", id="swedish", name="S", card_definition_id="makers", card_ids=["b1"]
    )
    asked = {"endpoint_id": ENDPOINT_ID, "segment_id": "recalled", "operation": "add"}
    for given, path in REFUSED.values():
        refused = await shop.refused("queue_endpoint_segment_change", **{**asked, **given})
        assert (refused["code"], refused["details"][0]["path"]) == ("validation_error", path)
    tried = await queue(shop, "recalled", dry_run=True)
    assert (tried["warnings"], await queued(shop)) == (["Nothing was written: dry_run."], [])


async def test_a_segment_that_a_waiting_change_names_cannot_be_deleted(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    made = await queue(shop, "recalled", apply_at=at(shop, hours=1))
    refused = await shop.refused("delete_segment", segment_id="recalled", confirm=True)
    assert refused["ids"] == [made["change"]["id"]]
