"""What a person's words mean: bounds and exclusions, shown back, over MCP and REST."""

import pytest

from tests.platform import product, value

pytestmark = pytest.mark.anyio
ROWS = [
    product("hub", title="USB hub", price=15.0, brand="Acme"),
    product("hub2", title="USB hub with seven ports", price=45.0, brand="Belk"),
    product("zip", title="Warm hoodie with zip", price=30.0, color="Black"),
    product("plain", title="Warm hoodie", price=25.0, color="Blue"),
    product("game", title="Guess under 20 party game", price=60.0),
    product("game2", title="Guess party game", price=10.0),
    product("socks", title="Socks without heel", price=5.0),
    product("socks2", title="Socks", price=4.0),
]


@pytest.fixture
async def agent(stocked):
    stocked.publish("books", ROWS)
    async with stocked.http(stocked.token()) as client:
        yield client


@pytest.fixture
async def backend(stocked, agent):
    async with stocked.http(stocked.key(), face="api") as client:
        yield client


def keys(page):
    return {item["productUrl"].rpartition("/")[2] for item in page["items"]}


CASES = [
    ("usb hub under $20", {"query": "usb hub", "priceMax": 20.0}, {"hub"}),
    ("usb hub over 20 euro", {"query": "usb hub", "priceMin": 20.0}, {"hub2"}),
    (
        "usb hub between 10 and 20 dollars",
        {"query": "usb hub", "priceMin": 10.0, "priceMax": 20.0},
        {"hub"},
    ),
    ("usb hub under 20", {"query": "usb hub", "priceMax": 20.0}, {"hub"}),
    ("hoodie without zip", {"query": "hoodie", "without": ["zip"]}, {"plain"}),
    ("hoodie without a zip", {"query": "hoodie", "without": ["zip"]}, {"plain"}),
    ("hoodie not black", {"query": "hoodie", "without": ["black"]}, {"plain"}),
    (
        "usb hub except belk under 50 usd",
        {"query": "usb hub", "priceMax": 50.0, "without": ["belk"]},
        {"hub"},
    ),
    ("warm hoodie for max 26 €", {"query": "warm hoodie", "priceMax": 26.0}, {"plain"}),
    ("under $20", {"query": "", "priceMax": 20.0}, {"hub", "game2", "socks", "socks2"}),
]
WORDS = [
    "hoodie -zip",
    "usb hub",
    "guess under 20 party game",
    "socks without heel",
    "hub over 40 cm",
    "7 ports",
]
READ = {"priceMin", "priceMax", "without"}


@pytest.mark.parametrize(("query", "understood", "found"), CASES, ids=[each[0] for each in CASES])
async def test_what_was_read_is_shown_and_holds_over_mcp(agent, query, understood, found):
    page = await value(agent, "search_products", {"query": query})
    assert page["understood"] == understood
    assert keys(page) == found


@pytest.mark.parametrize("query", WORDS)
async def test_words_that_are_only_words_or_a_products_name_are_looked_for(agent, query):
    page = await value(agent, "search_products", {"query": query})
    assert not READ & page.get("understood", {}).keys()


async def test_words_that_no_product_has_are_named(agent, backend):
    page = await value(agent, "search_products", {"query": "usb hub qwxzy"})
    assert page["understood"] == {"query": "usb hub qwxzy", "missing": ["qwxzy"]}
    assert keys(page) == {"hub", "hub2"}
    ran = (await backend.post("/v1/products/search", json={"q": "usb hub qwxzy"})).json()
    assert ran["effectiveQuery"]["missing"] == ["qwxzy"]
    assert ran["effectiveQuery"]["partly"] is False


async def test_an_answer_that_has_only_some_of_the_words_says_so(agent):
    page = await value(agent, "search_products", {"query": "usb hoodie"})
    assert page["understood"] == {"query": "usb hoodie", "partly": True}
    assert page["items"]
    page = await value(agent, "search_products", {"query": "usb hoodie", "limit": 1})
    asked = {"query": "usb hoodie", "limit": 1, "cursor": page["nextCursor"]}
    assert "understood" not in await value(agent, "search_products", asked)


async def test_a_product_called_so_is_found_by_its_name(agent):
    for query, key in (("guess under 20 party game", "game"), ("socks without heel", "socks")):
        page = await value(agent, "search_products", {"query": query})
        assert page["items"][0]["productUrl"].endswith(key)


async def test_it_is_turned_off_by_a_word(agent, backend):
    asked = {"query": "usb hub under $20", "understand": False}
    page = await value(agent, "search_products", asked)
    assert not READ & page.get("understood", {}).keys()
    assert keys(page) == {"hub", "hub2", "game"}
    body = {"q": "usb hub under $20", "understand": False}
    answer = (await backend.post("/v1/products/search", json=body)).json()
    assert keys(answer) == keys(page)
    assert answer["effectiveQuery"]["understood"] is False


async def test_rest_says_what_really_ran(backend):
    body = {"q": "hoodie without zip under $40"}
    answer = (await backend.post("/v1/products/search", json=body)).json()
    assert keys(answer) == {"plain"}
    ran = answer["effectiveQuery"]
    assert (ran["understood"], ran["text"], ran["priceMax"]) == (True, "hoodie", 40.0)
    assert ran["without"] == ["zip"]


async def test_a_bound_that_the_caller_gives_comes_first(agent):
    asked = {"query": "usb hub under $20", "price_max": 100}
    page = await value(agent, "search_products", asked)
    assert page["understood"] == {"query": "usb hub"}
    assert keys(page) == {"hub", "hub2"}


async def test_a_walk_goes_on_in_what_was_read(agent):
    asked = {"query": "under $20", "limit": 2}
    first = await value(agent, "search_products", asked)
    second = await value(agent, "search_products", {**asked, "cursor": first["nextCursor"]})
    assert keys(first) | keys(second) == {"hub", "game2", "socks", "socks2"}


@pytest.mark.parametrize(
    "query", ["not " * 300, "under $" * 140, "-a " * 300, "1" * 900 + " under"]
)
async def test_hostile_words_are_read_at_once(agent, query):
    assert "items" in await value(agent, "search_products", {"query": query[:1000]})
