"""What refused calls leave behind: nothing that garbage collection, which is rare, has to find."""

import gc

import pytest

from shared.errors import Problem
from shared.serve.run import MOST_THREADS
from tests.platform import LEGACY, call, message

pytestmark = pytest.mark.anyio

CALLS = 3 * MOST_THREADS
WRONG_KEY = f"octo_live_{'0' * 32}_{'A' * 43}"
FILMS = {"catalog": "films", "q": "shoes"}


@pytest.fixture
def kept():
    """How many refusals are kept that were made since, while nothing collects garbage."""
    gc.collect()
    gc.disable()
    before = _problems()
    yield lambda: len(_problems()) - len(before)
    gc.enable()


def _problems():
    return [each for each in gc.get_objects() if isinstance(each, Problem)]


@pytest.mark.parametrize(
    ("bearer", "path", "body", "status"),
    [
        (None, "/catalogs", None, 401),
        ("nonsense", "/catalogs", None, 401),
        (WRONG_KEY, "/catalogs", None, 401),
        (WRONG_KEY, "/products/search", FILMS, 401),
        ("good", "/catalogs?limit=none", None, 422),
        ("good", "/products/search", {"limit": "none"}, 422),
        ("good", "/products/search", FILMS, 404),
    ],
)
async def test_over_rest(shop, kept, bearer, path, body, status):
    bearer = shop.bearers["api"] if bearer == "good" else bearer
    async with shop.http(bearer, face="api") as client:
        for _ in range(CALLS):
            response = await client.request("POST" if body else "GET", f"/v1{path}", json=body)
            assert response.status_code == status
    assert kept() <= MOST_THREADS  # each may still hold the last one it saw


async def test_over_mcp(shop, kept):
    async with shop.http(shop.bearers["partner"]) as client:
        for _ in range(CALLS):
            response = await call(client, "search_products", {"limit": "none"})
            assert response.json()["result"]["isError"]
    assert kept() <= MOST_THREADS


async def test_over_mcp_where_the_arguments_would_not_have_fitted_either(shop, kept):
    async with shop.http(shop.token(scopes=["subscriptions:read"])) as client:
        for _ in range(CALLS):
            response = await call(client, "search_products", {})
            assert response.status_code == 403
    assert kept() <= MOST_THREADS


async def test_over_mcp_where_no_tool_is_called(shop, kept):
    async with shop.http(shop.token(session="ended")) as client:
        for _ in range(CALLS):
            response = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
            assert response.status_code == 401
    assert kept() <= MOST_THREADS
