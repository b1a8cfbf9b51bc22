"""A source that fetches its feed by itself: in its time, once, and how the last time went."""

import pytest

from tests.functions.studio_shop import Studio
from tests.mortal import dies, sweep
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
HOUR = 3600


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
def north(studio):
    """Makes a client; the clock moves on, and tokens run out."""
    return studio.connected


@pytest.fixture
def feed(web):
    def serve(*rows, status=200):
        web.answers["/feed"] = (status, b"id,name\n" + b"".join(b"%s,Lamp\n" % r for r in rows), {})
        return {"url": f"{web.origin}/feed", "every": "PT6H"}

    return serve


async def told(north):
    return (await north().call("describe_data_source_schema", source_id="products"))["feed"]


async def total(north):
    found = await north().call("search_entries", source_id="products", limit=0)
    return found["total"]


@pytest.fixture
async def products(north):
    await north().call("create_data_source", id="products", name="Products")


async def jobs_of(north):
    return (await north().call("list_jobs", limit=200))["items"]


async def test_a_feed_is_fetched_at_once_and_then_every_so_often(north, products, studio, feed):
    given = feed(b"a1", b"a2")
    await north().call("update_data_source", source_id="products", feed=given)
    before = await told(north)
    assert (before["last"]["state"], before["every"]) == ("none", "PT6H")
    studio.work(60)
    assert await total(north) == 2
    last = (await told(north))["last"]
    assert (last["state"], last["rows"], last["changed"]) == ("succeeded", 2, 2)
    feed(b"a1", b"a2", b"a3")
    studio.work(5 * HOUR)
    assert await total(north) == 2
    studio.work(2 * HOUR)
    assert await total(north) == 3
    assert (await told(north))["last"]["changed"] == 1
    assert len(await jobs_of(north)) == 2


async def test_a_fetch_that_failed_says_why_and_the_next_one_comes(north, products, studio, feed):
    await north().call("update_data_source", source_id="products", feed=feed(status=404))
    studio.work(60)
    last = (await told(north))["last"]
    assert (last["state"], last["message"]) == (
        "failed",
        "The address answered with status 404. Check it.",
    )
    feed(b"a1")
    studio.work(6 * HOUR)
    assert await total(north) == 1


async def test_the_same_feed_again_fetches_nothing_and_null_ends_it(north, products, studio, feed):
    given = feed(b"a1")
    await north().call("update_data_source", source_id="products", feed=given)
    studio.work(60)
    await north().call("update_data_source", source_id="products", feed=given)
    await north().call("update_data_source", source_id="products", name="Other name")
    studio.work(60)
    assert len(await jobs_of(north)) == 1
    await north().call("update_data_source", source_id="products", feed=None)
    assert await told(north) is None
    studio.work(13 * HOUR)
    assert len(await jobs_of(north)) == 1
    assert studio.app.documents.get("feed_schedules/north:products") is None


async def test_a_suspended_tenant_fetches_nothing_until_it_is_resumed(
    north, products, studio, feed
):
    await north().call("update_data_source", source_id="products", feed=feed(b"a1"))
    studio.do("suspend_tenant", tenant="north")
    studio.work(60)
    studio.do("resume_tenant", tenant="north")
    assert await jobs_of(north) == []
    studio.work(6 * HOUR)
    assert await total(north) == 1


async def test_a_deleted_source_fetches_nothing_more(north, products, studio, feed):
    await north().call("update_data_source", source_id="products", feed=feed(b"a1"))
    studio.work(60)
    await north().call("delete_data_source", source_id="products", confirm=True)
    studio.work(13 * HOUR)
    assert len(await jobs_of(north)) == 2
    assert studio.app.documents.get("feed_schedules/north:products") is None


@pytest.mark.parametrize("every", ["PT59M", "P8D", "P1M", "daily", ""])
async def test_how_often_is_said_within_bounds(north, products, feed, every):
    given = {**feed(b"a1"), "every": every}
    refused = await north().refused("update_data_source", source_id="products", feed=given)
    assert refused["details"][0]["path"] == "feed.every"


async def test_a_turn_that_comes_twice_or_late_fetches_once(north, products, studio, feed):
    await north().call("update_data_source", source_id="products", feed=feed(b"a1"))
    taken = studio.app.queue.take()
    for _ in range(2):
        studio.job(taken.job, taken.body)
    studio.app.queue.finish(taken)
    studio.work(60)
    studio.job(taken.job, taken.body)
    studio.work(60)
    assert len(await jobs_of(north)) == 1


async def test_killed_at_any_change_a_turn_fetches_once(north, products, studio, feed):
    deaths = 0
    while True:
        given = {**feed(b"a1"), "mapping": {"name": f"name{deaths}"}}
        before = len(await jobs_of(north))
        await north().call("update_data_source", source_id="products", feed=given)
        taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        killed = dies(studio, taken, deaths)
        sweep(studio)
        assert len(await jobs_of(north)) == before + 1
        assert (await told(north))["last"]["state"] == "succeeded"
        if not killed:
            break
        deaths += 1
    assert deaths > 3
