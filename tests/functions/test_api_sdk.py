"""The published REST client, unmodified, against our host."""

import httpx
import octogen_ai_sdk as sdk
import pytest

from functions.api.main import host
from tests.platform import ORIGIN, product

pytestmark = pytest.mark.anyio
ROWS = [
    product(str(n), title=f"Running shoe {n}", color=("Red", "Blue")[n % 2], price=10.0 * n)
    for n in range(1, 8)
]


@pytest.fixture
def connect(stocked):
    stocked.publish("books", ROWS)

    def connect(key=None):
        transport = httpx.ASGITransport(host(stocked.app))
        return sdk.OctogenClient(
            api_key=key or stocked.key(),
            base_url=f"{ORIGIN}/v1",
            http_client=httpx.AsyncClient(transport=transport),
        )

    return connect


async def test_me_is_parsed(connect):
    async with connect() as client:
        me = await client.get_me()
    assert me.organization.slug == "partner"
    assert me.rate_limit.limit == 600
    assert me.key.prefix.startswith("octo_live_")


async def test_a_search_is_parsed_with_facets_prices_and_pages(connect):
    async with connect() as client:
        red = [{"name": "color", "values": ["red"]}]
        page = await client.search_products(q="running shoe", facets=red, price_max=40, limit=50)
        assert {item.title for item in page.items} == {"Running shoe 2", "Running shoe 4"}
        assert page.next_cursor is None
        assert page.effective_query.price_max == 40
        seen, cursor = [], None
        while True:
            page = await client.search_products(q="shoe", limit=3, cursor=cursor)
            seen += [item.uuid for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert len(seen) == len(set(seen)) == 7


async def test_a_lookup_is_parsed_as_record_and_as_markdown(connect):
    async with connect() as client:
        found = await client.lookup_product(f"{ROWS[0]['url']}?utm_source=x")
        text = await client.lookup_product_markdown(ROWS[0]["url"])
    assert found.product.title == "Running shoe 1"
    assert found.catalog_key == text.catalog == "books"
    assert found.normalized_url == text.normalized_url == ROWS[0]["url"]
    assert text.markdown.startswith("# Running shoe 1")
    assert text.product_uuid == str(found.product.uuid)
    assert text.request_id


async def failure(calling):
    with pytest.raises(sdk.OctogenAPIError) as raised:
        await calling
    assert raised.value.request_id
    return type(raised.value), raised.value.status_code


async def test_what_goes_wrong_is_raised_as_its_type(stocked, connect):
    async with connect() as client:
        missing = "https://books.example/p/99"
        assert await failure(client.lookup_product(missing)) == (sdk.OctogenNotFoundError, 404)
        assert await failure(client.lookup_product("nonsense")) == (
            sdk.OctogenValidationError,
            422,
        )
        wrong = client.search_products(facets=[{"name": "category_path.depth_9", "values": ["x"]}])
        assert await failure(wrong) == (sdk.OctogenValidationError, 422)
        planned = client.search_products(q="x", diversity=True)
        assert await failure(planned) == (sdk.OctogenValidationError, 422)
        unknown = client.search_products(q="x", catalogs=["nothing"])
        assert await failure(unknown) == (sdk.OctogenNotFoundError, 404)
    async with connect(f"octo_live_{'0' * 32}_{'A' * 43}") as client:
        assert await failure(client.get_me()) == (sdk.OctogenAuthenticationError, 401)
    async with connect(stocked.key("owner", tenant="shop")) as client:
        assert await failure(client.get_me()) == (sdk.OctogenForbiddenError, 403)


async def test_an_empty_budget_says_how_long_to_wait(stocked, connect):
    stocked.do("change_organization", id="partner", rate_limit=1)
    async with connect() as client:
        await client.get_me()
        with pytest.raises(sdk.OctogenRateLimitError) as raised:
            await client.get_me()
    assert 1 <= raised.value.retry_after <= 60


async def test_facet_counts_are_parsed_and_say_what_a_choice_would_come_to(connect):
    async with connect() as client:
        counted = await client.count_product_facets(
            q="running shoe under $40",
            facets=[{"name": "color", "values": ["red"]}],
            attributes=["color", "size"],
            facet_names=["category_path.depth_0"],
            categories=[{"key": "blue ones", "facets": [{"name": "color", "values": ["blue"]}]}],
        )
        page = await client.search_products(
            q="running shoe under $40", facets=[{"name": "color", "values": ["blue"]}]
        )
    color, size = counted.attributes
    assert {each.value: each.count for each in color.values} == {"Red": 2, "Blue": 2}
    assert (color.handle, color.facet_name, size.values) == ("color", "color", [])
    assert len(page.items) == 2
    assert [(each.key, each.count) for each in counted.categories] == [("blue ones", 0)]
    assert counted.effective_query.understood
    assert counted.effective_query.price_max == 40


async def test_parsing_a_page_is_looking_it_up(connect):
    async with connect() as client:
        body = {"url": ROWS[0]["url"]}
        answer = await client._json("parseProductAlias", json=body)
    assert answer["product"]["title"] == "Running shoe 1"
