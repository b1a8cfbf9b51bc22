"""Properties of a source that change their type or go: a job converts, and undo takes it back."""

import pytest

from tests.functions.studio_shop import Studio, given, shown
from tests.mortal import dies, sweep

pytestmark = pytest.mark.anyio
BOTH_STORES = True
ENTRIES = [
    given("p1", size="12", tags=["a", "b"]),
    given("p2", size="large", tags=["a|b"]),
    given("p3", size="7"),
]


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products", languages=["sv", "en"])
    await north.call("import_data", source_id="products", entries=ENTRIES)
    yield north
    await north.close()


async def entries(north):
    found = await north.call("get_entries", source_id="products", ids=["p1", "p2", "p3"])
    return {each["id"]: shown(each) for each in found["items"]}


async def retype(north, studio, property_="size", **to):
    """The job of giving a property another type, when it is over."""
    changed = await north.call(
        "upsert_data_source_properties",
        source_id="products",
        properties=[{"id": property_, **to}],
        confirm=True,
    )
    assert changed["reindexed"] == [property_]
    studio.work()
    return await north.call("get_job", job_id=changed["job_id"])


async def test_a_type_changes_with_every_value_that_has_one_of_it(north, studio):
    asked = {"source_id": "products", "properties": [{"id": "size", "type": "Integer"}]}
    tried = await north.call("upsert_data_source_properties", **asked, dry_run=True)
    assert tried["lost"] == [{"entry_id": "p2", "property": "size", "value": "large"}]
    plan = await north.refused("upsert_data_source_properties", **asked)
    assert (plan["code"], plan["counts"]) == ("confirmation_required", {"lost": 1, "entries": 3})
    job = await retype(north, studio, type="Integer")
    assert (job["state"], job["result"]["changed"], job["result"]["lost"]) == ("succeeded", 3, 1)
    assert (job["result"]["examples"], job["done"]) == (tried["lost"], 3)
    found = await north.call(
        "search_entries",
        source_id="products",
        filters=[{"property": "size", "type": "number", "op": "gte", "value": 7}],
        sort=[{"property": "size"}],
    )
    assert [shown(each)["size"] for each in found["items"]] == [7, 12]
    history = await north.call("get_entry_history", source_id="products", entry_id="p2")
    assert history["items"][0]["change_type"] == "retyped"
    assert "large" in [each["old"] for each in history["items"][0]["changes"]]


async def test_a_change_of_type_is_taken_back_with_what_was_written_since(north, studio):
    before = await entries(north)
    job = await retype(north, studio, type="Integer")
    await north.call("import_data", source_id="products", entries=[given("p9", size=40)])
    undone = await north.call("revert_import", source_id="products", import_id=job["import_id"])
    assert (undone["restored"], undone["conflicts"]) == (3, [])
    studio.work()
    assert await entries(north) == before
    schema = await north.call("describe_data_source_schema", source_id="products", query="size")
    assert [(each["type"], each["state"]) for each in schema["items"]] == [("Text", "Active")]
    found = await north.call(
        "search_entries",
        source_id="products",
        filters=[{"property": "size", "type": "text", "op": "eq", "value": "40"}],
    )
    assert [each["id"] for each in found["items"]] == ["p9"]


@pytest.mark.parametrize(
    ("property_", "to", "values"),
    [
        ("size", {"type": "Decimal"}, [12.0, None, 7.0]),
        ("size", {"type": "List", "delimiter": "a"}, [["12"], ["l", "rge"], ["7"]]),
        ("tags", {"type": "Text"}, ["a,b", "a|b", None]),
        ("tags", {"type": "List", "delimiter": "|"}, [["a", "b"], None, None]),
    ],
    ids=str,
)
async def test_values_convert_by_way_of_their_text(north, studio, property_, to, values):
    if to.get("delimiter") == "a":
        refused = await north.refused(
            "upsert_data_source_properties",
            source_id="products",
            properties=[{"id": property_, **to}],
        )
        assert refused["details"][0]["path"] == "properties[0].delimiter"
        return
    await retype(north, studio, property_, **to)
    found = await entries(north)
    assert [found[key].get(property_) for key in ("p1", "p2", "p3")] == values


async def test_text_becomes_localized_in_the_first_language_and_back(north, studio):
    await retype(north, studio, type="LocalizedText")
    assert (await entries(north))["p2"]["size.sv"] == "large"
    await retype(north, studio, type="Text")
    assert (await entries(north))["p2"]["size"] == "large"
    await north.call("create_data_source", id="plain", name="Plain")
    await north.call("import_data", source_id="plain", entries=[given("x", name="x")])
    refused = await north.refused(
        "upsert_data_source_properties",
        source_id="plain",
        properties=[{"id": "name", "type": "LocalizedText"}],
    )
    assert "languages" in refused["message"]


async def test_while_a_job_changes_a_property_nobody_else_does(north):
    asked = {"source_id": "products", "properties": [{"id": "size", "type": "Integer"}]}
    await north.call("upsert_data_source_properties", **asked, confirm=True)
    again = await north.refused("upsert_data_source_properties", **asked, confirm=True)
    assert (again["code"], again["property"]) == ("conflict", "size")
    await north.call("import_data", source_id="products", entries=[given("p3", size=8)])
    refused = await north.refused(
        "import_data", source_id="products", entries=[given("p3", size="eight")]
    )
    assert refused["code"] == "validation_error"


async def test_a_property_is_deleted_after_its_plan_and_comes_back(north, studio):
    before = await entries(north)
    asked = {"source_id": "products", "property_id": "Tags"}
    plan = await north.refused("delete_data_source_property", **asked)
    assert (plan["code"], plan["counts"]) == ("confirmation_required", {"entries": 2})
    job = await north.call("delete_data_source_property", **asked, confirm=True)
    refused = await north.refused(
        "import_data", source_id="products", entries=[given("p3", tags=["c"])]
    )
    assert (refused["code"], refused["property"]) == ("conflict", "tags")
    studio.work()
    assert all("tags" not in values for values in (await entries(north)).values())
    schema = await north.call("describe_data_source_schema", source_id="products")
    assert [each["id"] for each in schema["items"]] == ["size"]
    gone = await north.refused("delete_data_source_property", **asked)
    assert gone["code"] == "not_found"
    await north.call("revert_import", source_id="products", import_id=job["import_id"])
    assert await entries(north) == before


async def test_a_cancelled_change_is_taken_back(north, studio):
    before = await entries(north)
    changed = await north.call(
        "upsert_data_source_properties",
        source_id="products",
        properties=[{"id": "size", "type": "Integer"}],
        confirm=True,
    )
    await north.call("cancel_job", job_id=changed["job_id"])
    studio.work()
    await north.call("revert_import", source_id="products", import_id=changed["import_id"])
    studio.work()
    assert await entries(north) == before
    await north.call("import_data", source_id="products", entries=[given("p3", size="free")])


async def test_older_versions_and_imports_come_back_in_the_types_of_now(north, studio):
    cleared = await north.call(
        "import_data", source_id="products", entries=[{"id": "p1", "delete": True}]
    )
    await retype(north, studio, type="Integer")
    await north.call("revert_import", source_id="products", import_id=cleared["import_id"])
    assert (await entries(north))["p1"]["size"] == 12
    await north.call("restore_entry_version", source_id="products", entry_id="p2", version=1)
    assert (await entries(north))["p2"]["size"] is None


@pytest.mark.slow
async def test_killed_at_any_change_a_property_is_converted_once(tmp_path):
    studio = Studio(tmp_path / "data").fill()
    deaths = 0
    while True:
        north = studio.connected()
        source = f"s{deaths}"
        await north.call("create_data_source", id=source, name="Sizes")
        many = [given(f"e{number}", size=str(number)) for number in range(300)]
        await north.call("import_data", source_id=source, entries=many)
        changed = await north.call(
            "upsert_data_source_properties",
            source_id=source,
            properties=[{"id": "size", "type": "Integer"}],
        )
        taken = next(iter(iter(studio.app.queue.take, None)))
        while taken.body["id"].partition(":")[2] != changed["job_id"]:
            studio.job(taken.job, taken.body)
            studio.app.queue.finish(taken)
            taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        killed = dies(studio, taken, deaths)
        sweep(studio)
        await north.close()
        north = studio.connected()
        job = await north.call("get_job", job_id=changed["job_id"])
        assert (job["state"], job["result"]["changed"]) == ("succeeded", 300)
        found = await north.call(
            "search_entries",
            source_id=source,
            filters=[{"property": "size", "type": "number", "op": "gte", "value": 0}],
            limit=1,
        )
        assert (found["total"], found["items"][0]["version"]) == (300, 2)
        await north.close()
        if not killed:
            break
        deaths += 1
    assert deaths > 3
    studio.close()
