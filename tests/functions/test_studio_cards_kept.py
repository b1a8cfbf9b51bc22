"""Cards stay true whatever happens to the turns that compute them."""

import random
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.engine.turns import KINDS
from shared import holds, work
from shared.engine.later import PROJECTION, PROJECTIONS
from shared.queries import SNAPSHOTS
from tests.functions.card_shop import PROPERTIES, CardShop
from tests.functions.studio_shop import given
from tests.mortal import dies

pytestmark = pytest.mark.anyio
ACTIVE = "card.cards.1"


@pytest.fixture
async def shop(tmp_path):
    shop = await CardShop(tmp_path / "data").fill().open()
    yield shop
    await shop.north.close()
    shop.close()


@pytest.fixture
async def active(shop):
    """With two products and a photo, whose cards are built."""
    return await shop.stocked()


async def test_a_turn_that_is_killed_at_any_change_is_finished_by_the_next(active):
    deaths = 0
    while True:
        before = active.head(ACTIVE).seq
        await active.put("products", given("p1", size=str(deaths + 10)))
        (task,) = active.tasks()
        killed = dies(active, task, deaths)
        active.catch_up(120)
        assert await active.cards() == await active.expected()
        assert active.head(ACTIVE).seq == before + 1
        if not killed:
            break
        deaths += 1
    assert deaths > 3


@pytest.mark.slow
async def test_a_build_that_is_killed_at_any_change_ends_with_the_cards_in_use(shop):
    await shop.put("products", *(given(f"p{number}", title="x") for number in range(40)))
    await shop.define()
    deaths, size = 0, "Integer"
    while True:
        begun = await shop.activate()
        tasks = [task for task in shop.tasks() if task.job == "/engine/jobs"]
        killed = dies(shop, tasks[0], deaths)
        shop.catch_up(180)
        job = await shop.call("get_job", job_id=begun["job"]["id"])
        assert job["state"] == "succeeded", job
        assert await shop.cards() == await shop.expected(size)
        if not killed:
            break
        deaths += 1
        size = "Text" if size == "Integer" else "Integer"
        await shop.call(
            "update_card_definition",
            card_definition_id="cards",
            properties_upsert=[{"id": "size", "type": size}],
        )
    assert deaths > 5


async def test_what_the_queue_loses_the_sweeper_finds(active):
    await active.put("products", given("p3", title="Rope"))
    active.tasks()
    assert "p3" not in await active.cards()
    active.catch_up(60)
    assert await active.cards() == await active.expected()


async def test_turns_that_come_twice_late_and_in_reverse_change_nothing_more(active):
    tasks = []
    for number in range(5):
        await active.put("products", given("p1", size=str(number)), given(f"q{number}", size="x"))
        tasks += active.tasks()
    for task in [*reversed(tasks), *tasks]:
        assert active.do_task(task).problem is None
    assert await active.cards() == await active.expected()
    seq = active.head(ACTIVE).seq
    for task in tasks:
        active.do_task(task)
    assert active.head(ACTIVE).seq == seq
    assert active.app.documents.get("projections/north:card.cards.1").data.get("due") is None


async def test_twenty_tasks_at_once_do_the_work_once(active):
    before = active.head(ACTIVE).seq
    await active.put("products", *(given(f"n{number}", title="New") for number in range(300)))
    (task,) = active.tasks()
    with ThreadPoolExecutor(20) as threads:
        for reply in threads.map(active.do_task, [task] * 20):
            assert reply.problem is None
    assert active.head(ACTIVE).seq == before + 1
    assert await active.cards() == await active.expected()


async def test_a_holder_that_comes_back_late_neither_loses_nor_doubles_anything(active):
    """Its hold runs out in the middle of its turn, and somebody else does the work."""
    await active.put("products", given("p1", size="77"))
    (task,) = active.tasks()
    other = active.again()
    taken = holds.take(
        active.app, PROJECTION, PROJECTIONS, task.body["id"], task.body["generation"]
    )
    assert taken is not None
    assert active.do_task(task).problem is None  # somebody holds it
    assert (await active.cards())["p1"]["size"] == 2
    active.clock.advance(45)
    work.sweep(other.app, KINDS)
    other.work(1)
    assert (await active.cards())["p1"]["size"] == 77
    assert taken.settle(None)
    assert await active.cards() == await active.expected()


async def test_an_entry_that_names_three_cards_in_a_row_leaves_the_first_two(active):
    for card in ("p2", "p8", "p9"):
        await active.put("photos", given("f1", of=card))
    active.work(2)
    found = await active.cards()
    assert found == await active.expected()
    assert ("photo" in found["p1"], "p8" in found, found["p9"]) == (False, False, {"photo": "one"})


async def test_a_record_that_cannot_be_computed_stops_no_other_and_says_why(active):
    noise = random.Random(5)
    properties = [
        *PROPERTIES,
        *({"id": f"n{half}", "source_id": s} for half, s in enumerate(("products", "photos"))),
    ]
    heavy = [b64encode(noise.randbytes(700_000)).decode() for _ in range(2)]
    await active.put("products", given("h1", n0="x"))
    await active.put("photos", given("hf", of="h1", n1="y"))
    await active.call(
        "update_card_definition", card_definition_id="cards", properties_upsert=properties[-2:]
    )
    await active.activate()
    active.work(5)
    assert (await active.cards())["h1"] == {"n0": "x", "n1": "y"}
    await active.put("products", given("h1", n0=heavy[0]))
    await active.put("photos", given("hf", n1=heavy[1]))
    await active.put("products", given("p1", title="After"))
    active.work(2)
    assert (await active.cards())["p1"]["name"] == "After"
    page = await active.call("search_cards", card_definition_id="cards", query="after", limit=1)
    assert page["items"][0]["failed"] == ""
    described = await active.call("describe_card_definition", card_definition_id="cards")
    assert described["failed"] == 1
    (failing,) = described["failing"]
    assert failing["id"] == "h1"
    assert failing["cause"].startswith("source.")
    assert "bytes" in failing["error"]
    keyed = {"property": "id", "type": "key", "op": "eq", "value": "h1"}
    page = await active.call("search_cards", card_definition_id="cards", filters=[keyed])
    assert page["items"][0]["failed"].startswith("source.")
    await active.put("products", given("h1", n0="light"))
    active.work(2)
    described = await active.call("describe_card_definition", card_definition_id="cards")
    assert (described["failed"], described["failing"]) == (0, [])
    assert (await active.cards())["h1"]["n0"] == "light"


async def test_activations_while_imports_go_on_lose_none(active):
    """Before every task there is one more import, and one more after the definition changed."""
    number = 0
    for size in ("Text", "Integer", "Text"):
        await active.call(
            "update_card_definition",
            card_definition_id="cards",
            properties_upsert=[{"id": "size", "type": size}],
        )
        await active.activate()
        for _ in range(12):
            number += 1
            await active.put("products", given(f"i{number}", title="Late", size=str(number)))
            tasks = active.tasks()
            active.clock.advance(1)
            for task in tasks:
                active.do_task(task)
        active.work(10)
        assert await active.cards() == await active.expected(size)


async def test_a_revision_is_not_in_use_before_it_is_as_far_as_the_one_before(active):
    """Of the products the old cards have followed a change that the new ones have not."""
    await active.call(
        "update_card_definition",
        card_definition_id="cards",
        properties_upsert=[{"id": "size", "type": "Text"}],
    )
    await active.activate()
    job, new = sorted(active.tasks(), key=lambda task: task.job)
    assert active.do_task(new).problem is None
    await active.put("products", given("p1", size="88"))
    old = [task for task in active.tasks() if task.body["id"].endswith("cards.1")]
    active.do_task(old[0])
    active.do_task(job)
    found = (await active.cards())["p1"]["size"]
    assert found in (88, "88")
    active.catch_up(120)
    assert await active.cards() == await active.expected("Text")


async def test_a_definition_that_changes_in_the_middle_of_a_walk_is_walked_again(active):
    await active.put("products", *(given(f"w{n:04}", title="W", size=str(n)) for n in range(500)))
    await active.put("products", *(given(f"x{n:04}", title="X", size=str(n)) for n in range(300)))
    active.work(5)
    await active.call("update_data_source", source_id="products", languages=["sv"])
    await active.call("update_data_source", source_id="products", languages=["en", "sv"])
    active.work(5)
    walk = active.head(ACTIVE).walk
    assert (walk.over, walk.definition) == (True, active.head(ACTIVE).definition)
    assert await active.cards() == await active.expected()


async def test_a_consumer_that_was_off_for_longer_than_the_log_is_kept_ends_right(active):
    await active.put("products", given("p1", title="Changed"), {"id": "p2", "delete": True})
    active.tasks()
    active.cut_log("source.products")
    active.clock.advance(timedelta(days=91).total_seconds())
    assert (await active.cards())["p1"]["name"] == "Tent"
    await active.put("products", given("p3", title="New"))
    active.catch_up(120)
    assert await active.cards() == await active.expected()
    assert active.head(ACTIVE).epoch == 1


async def test_cards_whose_own_log_is_gone_are_computed_from_nothing_in_a_new_epoch(active):
    await active.put("products", given("p3", title="New"))
    active.work(1)
    page = await active.call("search_cards", card_definition_id="cards", limit=1)
    active.cut_log(ACTIVE, also=(SNAPSHOTS,))
    other = active.again()
    north = other.connected()
    refused = await north.refused("search_cards", card_definition_id="cards")
    assert refused["code"] == "unavailable"
    other.work(120)
    assert other.head(ACTIVE).epoch == 2
    found = await north.call("search_cards", card_definition_id="cards")
    assert {each["id"] for each in found["items"]} == {"p1", "p2", "p3"}
    assert found["total"] == other.head(ACTIVE).count == 3
    old = await active.refused(
        "search_cards", card_definition_id="cards", limit=1, cursor=page["next_cursor"]
    )
    assert old["code"] == "cursor_expired"
    await active.put("products", {"id": "p2", "delete": True})
    active.work(1)
    assert await active.cards() == await active.expected()
    await north.close()


async def test_nothing_is_written_while_nothing_changes(active):
    active.work(2)
    before = active.head(ACTIVE)
    await active.put("products", given("p1", title="Tent"))
    active.work(2)
    await active.put("products", given("p1", note="on no card"))
    active.work(2)
    after = active.head(ACTIVE)
    assert (after.seq, after.changes) == (before.seq, before.changes)
    assert after.inputs["source.products"][1] == before.inputs["source.products"][1] + 1
    version = active.app.documents.get("tenants/north/collections/card.cards.1").version
    active.catch_up(24 * 3600)
    assert active.app.documents.get("tenants/north/collections/card.cards.1").version == version
