"""Arguments nobody knows: clients add their own, models mistype ours."""

import pytest

from shared.near import near
from tests.platform import call

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.token()) as client:
        yield client


@pytest.mark.parametrize("modern", [False, True])
async def test_unknown_arguments_are_ignored_and_named(client, modern):  # 10
    plain = await call(client, "list_catalogs", modern=modern)
    response = await call(client, "list_catalogs", {"toolCallId": 1, "x": None}, modern=modern)
    result = response.json()["result"]
    assert result["isError"] is False
    assert result["structuredContent"] == plain.json()["result"]["structuredContent"]
    assert result["_meta"].pop("ignored") == ["toolCallId", "x"]
    assert result["_meta"] == plain.json()["result"].get("_meta", {})


@pytest.mark.parametrize("name", ["Limit", "limits", "page_limit", "limt"])
async def test_a_near_miss_of_an_argument_is_an_error_that_names_it(client, name):  # 10
    given = {"catalog": "books", "query": "shoes", name: 1}
    result = (await call(client, "search_products", given)).json()["result"]
    assert result["isError"] is True
    assert result["structuredContent"]["result"]["error"] == "invalid"
    message = result["structuredContent"]["result"]["message"]
    assert f"'{name}'" in message
    assert "did you mean limit?" in message


KNOWN = ["catalog", "cursor", "limit", "price_max", "price_min", "query"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pricemax", ["price_max"]),
        ("priceMax", ["price_max"]),
        ("max_price", ["price_max"]),
        ("price_mx", ["price_max", "price_min"]),
        ("price", ["price_max", "price_min"]),
        ("catalogs", ["catalog"]),
        ("catalog_filter", ["catalog"]),
        ("Query", ["query"]),
        ("toolCallId", []),
        ("sessionId", []),
        ("action", []),
        ("chatInput", []),
        ("_meta", []),
        ("", []),
        ("ß", []),
    ],
)
def test_a_near_miss_is_told_from_what_a_client_adds(name, meant):
    assert near(name, KNOWN) == meant
