"""Workers of publications killed at every step, and what becomes of the catalogs."""

import pytest

from shared.errors import Problem
from shared.pipeline import version_publishing
from shared.pipeline.configuration import Configuration
from shared.pipeline.workspace import Workspace
from tests.functions.catalog_shop import ENDPOINT, KEY, CatalogShop, item
from tests.functions.test_studio_bridge import publication, stop
from tests.mortal import Killed, MortalApp, dies

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MOST = 120


@pytest.fixture
async def bare(tmp_path):
    shop = await CatalogShop(tmp_path / "data").fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


def publications(shop):
    """The tasks of publications, once cards and entries have followed."""
    found = []
    while tasks := shop.tasks():
        for task in tasks:
            if task.job == "/engine/publications":
                found.append(task)
            elif task.job.startswith("/engine"):
                shop.do_task(task)
    return found


async def change_and_die(shop, deaths):
    """Whether a worker that follows an edit was killed after so many changes; it was made good."""
    price = 100.0 + deaths
    await shop.put("goods", item(1, price=price))
    task, *_ = publications(shop)
    killed = dies(shop, task, deaths)
    shop.catch_up(600)
    shop.work(60)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == price, deaths
    known = publication(shop)
    head = shop.app.documents.get(f"heads/{KEY}").data
    assert head["sourceRevision"] == f"{known.source}:{known.seq}", deaths
    assert (known.due, known.rejected) == (None, 0)
    return killed


async def test_a_change_is_published_once_wherever_its_worker_is_killed(bare):
    shop = await bare.fed()
    shop.work(60)
    deaths = 0
    while await change_and_die(shop, deaths):
        deaths += 1
    assert 15 < deaths < MOST - 1


async def test_a_change_is_published_once_where_its_worker_is_killed_on_firestore(
    tmp_path, google_stores
):
    """At a few points only: at each there is on SQLite."""
    shop = await CatalogShop(tmp_path / "data", **google_stores).fill().open()
    await shop.stock()
    await shop.fed()
    shop.work(60)
    for deaths in (1, 3, 5, 8, 11, 14):
        assert await change_and_die(shop, deaths)
    assert not await change_and_die(shop, MOST)
    await shop.north.close()
    shop.close()


async def test_the_first_version_is_published_wherever_its_worker_is_killed(bare):
    await bare.call("create_endpoint", **ENDPOINT)
    await bare.call("update_api_version", api_version_id="shop.v1", state="publish")
    task, *_ = publications(bare)
    for deaths in range(0, MOST, 3):
        if not dies(bare, task, deaths):
            break
        again = publications(bare)
        task = again[0] if again else task
        bare.clock.advance(150)  # its lease and its hold run out
    bare.catch_up(600)
    bare.work(60)
    bare.partner()
    assert len(await bare.products()) == 6


async def test_a_stop_hides_or_it_did_not_happen_wherever_it_is_killed(bare):
    shop = await bare.fed()
    shop.work(60)
    for deaths in range(MOST):
        dying = CatalogShop(shop.folder, shop.clock, app=MortalApp)
        dying.app.life.left = deaths
        space = Workspace(dying.operator()._replace(tenant="north"))

        def end(configuration: Configuration, space=space) -> None:
            version_publishing.stop(space, configuration, "shop.v1")

        try:
            space.decide(end)
            done = True
        except (Killed, Problem):
            done = False
        dying.app.life.left = None
        dying.close()
        if done:
            assert await shop.seen("list_catalogs") == []
            break
        shop.catch_up(300)
        shop.work(60)
        graph = await shop.call("list_configuration", focus="version:shop.v1", depth=0)
        stopped = graph["nodes"][0]["status"] == "Stopped"
        assert (await shop.seen("list_catalogs") == []) == stopped, deaths
        if stopped:
            await shop.publish()
            shop.work(60)
    assert 3 < deaths < MOST - 1
    await shop.publish()
    shop.work(60)
    await stop(shop)
    assert await shop.seen("list_catalogs") == []
