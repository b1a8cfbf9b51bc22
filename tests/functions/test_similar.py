"""Products like others, as an agent asks for them."""

import pytest

from tests.platform import call, product, value

pytestmark = pytest.mark.anyio
SHOES = [
    product(
        f"shoe-{n}",
        title=f"Trail running shoe {n}",
        categories=["Shoes", "Running"],
        price=50.0 + n,
        availability=("in_stock", "out_of_stock")[n % 2],
    )
    for n in range(20)
] + [
    product("boot", title="Leather boot", categories=["Shoes", "Boots"]),
    product("bear", title="Toy bear", categories=["Toys"]),
]


@pytest.fixture
async def agent(stocked):
    stocked.publish("books", SHOES)
    async with stocked.http(stocked.token()) as client:
        yield client


async def similar(agent, **arguments):
    pages = {"canonical_urls": [SHOES[0]["url"]], **arguments}
    return await value(agent, "find_similar_products", pages)


def titles(page):
    return [item["title"] for item in page["items"]]


async def test_the_answer_is_others_of_the_kind_page_by_page_and_each_once(agent):
    seen, cursor = [], None
    while True:
        page = await similar(agent, limit=7, **({"cursor": cursor} if cursor else {}))
        seen += titles(page)
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(f"Trail running shoe {n}" for n in range(1, 20))
    assert None not in page["items"][0].values()


@pytest.mark.parametrize(
    ("bounds", "numbers"),
    [
        ({"price_max": 55}, {1, 2, 3, 4, 5}),
        ({"price_min": 68}, {18, 19}),
        ({"in_stock": True, "price_max": 56}, {2, 4, 6}),
    ],
)
async def test_it_keeps_to_bounds(agent, bounds, numbers):
    page = await similar(agent, **bounds)
    assert set(titles(page)) == {f"Trail running shoe {n}" for n in numbers}


async def test_what_is_asked_about_together_is_no_answer(agent):
    found = await similar(agent, canonical_urls=[row["url"] for row in SHOES[:3]], limit=50)
    assert set(titles(found)) == {f"Trail running shoe {n}" for n in range(3, 20)}


async def test_a_cursor_of_another_question_is_told(agent):
    first = await similar(agent, limit=2)
    other = await similar(agent, limit=2, price_max=60, cursor=first["nextCursor"])
    assert other["error"] == "cursor_mismatch"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"canonical_urls": ["https://books.example/p/none"]}, "product_not_found"),
        ({"canonical_urls": ["nonsense"]}, "invalid_product_url"),
        ({"catalogs": ["other"]}, "catalog_not_granted"),
        ({"limit": 0}, "invalid_limit"),
    ],
)
async def test_what_goes_wrong_is_a_value(agent, arguments, code):
    asked = {"canonical_urls": [SHOES[0]["url"]], **arguments}
    result = (await call(agent, "find_similar_products", asked)).json()["result"]
    assert result["isError"] is False
    assert result["structuredContent"]["result"]["error"] == code
