"""The states of a card definition: edited, discarded, archived, brought back."""

import pytest

from tests.functions.card_shop import CardShop

pytestmark = pytest.mark.anyio
CARD = {"card_definition_id": "cards"}
SAME = {
    "id": "same",
    "name": "Same",
    "source_card_definition_id": "cards",
    "source_property_id": "id",
    "target_card_definition_id": "cards",
    "target_property_id": "id",
}


@pytest.fixture
async def shop(tmp_path):
    shop = await CardShop(tmp_path / "data").fill().open()
    yield await shop.stocked()
    await shop.north.close()
    shop.close()


async def status(shop, **change):
    return (await shop.call("update_card_definition", **CARD, **change))["status"]


async def test_pending_changes_are_discarded_and_an_activation_without_changes_does_nothing(shop):
    assert await status(shop, properties_remove=["photo"]) == "PendingChanges"
    back = await shop.call("update_card_definition", **CARD, discard=True)
    assert (back["status"], back["waiting"]["removed"]) == ("Active", [])
    again = await shop.activate()
    assert (again["job"], again["status"]) == (None, "Active")
    refused = await shop.refused("update_card_definition", **CARD, discard=True)
    assert "what can follow is: edit" in refused["message"]


async def test_an_archived_definition_is_out_of_use_until_it_is_brought_back(shop):
    before = await shop.cards()
    assert [await status(shop, status="Archived") for _ in range(2)] == ["Archived", "Archived"]
    for tool, asked in (
        ("search_cards", CARD),
        ("activate_card_definition", CARD),
        ("update_card_definition", {**CARD, "properties_remove": ["photo"]}),
        ("create_relation_definition", SAME),
        ("create_segment", {**CARD, "name": "All", "filter": []}),
    ):
        refused = await shop.refused(tool, **asked)
        assert (refused["code"], refused["status"]) == ("conflict", "Archived")
    assert await status(shop, status="Active") == "Active"
    assert await shop.cards() == before


async def test_what_relations_are_about_is_not_archived(shop):
    await shop.call("create_relation_definition", **SAME)
    refused = await shop.refused("update_card_definition", **CARD, status="Archived")
    assert (refused["code"], refused["used_by"]) == ("conflict", ["same"])
    await shop.call("delete_relation_definition", relation_id="same", confirm=True)
    assert await status(shop, status="Archived") == "Archived"


async def test_an_archived_draft_comes_back_as_a_draft(shop):
    draft = {"card_definition_id": "drafted"}
    sources = [{"source_id": "products"}]
    await shop.call("create_card_definition", id="drafted", name="D", sources=sources)
    for to, comes in (("Archived", "Archived"), ("Active", "Draft")):
        moved = await shop.call("update_card_definition", **draft, status=to)
        assert moved["status"] == comes
