"""Cards: defined, built from their sources, and kept true while entries change."""

import pytest

from shared.ports.documents import Query
from shared.queries import COLLECTIONS
from tests.functions.studio_shop import Studio, given, shown

pytestmark = pytest.mark.anyio
BOTH_STORES = True
ENTRIES = [
    given("p1", title="Tent", price=289.0, brand="Alpina"),
    given("p2", title="Stove", price=49.5, brand="Primus"),
]
CARDS = [{"id": "name", "source_property_id": "title"}, {"id": "price"}, {"id": "brand"}]


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products")
    await north.call("import_data", source_id="products", entries=ENTRIES)
    yield north
    await north.close()


async def define(north, studio, properties=CARDS, id_="products", sources=("products",)):
    """A card definition whose cards are built."""
    named = [each if isinstance(each, dict) else {"source_id": each} for each in sources]
    await north.call(
        "create_card_definition", id=id_, name="Products", sources=named, properties=properties
    )
    return await activate(north, studio, id_)


async def activate(north, studio, id_="products"):
    begun = await north.call("activate_card_definition", card_definition_id=id_)
    studio.work()
    job = await north.call("get_job", job_id=begun["job"]["id"])
    assert job["state"] == "succeeded", job
    return job


async def cards(north, id_="products", **asked):
    found = await north.call("search_cards", card_definition_id=id_, **asked)
    return {each["id"]: shown(each) for each in found["items"]}


async def test_cards_are_built_and_follow_their_entries(north, studio):
    job = await define(north, studio)
    assert job["result"] == {"cards": 2, "revision": 1}
    assert await cards(north) == {
        "p1": {"name": "Tent", "price": 289.0, "brand": "Alpina"},
        "p2": {"name": "Stove", "price": 49.5, "brand": "Primus"},
    }
    entries = [given("p1", price=250.0), given("p3", title="Mug"), {"id": "p2", "delete": True}]
    await north.call("import_data", source_id="products", entries=entries)
    studio.work()
    assert await cards(north) == {
        "p1": {"name": "Tent", "price": 250.0, "brand": "Alpina"},
        "p3": {"name": "Mug"},
    }
    found = await north.call("search_cards", card_definition_id="products")
    source = await north.call("search_entries", source_id="products", limit=0)
    assert found["inputs"] == {"products": source["revision"]}


async def test_changes_of_an_active_definition_wait_until_they_are_activated(north, studio):
    await define(north, studio)
    changed = await north.call(
        "update_card_definition",
        card_definition_id="products",
        properties_upsert=[
            {"id": "price", "type": "Text"},
            {"id": "label", "source_property_id": "brand"},
        ],
        properties_remove=["brand"],
    )
    assert changed["status"] == "PendingChanges"
    assert changed["waiting"] == {"added": ["label"], "changed": ["price"], "removed": ["brand"]}
    described = await north.call("describe_card_definition", card_definition_id="products")
    pending = described["definition"]["pending"]
    assert [each["id"] for each in pending["added"]] == ["label"]
    assert [(each["id"], each["type"]) for each in pending["changed"]] == [("price", "Text")]
    assert (await cards(north))["p1"] == {"name": "Tent", "price": 289.0, "brand": "Alpina"}
    await activate(north, studio)
    assert (await cards(north))["p1"] == {"name": "Tent", "price": "289", "label": "Alpina"}
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["definition"]["status"] == "Active"
    assert (described["definition"]["revision"], described["definition"]["pending"]) == (2, None)
    assert (described["card_count"], described["filled"]) == (
        2,
        {"name": 1.0, "price": 1.0, "label": 1.0},
    )


async def test_a_card_is_made_of_several_sources_and_the_first_value_wins(north, studio):
    await north.call(
        "create_data_source", id="prices", name="Prices", related_source_ids=["products"]
    )
    await north.call("create_data_source", id="photos", name="Photos")
    photos = [
        given("f1", of="p1", url="https://shop.example/1.jpg"),
        given("f2", of="p1", url="https://shop.example/2.jpg"),
        given("f3", of="p9", url="https://shop.example/3.jpg"),
    ]
    await north.call("import_data", source_id="photos", entries=photos)
    prices = [given("p1", price=250.0), given("p2", title="Cooker", note="new")]
    await north.call("import_data", source_id="prices", entries=prices)
    properties = [
        {"id": "name", "source_property_id": "title"},
        {"id": "name", "source_id": "prices", "source_property_id": "title"},
        {"id": "price", "source_id": "prices"},
        {"id": "price"},
        {"id": "photo", "source_id": "photos", "source_property_id": "url"},
    ]
    await define(
        north,
        studio,
        properties,
        sources=("products", "prices", {"source_id": "photos", "join_property": "of"}),
    )
    assert await cards(north) == {
        "p1": {"name": "Tent", "price": 250.0, "photo": "https://shop.example/1.jpg"},
        "p2": {"name": "Stove", "price": 49.5},
        "p9": {"photo": "https://shop.example/3.jpg"},
    }
    moved = [given("f1", of="p2"), given("f2", of="P1"), given("f3", of="p2")]
    await north.call("import_data", source_id="photos", entries=moved)
    await north.call("import_data", source_id="prices", entries=[{"id": "p1", "delete": True}])
    studio.work()
    assert await cards(north) == {
        "P1": {"photo": "https://shop.example/2.jpg"},
        "p1": {"name": "Tent", "price": 289.0},
        "p2": {"name": "Stove", "price": 49.5, "photo": "https://shop.example/1.jpg"},
    }


async def test_more_cards_than_one_step_computes_are_built_and_walked_again(north, studio):
    for at in (0, 400, 800):
        entries = [given(f"n{number:04}", title="New") for number in range(at, at + 400)]
        await north.call("import_data", source_id="products", entries=entries)
    job = await define(north, studio)
    assert job["result"]["cards"] == 1202
    await north.call("update_data_source", source_id="products", languages=["sv"])
    studio.work(5)
    found = await north.call("search_cards", card_definition_id="products", query="new", limit=0)
    assert found["total"] == 1200


async def test_what_does_not_convert_is_left_out_counted_and_listed(north, studio):
    entries = [given("p3", title="Mug", size="12"), given("p4", title="Bag", size="large")]
    await north.call("import_data", source_id="products", entries=entries)
    properties = [*CARDS, {"id": "size", "type": "Integer"}]
    await define(north, studio, properties)
    found = await cards(north)
    assert (found["p3"]["size"], "size" in found["p4"]) == (12, False)
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["lost"] == [{"property": "size", "cards": 1, "examples": ["p4"]}]
    (bag,) = (await north.call("search_cards", card_definition_id="products", query="bag"))["items"]
    assert bag["lost"] == ["size"]
    await north.call("import_data", source_id="products", entries=[given("p4", size="40")])
    studio.work()
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["lost"] == []


async def test_a_property_that_is_retyped_reaches_the_cards(north, studio):
    await define(
        north, studio, [*CARDS, {"id": "price_text", "source_property_id": "price", "type": "Text"}]
    )
    await north.call(
        "upsert_data_source_properties",
        source_id="products",
        properties=[{"id": "price", "type": "Integer"}],
        confirm=True,
    )
    studio.work()
    found = await cards(north)
    assert (found["p1"]["price"], found["p1"]["price_text"]) == (289.0, "289")
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["definition"]["properties"][1]["type"] == "Decimal"


async def test_cards_are_searched_as_entries_are(north, studio):
    await define(north, studio)
    found = await north.call(
        "search_cards",
        card_definition_id="products",
        filters=[{"property": "price", "type": "number", "op": "lt", "value": 100}],
        facets=[{"property": "brand"}],
        sort=[{"property": "price"}],
    )
    assert [each["id"] for each in found["items"]] == ["p2"]
    assert found["facets"][0]["values"] == [{"value": "Primus", "count": 1}]
    wrong = await north.refused(
        "search_cards",
        card_definition_id="products",
        filters=[{"property": "titel", "type": "text", "op": "eq", "value": "x"}],
    )
    assert wrong["details"][0]["path"] == "filters[0].property"


async def test_a_definition_that_does_not_fit_says_everything_that_is_wrong(north):
    await north.call("create_data_source", id="other", name="Other")
    refused = await north.refused(
        "create_card_definition",
        id="cards",
        name="Cards",
        sources=[{"source_id": "products"}, {"source_id": "other"}, {"source_id": "none"}],
        properties=[
            {"id": "price", "type": "List"},
            {"id": "size"},
            {"id": "name", "source_id": "elsewhere"},
        ],
    )
    assert [each["path"] for each in refused["details"]] == [
        "sources[2].source_id",
        "sources[1]",
        "properties[0].delimiter",
        "properties[1].source_property_id",
        "properties[2].source_id",
    ]
    join = {"source_id": "other", "join_property": "of"}
    refused = await north.refused(
        "create_card_definition", id="cards", name="Cards", sources=["products", join][1:]
    )
    assert refused["details"][0]["path"] == "sources[0].join_property"


async def test_a_draft_proposes_the_properties_of_its_sources(north):
    sources = [{"source_id": "products"}]
    draft = await north.call("draft_card_definition", name="All products", sources=sources)
    assert (draft["ready"], draft["draft"]["id"]) == (True, "all-products")
    assert [(each["id"], each["type"]) for each in draft["draft"]["properties"]] == [
        ("title", "Text"),
        ("price", "Decimal"),
        ("brand", "Text"),
    ]
    made = await north.call("create_card_definition", **draft["form"]["submit_arguments"])
    assert made["status"] == "Draft"
    again = await north.call("draft_card_definition", name="All products", sources=sources)
    assert [each["field"] for each in again["issues"]] == ["id"]
    refused = await north.refused("search_cards", card_definition_id="all-products")
    assert (refused["code"], refused["status"]) == ("conflict", "Draft")


async def test_what_cards_are_made_of_cannot_be_deleted_under_them(north, studio):
    await define(north, studio)
    refused = await north.refused("delete_data_source", source_id="products")
    assert refused["used_by"] == ["products"]
    refused = await north.refused(
        "delete_data_source_property", source_id="products", property_id="brand"
    )
    assert refused["used_by"] == ["products"]


async def test_a_property_may_name_a_managed_tag_which_then_stays(north):
    named = [{"id": "brand", "managed_tag_id": "brands"}]
    asked = {"id": "cards", "name": "Cards", "sources": [{"source_id": "products"}]}
    refused = await north.refused("create_card_definition", **asked, properties=named)
    assert refused["details"][0]["path"] == "properties[0].managed_tag_id"
    await north.call("create_managed_tag", id="brands", name="Brands")
    await north.call("create_card_definition", **asked, properties=named)
    refused = await north.refused("delete_managed_tag", managed_tag_id="brands")
    assert (refused["code"], refused["used_by"]) == ("conflict", ["cards"])


async def test_the_configuration_shows_cards_with_what_feeds_them_and_a_focused_one_whole(
    north, studio
):
    await define(north, studio, id_="cards")
    listed = await north.call("list_configuration")
    assert {(each["id"], each["kind"], each["status"]) for each in listed["nodes"]} == {
        ("products", "source", "Active"),
        ("cards", "card", "Active"),
    }
    assert listed["edges"] == [{"source": "products", "target": "card:cards", "kind": "feeds"}]
    focused = await north.call("list_configuration", focus="card:cards")
    assert focused["definition"]["content"]["sources"] == [{"source_id": "products"}]
    assert {each["id"] for each in focused["nodes"]} == {"products", "cards"}


async def test_a_deleted_definition_takes_its_cards_with_it_and_leaves_the_entries(north, studio):
    await define(north, studio)
    plan = await north.refused("delete_card_definition", card_definition_id="products")
    assert (plan["code"], plan["counts"]) == ("confirmation_required", {"cards": 2})
    await north.call("delete_card_definition", card_definition_id="products", confirm=True)
    await north.call("import_data", source_id="products", entries=[given("p5", title="Rope")])
    refused = await north.refused("search_cards", card_definition_id="products")
    assert refused["code"] == "not_found"
    assert (await north.call("search_entries", source_id="products", limit=0))["total"] == 3
    studio.work(2 * 3600)
    collections = studio.app.documents.query(Query(COLLECTIONS, parents=("north",))).items
    assert {each.id for each in collections} == {"config", "members.products", "source.products"}


async def test_a_build_that_was_stopped_can_be_begun_again(north, studio):
    await north.call(
        "create_card_definition",
        id="products",
        name="Products",
        sources=[{"source_id": "products"}],
        properties=CARDS,
    )
    begun = await north.call("activate_card_definition", card_definition_id="products")
    assert begun["status"] == "Updating"
    busy = await north.refused("activate_card_definition", card_definition_id="products")
    assert (busy["code"], busy["job_id"]) == ("conflict", begun["job"]["id"])
    await north.call("cancel_job", job_id=begun["job"]["id"])
    studio.work()
    described = await north.call("describe_card_definition", card_definition_id="products")
    assert described["definition"]["status"] == "Draft"
    job = await activate(north, studio)
    assert job["result"] == {"cards": 2, "revision": 2}
    assert set(await cards(north)) == {"p1", "p2"}


async def test_who_only_reads_defines_nothing(studio, north):
    viewer = studio.connected(subject="eddi", scopes=["studio:read"])
    await viewer.forbidden("create_card_definition", id="x", name="X", sources=[])
    await viewer.close()
    editor = studio.connected(subject="eddi")
    said = await editor.forbidden("activate_card_definition", card_definition_id="products")
    assert "publisher" in said
    await editor.close()


async def test_what_is_required_and_missing_is_counted_named_and_asked_for(studio, north):
    await north.call("create_data_source", id="texts", name="Texts", languages=["sv", "en"])
    texts = [
        {"id": key, "properties": [{"id": "name", "value": "N", "language": each} for each in of]}
        for key, of in {"a": ("sv", "en"), "b": ("sv",), "c": ()}.items()
    ]
    await north.call("import_data", source_id="texts", entries=texts)
    await north.call("import_data", source_id="texts", entries=[given("a", ean="1")])
    await north.call("import_data", source_id="texts", entries=[given("b", ean="2")])
    properties = [{"id": "name", "required": True}, {"id": "ean", "required": True}]
    await define(north, studio, properties, "texts", ["texts"])
    described = await north.call("describe_card_definition", card_definition_id="texts")
    assert described["complete"] == {"_": 0.3333, "sv": 0.6667, "en": 0.3333}

    async def found(value, language="", tool="search_cards"):
        complete = {"type": "complete", "op": "eq", "value": value, "language": language}
        page = await north.call(tool, card_definition_id="texts", filters=[complete])
        return {each["id"]: each["missing"] for each in page["items"]}

    assert await found(value=True) == {"a": []}
    assert await found(value=True, language="sv") == {"a": [], "b": ["name.en"]}
    assert await found(value=False, language="en") == {
        "b": ["name.en"],
        "c": ["name.sv", "name.en", "ean"],
    }
    complete = {"type": "complete", "op": "eq", "value": True, "language": "sv"}
    made = await north.call(
        "create_segment", name="Swedish", card_definition_id="texts", filter=[complete]
    )
    assert made["preview"]["count"] == 2
    await north.call("update_data_source", source_id="texts", languages=["sv"])
    studio.work(2)
    assert await found(value=True) == {"a": [], "b": []}
    asked = {"segments": {"any_of": ["swedish"]}, "card_definition_id": "texts"}
    assert (await north.call("search_cards", **asked))["total"] == 2
    refused = await north.refused(
        "search_cards", card_definition_id="texts", filters=[{**complete, "language": "fi"}]
    )
    assert refused["details"][0]["path"] == "filters[0].language"
    refused = await north.refused("search_entries", source_id="texts", filters=[complete])
    assert refused["code"] == "validation_error"
