"""The studio: an owner's assistant signs in, defines sources, imports, asks, and undoes."""

from datetime import timedelta

import pytest

from tests.functions.studio_shop import ADDRESS, Studio, given, shown

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


async def search(client, *filters, **more):
    found = await client.call("search_entries", source_id="products", filters=list(filters), **more)
    return [entry["id"] for entry in found["items"]]


async def test_without_a_tenant_only_whoami_answers_and_lists_the_tenants(studio):
    anywhere = studio.connected("")
    found = await anywhere.call("whoami")
    assert (found["organization"], found["tenant"], found["role"]) == ("shop", "", "owner")
    assert [each["address"] for each in found["tenants"]] == [
        ADDRESS.replace("/mcp", f"/{tenant}/mcp") for tenant in ("north", "south")
    ]
    refused = await anywhere.refused("list_configuration")
    assert refused["code"] == "tenant_required"
    await anywhere.close()


async def test_what_is_imported_is_found_at_once_and_new_properties_have_types(north):
    await north.call("create_data_source", id="products", name="Products")
    done = await north.call("import_data", source_id="products", entries=PRINTERS)
    assert (done["accepted"], done["upserted"], done["unchanged"]) == (3, 3, 0)
    assert {each["id"]: each["type"] for each in done["new_properties"]} == {
        "brand": "Text", "price": "Decimal", "pages": "Integer", "duplex": "Boolean",
        "tags": "List",
    }  # fmt: skip
    found = await north.call(
        "search_entries",
        source_id="products",
        filters=[{"property": "brand", "type": "text", "op": "eq", "value": "hp"}],
        facets=[{"property": "tags"}],
        sort=[{"property": "price"}],
    )
    assert [entry["id"] for entry in found["items"]] == ["p3", "p1"]
    assert (found["total"], found["revision"], found["freshness"]["behind"]) == (2, 1, 0)
    assert shown(found["items"][1]) == {
        "brand": "HP", "price": 120.5, "pages": 1200, "duplex": True, "tags": ["office", "laser"],
    }  # fmt: skip
    assert found["facets"][0]["values"] == [
        {"value": "laser", "count": 1},
        {"value": "office", "count": 1},
    ]


async def test_importing_the_same_again_changes_nothing(stocked):
    again = await stocked.call("import_data", source_id="products", entries=PRINTERS)
    assert (again["upserted"], again["unchanged"], again["revision"]) == (0, 3, 1)
    assert again["revisions"] == []


async def test_every_wrong_value_is_named_and_nothing_is_stored(stocked):
    wrong = [
        given("p9", price="cheap"),
        given("p1", pages=1.5, unknown=None),
        {"id": "p2", "properties": [{"id": "brand", "value": "HP", "language": "sv"}]},
        given("p3", tags=["a,b"]),
        given("p9", brand="twice"),
    ]
    refused = await stocked.refused("import_data", source_id="products", entries=wrong)
    assert refused["code"] == "validation_error"
    assert [each["path"] for each in refused["details"]] == [
        "entries[0].properties[0].value",
        "entries[1].properties[0].value",
        "entries[1].properties[1].value",
        "entries[2].properties[0].language",
        "entries[3].properties[0].value",
        "entries[4].id",
    ]
    found = await stocked.call("search_entries", source_id="products", limit=0)
    assert (found["total"], found["revision"]) == (3, 1)


async def test_languages_are_kept_apart_and_null_clears_one(north):
    await north.call("create_data_source", id="products", name="Products")
    values = [
        {"id": "title", "value": "Skrivare", "language": "SV"},
        {"id": "title", "value": "Printer", "language": "en"},
    ]
    await north.call(
        "import_data", source_id="products", entries=[{"id": "p1", "properties": values}]
    )
    cleared = [{"id": "title", "value": None, "language": "sv"}]
    await north.call(
        "import_data", source_id="products", entries=[{"id": "p1", "properties": cleared}]
    )
    found = await north.call("get_entries", source_id="products", ids=["p1", "p2"])
    assert shown(found["items"][0]) == {"title.en": "Printer"}
    assert found["missing"] == ["p2"]
    history = await north.call("get_entry_history", source_id="products", entry_id="p1")
    assert history["items"][0]["changes"] == [
        {"property": "title", "language": "sv", "old": "Skrivare", "new": None}
    ]


@pytest.mark.parametrize(
    ("given_filter", "found"),
    [
        ({"property": "price", "type": "number", "op": "between", "value": [40, 90]}, ["p2", "p3"]),
        ({"property": "brand", "type": "text", "op": "ne", "value": "HP"}, ["p2"]),
        ({"property": "brand", "type": "text", "op": "in", "value": ["xerox"]}, ["p2"]),
        ({"property": "pages", "type": "number", "op": "missing"}, ["p3"]),
        ({"property": "tags", "type": "list", "op": "any_of", "value": ["laser", "home"]},
         ["p1", "p2"]),
        ({"property": "tags", "type": "list", "op": "none_of", "value": ["home"]}, ["p1", "p3"]),
        ({"property": "duplex", "type": "boolean", "op": "eq", "value": True}, ["p1"]),
        ({"type": "key", "op": "prefix", "value": "p"}, ["p1", "p2", "p3"]),
        ({"type": "updated_at", "op": "within_last", "value": "PT1H"}, ["p1", "p2", "p3"]),
        ({"not": [{"property": "brand", "type": "text", "op": "eq", "value": "HP"}]}, ["p2"]),
        ({"any": [{"property": "brand", "type": "text", "op": "eq", "value": "Xerox"},
                  {"property": "price", "type": "number", "op": "lt", "value": 50}]},
         ["p2", "p3"]),
    ],
    ids=str,
)  # fmt: skip
async def test_a_typed_filter_finds_what_it_says(stocked, given_filter, found):
    assert await search(stocked, given_filter) == found


@pytest.mark.parametrize(
    ("given_filter", "path", "said"),
    [
        ({"property": "price", "type": "text", "op": "eq", "value": "1"},
         "filters[0].type", "'number'"),
        ({"property": "prise", "type": "number", "op": "eq", "value": 1},
         "filters[0].property", "price"),
        ({"property": "price", "type": "number", "op": "like", "value": 1},
         "filters[0].op", "between"),
        ({"property": "brand", "type": "text", "op": "in", "value": "HP"},
         "filters[0].value", "list"),
        ({"any": []}, "filters[0]", "one of any"),
    ],
    ids=str,
)  # fmt: skip
async def test_a_filter_that_cannot_be_asked_says_what_to_ask_instead(
    stocked, given_filter, path, said
):
    refused = await stocked.refused("search_entries", source_id="products", filters=[given_filter])
    assert refused["code"] == "validation_error"
    assert refused["details"][0]["path"] == path
    assert said in refused["details"][0]["message"]


@pytest.mark.parametrize(
    ("entries", "path", "said"),
    [
        ("p1", "entries", "Input should be a valid list"),
        ([], "entries", "List should have at least 1 item, not 0"),
        (["p1"], "entries[0]", "Input should be a valid object"),
        ([{"id": "p1", "colour": 1}], "entries[0].colour", "Extra inputs are not permitted"),
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_wrong_is_said_once_and_in_words_of_json(stocked, entries, path, said):
    refused = await stocked.refused("import_data", source_id="products", entries=entries)
    assert refused["details"] == [{"path": path, "message": said}]


async def test_a_walk_in_any_order_meets_each_entry_once(stocked):
    met, cursor = [], ""
    while True:
        page = await stocked.call(
            "search_entries",
            source_id="products",
            limit=1,
            sort=[{"property": "price", "dir": "desc"}],
            cursor=cursor,
        )
        met += [entry["id"] for entry in page["items"]]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    assert met == ["p1", "p2", "p3"]


async def test_stored_entries_are_listed_newest_change_first_and_by_key(stocked):
    await stocked.call(
        "import_data",
        source_id="products",
        entries=[given("p2", price=79.0)],
        correlation_id="mine",
    )
    listed = await stocked.call("list_source_entries", source_id="products", limit=2)
    assert [each["id"] for each in listed["items"]] == ["p2", "p1"]
    assert listed["items"][0]["values"]["n.price"] == 79.0
    assert (listed["items"][0]["version"], listed["items"][0]["correlation_id"]) == (2, "mine")
    rest = await stocked.call(
        "list_source_entries", source_id="products", limit=2, cursor=listed["next_cursor"]
    )
    assert ([each["id"] for each in rest["items"]], rest["has_more"]) == (["p3"], False)
    by_key = await stocked.call("list_source_entries", source_id="products", sort="key")
    assert [each["id"] for each in by_key["items"]] == ["p1", "p2", "p3"]


async def test_stored_entries_of_a_time_are_listed(studio, stocked):
    then = studio.clock.now()
    studio.clock.advance(60)
    await stocked.call("import_data", source_id="products", entries=[given("p2", price=79.0)])
    studio.clock.advance(60)
    await stocked.call("import_data", source_id="products", entries=[given("p3", price=44.0)])
    first, second = ((then + timedelta(seconds=each)).isoformat() for each in (30, 90))
    for asked, ids in (
        ({"updated_from": first}, ["p3", "p2"]),
        ({"updated_from": first, "updated_to": second}, ["p2"]),
        ({"updated_to": first}, ["p1"]),
    ):
        listed = await stocked.call("list_source_entries", source_id="products", **asked)
        assert [each["id"] for each in listed["items"]] == ids, asked
    refused = await stocked.refused(
        "list_source_entries", source_id="products", sort="key", updated_from=first
    )
    assert refused["details"][0]["path"] == "updated_from"


async def test_an_import_is_taken_back_and_history_shows_both(stocked):
    wrong = await stocked.call(
        "import_data",
        source_id="products",
        entries=[given("p1", price=1.0), given("p4", brand="New"), {"id": "p2", "delete": True}],
    )
    listed = await stocked.call(
        "query_changelog", source_id="products", import_id=wrong["import_id"], order="asc"
    )
    assert [(each["entry_id"], each["change_type"]) for each in listed["items"]] == [
        ("p1", "updated"), ("p4", "created"), ("p2", "deleted"),
    ]  # fmt: skip
    tried = await stocked.call(
        "revert_import", source_id="products", import_id=wrong["import_id"], dry_run=True
    )
    assert (tried["restored"], tried["deleted"]) == (2, 1)
    assert await search(stocked) == ["p1", "p3", "p4"]
    done = await stocked.call("revert_import", source_id="products", import_id=wrong["import_id"])
    assert (done["restored"], done["deleted"], done["conflicts"]) == (2, 1, [])
    assert await search(stocked) == ["p1", "p2", "p3"]
    history = await stocked.call("get_entry_history", source_id="products", entry_id="p1")
    assert [each["change_type"] for each in history["items"]] == ["restored", "updated", "created"]
    assert history["items"][0]["author"] == "olga"


async def test_what_something_else_changed_since_is_a_conflict_or_stays(stocked):
    wrong = await stocked.call(
        "import_data",
        source_id="products",
        entries=[given("p1", price=1.0), given("p2", price=2.0)],
    )
    await stocked.call("import_data", source_id="products", entries=[given("p1", price=99.0)])
    refused = await stocked.refused(
        "revert_import", source_id="products", import_id=wrong["import_id"]
    )
    assert (refused["code"], refused["entries"]) == ("conflict", ["p1"])
    done = await stocked.call(
        "revert_import", source_id="products", import_id=wrong["import_id"], on_conflict="skip"
    )
    assert (done["restored"], done["conflicts"]) == (1, ["p1"])
    found = await stocked.call("get_entries", source_id="products", ids=["p1", "p2"])
    assert [shown(each)["price"] for each in found["items"]] == [99.0, 80.0]


async def test_a_version_is_restored_as_a_version_of_its_own(stocked):
    await stocked.call("import_data", source_id="products", entries=[{"id": "p1", "delete": True}])
    done = await stocked.call(
        "restore_entry_version", source_id="products", entry_id="p1", version=1
    )
    assert done["version"] == 3
    found = await stocked.call("get_entries", source_id="products", ids=["p1"])
    assert shown(found["items"][0])["price"] == 120.5


async def test_the_same_call_again_is_answered_and_not_done_again(stocked):
    call = {
        "source_id": "products",
        "entries": [given("p1", price=1.0)],
        "idempotency_key": "once",
        "correlation_id": "c1",
    }
    first = await stocked.call("import_data", **call)
    await stocked.call("import_data", source_id="products", entries=[given("p1", price=2.0)])
    assert await stocked.call("import_data", **call) == first
    found = await stocked.call("get_entries", source_id="products", ids=["p1"])
    assert shown(found["items"][0])["price"] == 2.0
    other = {**call, "entries": [given("p1", price=3.0)]}
    assert (await stocked.refused("import_data", **other))["code"] == "conflict"
    reused = {"source_id": "products", "entries": [given("p3", price=3.0)], "correlation_id": "c1"}
    refused = await stocked.refused("import_data", **reused)
    assert (refused["code"], refused["import_id"]) == ("conflict", first["import_id"])


async def test_dry_run_says_what_an_import_would_come_to_and_writes_nothing(stocked):
    tried = await stocked.call(
        "import_data",
        source_id="products",
        entries=[given("p1", price=1.0, weight=2.5), given("p3", price=45.0)],
        dry_run=True,
    )
    assert (tried["upserted"], tried["unchanged"]) == (1, 1)
    assert [each["id"] for each in tried["new_properties"]] == ["weight"]
    schema = await stocked.call("describe_data_source_schema", source_id="products")
    assert "weight" not in {each["id"] for each in schema["items"]}


async def test_roles_scopes_and_other_tenants_are_refused_on_the_next_call(studio, stocked):
    eddi = studio.connected(subject="eddi")
    await eddi.call("import_data", source_id="products", entries=[given("p9", brand="New")])
    said = await eddi.forbidden("revert_import", source_id="products", import_id="x")
    assert "publisher" in said
    studio.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    eddi = studio.connected(subject="eddi")
    assert (await eddi.call("search_entries", source_id="products", limit=0))["total"] == 4
    said = await eddi.forbidden(
        "import_data", source_id="products", entries=[given("p9", brand="Other")]
    )
    assert "editor" in said
    east = studio.connected("east")
    assert (await east.refused("search_data_sources"))["code"] == "tenant_not_found"
    south = studio.connected("south")
    assert (await south.call("search_data_sources"))["total"] == 0
    for each in (eddi, east, south):
        await each.close()


async def test_a_suspended_tenant_refuses_every_call_until_it_is_resumed(studio, stocked):
    studio.do("suspend_tenant", tenant="north")
    assert "suspended" in await stocked.forbidden("search_entries", source_id="products")
    south = studio.connected("south")
    assert (await south.call("search_data_sources"))["total"] == 0
    studio.do("resume_tenant", tenant="north")
    assert await search(stocked) == ["p1", "p2", "p3"]
    await south.close()


async def test_a_near_miss_of_an_argument_is_named_and_others_are_ignored(stocked):
    refused = await stocked.refused("search_entries", source_id="products", filter=[])
    assert "filters" in refused["message"]


async def test_two_assistants_that_bring_a_new_property_at_once_agree_on_its_type(studio, north):
    await north.call("create_data_source", id="products", name="Products")
    other = studio.again()
    second = other.connected(subject="eddi")
    await second.call("search_data_sources")
    await north.call("import_data", source_id="products", entries=[given("p1", size=5)])
    refused = await second.refused(
        "import_data", source_id="products", entries=[given("p2", size="large")]
    )
    assert refused["details"][0]["path"] == "entries[0].properties[0].value"
    await second.call("import_data", source_id="products", entries=[given("p2", size=7)])
    found = await search(north, {"property": "size", "type": "number", "op": "gt", "value": 4})
    assert found == ["p1", "p2"]
    await second.close()
