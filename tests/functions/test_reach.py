"""What agents can ask of search beyond words: catalogs, prices, stock, condition, facets, pages."""

import pytest

from tests.platform import call, product, value

pytestmark = pytest.mark.anyio
SHOES = [
    product("trail", title="Trail shoe", brand="Tarn", color="Red", price=120.0, condition="new"),
    product("road", title="Road shoe", brand="Tarn", color="Blue", price=90.0, condition="used"),
    product("boot", title="Leather boot", brand="Corrie", color="Red", price=200.0),
]
STOCK = {"trail": "in_stock", "road": "out_of_stock", "boot": "in_stock"}
TOYS = [
    product("bear", title="Bear", price=15.0, url="https://toys.example/bear"),
    product("shoe", title="Toy shoe", price=5.0, url="https://toys.example/shoe"),
]


@pytest.fixture
async def agent(stocked):
    rows = [row | {"availability": STOCK[row["id"]]} for row in SHOES]
    stocked.publish("books", rows)
    stocked.catalog("toys", TOYS)
    stocked.grant("partner", "toys")
    async with stocked.http(stocked.token()) as client:
        yield client


def titles(page):
    return {item["title"] for item in page["items"]}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"price_max": 100}, {"Road shoe"}),
        ({"price_min": 100, "price_max": 150}, {"Trail shoe"}),
        ({"in_stock": True}, {"Trail shoe", "Leather boot"}),
        ({"in_stock": False}, {"Trail shoe", "Road shoe", "Leather boot"}),
        ({"condition": "used"}, {"Road shoe"}),
        ({"facets": [{"name": "color", "values": ["red"]}]}, {"Trail shoe", "Leather boot"}),
        ({"facets": {"name": "color", "values": ["red"]}, "query": "shoe"}, {"Trail shoe"}),
        ({"exclude_facets": [{"name": "brand_name", "values": ["tarn"]}]}, {"Leather boot"}),
        ({"query": "*"}, {"Trail shoe", "Road shoe", "Leather boot"}),
        ({"query": ""}, {"Trail shoe", "Road shoe", "Leather boot"}),
    ],
)
async def test_a_search_is_narrowed_over_mcp_as_over_rest(agent, arguments, found):
    page = await value(agent, "search_products", {"catalog": "books", **arguments})
    assert titles(page) == found


@pytest.mark.parametrize("catalogs", [{}, {"catalogs": ["books", "toys"]}, {"catalogs": "books"}])
async def test_all_granted_catalogs_are_searched_or_those_that_are_named(agent, catalogs):
    page = await value(agent, "search_products", {"query": "shoe", **catalogs})
    several = catalogs.get("catalogs") != "books"
    assert titles(page) == {"Trail shoe", "Road shoe"} | ({"Toy shoe"} if several else set())
    assert {item.get("catalogKey") for item in page["items"]} == (
        {"books", "toys"} if several else {None}
    )


async def test_a_cursor_of_another_question_and_a_damaged_one_are_told_apart_from_none(agent):
    first = await value(agent, "search_products", {"query": "shoe", "limit": 1})
    cursor = first["nextCursor"]
    for arguments in (
        {"query": "boot", "cursor": cursor},
        {"query": "shoe", "price_max": 100, "cursor": cursor},
        {"query": "shoe", "cursor": cursor[:-1]},
        {"query": "shoe", "cursor": "not a cursor"},
    ):
        result = (await call(agent, "search_products", arguments)).json()["result"]
        assert result["isError"] is False
        assert result["structuredContent"]["result"]["error"] == "cursor_mismatch"
    second = await value(agent, "search_products", {"query": "shoe", "limit": 1, "cursor": cursor})
    assert titles(first) & titles(second) == set()


async def test_catalogs_without_a_grant_are_refused_where_only_such_were_named(agent):
    for arguments in ({"catalog": "other"}, {"catalogs": ["other", "more"]}):
        found = await value(agent, "search_products", arguments)
        assert found["error"] == "catalog_not_granted"
    page = await value(agent, "search_products", {"catalogs": ["other", "toys"]})
    assert titles(page) == {"Bear", "Toy shoe"}
