"""Files that are handed in: to an address for an hour, by whom it was prepared for, used once."""

import httpx
import pytest
from starlette.applications import Starlette

from shared.cli.front_files import file_routes
from shared.pipeline.files import MOST_BYTES
from tests.functions.studio_shop import Studio, shown
from tests.platform import ORIGIN

pytestmark = pytest.mark.anyio
BOTH_STORES = True
FILE = b"sku,name\na1,Lamp\na2,Chair\n"


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products")
    yield north
    await north.close()


async def sent(studio, url, body=FILE):
    """What the store answers to whoever sends a file there."""
    front = None
    if url.startswith(ORIGIN):
        front = httpx.ASGITransport(Starlette(routes=file_routes(studio.app)))
    async with httpx.AsyncClient(transport=front) as client:
        return await client.put(url, content=body)


async def prepared(north, studio, body=FILE):
    """An upload that has arrived."""
    upload = await north.call("prepare_file_upload", filename="list.csv", size=len(body))
    assert (await sent(studio, upload["upload_url"], body)).status_code == 200
    return upload["transfer_id"]


def import_of(transfer_id):
    return {"source_id": "products", "transfer_id": transfer_id, "key_column": "sku"}


async def test_a_file_that_was_handed_in_is_imported_once_and_then_it_is_gone(north, studio):
    id_ = await prepared(north, studio)
    job = await north.call("import_feed", **import_of(id_))
    studio.work()
    ended = await north.call("get_job", job_id=job["id"])
    assert (ended["state"], ended["result"]["changed"]) == ("succeeded", 2)
    found = await north.call("get_entries", source_id="products", ids=["a1"])
    assert shown(found["items"][0]) == {"name": "Lamp"}
    assert list(studio.app.blobs.list("transfers/")) == []
    assert list(studio.app.blobs.list("staged/")) == []
    assert (await north.refused("import_feed", **import_of(id_)))["code"] == "not_found"


async def test_two_imports_of_one_upload_are_one(north, studio):
    id_ = await prepared(north, studio)
    job = await north.call("import_feed", **import_of(id_))
    again = await north.refused("import_feed", **import_of(id_))
    assert (again["code"], again["job_id"]) == ("conflict", job["id"])
    assert len((await north.call("list_jobs"))["items"]) == 1


async def test_before_the_file_arrives_there_is_nothing_to_import(north, studio):
    upload = await north.call("prepare_file_upload", filename="list.csv")
    refused = await north.refused("import_feed", **import_of(upload["transfer_id"]))
    assert refused["code"] == "conflict"
    assert "page_url" in refused["message"]
    assert (await north.call("list_jobs"))["items"] == []


async def test_somebody_elses_upload_does_not_exist(north, studio):
    id_ = await prepared(north, studio)
    for tenant, subject, org in (("south", "olga", "shop"), ("north", "eddi", "shop")):
        other = studio.connected(tenant, subject, org=org)
        if tenant == "south":
            await other.call("create_data_source", id="products", name="Products")
        assert (await other.refused("import_feed", **import_of(id_)))["code"] == "not_found"
        await other.close()


async def test_what_was_exported_is_no_upload(north, studio):
    job = await north.call("export_entries", source_id="products")
    studio.work()
    assert (await north.refused("import_feed", **import_of(job["id"])))["code"] == "not_found"


async def test_an_upload_nobody_uses_is_gone_after_an_hour(north, studio):
    id_ = await prepared(north, studio)
    studio.work(3601)
    assert list(studio.app.blobs.list("transfers/")) == []
    assert studio.app.documents.get(f"transfers/north:{id_}") is None
    later = studio.connected()
    assert (await later.refused("import_feed", **import_of(id_)))["code"] == "not_found"
    await later.close()


async def test_an_upload_is_of_no_use_after_its_hour_also_before_it_was_removed(north, studio):
    id_ = await prepared(north, studio)
    studio.clock.advance(3600)
    later = studio.connected()
    assert (await later.refused("import_feed", **import_of(id_)))["code"] == "not_found"
    await later.close()


async def test_what_was_announced_is_what_may_come(north, studio):
    upload = await north.call("prepare_file_upload", filename="list.csv", size=5)
    assert (await sent(studio, upload["upload_url"], b"more than five")).status_code == 400
    assert list(studio.app.blobs.list("transfers/")) == []
    refused = await north.refused("prepare_file_upload", filename="a.csv", size=MOST_BYTES + 1)
    assert refused["code"] == "too_large"


async def test_a_viewer_hands_nothing_in(north, studio):
    studio.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    eddi = studio.connected(subject="eddi")
    await eddi.forbidden("prepare_file_upload", filename="a.csv")
    await eddi.close()


@pytest.mark.parametrize(
    "asked",
    [{}, {"url": "https://files.example/a.csv", "transfer_id": "0" * 24}],
    ids=["neither", "both"],
)
async def test_a_file_comes_from_one_place(north, asked):
    refused = await north.refused("import_feed", source_id="products", **asked)
    assert refused["details"][0]["path"] == "url"
