"""Entries out into files that spreadsheets and programs open, and back in unchanged."""

import csv
import io

import httpx
import orjson
import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from shared.cli.front_files import file_routes
from tests.functions.studio_shop import Studio, given
from tests.mortal import dies, sweep
from tests.platform import ORIGIN
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''", "'", "", "'90s", " space ",
    'quoted "text", with; all|signs', "two\nlines", "two\r\nlines", "\uff1d1", "_x000D_", "a\x0bb",
    "\ufeffmark", "true", "007", "2026-11-28", "[]", "null", "läslampa 💡",
]  # fmt: skip
TYPES = {
    "name": "Text",
    "title": "LocalizedText",
    "tags": "List",
    "labels": "LocalizedList",
    "in-stock": "Boolean",
    "made": "Timestamp",
    "pieces": "Integer",
    "price": "Decimal",
}


@pytest.fixture
def web(tmp_path):
    with WebServer(tmp_path / "web", "files.example") as web:
        yield web


@pytest.fixture
def studio(tmp_path, web):
    studio = Studio(tmp_path / "data", **web.settings).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call(
        "create_data_source",
        id="products",
        name="Products",
        properties=[
            {"id": id_, "type": type_, **({"delimiter": "|"} if "List" in type_ else {})}
            for id_, type_ in TYPES.items()
        ],
    )
    yield north
    await north.close()


def localized(id_, language, value):
    return {"id": id_, "value": value, "language": language}


def everything():
    """Entries with every kind of value, and with what files lose easily."""
    yield from (given(f"text-{n}", name=text) for n, text in enumerate(HOSTILE))
    lists = [[], ["a"], ["a", "b c"], ["", "a"], [" a"], ['["a"]'], ["-a", "=b"], ["'"], ["a\nb"]]
    yield from (given(f"list-{n}", tags=each) for n, each in enumerate(lists))
    numbers = [0, -5, 2**63 - 1, -(2**63), 2**53 + 1]
    yield from (given(f"whole-{n}", pieces=each) for n, each in enumerate(numbers))
    decimals = [0.1, -0.0, 5, 1e300, 1.7976931348623157e308, 5e-324, 123456789.123456789]
    yield from (given(f"decimal-{n}", price=each) for n, each in enumerate(decimals))
    yield given("-yes", **{"in-stock": True, "made": "2026-11-28T12:00:00.123456+01:00"})
    yield given("no", **{"in-stock": False})
    yield given("nothing")
    yield {
        "id": "languages",
        "properties": [
            localized("title", "en", "=Tent"),
            localized("title", "sv-SE", ""),
            localized("labels", "en", ["new", "=hot"]),
            localized("labels", "zh-Hans-CN", []),
        ],
    }


async def exported(north, studio, **asked):
    """The job of an export when it is over, and the file."""
    job = await north.call("export_entries", source_id="products", **asked)
    studio.work()
    job = await north.call("get_job", job_id=job["id"])
    assert job["state"] == "succeeded", job
    return job, (await fetched(studio, job["result"]["download_url"])).content


async def fetched(studio, url):
    front = httpx.ASGITransport(Starlette(routes=file_routes(studio.app)))
    async with httpx.AsyncClient(transport=front, base_url=ORIGIN) as client:
        return await client.get(url)


async def imported(north, studio, web, body, **more):
    web.answers["/file"] = (200, body, {})
    asked = {"source_id": "products", "url": f"{web.origin}/file", **more}
    job = await north.call("import_feed", **asked)
    studio.work()
    return await north.call("get_job", job_id=job["id"])


async def stored(north):
    """Every entry as it is stored."""
    page = await north.call("list_source_entries", source_id="products", sort="key", limit=200)
    return {each["id"]: each["values"] for each in page["items"]}


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
async def test_a_file_that_is_imported_again_changes_nothing(north, studio, web, format_):
    entries = list(everything())
    await north.call("import_data", source_id="products", entries=entries)
    job, body = await exported(north, studio, format=format_)
    assert job["result"]["rows"] == len(entries)
    again = await imported(north, studio, web, body)
    assert again["state"] == "succeeded", again
    assert (again["result"]["changed"], again["result"]["unchanged"]) == (0, len(entries))
    assert again["result"]["rejected"] == 0


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
async def test_what_was_deleted_comes_back_from_its_file_as_it_was(north, studio, web, format_):
    await north.call("import_data", source_id="products", entries=list(everything()))
    before = await stored(north)
    _, body = await exported(north, studio, format=format_)
    await north.call("purge_data_source", source_id="products", confirm=True)
    studio.work()
    assert await stored(north) == {}
    await imported(north, studio, web, body)
    assert await stored(north) == before


async def test_no_cell_of_a_table_is_a_formula(north, studio):
    await north.call("import_data", source_id="products", entries=list(everything()))
    _, body = await exported(north, studio, format="csv")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    numbers = {rows[0].index("price"), rows[0].index("pieces")}
    for row in rows:
        for at, cell in enumerate(row):
            if at not in numbers:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    _, body = await exported(north, studio, format="xlsx")
    sheet = load_workbook(io.BytesIO(body)).active
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "b"}
    assert [cell.value for cell in sheet[1]][:2] == ["id", "name"]


async def test_filters_words_and_properties_choose_what_is_in_a_file(north, studio):
    entries = [given(f"p{n}", name=f"Lamp {n}", pieces=n) for n in range(450)]
    await north.call("import_data", source_id="products", entries=entries)
    job, body = await exported(
        north,
        studio,
        format="jsonl",
        query="lamp",
        search_on=["name"],
        filters=[{"property": "pieces", "type": "number", "op": "gte", "value": 10}],
        properties=["pieces"],
    )
    rows = [orjson.loads(line) for line in body.splitlines()]
    assert (job["result"]["rows"], len(rows)) == (440, 440)
    assert rows[0] == {"id": "p10", "pieces": 10}
    refused = await north.refused("export_entries", source_id="products", properties=["nmae"])
    assert "'nmae'" in refused["message"]
    wrong = [{"property": "name", "type": "number", "op": "gte", "value": 10}]
    refused = await north.refused("export_entries", source_id="products", filters=wrong)
    assert refused["details"][0]["path"] == "filters[0].type"


async def test_a_property_that_is_called_like_the_keys_makes_room_for_them(north, studio, web):
    await north.call("import_data", source_id="products", entries=[given("p1", id="of their own")])
    job, body = await exported(north, studio)
    assert job["result"]["key_column"] == "_id"
    again = await imported(north, studio, web, body, key_column="_id")
    assert (again["result"]["changed"], again["result"]["unchanged"]) == (0, 1)


async def test_a_file_can_be_fetched_for_an_hour_and_then_it_is_gone(north, studio):
    await north.call("import_data", source_id="products", entries=[given("p1", name="Lamp")])
    job, _ = await exported(north, studio)
    answer = await fetched(studio, job["result"]["download_url"])
    assert "products.csv" in answer.headers["content-disposition"]
    assert len(list(studio.app.blobs.list("transfers/"))) == 1
    assert list(studio.app.blobs.list("staged/")) == []
    studio.work(3601)
    assert list(studio.app.blobs.list("transfers/")) == []
    assert studio.app.documents.get(f"transfers/north:{job['id']}") is None
    assert (await fetched(studio, job["result"]["download_url"])).status_code == 404
    north = studio.connected()
    late = await north.call("get_job", job_id=job["id"])
    assert "download_url" not in late["result"]
    await north.close()


async def test_an_address_that_was_changed_is_none(north, studio):
    await north.call("import_data", source_id="products", entries=[given("p1", name="Lamp")])
    job, _ = await exported(north, studio)
    url = job["result"]["download_url"]
    assert (await fetched(studio, f"{url[:-1]}{'A' if url[-1] != 'A' else 'B'}")).status_code == 404


async def test_a_viewer_exports_and_another_tenant_sees_nothing_of_it(north, studio):
    await north.call("import_data", source_id="products", entries=[given("p1", name="Lamp")])
    studio.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    eddi = studio.connected(subject="eddi")
    job, body = await exported(eddi, studio)
    assert b"Lamp" in body
    south = studio.connected("south")
    assert (await south.refused("get_job", job_id=job["id"]))["code"] == "not_found"
    assert (await south.refused("export_entries", source_id="products"))["code"] == "not_found"
    await eddi.close()
    await south.close()


@pytest.mark.slow
async def test_killed_at_any_change_an_export_ends_once_with_all_of_it(north, studio):
    entries = [given(f"p{n}", name="Thing", pieces=n) for n in range(300)]
    await north.call("import_data", source_id="products", entries=entries)
    deaths = 0
    while True:
        north = studio.connected()  # the clock moves on, and tokens run out
        job = await north.call("export_entries", source_id="products", format="jsonl")
        taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        killed = dies(studio, taken, deaths)
        sweep(studio)
        ended = await north.call("get_job", job_id=job["id"])
        assert (ended["state"], ended["done"]) == ("succeeded", 300), ended
        body = (await fetched(studio, ended["result"]["download_url"])).content
        assert len({orjson.loads(line)["id"] for line in body.splitlines()}) == 300
        assert list(studio.app.blobs.list("staged/")) == []
        await north.close()
        if not killed:
            break
        deaths += 1
    assert deaths > 8
