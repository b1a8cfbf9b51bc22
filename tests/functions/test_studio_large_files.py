"""Large files into a source, killed again and again on the way: everything is there, once."""

import orjson
import pytest

from functions.engine.turns import KINDS
from shared import work
from shared.engine.collections import collections
from shared.engine.heads import CollectionName
from tests.functions.studio_shop import Studio
from tests.mortal import dies
from tests.shared.catalog.invented import electronics
from tests.web_server import WebServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
JOBS = "/engine/jobs"
DEATHS = (1, 2, 3, 7, 12, 20, 33)
"""After how many changes each worker dies."""


@pytest.fixture
def web(tmp_path):
    with WebServer(tmp_path / "web", "files.example") as web:
        yield web


@pytest.fixture
def studio(tmp_path, web):
    studio = Studio(tmp_path / "data", **web.settings).fill()
    yield studio
    studio.close()


async def imported(studio, web, body, **more):
    """The job of importing a file whose workers die, when it is over."""
    web.answers["/file"] = (200, body, {})
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products")
    asked = {"source_id": "products", "url": f"{web.origin}/file", **more}
    job = await north.call("import_feed", **asked)
    await north.close()
    for left in DEATHS:
        taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        assert dies(studio, taken, left)
        studio.clock.advance(60)
        work.sweep(studio.app, KINDS)
    while (taken := studio.app.queue.take()) is not None:
        if taken.job == JOBS:  # not the snapshots, which take as long again
            studio.job(taken.job, taken.body)
        studio.app.queue.finish(taken)
    later = studio.connected()
    ended = await later.call("get_job", job_id=job["id"])
    await later.close()
    return ended


def versions(studio):
    """How many entries there are, and how often any was changed."""
    every = collections(studio.app).every(CollectionName("north", "source.products"))
    found = [item.version for item in every]
    return len(found), set(found)


async def test_a_large_catalog_is_imported_once(studio, web):
    devices = electronics(20_000)
    body = b"\n".join(
        orjson.dumps(
            {
                "id": device.key,
                "title": device.title,
                "description": device.description,
                "brand": device.brand.name,
                "categories": device.category_path,
                "url": device.url,
                "attributes": {f"fact_{at}": f"{device.key} {at}" for at in range(20)},
            }
        )
        for device in devices
    )
    job = await imported(studio, web, body)
    assert (job["state"], job["result"]["rows"], job["result"]["rejected"]) == (
        "succeeded", 20_000, 0,
    )  # fmt: skip
    assert versions(studio) == (20_000, {1})


async def test_sixty_megabytes_of_a_table_are_imported_once(studio, web):
    rows = 40_000
    text = b"word " * 300
    body = b"id,name,price,text\n" + b"".join(
        b"p%d,Lamp,%d.5,%s\n" % (n, n, text) for n in range(rows)
    )
    assert len(body) > 60_000_000
    job = await imported(studio, web, body)
    assert (job["state"], job["result"]["rows"]) == ("succeeded", rows)
    assert versions(studio) == (rows, {1})
