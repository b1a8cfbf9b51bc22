"""Destinations: versions with endpoints, published and stopped; what endpoints contain."""

import asyncio

import pytest

from shared.queries import SNAPSHOTS
from tests.functions.destination_shop import ENDPOINT, DestinationShop, p
from tests.functions.studio_shop import given
from tests.raced import RacedApp

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


async def version(shop, name="shop.v1"):
    graph = await shop.call("list_configuration", focus=f"version:{name}", depth=0)
    return graph["nodes"][0]["status"]


async def test_a_published_endpoint_shows_cards_with_what_is_related_in_the_language_asked(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    found = await shop.ask(top=2, language="sv", includeTotals=True)
    assert found["total"] == 10
    assert found["language"] == "sv"
    assert found["results"] == [
        {
            "id": "p00", "name": "T0", "size": 0, "brand": "Acme", "label": "Thing 0",
            "maker": [{"id": "b1", "country": "SE"}],
        },
        {
            "id": "p01", "name": "T1", "size": 1, "brand": "Bolt", "label": "Sak 1",
            "maker": [{"id": "b2", "country": "NO"}],
        },
    ]  # fmt: skip
    assert found["facets"] == [
        {
            "propertyId": "brand",
            "header": "Märke",
            "values": [{"key": "Acme", "count": 5}, {"key": "Bolt", "count": 5}],
        }
    ]
    refused = await shop.unanswered(language="de")
    assert refused["details"][0]["path"] == "language"


async def test_a_draft_of_an_endpoint_shows_what_it_would_contain(shop):
    await shop.destination()
    draft = await shop.call(
        "draft_endpoint",
        api_version_id="shop.v1",
        card_definition_id="cards",
        content_selection={"include_segments": ["small"], "exclude_segments": ["recalled"]},
    )
    assert draft["preview"] == {"cards": 9, "examples": p(0, 2, 3)}
    assert (draft["ready"], draft["form"]["submit_tool"]) == (True, "create_endpoint")
    made = await shop.call("create_endpoint", **draft["form"]["submit_arguments"])
    assert (made["id"], made["affected"]) == ("shop.v1.cards", 9)
    again = await shop.call("draft_endpoint", **draft["form"]["submit_arguments"])
    assert [each["field"] for each in again["issues"]] == ["name"]


async def test_entries_follow_their_cards_segments_and_what_is_related(shop):
    await shop.published(
        content_selection={"include_segments": ["small"], "exclude_segments": ["recalled"]}
    )
    assert await shop.ids() == p(0, *range(2, 10))
    await shop.put("goods", given("p15", size="5"), given("p03", size="30"))
    await shop.call("update_segment", segment_id="recalled", include_card_ids=["p02"])
    await shop.put("brands", given("b1", country="DK"), given("b2", name="Other"))
    shop.work(5)
    assert await shop.ids() == p(0, *range(4, 10), 15)
    makers = {each["id"]: each["maker"] for each in (await shop.ask())["results"]}
    assert makers["p00"] == [{"id": "b1", "country": "DK"}]
    assert makers["p05"] == []
    await shop.put("brands", given("b3", name="BOLT", country="FI"))
    await shop.put("goods", given("p00", brand="Bolt"))
    shop.work(5)
    makers = {each["id"]: each["maker"] for each in (await shop.ask())["results"]}
    assert makers["p00"] == makers["p05"] == [{"id": "b3", "country": "FI"}]


async def test_what_an_endpoint_contains_changes_in_place_and_what_it_shows_does_not(shop):
    await shop.published()
    assert len(await shop.ids()) == 20
    changed = await shop.call(
        "update_endpoint",
        endpoint_id="shop.v1.products",
        content_selection={
            "filters": [{"property": "size", "type": "number", "op": "gte", "value": 15}]
        },
    )
    assert changed["affected"] == 5
    shop.work(5)
    assert await shop.ids() == p(*range(15, 20))
    refused = await shop.refused(
        "update_endpoint", endpoint_id="shop.v1.products", default_sort=["-size"]
    )
    assert (refused["code"], "copy_from" in refused["message"]) == ("conflict", True)
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    await shop.call(
        "update_endpoint", endpoint_id="shop.v2.products", properties=["name"], facets=[]
    )
    await shop.publish("shop.v2")
    assert set((await shop.ask("v2"))["results"][0]) == {"id", "name", "maker"}
    assert "size" in (await shop.ask("v1"))["results"][0]


async def test_a_version_keeps_the_cards_that_it_was_published_with(shop):
    await shop.published()
    named = [{"id": "name", "source_property_id": "brand"}]
    await shop.call("update_card_definition", card_definition_id="cards", properties_upsert=named)
    await shop.call("activate_card_definition", card_definition_id="cards")
    shop.work(10)
    assert (await shop.cards())["p00"]["name"] == "Acme"
    await shop.put("goods", given("p00", title="New"))
    shop.work(5)
    assert (await shop.ask())["results"][0]["name"] == "New"
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    await shop.publish("shop.v2")
    assert (await shop.ask("v2"))["results"][0]["name"] == "Acme"
    assert shop.head("card.cards.1").state == "live"
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
    shop.work(2 * 3600)
    assert shop.head("card.cards.1").inputs is None
    await shop.put("goods", given("p00", brand="Bolt"))
    shop.work(5)
    assert (await shop.ask("v2"))["results"][0]["name"] == "Bolt"


async def test_publishing_shows_its_progress_and_all_endpoints_answer_at_once(shop):
    await shop.destination()
    await shop.call("create_endpoint", **ENDPOINT)
    await shop.call("create_endpoint", **{**ENDPOINT, "name": "more"})
    made = await shop.publish()
    assert made["state"] == "Publishing"
    job = await shop.call("get_job", job_id=made["job_id"])
    assert (job["state"], job["done"]) == ("succeeded", 40)
    assert await version(shop) == "Active"
    assert len((await shop.ask(endpoint="more"))["results"]) == 20
    again = await shop.publish()
    assert (again["state"], again["job_id"]) == ("Active", "")


async def test_a_version_that_is_not_published_answers_nothing(shop):
    await shop.destination()
    refused = await shop.refused("update_api_version", api_version_id="shop.v1", state="publish")
    assert "create_endpoint" in refused["message"]
    await shop.call("create_endpoint", **ENDPOINT)
    refused = await shop.unanswered()
    assert (refused["code"], refused["status"]) == ("conflict", "New")
    refused = await shop.unanswered("v7")
    assert (refused["code"], "v1" in refused["message"]) == ("not_found", True)
    await shop.publish()
    refused = await shop.unanswered(endpoint="product")
    assert refused["near"] == ["shop.v1.products"]


async def test_at_most_three_versions_are_published_at_once(shop):
    await shop.published()
    for number in (2, 3, 4):
        await shop.call("create_api_version", destination_id="shop", copy_from="v1")
        if number < 4:
            await shop.publish(f"shop.v{number}")
    refused = await shop.refused("update_api_version", api_version_id="shop.v4", state="publish")
    assert (refused["code"], refused["limit"]) == ("conflict", 3)
    plan = await shop.refused("update_api_version", api_version_id="shop.v2", state="stop")
    assert plan["code"] == "confirmation_required"
    await shop.call("update_api_version", api_version_id="shop.v2", state="stop", confirm=True)
    refused = await shop.unanswered("v2")
    assert refused["status"] == "Stopped"
    await shop.publish("shop.v4")
    assert len((await shop.ask("v4"))["results"]) == 20


async def test_of_two_who_publish_the_third_and_the_fourth_version_at_once_one_is_refused(tmp_path):
    shop = await DestinationShop(tmp_path / "data", app=RacedApp).fill().open()
    await shop.stock()
    await shop.published()
    for _ in range(3):
        await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    await shop.publish("shop.v2")
    other = shop.again().connected()
    first = other.tried("update_api_version", api_version_id="shop.v3", state="publish")
    shop.app.raced.about = "collections/config"
    shop.app.raced.rival = lambda: asyncio.run(first)
    refused = await shop.refused("update_api_version", api_version_id="shop.v4", state="publish")
    assert refused["active"] == ["shop.v1", "shop.v2", "shop.v3"]
    await shop.north.close()
    shop.close()


async def test_a_version_published_again_has_what_changed_meanwhile(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    since = (await shop.ask())["until"]
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
    await shop.put(
        "goods", given("p03", size="30"), given("p12", size="2"), given("p04", title="N")
    )
    shop.work(5)
    await shop.publish()
    assert await shop.ids() == p(0, 1, 2, *range(4, 10), 12)
    delta = await shop.ask(period={"since": since}, includeDeleted=True)
    assert {each["id"] for each in delta["results"]} >= {*p(4, 12)}
    assert delta["deleted"] == p(3)


async def test_other_languages_have_entries_computed_anew(shop):
    await shop.published()
    changed = await shop.call(
        "update_destination", destination_id="shop", languages=["sv"], default_language="sv"
    )
    assert changed["affected"] == 20
    shop.work(5)
    found = (await shop.ask(top=2))["results"]
    assert [each["label"] for each in found] == [None, "Sak 1"]
    refused = await shop.refused("update_destination", destination_id="shop", default_language="de")
    assert refused["details"][0]["path"] == "default_language"


async def test_what_is_not_right_about_an_endpoint_is_named_at_once(shop):
    await shop.destination()
    await shop.call(
        "create_segment", id="later", name="Later", card_definition_id="cards",
        card_ids=["p01"], schedule={"from": "2027-01-01T00:00:00Z"},
    )  # fmt: skip
    wrong = {
        "properties": ["name", "sise"],
        "facets": [{"property": "size", "headers": {"de": "Größe"}}],
        "default_sort": ["-brand"],
        "content_selection": {"include_segments": ["none", "later"]},
    }
    refused = await shop.refused("create_endpoint", **{**ENDPOINT, **wrong})
    assert {each["path"] for each in refused["details"]} == {
        "properties[1]",
        "facets[0].property",
        "facets[0].headers",
        "default_sort[0]",
        "content_selection.include_segments[0]",
        "content_selection.include_segments[1]",
    }
    assert "size" in refused["details"][0]["message"]
    refused = await shop.refused("create_endpoint", **{**ENDPOINT, "name": "openapi"})
    assert refused["details"][0]["path"] == "name"


async def test_what_endpoints_need_cannot_be_removed(shop):
    await shop.published(content_selection={"include_segments": ["small"]})
    for tool, asked in (
        ("delete_segment", {"segment_id": "small", "confirm": True}),
        ("update_segment", {"segment_id": "small", "status": "Archived"}),
        ("delete_relation_definition", {"relation_id": "maker", "confirm": True}),
    ):
        refused = await shop.refused(tool, **asked)
        assert refused["used_by"] == ["shop.v1.products"], tool
    refused = await shop.refused("delete_card_definition", card_definition_id="cards", confirm=True)
    assert "shop.v1.products" in refused["used_by"]
    refused = await shop.refused("delete_endpoint", endpoint_id="shop.v1.products", confirm=True)
    assert refused["status"] == "Active"
    refused = await shop.refused("delete_destination", destination_id="shop", confirm=True)
    assert refused["active"] == ["shop.v1"]


async def test_a_destination_is_deleted_with_its_versions_and_can_be_made_anew(shop):
    await shop.published()
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
    plan = await shop.refused("delete_destination", destination_id="shop")
    assert plan["counts"] == {"versions": 1, "endpoints": 1}
    await shop.call("delete_destination", destination_id="shop", confirm=True)
    graph = await shop.call("list_configuration", kinds=["destination", "version", "endpoint"])
    assert graph["nodes"] == []
    await shop.published(content_selection={"include_segments": ["small"]})
    shop.work(2 * 3600)
    assert await shop.ids() == p(*range(10))


async def test_a_relation_that_compares_something_else_is_shown_anew(shop):
    await shop.published()
    await shop.put("brands", given("b2", name="x", country="Acme"))
    await shop.call("update_relation_definition", relation_id="maker", target_property_id="country")
    shop.work(5)
    found = (await shop.ask(top=1))["results"][0]
    assert found["maker"] == [{"id": "b2", "country": "Acme"}]


async def test_a_publication_that_was_cancelled_is_begun_anew(shop):
    await shop.destination()
    await shop.call("create_endpoint", **ENDPOINT)
    made = await shop.call("update_api_version", api_version_id="shop.v1", state="publish")
    await shop.call("cancel_job", job_id=made["job_id"])
    shop.work(5)
    refused = await shop.unanswered()
    assert refused["code"] == "conflict"
    again = await shop.publish()
    assert again["state"] == "Publishing"
    assert len(await shop.ids()) == 20


async def test_an_endpoint_of_cards_that_are_built_from_nothing_ends_right(shop):
    """Their own log is gone, so which cards left cannot be followed: all are looked through."""
    await shop.published()
    shop.cut_log("card.cards.1", also=(SNAPSHOTS,))
    await shop.put("goods", {"id": "p00", "delete": True}, given("p01", title="Changed"))
    other = shop.again()
    other.work(120)
    assert other.head("card.cards.1").epoch == 2
    assert await shop.ids(sortAsc=["id"]) == p(*range(1, 20))
    found = await shop.ask(top=1, sortAsc=["id"])
    assert found["results"][0]["name"] == "Changed"
