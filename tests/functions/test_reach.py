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


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"facet_names": ["color"]}, {"Red": 2, "Blue": 1}),
        ({"facet_names": "brand_name", "price_min": 100}, {"Tarn": 1, "Corrie": 1}),
        ({"facet_names": ["availability"]}, {"in_stock": 2, "out_of_stock": 1}),
        ({"facet_names": ["color"], "query": "leather boot"}, {"Red": 1}),
        (
            {"facet_names": ["color"], "facets": {"name": "color", "values": ["red"]}},
            {"Red": 2, "Blue": 1},
        ),
        ({"facet_names": ["fit"]}, {}),
    ],
)
async def test_an_agent_learns_which_values_there_are(agent, arguments, found):
    (counted,) = await value(agent, "count_facets", {"catalog": "books", **arguments})
    assert {each["value"]: each["count"] for each in counted["values"]} == found
    assert counted["complete"] is True


async def test_counts_are_those_of_the_search_that_is_narrowed_by_the_value(agent):
    counts = await value(agent, "count_facets", {})
    for counted in (each for each in counts if each["name"] != "attribute_facets"):
        for each in counted["values"]:
            facet = {"name": counted["name"], "values": [each["value"]]}
            page = await value(agent, "search_products", {"facets": [facet]})
            assert len(page["items"]) == each["count"]


async def test_all_products_are_counted_however_many_answer(stocked, agent):
    rows = [product(str(n), attributes={"fit": [f"Fit {n // 600}"]}) for n in range(1_300)]
    stocked.publish("books", rows)
    counted = await value(agent, "count_facets", {"catalog": "books", "facet_names": ["fit"]})
    assert counted == [
        {
            "name": "fit",
            "values": [
                {"value": "Fit 0", "count": 600},
                {"value": "Fit 1", "count": 600},
                {"value": "Fit 2", "count": 100},
            ],
            "complete": True,
        }
    ]


async def test_what_was_changed_or_removed_is_counted_no_more(stocked, agent):
    stocked.publish("books", [SHOES[0] | {"color": "Green"}], "upsert_products")
    stocked.do("delete_products", catalog="books", keys=["boot"])
    asked = {"catalog": "books", "facet_names": ["color"]}
    (counted,) = await value(agent, "count_facets", asked)
    assert counted["values"] == [{"value": "Blue", "count": 1}, {"value": "Green", "count": 1}]


async def test_an_agent_learns_which_attributes_there_are(stocked, agent):
    rows = [
        product("1", attributes={"fit": ["Slim"], "neck": ["V"]}),
        product("2", attributes={"fit": ["Wide"]}),
    ]
    stocked.publish("books", rows)
    found = await value(agent, "count_facets", {"catalog": "books"})
    (attributes,) = [each for each in found if each["name"] == "attribute_facets"]
    assert {"value": "fit", "count": 2} in attributes["values"]
    assert {"value": "neck", "count": 1} in attributes["values"]
    (neck,) = await value(agent, "count_facets", {"catalog": "books", "facet_names": ["neck"]})
    assert neck["values"] == [{"value": "V", "count": 1}]


async def test_values_beyond_the_limit_are_said_to_be_there(agent):
    asked = {"catalog": "books", "facet_names": ["color"], "value_limit": 1}
    (counted,) = await value(agent, "count_facets", asked)
    assert counted["values"] == [{"value": "Red", "count": 2}]
    assert counted["complete"] is False


async def test_a_facet_that_cannot_be_is_refused(agent):
    asked = {"facet_names": ["category_path.depth_9"]}
    result = (await call(agent, "count_facets", asked)).json()["result"]
    assert result["structuredContent"]["result"]["error"] == "invalid"
