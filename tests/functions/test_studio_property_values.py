"""Values that cards have: which of them somebody means, and which a managed tag does not have."""

import pytest

from tests.functions.studio_shop import Studio, given

pytestmark = pytest.mark.anyio
BOTH_STORES = True
SHOES = [
    given("a1", brand="Adidas", colours=["Black", "Red"], price=80.0),
    given("a2", brand="Adidas", colours=["black"], price=90.0),
    given("a3", brand="adidas Originals", colours=["Crimson"], price=120.0),
    given("p1", brand="Puma", colours=["White", "Red"], price=60.0),
    given("c1", brand="Citroën", colours=["Blakc"], price=10.0),
]
NAMES = [
    {"id": "a1", "properties": [
        {"id": "kind", "value": "Shoe", "language": "en"},
        {"id": "kind", "value": "Sko", "language": "sv"},
    ]},
    {"id": "p1", "properties": [{"id": "kind", "value": "Boot", "language": "en"}]},
]  # fmt: skip
PROPERTIES = [
    {"id": "brand"}, {"id": "colours", "managed_tag_id": "colours"}, {"id": "price"},
    {"id": "kind"},
]  # fmt: skip
COLOURS = [
    {"key": "blk", "value": {"en": "Black", "sv": "Svart"}},
    {"key": "red", "value": {"en": "Red"}},
    {"key": "White", "value": {"en": "Snow white"}},
]


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_managed_tag", name="Colours", type="LocalizedText")
    await north.call("upsert_managed_tag_values", managed_tag_id="colours", values=COLOURS)
    await north.call("create_data_source", id="shoes", name="Shoes")
    for entries in (SHOES, NAMES):
        await north.call("import_data", source_id="shoes", entries=entries)
    await north.call(
        "create_card_definition",
        id="shoes",
        name="Shoes",
        sources=[{"source_id": "shoes"}],
        properties=PROPERTIES,
    )
    await north.call("activate_card_definition", card_definition_id="shoes")
    studio.work()
    yield north
    await north.close()


async def search(client, property_="brand", **asked):
    return await client.call(
        "search_property_values", card_definition_id="shoes", property_id=property_, **asked
    )


async def test_what_a_person_typed_becomes_the_value_that_finds_cards(north):
    found = await search(north, query="adiBas")
    best = found["items"][0]
    assert (best["value"], best["count"], found["total"]) == ("Adidas", 2, 4)
    assert best["score"] > found["items"][1]["score"]
    cards = await north.call(
        "search_cards",
        card_definition_id="shoes",
        filters=[{"property": "brand", "type": "text", "op": "eq", "value": best["value"]}],
    )
    assert [each["id"] for each in cards["items"]] == ["a1", "a2"]


async def test_without_a_query_the_most_frequent_come_first_and_filters_narrow(north):
    found = await search(north, limit=1)
    assert [(each["value"], each["count"]) for each in found["items"]] == [("Adidas", 2)]
    cheap = [{"property": "price", "type": "number", "op": "lt", "value": 70}]
    found = await search(north, filters=cheap)
    assert sorted(each["value"] for each in found["items"]) == ["Citroën", "Puma"]
    assert (await search(north, query="citroen"))["items"][0]["score"] == 1.0
    assert (await search(north, "price", query="80"))["items"][0]["value"] == 80.0


async def test_values_of_a_language_are_asked_alone(north):
    both = await search(north, "kind")
    assert sorted(each["value"] for each in both["items"]) == ["Boot", "Shoe", "Sko"]
    swedish = await search(north, "kind", language="SV")
    assert [each["value"] for each in swedish["items"]] == ["Sko"]
    refused = await north.refused(
        "search_property_values", card_definition_id="shoes", property_id="brand", language="sv"
    )
    assert "has no languages" in refused["message"]


async def test_values_are_told_beside_the_tag_and_those_it_does_not_have_are_listed(north):
    found = await search(north, "colours")
    assert {each["value"]: each["managed_tag_key"] for each in found["items"]} == {
        "Red": "red", "Black": "blk", "black": "blk", "White": "White", "Crimson": "", "Blakc": "",
    }  # fmt: skip
    outside = await search(north, "colours", outside_tag=True)
    assert sorted(each["value"] for each in outside["items"]) == ["Blakc", "Crimson"]
    added = [{"key": "crimson", "value": {"en": "Crimson"}}]
    await north.call("upsert_managed_tag_values", managed_tag_id="colours", values=added)
    outside = await search(north, "colours", outside_tag=True)
    assert [each["value"] for each in outside["items"]] == ["Blakc"]
    refused = await north.refused(
        "search_property_values",
        card_definition_id="shoes",
        property_id="brand",
        outside_tag=True,
    )
    assert refused["details"][0]["path"] == "outside_tag"


@pytest.mark.parametrize(
    ("property_", "said"),
    [
        ({"id": "brand", "managed_tag_id": "makers"}, "no managed tag 'makers'"),
        ({"id": "price", "managed_tag_id": "colours"}, "not Decimal"),
        ({"id": "kind", "managed_tag_id": "sizes"}, "no languages"),
    ],
)
async def test_a_property_that_cannot_take_its_values_from_a_tag_is_refused(north, property_, said):
    await north.call("create_managed_tag", id="sizes", name="Sizes")
    refused = await north.refused(
        "create_card_definition",
        id="more",
        name="More",
        sources=[{"source_id": "shoes"}],
        properties=[{"id": "name", "source_property_id": "brand"}, property_],
    )
    assert [each["path"] for each in refused["details"]] == ["properties[1].managed_tag_id"]
    assert said in refused["message"]


async def test_what_is_not_there_is_named_with_the_nearest(north):
    refused = await north.refused(
        "search_property_values", card_definition_id="shoe", property_id="brand"
    )
    assert (refused["code"], refused["near"]) == ("not_found", ["shoes"])
    refused = await north.refused(
        "search_property_values", card_definition_id="shoes", property_id="brnd"
    )
    assert refused["details"][0]["path"] == "property_id"
    assert "Did you mean brand" in refused["details"][0]["message"]
    await north.call(
        "create_card_definition", id="draft", name="Draft", sources=[{"source_id": "shoes"}]
    )
    refused = await north.refused(
        "search_property_values", card_definition_id="draft", property_id="brand"
    )
    assert (refused["code"], refused["status"]) == ("conflict", "Draft")


async def test_cards_of_one_tenant_are_nothing_in_another(studio, north):
    south = studio.connected("south")
    refused = await south.refused(
        "search_property_values", card_definition_id="shoes", property_id="brand"
    )
    assert (refused["code"], refused["near"]) == ("not_found", [])
    await south.close()
