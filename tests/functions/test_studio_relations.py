"""Relations: cards of two definitions that have the same value."""

import pytest

from tests.functions.studio_shop import Studio, given

pytestmark = pytest.mark.anyio
PRODUCTS = [
    given("tent", brand="ALPINA", fits=["pole", "peg"], year=2026),
    given("stove", brand="primus", year=2025),
    given("mug", brand="unknown"),
    given("rope"),
]
BRANDS = [
    given("b1", name="Alpina", country="SE", since=2026.0),
    given("b2", name="Primus", country="NO", since=1892.0),
    given("b3", name="Silva", country="SE"),
]


@pytest.fixture
async def north(tmp_path):
    studio = Studio(tmp_path / "data").fill()
    north = studio.connected()
    for source, entries in (("products", PRODUCTS), ("brands", BRANDS)):
        await north.call("create_data_source", id=source, name=source)
        await north.call("import_data", source_id=source, entries=entries)
        asked = {"name": source, "sources": [{"source_id": source}]}
        draft = await north.call("draft_card_definition", **asked)
        await north.call("create_card_definition", **draft["form"]["submit_arguments"])
        await north.call("activate_card_definition", card_definition_id=source)
    studio.work(5)
    north.studio = studio
    yield north
    await north.close()
    studio.close()


def between(source="brand", target="name", **more):
    return {
        "name": "Brand",
        "source_card_definition_id": "products",
        "source_property_id": source,
        "target_card_definition_id": "brands",
        "target_property_id": target,
        **more,
    }


async def found(north, card="products", **asked):
    relation = {"relation_id": "brand", **asked}
    page = await north.call("search_cards", card_definition_id=card, relations=[relation])
    return {each["id"] for each in page["items"]}


async def test_cards_are_found_by_what_they_are_related_to_from_either_side(north):
    made = await north.call("create_relation_definition", **between())
    assert made["id"] == "brand"
    assert (made["matched"], made["unmatched"], made["examples_unmatched"]) == (2, 1, ["mug"])
    assert await found(north) == {"tent", "stove"}
    assert await found(north, exists=False) == {"mug", "rope"}
    assert await found(north, target_ids=["b2", "b3"]) == {"stove"}
    swedish = [{"property": "country", "type": "text", "op": "eq", "value": "SE"}]
    assert await found(north, target_filters=swedish) == {"tent"}
    assert await found(north, "brands") == {"b1", "b2"}
    assert await found(north, "brands", target_ids=["tent"]) == {"b1"}


async def test_a_relation_follows_the_cards_without_anything_being_stored(north):
    await north.call("create_relation_definition", **between())
    await north.call("import_data", source_id="brands", entries=[given("b3", name="unknown")])
    await north.call("import_data", source_id="products", entries=[given("tent", brand="x")])
    north.studio.work(2)
    assert await found(north) == {"stove", "mug"}


async def test_lists_relate_by_each_element_and_keys_are_values_too(north):
    await north.call("create_relation_definition", **between("fits", "id"))
    await north.call("import_data", source_id="brands", entries=[given("peg", name="Peg")])
    north.studio.work(2)
    assert await found(north) == {"tent"}
    assert await found(north, "brands") == {"peg"}


async def test_a_whole_number_is_the_same_however_it_is_held(north):
    await north.call("create_relation_definition", **between("year", "since"))
    assert await found(north) == {"tent"}
    assert await found(north, "brands") == {"b1"}


async def test_what_cannot_be_related_is_refused(north):
    refused = await north.refused("create_relation_definition", **between("colour"))
    assert refused["details"][0]["path"] == "source_property_id"
    await north.call(
        "create_card_definition",
        id="drafted",
        name="D",
        sources=[{"source_id": "brands"}],
        properties=[{"id": "name"}],
    )
    drafted = between(target_card_definition_id="drafted")
    refused = await north.refused("create_relation_definition", **drafted)
    assert (refused["code"], refused["status"]) == ("conflict", "Draft")


async def test_a_relation_is_changed_and_deleted_and_keeps_what_it_compares(north):
    await north.call("create_relation_definition", **between())
    changed = await north.call(
        "update_relation_definition", relation_id="brand", target_property_id="country"
    )
    assert (changed["matched"], changed["unmatched"]) == (0, 3)
    await north.call("update_relation_definition", relation_id="brand", target_property_id="name")
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["relations"] == [
        {"id": "brand", "name": "Brand", "source": "products.brand", "target": "brands.name"}
    ]
    removed = {"card_definition_id": "products", "properties_remove": ["brand"]}
    await north.call("update_card_definition", **removed)
    refused = await north.refused("activate_card_definition", card_definition_id="products")
    assert refused["details"][0]["path"] == "relations.brand.source_property_id"
    refused = await north.refused("delete_card_definition", card_definition_id="brands")
    assert refused["used_by"] == ["brand"]
    graph = await north.call("list_configuration", focus="relation:brand", depth=1)
    assert {each["id"] for each in graph["nodes"]} == {"products", "brands", "brand"}
    plan = await north.refused("delete_relation_definition", relation_id="brand")
    assert plan["code"] == "confirmation_required"
    await north.call("delete_relation_definition", relation_id="brand", confirm=True)
    asked = {"card_definition_id": "products", "relations": [{"relation_id": "brand"}]}
    refused = await north.refused("search_cards", **asked)
    assert refused["code"] == "not_found"
