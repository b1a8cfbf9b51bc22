"""What clients send for what they mean: their habits are no errors."""

import pytest

from tests.platform import LEGACY, ORIGIN, Platform, call, message, product, value

pytestmark = pytest.mark.anyio
URL = "https://books.example/p/1"


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.token()) as client:
        yield client


SEARCHES = [
    {"query": None, "limit": None, "cursor": None},
    {"limit": 3.0, "cursor": ""},
    {"limit": "3", "view": ""},
    {"limit": "3.0", "cursor": "null"},
    {"cursor": [], "query": "null"},
]


@pytest.mark.parametrize("arguments", SEARCHES, ids=str)
async def test_what_is_left_out_in_other_words_is_left_out(client, arguments):
    limit = {"limit": 3} if arguments.get("limit") else {}
    plain = await value(client, "search_products", {"catalog": "books", **limit})
    assert await value(client, "search_products", {"catalog": "books", **arguments}) == plain


@pytest.mark.parametrize("catalogs", ["books", '["books"]', ["books"], None, "", [], "null"])
async def test_one_text_or_a_json_text_is_read_as_the_list_it_means(client, catalogs):
    asked = {"canonical_url": URL, "catalogs": catalogs}
    assert (await value(client, "lookup_product", asked))["product"]["title"] == "Product 1"


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 1.5},
        {"limit": "three"},
        {"limit": True},
        {"limit": [3]},
        {"limit": {}, "catalog": 7},
        {"query": 7},
        {"query": ["book"]},
        {"catalog": "books", "view": "short"},
    ],
    ids=str,
)
async def test_what_means_nothing_certain_is_refused_without_words_of_our_own(client, arguments):
    response = await call(client, "search_products", {"catalog": "books", **arguments})
    result = response.json()["result"]
    assert result["isError"] is True
    assert "tuple" not in response.text


async def test_a_list_is_called_a_list_in_what_is_said(client):
    asked = {"canonical_url": URL, "catalogs": {"books": True}}
    response = await call(client, "lookup_product", asked)
    assert (
        "should be a valid list"
        in response.json()["result"]["structuredContent"]["result"]["message"]
    )


async def test_what_an_operation_takes_as_an_object_may_come_as_its_json_text(client):
    request = '{"subscriberProjectId": "x", "subscriberPrincipal": "user:a@b.example"}'
    result = await value(client, "register_bigquery_subscriber", {"request": request})
    assert result["error"] == "invalid_project"


def parts(schema):
    """The schema and every schema inside it."""
    yield schema
    for each in schema.get("properties", {}).values():
        yield from parts(each)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key])
    for each in schema.get("anyOf", ()):
        yield from parts(each)


async def test_input_schemas_are_plain(client):
    response = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    for tool in response.json()["result"]["tools"]:
        for each in parts(tool["inputSchema"]):
            assert not {"anyOf", "$ref", "$defs", "const", "title"} & set(each), tool["name"]
            assert each.get("additionalProperties") is not False
            assert each.get("default", "") is not None


async def test_an_api_key_reads_catalogs_over_mcp_and_does_nothing_else(stocked):
    stocked.publish("books", [product("1")])
    async with stocked.http(stocked.key()) as program:
        assert [each["catalog"] for each in await value(program, "list_catalogs")] == ["books"]
        assert await value(program, "search_products", {"catalog": "books"})
        refused = await call(program, "list_bigquery_subscribers")
        listed = await program.post("/mcp", json=message("tools/list"), headers=LEGACY)
    assert (refused.status_code, listed.status_code) == (403, 200)
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


async def test_an_api_key_is_judged_over_mcp_as_over_rest(stocked):
    async with stocked.http(f"octo_live_{'0' * 32}_{'A' * 43}") as nobody:
        assert (await call(nobody, "list_catalogs")).status_code == 401
    async with stocked.http(stocked.key("owner", tenant="shop")) as owner:
        assert (await call(owner, "list_catalogs")).status_code == 403
    stocked.grant("partner", "books", surfaces=["rest"])
    async with stocked.http(stocked.key()) as program:
        assert await value(program, "list_catalogs") == []


@pytest.mark.parametrize("face", ["studio", "admin"])
async def test_an_api_key_is_no_token_at_another_face(tmp_path, face):
    platform = Platform(tmp_path, faces={face: f"{ORIGIN}/{face}/mcp"})
    platform.organization("org", type={"studio": "catalog_owner", "admin": "operator"}[face])
    async with platform.http(face=face) as client:
        headers = {"authorization": f"Bearer octo_live_{'0' * 32}_{'A' * 43}"}
        asked = message("tools/call", {"name": "whoami"})
        response = await client.post(f"/{face}/mcp", json=asked, headers=headers)
    platform.close()
    assert response.status_code == 401
