"""Sources of the studio: created, described, changed, drafted."""

from datetime import timedelta

import pytest

from tests.functions.studio_shop import Studio, given

pytestmark = pytest.mark.anyio
BOTH_STORES = True
PRINTERS = [
    given("p1", brand="HP", price=120.5, pages=1200, duplex=True, tags=["office", "laser"]),
    given("p2", brand="Xerox", price=80.0, pages=300, duplex=False, tags=["home"]),
    given("p3", brand="HP", price=45.0, duplex=False, tags=[]),
]


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    yield north
    await north.close()


@pytest.fixture
async def stocked(north):
    await north.call("create_data_source", id="products", name="Products")
    await north.call("import_data", source_id="products", entries=PRINTERS)
    return north


async def test_a_schema_tells_types_filters_fill_rates_and_examples(stocked):
    schema = await stocked.call("describe_data_source_schema", source_id="products")
    found = {each["id"]: each for each in schema["items"]}
    assert list(found) == ["brand", "duplex", "pages", "price", "tags"]
    assert (found["pages"]["type"], found["pages"]["fill_rate"]) == ("Integer", 0.6667)
    assert found["brand"]["sample_values"] == ["HP", "Xerox"]
    assert "starts_with" in found["brand"]["operators"]
    assert (found["tags"]["filter_type"], found["tags"]["delimiter"]) == ("list", ",")
    assert schema["entry_count"] == 3


async def test_sources_are_searched_changed_and_related(stocked):
    await stocked.call(
        "create_data_source",
        id="prices",
        name="Price list",
        properties=[
            {"id": "Net", "type": "Decimal"},
            {"id": "codes", "type": "List", "delimiter": "|"},
        ],
        related_source_ids=["products"],
        languages=["SV-se"],
    )
    found = await stocked.call("search_data_sources", query="list")
    (prices,) = found["items"]
    assert (prices["id"], prices["languages"], prices["entry_count"]) == ("prices", ["sv-SE"], 0)
    assert [each["id"] for each in prices["properties"]] == ["net", "codes"]
    changed = await stocked.call("update_data_source", source_id="prices", description="Net prices")
    assert changed["source"]["name"] == "Price list"
    graph = await stocked.call("list_configuration", focus="prices")
    assert graph["edges"] == [{"source": "prices", "target": "products", "kind": "relates"}]
    assert graph["definition"]["description"] == "Net prices"
    refused = await stocked.refused(
        "update_data_source", source_id="prices", related_source_ids=["prices"]
    )
    assert refused["details"][0]["path"] == "related_source_ids[0]"


async def test_sources_are_found_by_when_they_were_created_and_changed(studio, stocked):
    then = studio.clock.now()
    studio.clock.advance(60)
    await stocked.call("create_data_source", id="later", name="Later")
    studio.clock.advance(60)
    await stocked.call("update_data_source", source_id="products", description="Changed")
    since = (then + timedelta(seconds=30)).isoformat()
    for asked, ids in (
        ({"created_from": since}, ["later"]),
        ({"created_to": since}, ["products"]),
        ({"updated_from": since}, ["later", "products"]),
        ({"updated_from": (then + timedelta(seconds=90)).isoformat()}, ["products"]),
    ):
        found = await stocked.call("search_data_sources", **asked)
        assert [each["id"] for each in found["items"]] == ids, asked
    refused = await stocked.refused("search_data_sources", created_from="2026-01-01T00:00:00")
    assert refused["details"][0]["path"] == "created_from"


async def test_a_tenants_quota_of_sources_entries_and_calls_is_said_and_kept(studio, stocked):
    studio.do("set_tenant_quota", tenant="north", sources=1, entries=4)
    refused = await stocked.refused("create_data_source", id="more", name="More")
    assert (refused["code"], refused["limit"]) == ("too_large", 1)
    two = [given("p8", brand="x"), given("p9", brand="y")]
    refused = await stocked.refused("import_data", source_id="products", entries=two)
    assert (refused["entries"], refused["added"], refused["limit"]) == (3, 2, 4)
    await stocked.call("import_data", source_id="products", entries=[*PRINTERS, two[0]])
    studio.do("set_tenant_quota", tenant="north", sources=0, entries=0, calls=2)
    tried = [await stocked.tried("search_data_sources") for _ in range(4)]
    limited = [value for value, failed in tried if failed]
    assert limited[0]["code"] == "rate_limited"
    assert "tenant" in limited[0]["message"]
    south = studio.connected("south")
    assert (await south.call("search_data_sources"))["total"] == 0
    await south.close()


async def test_an_unknown_source_is_told_with_the_nearest_there_is(stocked):
    refused = await stocked.refused("search_entries", source_id="product")
    assert (refused["code"], refused["near"]) == ("not_found", ["products"])


async def test_names_of_properties_change_and_what_a_type_needs_is_said(stocked):
    renamed = await stocked.call(
        "upsert_data_source_properties",
        source_id="products",
        properties=[{"id": "price", "display_name": "Net price"}, {"id": "ean", "type": "Text"}],
    )
    assert [(each["id"], each["type"]) for each in renamed["properties"]] == [
        ("price", "Decimal"), ("ean", "Text"),
    ]  # fmt: skip
    assert (renamed["job_id"], renamed["reindexed"]) == ("", [])
    wrong = await stocked.refused(
        "upsert_data_source_properties",
        source_id="products",
        properties=[
            {"id": "colors", "type": "List"},
            {"id": "sku", "type": "Text", "delimiter": ","},
        ],
    )
    assert [each["path"] for each in wrong["details"]] == [
        "properties[0].delimiter", "properties[1].delimiter",
    ]  # fmt: skip


async def test_a_draft_works_out_properties_and_stores_nothing(north):
    draft = await north.call(
        "draft_data_source",
        name="Nya Skrivare",
        sample_entries=[
            {"id": 1, "Price": 10, "Released": "2026-01-01T00:00:00Z"},
            {"id": 2, "Price": 12.5, "Colors": ["red"]},
        ],
    )
    assert (draft["draft"]["id"], draft["ready"]) == ("nya-skrivare", True)
    assert draft["form"]["submit_arguments"]["properties"] == [
        {"id": "price", "type": "Decimal"},
        {"id": "released", "type": "Timestamp"},
        {"id": "colors", "type": "List", "delimiter": "|"},
    ]
    assert (await north.call("search_data_sources"))["total"] == 0
    await north.call("create_data_source", **draft["form"]["submit_arguments"])
    assert (await north.call("search_data_sources"))["total"] == 1
    again = await north.call("draft_data_source", id="nya-skrivare")
    assert not again["ready"]
