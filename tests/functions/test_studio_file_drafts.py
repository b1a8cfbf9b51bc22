"""A file that was handed in becomes the draft of a source, with the mapping that imports it."""

import pytest

from tests.functions.studio_shop import Studio, shown
from tests.functions.test_studio_uploads import prepared
from tests.workbook import workbook

pytestmark = pytest.mark.anyio
FILE = """sku;Name EN;Name SV;Price;Pieces;EAN;In stock;Colours;Since;Note
a1;Lamp;Lampa;12.50;3;0095205603217;yes;red|blue;2026-11-28;=cheap
a2;Chair;Stol;7;4;0095205603218;no;green|red;2026-11-27;
a3;Desk;Bord;99.9;5;0095205603219;no;blue;2026-11-26;none
"""


@pytest.fixture
def studio(tmp_path):
    studio = Studio(tmp_path / "data").fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    yield north
    await north.close()


async def drafted(north, studio, body, **more):
    """The draft of a file, after it was looked at."""
    asked = {"name": "Autumn list", "transfer_id": await prepared(north, studio, body), **more}
    waiting = await north.call("draft_data_source", **asked)
    assert (waiting["ready"], waiting["import_arguments"]) == (False, {})
    studio.work()
    return await north.call("draft_data_source", **asked)


async def test_a_file_is_drafted_created_and_imported_as_proposed(north, studio):
    draft = await drafted(north, studio, FILE.encode())
    assert draft["ready"], draft["issues"]
    assert {each["id"]: each["type"] for each in draft["draft"]["properties"]} == {
        "name": "LocalizedText", "price": "Decimal", "pieces": "Integer", "ean": "Text",
        "in_stock": "Boolean", "colours": "List", "since": "Timestamp", "note": "Text",
    }  # fmt: skip
    arguments = draft["import_arguments"]
    assert (arguments["source_id"], arguments["key_column"]) == ("autumn-list", "sku")
    assert arguments["mapping"] == {"Name EN": "name.en", "Name SV": "name.sv"}
    await north.call("create_data_source", **draft["form"]["submit_arguments"])
    job = await north.call("import_feed", **arguments)
    studio.work()
    ended = await north.call("get_job", job_id=job["id"])
    assert (ended["result"]["changed"], ended["result"]["rejected"]) == (3, 0)
    found = await north.call("get_entries", source_id="autumn-list", ids=["a1"])
    assert shown(found["items"][0]) == {
        "name.en": "Lamp", "name.sv": "Lampa", "price": 12.5, "pieces": 3, "in_stock": True,
        "ean": "0095205603217", "colours": ["red", "blue"], "since": "2026-11-28T00:00:00Z",
        "note": "=cheap",
    }  # fmt: skip


async def test_what_is_known_already_wins_and_nothing_is_stored(north, studio):
    given = [{"id": "price", "type": "Text"}]
    draft = await drafted(north, studio, FILE.encode(), properties=given)
    types = {each["id"]: each["type"] for each in draft["draft"]["properties"]}
    assert types["price"] == "Text"
    assert (await north.call("search_data_sources"))["total"] == 0


async def test_a_sheet_is_looked_at_by_its_name(north, studio):
    body = workbook(Notes=[["word"], ["one"]], Items=[["id", "size"], ["a1", 5]])
    draft = await drafted(north, studio, body, sheet="Items")
    assert [each["id"] for each in draft["draft"]["properties"]] == ["size"]
    assert draft["import_arguments"]["sheet"] == "Items"


async def test_rows_that_nothing_tells_apart_are_said_before_they_are_lost(north, studio):
    draft = await drafted(north, studio, b"kind,size\nlamp,5\nlamp,5\n")
    assert not draft["ready"]
    assert draft["issues"][0]["field"] == "key_column"


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"<!doctype html><html></html>", "a web page"), (b"{}\n", "no rows"), (b"{x\n", "not JSON")],
    ids=["page", "nothing", "broken"],
)
async def test_a_file_that_cannot_be_read_says_why(north, studio, body, said):
    id_ = await prepared(north, studio, body)
    await north.call("draft_data_source", transfer_id=id_)
    studio.work()
    refused = await north.refused("draft_data_source", transfer_id=id_)
    assert said in refused["message"]
