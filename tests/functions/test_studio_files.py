"""Whole files into a source, sources emptied and deleted: jobs that finish once, killed or not."""

import asyncio
import json

import pytest

from tests.functions.studio_shop import Studio, given, shown
from tests.mortal import dies, sweep
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
HEADER = "sku;Name;Price;In stock\n"


def csv(*rows):
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


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
        properties=[{"id": "price", "type": "Decimal"}, {"id": "in_stock", "type": "Boolean"}],
    )
    yield north
    await north.close()


def served(web, path, body):
    """The address of a file."""
    web.answers[path] = (200, body, {})
    return f"{web.origin}{path}"


async def imported(north, studio, url, **more):
    """The job of importing a file, when it is over."""
    job = await north.call("import_feed", source_id="products", url=url, key_column="sku", **more)
    assert job["state"] == "queued"
    studio.work()
    return await north.call("get_job", job_id=job["id"])


async def test_a_file_of_rows_becomes_entries_with_the_declared_types(north, studio, web):
    url = served(web, "/list.csv", csv("a1;Lamp;12.50;yes", "b/2;Läslampa;7;no"))
    job = await imported(north, studio, url)
    assert (job["state"], job["total"], job["result"]["changed"]) == ("succeeded", 2, 2)
    found = await north.call("search_entries", source_id="products", sort=[{"property": "price"}])
    slashed, plain = found["items"]
    assert shown(plain) == {"name": "Lamp", "price": 12.5, "in_stock": True}
    assert shown(slashed)["feed_key"] == "b/2"
    assert slashed["id"].startswith("b-2-")


async def test_importing_the_same_file_again_changes_nothing(north, studio, web):
    url = served(web, "/list.csv", csv("a1;Lamp;12.50;yes", "a2;Chair;7;no"))
    await imported(north, studio, url)
    again = await imported(north, studio, url)
    assert (again["result"]["changed"], again["result"]["unchanged"]) == (0, 2)


async def test_a_wrong_row_is_left_out_and_named_and_too_many_stop_all(north, studio, web):
    rows = [f"p{n};Thing;{n}.5;yes" for n in range(40)]
    url = served(web, "/some.csv", csv(*rows, "bad;Thing;cheap;yes"))
    job = await imported(north, studio, url)
    assert (job["result"]["changed"], job["result"]["rejected"]) == (40, 1)
    assert job["result"]["report"] == [{"line": 42, "message": "'price' takes a finite number."}]
    url = served(web, "/bad.csv", csv("n1;Thing;1;yes", "n2;Thing;cheap;yes"))
    job = await imported(north, studio, url)
    assert (job["state"], job["error"]["rejected"]) == ("failed", 1)
    assert "line 3" in job["error"]["message"]
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 40


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!doctype html><html></html>", "web page"),
        (b"[1, 2]", "JSON array"),
        (b"", "first line"),
        (b"sku;sku\n1;2\n", "comes twice"),
        (HEADER.encode(), "no rows"),
    ],
    ids=["page", "array", "empty", "twice", "header alone"],
)
async def test_a_file_that_cannot_be_read_says_what_it_is(north, studio, web, body, said):
    job = await imported(north, studio, served(web, "/x", body))
    assert job["state"] == "failed"
    assert said in job["error"]["message"]


async def test_entries_that_a_file_does_not_have_are_deleted_only_when_that_was_confirmed(
    north, studio, web
):
    await imported(north, studio, served(web, "/two.csv", csv("a1;Lamp;1;yes", "a2;Chair;2;no")))
    url = served(web, "/one.csv", csv("a1;Lamp;1;yes"))
    refused = await north.refused(
        "import_feed", source_id="products", url=url, key_column="sku", missing="delete"
    )
    assert (refused["code"], refused["counts"]) == ("confirmation_required", {"entries": 2})
    job = await imported(north, studio, url, missing="delete", confirm=True)
    assert job["result"]["deleted"] == 1
    done = await north.call("revert_import", source_id="products", import_id=job["import_id"])
    assert done["restored"] == 1


async def test_json_lines_keep_their_types(north, studio, web):
    body = b'{"sku": "j1", "Price": 5, "tags": ["a", "b"], "deep": {"x": 1}}\n'
    await imported(north, studio, served(web, "/rows.jsonl", body))
    found = await north.call("get_entries", source_id="products", ids=["j1"])
    assert shown(found["items"][0]) == {"price": 5.0, "tags": ["a", "b"], "deep_x": 1}


async def test_an_address_that_may_not_be_fetched_fails_the_job_with_its_reason(studio, north):
    job = await imported(north, studio, "http://10.0.0.1/file.csv")
    assert (job["state"], job["error"]["code"]) == ("failed", "unsafe_url")


@pytest.mark.slow
async def test_killed_at_any_change_an_import_finishes_once(north, studio, web):
    url = served(web, "/many.csv", csv(*(f"p{n};Thing;{n};yes" for n in range(1200))))
    deaths = 0
    while True:
        north = studio.connected()  # the clock moves on, and tokens run out
        job = await north.call("import_feed", source_id="products", url=url, key_column="sku")
        taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        killed = dies(studio, taken, 2 * deaths)
        sweep(studio)
        ended = await north.call("get_job", job_id=job["id"])
        assert ended["state"] == "succeeded", ended
        assert ended["done"] == 1200
        if not killed:
            break
        await north.close()
        deaths += 1
    assert deaths > 5
    found = await north.call("search_entries", source_id="products", limit=1)
    assert (found["total"], found["items"][0]["version"]) == (1200, 1)


async def test_a_job_is_cancelled_between_its_steps_and_listed(north, studio, web):
    url = served(web, "/list.csv", csv("a1;Lamp;12.50;yes"))
    job = await north.call("import_feed", source_id="products", url=url, key_column="sku")
    await north.call("cancel_job", job_id=job["id"])
    studio.work()
    ended = await north.call("get_job", job_id=job["id"])
    assert (ended["state"], ended["result"]) == ("cancelled", {})
    listed = await north.call("list_jobs")
    assert [each["id"] for each in listed["items"]] == [job["id"]]
    south = studio.connected("south")
    assert (await south.refused("get_job", job_id=job["id"]))["code"] == "not_found"
    assert (await south.call("list_jobs"))["items"] == []
    await south.close()


async def test_a_call_waits_for_its_job_and_is_told_how_far_it_is(north, studio, web):
    url = served(web, "/list.csv", csv("a1;Lamp;12.50;yes"))
    asked = {"source_id": "products", "url": url, "key_column": "sku", "wait": 20}
    waiting = asyncio.create_task(north.post("tools/call", progressed("import_feed", asked)))
    while not (await north.call("list_jobs"))["items"]:
        pass
    await asyncio.to_thread(studio.work)
    answer = await waiting
    told = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    *notes, last = told
    job = last["result"]["structuredContent"]
    assert (job["state"], job["result"]["changed"]) == ("succeeded", 1)
    assert notes[-1]["params"]["progressToken"] == "p"
    again = await north.call("get_job", job_id=job["id"], wait=20)
    assert again == job


async def test_who_does_not_wait_long_enough_is_told_what_is_so_then(north, web):
    url = served(web, "/list.csv", csv("a1;Lamp;12.50;yes"))
    job = await north.call("import_feed", source_id="products", url=url, key_column="sku")
    waited = await north.call("get_job", job_id=job["id"], wait=1)
    assert waited["state"] == "queued"


def progressed(tool, arguments):
    return {"name": tool, "arguments": arguments, "_meta": {"progressToken": "p"}}


async def test_a_source_is_emptied_or_deleted_after_its_plan_was_confirmed(north, studio):
    entries = [given(f"p{n}", name="Thing") for n in range(3)]
    await north.call("import_data", source_id="products", entries=entries)
    plan = await north.refused("purge_data_source", source_id="products")
    assert (plan["code"], plan["counts"]) == ("confirmation_required", {"entries": 3})
    await north.call("purge_data_source", source_id="products", confirm=True)
    refused = await north.refused("import_data", source_id="products", entries=entries)
    assert refused["code"] == "conflict"
    studio.work()
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 0
    await north.call("import_data", source_id="products", entries=entries)
    await north.call(
        "create_data_source", id="other", name="Other", related_source_ids=["products"]
    )
    used = await north.refused("delete_data_source", source_id="products", confirm=True)
    assert used["used_by"] == ["other"]
    await north.call("update_data_source", source_id="other", related_source_ids=[])
    await north.call("delete_data_source", source_id="products", confirm=True)
    studio.work()
    assert (await north.refused("search_entries", source_id="products"))["code"] == "not_found"
