"""Requests nobody sane sends: always an answer with a request id, never a 500, nothing leaked."""

import httpx
import orjson
import pytest

from functions.api.main import host as api_host
from functions.partner.results import PartnerRenderer
from shared.auth.faces import PARTNER
from shared.catalog.tools import api
from shared.serve.mcp_http import McpEndpoint
from shared.serve.mcp_server import tool_server
from shared.serve.rest import RestHost, Route
from shared.serve.run import Runner
from tests.functions import failing
from tests.hostile import BODIES, HEADERS
from tests.platform import LEGACY, ORIGIN, call, message, modern_headers

pytestmark = pytest.mark.anyio


def same(response):
    assert response.status_code < 500, response.text
    assert response.headers["x-request-id"]
    return response


@pytest.mark.parametrize("path", ["search", "lookup"])
@pytest.mark.parametrize("name", BODIES)
async def test_rest_answers_any_body(shop, name, path):
    headers = {"content-type": "application/json"}
    async with shop.http(shop.bearers["api"], face="api") as client:
        response = await client.post(f"/v1/products/{path}", content=BODIES[name], headers=headers)
    same(response)
    assert response.headers["x-ratelimit-limit"]
    if response.status_code == 422 and isinstance(response.json()["detail"], list):
        assert all(entry["loc"][0] == "body" for entry in response.json()["detail"])


@pytest.mark.parametrize("name", BODIES)
async def test_mcp_answers_any_body_and_any_arguments(shop, name):
    async with shop.http(shop.bearers["partner"]) as client:
        headers = {"content-type": "application/json", **LEGACY}
        same(await client.post("/mcp", content=BODIES[name], headers=headers))
        head = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
        call_of = head + b'{"name":"search_products","arguments":' + BODIES[name] + b"}}"
        for version in (LEGACY, modern_headers("tools/call", "search_products")):
            same(await client.post("/mcp", content=call_of, headers={**headers, **version}))


@pytest.mark.parametrize("face", ["partner", "api"])
@pytest.mark.parametrize("name", HEADERS)
async def test_any_header_is_answered(shop, name, face):
    path = "/mcp" if face == "partner" else "/v1/products/search"
    async with shop.http(shop.bearers[face], face=face) as client:
        body = message("tools/list") if face == "partner" else {}
        same(await client.post(path, json=body, headers=HEADERS[name]))


@pytest.mark.parametrize(
    "method", ["initialize", "tools/list", "tools/call", "ping", "server/discover", "logging/x"]
)
@pytest.mark.parametrize(
    "params",
    [{}, {"name": {}}, {"name": None}, {"name": "x" * 10_000}, {"_meta": 7}, {"_meta": {}}],
)
async def test_mcp_answers_any_parameters(shop, method, params):
    async with shop.http(shop.bearers["partner"]) as client:
        for version in ({}, LEGACY, modern_headers(method)):
            same(await client.post("/mcp", json=message(method, params), headers=version))


@pytest.mark.parametrize("id_", [0, -1, "", "x" * 10_000, 2**63, 2**64, 1.0])
async def test_mcp_answers_any_id(shop, id_):
    async with shop.http(shop.bearers["partner"]) as client:
        response = same(await client.post("/mcp", json=message("ping", id_=id_), headers=LEGACY))
    if response.status_code == 200:
        assert response.json()["id"] == id_


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/openapi.json", 405),
        ("PUT", "/v1/products/search", 405),
        ("GET", "/v1/", 404),
        ("GET", "/v1/catalogs/", 404),
        ("GET", "/v1/%2e%2e/catalogs", 404),
        ("GET", "/v1/cat%00alogs", 404),
    ],
)
async def test_paths_and_methods_that_are_not_there_are_told_so(shop, method, path, status):
    async with shop.http(shop.bearers["api"], face="api") as client:
        response = await client.request(method, path)
    assert same(response).status_code == status
    assert ("allow" in response.headers) == (status == 405)


LARGE = {
    "many unknown fields": {f"unknown{n}": "x" * 50 for n in range(15_000)},
    "one long unknown field": {"k" * 900_000: 1},
    "a long value": {"query": ["x" * 900_000]},
    "a long list": {"query": list(range(150_000))},
    "something deep": {"query": orjson.loads(b"[" * 500 + b"]" * 500)},
    "a long value of a field that is none": {"unknown": {"x": "y" * 900_000}},
}


@pytest.mark.parametrize("name", list(LARGE))
async def test_what_does_not_fit_is_answered_in_short(shop, name):
    async with shop.http(shop.bearers["api"], face="api") as client:
        rest = same(await client.post("/v1/products/search", json=LARGE[name]))
        query = same(await client.post("/v1/products/search", params={"q" * 5_000: "x" * 5_000}))
    async with shop.http(shop.bearers["partner"]) as client:
        mcp = same(await call(client, "search_products", {"catalog": "none", **LARGE[name]}))
    for response in (rest, query, mcp):
        assert len(response.content) < 8_000
    assert rest.status_code == 422
    detail = rest.json()["detail"]
    assert len(detail) <= 20
    sent = [str(each.get("input", "")) for each in detail]
    named = [each["loc"][-1] for each in detail if each["type"] == "extra_forbidden"]
    assert sum(map(len, [*sent, *named])) <= 200


async def test_so_many_unknown_arguments_that_comparing_them_takes_long_are_refused(shop):
    many = {f"unknown{n}": 1 for n in range(101)}
    async with shop.http(shop.bearers["partner"]) as client:
        response = await call(client, "search_products", {"catalog": "books", "query": "x", **many})
    assert "Leave them out" in response.text


async def test_a_body_is_refused_in_its_turn_after_who_is_calling(shop):
    for body, kind, status in (
        (b"{", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b" " * 2_000_000, "application/json", 413),
    ):
        for key, expected in (
            (None, 401),
            (shop.key("owner", tenant="shop"), 403),
            (shop.bearers["api"], status),
        ):
            async with shop.http(key, face="api") as client:
                response = await client.post(
                    "/v1/products/search", content=body, headers={"content-type": kind}
                )
            assert response.status_code == expected
            assert ("x-ratelimit-limit" in response.headers) == (expected != 401)


async def test_the_query_of_an_operation_with_a_body_is_refused_not_ignored(shop):
    async with shop.http(shop.bearers["api"], face="api") as client:
        response = await client.post("/v1/products/search?limit=1", json={})
        listed = await client.get("/v1/catalogs?page=2")
    for refused, name in ((response, "limit"), (listed, "page")):
        assert refused.status_code == 422
        assert [entry["loc"] for entry in refused.json()["detail"]] == [["query", name]]


async def test_a_range_that_a_tool_checks_names_its_field(shop):
    async with shop.http(shop.bearers["api"], face="api") as client:
        crossed = await client.post("/v1/products/search", json={"price_min": 2, "price_max": 1})
        facet = {"facets": [{"name": "category_path.depth_9", "values": ["x"]}]}
        unknown = await client.post("/v1/products/search", json=facet)
    assert crossed.json()["detail"][0]["loc"] == ["body", "price_min"]
    assert unknown.json()["detail"][0]["loc"] == ["body", "facets", 0, "name"]


@pytest.fixture
def faces(stocked):
    """Both hosts with a tool that fails as nobody expects."""
    runner = Runner(stocked.app)
    server = tool_server(
        PARTNER,
        name="failing",
        version="1",
        instructions="",
        families=[failing.family],
        runner=runner,
        renderer=PartnerRenderer(),
    )
    mcp = McpEndpoint(PARTNER, server, runner)
    route = Route("POST", "/fail", "fail", failing.family["fail_hard"])
    rest = RestHost((route,), runner, base="/v1", document=lambda: b"{}")
    return {
        "mcp": httpx.AsyncClient(
            transport=httpx.ASGITransport(mcp),
            base_url=ORIGIN,
            headers={"authorization": f"Bearer {stocked.token()}"},
        ),
        "rest": httpx.AsyncClient(
            transport=httpx.ASGITransport(rest),
            base_url=ORIGIN,
            headers={"authorization": f"Bearer {stocked.key()}"},
        ),
    }


async def test_a_crash_in_a_tool_is_internal_and_told_to_the_log_alone(faces, logged):
    secret = {"word": "hush-hush"}
    over_mcp = await call(faces["mcp"], "fail_hard", secret)
    over_rest = await faces["rest"].post("/v1/fail", json=secret)
    result = over_mcp.json()["result"]
    assert result["isError"] is True
    assert result["structuredContent"]["result"]["error"] == "internal"
    assert (over_rest.status_code, over_rest.json()) == (500, {"detail": "internal"})
    assert over_rest.headers["x-ratelimit-limit"]
    printed = logged()[1]
    for answer in (over_mcp, over_rest):
        assert "hush" not in answer.text
        assert "RuntimeError" not in answer.text
        told = [each for each in printed if each.get("requestId") == answer.headers["x-request-id"]]
        (crash,) = [each for each in told if each["message"] == "crash"]
        assert crash["severity"] == "ERROR"
        assert "RuntimeError" in crash["exception"]
        assert "fail_hard" in crash["exception"]
        (call_line,) = [each for each in told if each["message"] == "call"]
        assert call_line["outcome"] == "internal"
    assert "hush" not in orjson.dumps(printed).decode()


async def test_a_crash_in_a_host_is_500_with_a_request_id(stocked, logged):
    def broken(arguments, body):
        raise KeyError(arguments["url"])

    route = Route("POST", "/x", "x", api.family["lookup_url"], show=broken)
    rest = RestHost((route,), Runner(stocked.app), base="/v1", document=lambda: b"{}")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(rest), base_url=ORIGIN) as client:
        headers = {"authorization": f"Bearer {stocked.key()}"}
        body = {"url": "https://books.example/p/1"}
        response = await client.post("/v1/x", json=body, headers=headers)
    assert (response.status_code, response.json()) == (500, {"detail": "internal"})
    (crash,) = [each for each in logged()[1] if each["message"] == "crash"]
    assert crash["requestId"] == response.headers["x-request-id"]
    assert "books.example" not in orjson.dumps(crash).decode()


def test_hosts_are_the_ones_that_are_deployed(stocked):
    assert isinstance(api_host(stocked.app), RestHost)
