"""The page of products that clients with MCP Apps show: who is told of it, and what it may load."""

import re

import orjson
import pytest

from tests.platform import LEGACY, Platform, call, message, modern_headers, product

pytestmark = pytest.mark.anyio
URI = "ui://catalog-mcp/products"
KIND = "text/html;profile=mcp-app"
APPS = {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": [KIND]}}}
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
SHOWING = {"search_products", "lookup_product", "find_similar_products"}
WITHOUT_PAGES = [
    {},
    {"extensions": {}},
    {"extensions": {"io.modelcontextprotocol/ui": {}}},
    {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/uri-list"]}}},
    {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": None}}},
]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """Catalogs whose pictures lie elsewhere than their pages; the last is granted to nobody."""
    platform = Platform(tmp_path_factory.mktemp("pictured"))
    platform.organization("partner")
    here, elsewhere = "https://books.example/i/1.jpg", "https://never.shown.example/2.jpg"
    red = {
        "id": "red",
        "parent_id": "2",
        "url": "https://books.example/p/2?color=red",
        "price": "9 EUR",
        "options": {"Color": "Red"},
        "images": ["https://cdn.books.example:8443/red.jpg"],
    }
    whole = {"kind": "configurable", "price": None, "images": ["HTTPS://CDN.books.example/2?w=1"]}
    rows = [product("1", images=[here, elsewhere]), product("2", **whole), red, product("3")]
    platform.catalog("books", rows)
    platform.catalog("plain", [product("9", url="https://plain.example/p/9")])
    hidden = product("h", url="https://secret.example/h", images=["https://cdn.secret.example/h"])
    platform.catalog("secret", [hidden])
    for each in ("books", "plain"):
        platform.grant("partner", each)
    yield platform
    platform.close()


@pytest.fixture
async def client(pictured):
    async with pictured.http(pictured.token()) as client:
        yield client


async def asked(client, method, params=None, *, modern=False, able=None):
    """The answer of either era; `able` are the client's capabilities in the later one."""
    body = message(method, params, modern=modern)
    if modern:
        body["params"]["_meta"][CAPABILITIES] = able or {}
    headers = modern_headers(method, (params or {}).get("uri")) if modern else LEGACY
    return (await client.post("/mcp", json=body, headers=headers)).json()


async def read(client, **options):
    answer = await asked(client, "resources/read", {"uri": URI}, **options)
    (content,) = answer["result"]["contents"]
    return content


def pages(listed):
    """The page of each tool that has one."""
    return {
        tool["name"]: tool["_meta"]["ui"]["resourceUri"]
        for tool in listed["result"]["tools"]
        if "_meta" in tool
    }


async def test_a_client_that_shows_pages_is_told_which_page_shows_products(client):
    listed = await asked(client, "tools/list", modern=True, able=APPS)
    assert pages(listed) == dict.fromkeys(SHOWING, URI)


@pytest.mark.parametrize("able", WITHOUT_PAGES)
async def test_a_client_that_shows_none_has_the_list_without_them(client, able):
    shown = await asked(client, "tools/list", modern=True, able=APPS)
    plain = await asked(client, "tools/list", modern=True, able=able)
    assert pages(plain) == {}
    for tool in shown["result"]["tools"]:
        tool.pop("_meta", None)
    assert plain == shown
    assert b"ui://" not in orjson.dumps(plain)


async def test_in_the_earlier_era_everybody_is_told_because_nothing_is_kept_of_initialize(client):
    listed = await asked(client, "tools/list")
    assert pages(listed) == dict.fromkeys(SHOWING, URI)


async def test_the_server_says_that_it_has_pages_in_both_eras(client):
    discovered = await asked(client, "server/discover", modern=True, able=APPS)
    said = discovered["result"]["capabilities"]
    assert said["extensions"] == {"io.modelcontextprotocol/ui": {}}
    assert "resources" in said
    opening = {
        "protocolVersion": "2025-11-25",
        "capabilities": APPS,
        "clientInfo": {"name": "t", "version": "1"},
    }
    begun = await asked(client, "initialize", opening)
    assert "resources" in begun["result"]["capabilities"]


@pytest.mark.parametrize("modern", [False, True])
async def test_the_page_is_listed(client, modern):
    answer = await asked(client, "resources/list", modern=modern, able=APPS)
    (listed,) = answer["result"]["resources"]
    assert (listed["uri"], listed["mimeType"]) == (URI, KIND)


@pytest.mark.parametrize("modern", [False, True])
async def test_there_are_no_templates_of_pages(client, modern):
    answer = await asked(client, "resources/templates/list", modern=modern)
    assert answer["result"]["resourceTemplates"] == []


@pytest.mark.parametrize("modern", [False, True])
async def test_the_page_is_read_whole_and_small(client, modern):
    content = await read(client, modern=modern, able=APPS)
    assert (content["uri"], content["mimeType"]) == (URI, KIND)
    assert content["text"].startswith("<!doctype html>")
    assert len(content["text"].encode()) < 30_000


async def test_the_page_asks_nobody_for_anything_itself(client):
    text = (await read(client))["text"]
    assert not re.findall(
        r"""(?:src|href|url\(|@import|fetch|import)\s*[=(]\s*["']?https?:""", text
    )
    assert not re.findall(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|import)\b", text)
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert text.count("<script>") == text.count("</script>") == 1


async def test_pictures_come_from_the_origins_of_granted_catalogs_and_nothing_else_is_loaded(
    client,
):
    content = await read(client)
    assert content["_meta"]["ui"]["csp"] == {
        "resourceDomains": [
            "https://books.example",
            "https://cdn.books.example",
            "https://cdn.books.example:8443",
        ]
    }


async def origins(platform):
    async with platform.http(platform.token()) as client:
        return (await read(client))["_meta"]["ui"]["csp"]["resourceDomains"]


async def test_origins_follow_what_is_published(stocked):
    stocked.publish("books", [product("9", images=["https://img.books.example/9.png"])])
    assert await origins(stocked) == ["https://img.books.example"]
    stocked.publish("books", [product("9")])
    assert await origins(stocked) == []


async def test_a_change_of_some_products_keeps_the_origins_of_the_others(stocked):
    stocked.publish("books", [product("1", images=["https://one.books.example/1.png"])])
    two = product("2", images=["https://two.books.example/2.png"])
    stocked.publish("books", [two], "upsert_products")
    assert await origins(stocked) == ["https://one.books.example", "https://two.books.example"]


async def test_a_catalog_with_pictures_in_too_many_places_names_the_first(stocked):
    rows = [product(str(n), images=[f"https://i{n:03}.example/1.png"]) for n in range(60)]
    stocked.publish("books", rows)
    assert await origins(stocked) == [f"https://i{n:03}.example" for n in range(32)]


async def test_a_catalog_that_is_no_longer_granted_names_none(stocked):
    stocked.publish("books", [product("1", images=["https://one.books.example/1.png"])])
    stocked.do("withdraw_grant", org="partner", catalog="books")
    assert await origins(stocked) == []


async def test_the_page_of_somebody_without_grants_loads_nothing(pictured):
    pictured.organization("lonely")
    async with pictured.http(pictured.token("lonely", "leo")) as client:
        assert (await read(client))["_meta"]["ui"]["csp"] == {"resourceDomains": []}


@pytest.mark.parametrize("modern", [False, True])
async def test_a_page_that_there_is_not_is_an_error(client, modern):
    params = {"uri": "ui://catalog-mcp/other"}
    answer = await asked(client, "resources/read", params, modern=modern)
    assert answer["error"]["code"] == -32602


async def test_reading_the_page_takes_what_listing_the_tools_takes(pictured):
    async with pictured.http() as stranger:
        response = await stranger.post("/mcp", json=message("resources/read", {"uri": URI}))
    assert response.status_code == 401


async def test_answers_are_the_same_with_pages_and_without(client):
    search = {"query": "product", "limit": 3}
    plain = (await call(client, "search_products", search, modern=True)).json()
    body = message("tools/call", {"name": "search_products", "arguments": search}, modern=True)
    body["params"]["_meta"][CAPABILITIES] = APPS
    headers = modern_headers("tools/call", "search_products")
    shown = (await client.post("/mcp", json=body, headers=headers)).json()
    assert shown == plain
