"""Versions published and stopped by processes that die at every change: old or new, never between.

Slow, because each change of each process is a death of its own.
"""

from functools import partial

import pytest

from functions.destinations.reading import Address, admitted
from shared.app import App
from shared.auth.faces import STUDIO
from shared.errors import Problem
from shared.invoke import Request, invoke
from shared.pipeline import delivery
from shared.pipeline.delivery_query import DeliveryQuery
from shared.studio.tools import destinations, queued_changes
from tests.functions.destination_shop import ENDPOINT, DestinationShop, p
from tests.functions.studio_shop import given
from tests.mortal import Killed, MortalApp

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
NAMES = ("products", "more")


class Watched:
    """Documents that say so after each commit."""

    def __init__(self, documents, app):
        self._documents = documents
        self._app = app

    def __getattr__(self, name):
        return getattr(self._documents, name)

    def commit(self, writes):
        self._documents.commit(writes)
        self._app.seen()


class WatchedApp(App):
    """An app whose every commit is followed by a look."""

    def seen(self):
        """Nothing, until somebody looks."""

    @property
    def documents(self):
        return Watched(super().documents, self)


class Shop(DestinationShop):
    """With two endpoints, and a process that does things until it dies."""

    async def two_endpoints(self):
        await self.destination(protected=False)
        for name in NAMES:
            await self.call("create_endpoint", **{**ENDPOINT, "name": name})

    def read(self, app=None):
        """What an application finds at each endpoint: the names of its entries, or None."""
        found = []
        for name in NAMES:
            try:
                address = Address("north", "shop", "v1", name)
                space = admitted(app or self.app, address, None, "test").space
                placed = delivery.answering(space.configuration, "shop", "v1", name)
                answer = delivery.ask(space, placed, DeliveryQuery(top=500)).body
                found.append([each["name"] for each in answer["results"]])
            except Problem as problem:
                found.append(None if problem.code == "not_found" else problem)
        return found

    def dying(self, deaths, tool, **arguments):
        """Call a tool and do the work that follows, in a process that ends after so many changes.

        Whether it came to its end.
        """
        dying = Shop(self.folder, self.clock, app=MortalApp, **self.given)
        token = dying.app.tokens.verify(dying.bearer(), STUDIO)
        dying.app.life.left = deaths
        try:
            reply = invoke(
                tool, dying.app, Request(token, "studio", "r", tenant="north"), arguments
            )
            assert reply.problem is None, reply.problem
            for _ in range(20):
                for task in self.tasks():
                    dying.job(task.job, task.body)
        except Killed:
            return False
        else:
            return True
        finally:
            dying.app.life.left = None
            dying.close()


UPDATE = destinations.family["update_api_version"]
PUBLISH = {"api_version_id": "shop.v1", "state": "publish"}
STOP = {"api_version_id": "shop.v1", "state": "stop", "confirm": True}


@pytest.fixture
async def shop(tmp_path):
    shop = await Shop(tmp_path / "data").fill().open()
    await shop.stock(6)
    yield shop
    await shop.north.close()
    shop.close()


def expected(title):
    return [f"T{n}" if n != 5 else title for n in range(6)]


async def test_a_publication_killed_at_any_change_shows_nothing_or_all_and_ends(shop):
    await shop.two_endpoints()
    deaths, survived = 0, False
    while not survived:
        await shop.put("goods", given("p05", title=f"Round {deaths}"))
        shop.work(5)
        survived = shop.dying(deaths, UPDATE, **PUBLISH)
        whole = [expected(f"Round {deaths}")] * 2
        assert shop.read() in ([None, None], whole), deaths
        await shop.tried("update_api_version", **PUBLISH)
        shop.catch_up(240)
        assert shop.read() == whole, deaths
        await shop.call("update_api_version", **STOP)
        shop.work(5)
        deaths += 1
    assert deaths > 8


async def test_a_stop_killed_at_any_change_has_stopped_both_endpoints_or_none(shop):
    await shop.two_endpoints()
    deaths, survived = 0, False
    while not survived:
        await shop.call("update_api_version", **PUBLISH)
        shop.catch_up(120)
        whole = [expected("T5")] * 2
        assert shop.read() == whole, deaths
        survived = shop.dying(deaths, UPDATE, **STOP)
        assert shop.read() in ([None, None], whole), deaths
        await shop.tried("update_api_version", **STOP)
        shop.catch_up(240)
        assert shop.read() == [None, None], deaths
        deaths += 1
    assert deaths > 3


async def test_a_queued_change_killed_at_any_change_is_applied_once(shop):
    await shop.two_endpoints()
    await shop.call("update_api_version", **PUBLISH)
    shop.work(5)
    queue = queued_changes.family["queue_endpoint_segment_change"]
    asked = {"endpoint_id": "shop.v1.more", "segment_id": "recalled", "mode": "exclude"}
    deaths, survived = 0, False
    while not survived:
        operation = ("remove", "add")[deaths % 2 == 0]
        survived = shop.dying(
            deaths, queue, **asked, operation=operation, idempotency_key=str(deaths)
        )
        await shop.tried("queue_endpoint_segment_change", **asked, operation=operation)
        shop.catch_up(240)
        wanted = set(p(*range(6))) - (set(p(1)) if operation == "add" else set())
        assert set(await shop.ids(endpoint="more")) == wanted, deaths
        deaths += 1
    assert deaths > 5


async def test_a_reader_after_every_single_change_finds_nothing_or_all_at_publication(tmp_path):
    """Another instance looks after each commit, so a mixture would be seen."""
    shop = await Shop(tmp_path / "data", app=WatchedApp).fill().open()
    await shop.stock(6)
    await shop.two_endpoints()
    reader, looks = App(shop.app.settings, shop.clock), []
    shop.app.seen = partial(lambda: looks.append(shop.read(reader)))
    await shop.call("update_api_version", **PUBLISH)
    shop.work(5)
    shop.app.seen = lambda: None
    whole = [expected("T5")] * 2
    assert len(looks) > 8
    switch = looks.index(whole)
    assert all(each == [None, None] for each in looks[:switch])
    assert all(each == whole for each in looks[switch:])
    reader.close()
    await shop.north.close()
    shop.close()
