"""Access to a catalog that an endpoint feeds ends at once, however much is asked and edited.

Each commit of the change comes while every client waits for an answer that has read already.
"""

import asyncio
import threading
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from itertools import cycle

import pytest

from shared.app import App
from tests.functions.catalog_shop import KEY, CatalogShop, item
from tests.interfered import interfered
from tests.platform import call
from tests.unceasing import PATIENCE, Answer, Client, Load

BOTH_STORES = True
pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ENOUGH = 9
"""Answers each client hears between one event and the next: each question three times."""
SURFACES = ("mcp", "rest", "web")
DAY = 86_400
OFTEN = 1_000_000
PAGE = "https://north.example/p/3"
SHOWN = ('"displayName":"North"', '"Lamp 3"')
"""One of these is in every answer of somebody who may see the catalog, and in no refusal."""
MCP = (
    ("list_catalogs", {}),
    ("search_products", {"catalog": KEY, "query": "lamp 3"}),
    ("lookup_product", {"canonical_url": PAGE}),
)
REST = (
    ("GET", "/v1/catalogs", None),
    ("POST", "/v1/products/search", {"catalog": KEY, "q": "lamp 3"}),
    ("POST", "/v1/products/lookup", {"url": PAGE}),
)
WEB = (("GET", "v1/products", None),)


@pytest.fixture
async def shop(tmp_path, stores):
    stores = {**stores, "app": interfered(stores.get("app", App))}
    shop = await CatalogShop(tmp_path / "data", **stores).fill().open()
    await shop.stock()
    await shop.fed()
    for org in ("partner", "shop"):
        shop.do("change_organization", id=org, rate_limit=OFTEN)
    shop.work(10)
    yield shop
    await shop.north.close()
    shop.close()


class Turnstile:
    """Between a store and an instance: while it is closed, what was read is not handed on."""

    def __init__(self, instance):
        self.holds = threading.Event()
        self._open = threading.Event()
        self._open.set()
        for documents in (instance.app.documents, instance.app.bulk_documents):
            documents.instead |= {"get": self._read, "get_many": self._read}

    def close(self):
        self.holds.clear()
        self._open.clear()

    def open(self):
        self._open.set()

    def _read(self, inner, *arguments):
        found = inner(*arguments)
        if not self._open.is_set():
            self.holds.set()
            self._open.wait(PATIENCE)
        return found


class Commits:
    """Every commit of an instance comes while each turnstile holds an answer that has read already.

    Attributes:
        made: when each began and ended.
    """

    def __init__(self, instance, turnstiles):
        self.made = []
        self._turnstiles = turnstiles
        for documents in (instance.app.documents, instance.app.bulk_documents):
            documents.instead["commit"] = self._commit

    def _commit(self, inner, *writes):
        for each in self._turnstiles:
            each.close()
        try:
            assert all(each.holds.wait(PATIENCE) for each in self._turnstiles)
            began = time.perf_counter()
            inner(*writes)
            self.made.append((began, time.perf_counter()))
        finally:
            for each in self._turnstiles:
                each.open()


@contextmanager
def asking(http, ask, questions):
    """What asks one question after the other of one client, and says whether it shows anything."""
    with asyncio.Runner() as runner:
        left = cycle(questions)

        def answered(started):
            response = runner.run(ask(http, *next(left)))
            shows = any(mark in response.text for mark in SHOWN)
            return Answer(started, response.status_code, (KEY,) if shows else (), response.text)

        yield answered
        runner.run(http.aclose())


async def plainly(http, method, path, body):
    return await http.request(method, path, json=body)


def clients(shop, surface, turnstiles):
    """Two of a surface, each on an instance of its own that has served before.

    `turnstiles`: where those of the instances are added.
    """
    token, key = shop.token("partner", "ada", lifetime=DAY), shop.key("partner")
    secret = shop.destination_key()
    for instance in (shop.again(), shop.again()):
        turnstiles.append(Turnstile(instance))
        yield Client(
            surface,
            {
                "mcp": partial(asking, instance.http(token), call, MCP),
                "rest": partial(asking, instance.http(key, face="api"), plainly, REST),
                "web": partial(asking, instance.web(secret), plainly, WEB),
            }[surface],
        )


class Editor(Client):
    """Changes a price and has everything follow, without a pause."""

    def __init__(self, shop):
        super().__init__("edits", partial(self._editing, shop.again()))

    @contextmanager
    def _editing(self, shop):
        north = shop.connected(lifetime=DAY)
        with asyncio.Runner() as runner:
            prices = iter(range(100, 100_000))

            def edit(started):
                asked = {"source_id": "goods", "entries": [item(1, price=float(next(prices)))]}
                runner.run(north.call("import_data", **asked))
                shop.work(6)
                return Answer(started, 200)

            yield edit
            runner.run(north.close())


async def stop_the_version(shop):
    await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)


async def withdraw_the_access(shop):
    asked = {"catalog": KEY, "organization": "partner", "confirm": True}
    await shop.call("withdraw_partner_access", **asked)


async def withdraw_the_catalog(shop):
    await asyncio.to_thread(shop.do, "withdraw_catalog", catalog=KEY)


@pytest.mark.parametrize("end", [stop_the_version, withdraw_the_access, withdraw_the_catalog])
async def test_no_answer_begun_after_access_ended_shows_anything_of_the_catalog(shop, end):
    turnstiles = []
    asked = [client for surface in SURFACES for client in clients(shop, surface, turnstiles)]
    with Load([*asked, Editor(shop)]) as load:
        load.wait(2, ("edits",))
        before = load.wait(ENOUGH, SURFACES)
        commits = Commits(shop, turnstiles)
        await end(shop)
        ended = time.perf_counter()
        load.wait(2, ("edits",))
        load.wait(ENOUGH, SURFACES)
    for client in asked:
        for began, done in commits.made:
            assert any(each.started < began < done < each.ended for each in client.answers)
        early = [answer for answer in client.answers if answer.started < before][:-1]
        assert {(answer.status, answer.catalogs) for answer in early} == {(200, (KEY,))}
        late = client.since(ended)
        still = client.surface == "web" and end is not stop_the_version
        wrong = [answer.text for answer in late if bool(answer.catalogs) != still]
        assert not wrong, f"{client.surface}: {len(wrong)} of {len(late)}, first {wrong[0]}"
        refused = {"mcp": {200}, "rest": {200, 404}, "web": {404}}[client.surface]
        assert {answer.status for answer in late} == ({200} if still else refused)
    assert commits.made
    print(
        end.__name__,
        len(commits.made),
        Counter(client.surface for client in asked for _ in client.since(ended)),
    )
