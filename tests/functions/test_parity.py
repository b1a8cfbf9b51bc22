"""The same question through MCP and through REST comes to the same values and the same codes.

They differ where models and programs do: what `test_habits` reads as meant is an error over REST,
and a cursor of another question begins at page 1 there.
"""

import pytest

from shared.catalog.products.compact import without_empty
from tests.platform import call

pytestmark = pytest.mark.anyio
URL = "https://books.example/p/1"
SEARCH = [
    {"query": "book"},
    {"query": "shoes 7"},
    {"query": "BOOKS, about... shoes!"},
    {"query": ""},
    {},
    {"limit": 1},
    {"limit": 100},
    {"limit": 0},
    {"limit": 101},
    {"limit": -5},
    {"limit": "three"},
    {"limit": 1.5},
    {"limit": True},
    {"price_max": True},
    {"query": 7},
    {"query": ["book"]},
    {"query": "x" * 5_000},
    {"query": "no product has this"},
    {"cursor": 7},
    {"catalog": "toys"},
    {"catalog": "granted_to_nobody"},
    {"catalog": 7},
    {"catalog": "x" * 65},
    {"limits": 1},
]
LOOKUP = [
    {"canonical_url": URL},
    {"canonical_url": f"{URL}/?utm_source=x&gclid=1#top"},
    {"canonical_url": URL.replace("https", "http").replace("books.", "www.books.")},
    {"canonical_url": f"{URL}?unknown=1"},
    {"canonical_url": "https://books.example/p/99"},
    {"canonical_url": "nonsense"},
    {"canonical_url": 7},
    {"canonical_url": None},
    {},
    {"canonical_url": URL, "canonicalurl": URL},
]
NAMES = {"query": "q", "canonical_url": "url"}
OWN_CODES = {"catalog_not_granted": "catalog_not_found"}
"""Where the contract has another word on REST."""


@pytest.fixture
async def faces(shop):
    bearers = shop.bearers
    async with shop.http(bearers["partner"]) as mcp, shop.http(bearers["api"], face="api") as rest:
        yield mcp, rest


async def over_mcp(mcp, tool, arguments):
    """The value, or the code of what went wrong."""
    result = (await call(mcp, tool, arguments)).json()["result"]
    value = result["structuredContent"]["result"]
    if "error" in value:
        return OWN_CODES.get(value["error"], value["error"])
    assert not result["isError"]
    return value


async def over_rest(rest, path, arguments):
    body = {NAMES.get(name, name): value for name, value in arguments.items()}
    response = await rest.post(f"/v1/products/{path}", json=body)
    value = response.json()
    if response.status_code == 200:
        return without_what_is_empty(value)
    detail = value["detail"]
    if isinstance(detail, list):
        return "invalid_limit" if detail[0]["type"] == "invalid_limit" else "invalid"
    return detail


OWN_FIELDS = {"requestId", "effectiveQuery", "debug", "source"}
KEPT = ("items", "nextCursor")


def without_what_is_empty(answer):
    """What REST answers, as it is over MCP: nothing null, nothing empty, but for a page's frame."""
    bare = without_empty({name: answer[name] for name in answer if name not in OWN_FIELDS})
    return {name: answer[name] for name in KEPT if name in answer} | bare


@pytest.mark.parametrize("arguments", SEARCH, ids=str)
async def test_a_search_comes_to_the_same(faces, arguments):
    mcp, rest = faces
    arguments = {"catalog": "books", **arguments}
    over = await over_mcp(mcp, "search_products", {**arguments, "view": "full"})
    if isinstance(over, dict):
        over.pop("understood", None)  # what REST says in effectiveQuery: test_meaning has both
    assert over == await over_rest(rest, "search", arguments)


@pytest.mark.parametrize("arguments", LOOKUP, ids=str)
async def test_a_lookup_comes_to_the_same(faces, arguments):
    mcp, rest = faces
    assert await over_mcp(mcp, "lookup_product", arguments) == await over_rest(
        rest, "lookup", arguments
    )


@pytest.mark.parametrize("query", ["shoes", None])
@pytest.mark.parametrize("limit", [1, 4, 50])
async def test_a_walk_goes_the_same_way_and_can_change_faces_between_pages(faces, query, limit):
    mcp, rest = faces

    async def walk(*turns):
        seen, cursor = [], None
        for page in range(20):
            arguments = {"catalog": "books", "limit": limit}
            arguments |= {"query": query} if query else {}
            arguments |= {"cursor": cursor} if cursor else {}
            if turns[page % len(turns)] == "mcp":
                found = await over_mcp(mcp, "search_products", arguments)
            else:
                found = await over_rest(rest, "search", arguments)
            seen += [item["productUrl"] for item in found["items"]]
            cursor = found["nextCursor"]
            if cursor is None:
                return seen
        raise AssertionError("the walk never ended")

    one, other, both = await walk("mcp"), await walk("rest"), await walk("mcp", "rest")
    assert one == other == both
    assert len(one) == len(set(one)) == 11


async def test_the_list_of_catalogs_is_the_same(faces):
    mcp, rest = faces
    listed = (await call(mcp, "list_catalogs")).json()["result"]["structuredContent"]["result"]
    assert listed == (await rest.get("/v1/catalogs")).json()
