"""Files of every format into a source, and files that would fill a machine."""

import gzip
import io
import zipfile
from datetime import UTC, datetime

import orjson
import pytest

from tests.functions.studio_shop import Studio, shown
from tests.web_server import WebServer
from tests.workbook import cell, hostile, workbook

pytestmark = pytest.mark.anyio
SINCE = datetime(2026, 11, 28, 12, tzinfo=UTC).replace(tzinfo=None)  # as workbooks have it
MIB = 1024 * 1024
HEADER = b"<row>" + cell(b"id") + cell(b"name") + b"</row>"


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
    await north.call("create_data_source", id="products", name="Products")
    await north.call("create_data_source", id="variants", name="Variants")
    yield north
    await north.close()


@pytest.fixture
def imported(north, studio, web):
    """Imports a file; the job when it is over."""

    async def run(body, source="products", **more):
        web.answers["/file"] = (200, body, {})
        asked = {"source_id": source, "url": f"{web.origin}/file", **more}
        job = await north.call("import_feed", **asked)
        studio.work(120)
        return await north.call("get_job", job_id=job["id"])

    return run


async def entry(north, id_, source="products"):
    found = await north.call("get_entries", source_id=source, ids=[id_])
    return shown(found["items"][0])


async def types_of(north, source="products"):
    told = await north.call("describe_data_source_schema", source_id=source)
    return {each["id"]: each["type"] for each in told["items"]}


async def test_a_sheet_of_a_workbook_keeps_its_types(north, imported):
    body = workbook(
        Notes=[["nothing", "here"]],
        Items=[
            ["id", "Name", "Pieces", "Price", "New", "Since", None, "Size"],
            ["a1", "Lamp", 3, 12.5, True, SINCE, None, 38],
            [7, "=Chair", 4, 7, False, SINCE.replace(hour=0), None, "XL"],
        ],
    )
    job = await imported(body, sheet="Items")
    assert (job["state"], job["result"]["changed"]) == ("succeeded", 2), job
    assert await entry(north, "a1") == {
        "name": "Lamp", "pieces": 3, "price": 12.5, "new": True, "since": "2026-11-28T12:00:00Z",
        "size": "38",
    }  # fmt: skip
    assert (await entry(north, "7"))["since"] == "2026-11-28"
    assert (await types_of(north))["size"] == "Text"
    missing = await imported(body, sheet="Prices")
    assert missing["error"]["message"] == (
        "The workbook has no sheet 'Prices'. It has 'Notes', 'Items'."
    )


async def test_tabs_and_excels_own_mark_for_the_separator_are_read(north, imported):
    await imported(b"id\tname\na1\tLamp, large\n")
    assert await entry(north, "a1") == {"name": "Lamp, large"}
    await imported("sep=;\nid;name\nb1;Läslampa, stor\n".encode("cp1252"))
    assert await entry(north, "b1") == {"name": "Läslampa, stor"}


async def test_new_properties_hold_what_all_of_their_values_show(north, imported):
    rows = [
        {"id": "a", "n": 1, "mixed": 1, "flag": True, "tags": ["x, y"], "size": {"height": 5}},
        {"id": "b", "n": 2.5, "mixed": "one", "flag": False, "tags": [], "size": {"height": 7}},
    ]
    body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    job = await imported(body)
    assert job["result"]["rejected"] == 0
    assert await types_of(north) == {
        "flag": "Boolean", "mixed": "Text", "n": "Decimal", "size_height": "Integer",
        "tags": "List",
    }  # fmt: skip
    assert await entry(north, "a") == {
        "n": 1.0, "mixed": "1", "flag": True, "tags": ["x, y"], "size_height": 5
    }  # fmt: skip


async def test_columns_are_mapped_to_languages_and_left_out(north, imported):
    body = b"id,Name EN,Name SV,Note\na1,Lamp,Lampa,inner\n"
    mapping = {"Name EN": "title.en", "Name SV": "title.sv", "Note": ""}
    await imported(body, mapping=mapping)
    assert await entry(north, "a1") == {"title.en": "Lamp", "title.sv": "Lampa"}
    await imported(b"id,title.en\na1,Desk lamp\n")
    assert await entry(north, "a1") == {"title.en": "Desk lamp", "title.sv": "Lampa"}


async def test_a_column_that_is_named_and_not_there_is_said_with_those_that_are(imported):
    job = await imported(b"id,name\na1,Lamp\n", mapping={"Nmae": "name"}, key_column="sku")
    assert job["error"]["message"] == ("The file has no column 'sku', 'Nmae'. It has: id, name.")


MERCHANT = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel>
<item><g:id>s1</g:id><g:item_group_id>shirt</g:item_group_id><title>Shirt</title>
<link>https://shop.example/shirt?size=s</link><g:price>10.00 EUR</g:price><g:size>S</g:size></item>
<item><g:id>s2</g:id><g:item_group_id>shirt</g:item_group_id><title>Shirt</title>
<link>https://shop.example/shirt?size=m</link><g:price>11.00 EUR</g:price><g:size>M</g:size></item>
<item><g:id>lamp</g:id><title>Lamp</title><link>https://shop.example/lamp</link>
<g:price>20.00 EUR</g:price><g:brand>Acme</g:brand></item>
</channel></rss>"""


async def test_a_feed_of_products_becomes_products_and_variants(north, imported):
    refused = await imported(MERCHANT.encode())
    assert refused["error"]["message"].endswith("Name variants_source_id, a source for them.")
    assert (await types_of(north)) == {}
    job = await imported(MERCHANT.encode(), variants_source_id="variants")
    assert (job["state"], job["result"]["rows"]) == ("succeeded", 2), job
    lamp = await entry(north, "lamp")
    assert (lamp["price"], lamp["currency"], lamp["brand"]) == (20.0, "EUR", "Acme")
    variant = await entry(north, "s2", "variants")
    assert (variant["product_id"], variant["price"]) == ("shirt", 11.0)
    again = await imported(MERCHANT.encode(), variants_source_id="variants")
    assert (again["result"]["changed"], again["result"]["unchanged"]) == (0, 4)


async def test_a_page_of_a_shopify_shop_is_read_with_its_address_and_currency(north, imported):
    product = {
        "id": 1, "title": "Lamp", "handle": "lamp", "body_html": "<p>Bright</p>", "vendor": "Acme",
        "images": [{"src": "https://cdn.example/lamp.jpg"}],
        "options": [{"name": "Color", "values": ["Red", "Blue"]}],
        "variants": [
            {"id": 11, "title": "Red", "option1": "Red", "price": "12.00", "available": True},
            {"id": 12, "title": "Blue", "option1": "Blue", "price": "13.00", "available": False},
        ],
    }  # fmt: skip
    job = await imported(
        orjson.dumps({"products": [product]}),
        variants_source_id="variants",
        base_url="https://shop.example",
        currency="EUR",
    )
    assert job["state"] == "succeeded", job
    blue = await entry(north, "12", "variants")
    assert (blue["price"], blue["options_color"]) == (13.0, "Blue")
    lamp = await entry(north, blue["product_id"])
    assert lamp["images"] == ["https://cdn.example/lamp.jpg"]
    assert lamp["url"] == "https://shop.example/products/lamp"


async def test_a_row_whose_key_cannot_be_read_keeps_everything_from_being_deleted(north, imported):
    rows = b"".join(b"p%d,Lamp\n" % n for n in range(40))
    await imported(b"id,name\n" + rows)
    job = await imported(
        b"id,name\n" + rows[: len(rows) // 2].rpartition(b"\n")[0] + b"\n,Nobody\n",
        missing="delete",
        confirm=True,
    )
    assert job["result"]["deleted"] == 0
    assert "keys could not be read" in job["result"]["notes"][0]


def packed(name, body):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return file.getvalue()


def many_rows(count):
    yield HEADER
    block = b"".join(b"<row>" + cell(b"k") + b"</row>" for _ in range(1000))
    for _ in range(count // 1000):
        yield block


def sharing(text):
    """A part of texts that cells share."""
    return [("xl/sharedStrings.xml", b"<sst><si><t>" + text + b"</t></si></sst>")]


HOSTILE = {
    "a cell of 100 MB in a table": lambda: b"id,name\na1," + b"x" * (100 * MIB) + b"\n",
    "a quote that never ends": lambda: b'id,name\na1,"' + b"x\n" * (8 * MIB),
    "a line of 100 MB of JSON": lambda: b'{"id": "a1", "name": "' + b"x" * (100 * MIB) + b'"}\n',
    "a cell of 100 MB in a sheet": lambda: hostile(
        [HEADER, b"<row>", cell(b"a1"), cell(b"x" * (100 * MIB)), b"</row>"]
    ),
    "a shared text of 100 MB": lambda: hostile([HEADER], more=sharing(b"x" * (100 * MIB))),
    "a sheet that says one row and has two million": lambda: hostile(many_rows(2_000_000)),
    "a row of a million cells": lambda: hostile([HEADER, b"<row>", cell(b"x") * 1_000_000]),
    "a row far below": lambda: hostile([HEADER, b'<row r="99999999999">', cell(b"x"), b"</row>"]),
    "a cell far to the right": lambda: hostile(
        [HEADER, b'<row><c r="ZZZZZZ2" t="n"><v>1</v></c></row>']
    ),
    "styles of 100 MB": lambda: hostile(
        [HEADER], more=[("xl/styles.xml", b"<a>" + b"<b/>" * (25 * MIB))]
    ),
    "entities in entities": lambda: hostile(
        [HEADER], more=[("xl/sharedStrings.xml", BILLION_LAUGHS)]
    ),
    "half a workbook": lambda: workbook(a=[["id"], ["a1"]])[:3000],
    "a gzip file of two gigabytes": lambda: gzip.compress(b"id,name\n" + b"a,b\n" * (300 * MIB), 1),
}
BILLION_LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY x "lol">'
    + b"".join(
        b'<!ENTITY x%d "%s">' % (n, (b"&x%d;" % (n - 1) if n > 1 else b"&x;") * 10)
        for n in range(1, 10)
    )
    + b"]><sst><si><t>&x9;</t></si></sst>"
)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_file_that_would_fill_the_machine_is_refused_in_a_sentence(
    north, studio, imported, name
):
    job = await imported(HOSTILE[name]())
    assert job["state"] == "failed", job
    assert job["error"]["code"] in ("invalid", "too_large")
    assert len(job["error"]["message"]) < 250
    assert list(studio.app.blobs.list("staged/")) == []
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 0
    assert await types_of(north) == {}
