"""One address in every spelling that clients send, metadata for any page, odd requests."""

import gzip
import json

import orjson
import pytest

from tests.platform import LEGACY, Platform, call, message

pytestmark = pytest.mark.anyio
METADATA = "/.well-known/oauth-protected-resource"
ELSEWHERE = {"origin": "https://client.example"}


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.token()) as client:
        yield client


@pytest.fixture
def deployed(tmp_path):
    platform = Platform(
        tmp_path,
        sign_in=True,
        mcp_url="https://mcp.shops.example/mcp",
        api_url="https://api.shops.example/v1",
        auth_url="https://auth.shops.example",
    )
    yield platform
    platform.close()


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_metadata_names_the_resource_in_the_spelling_that_was_asked_for(deployed, path):
    async with deployed.http(host="mcp.shops.example") as client:
        document = (await client.get(f"{METADATA}{path}")).json()
        refused = await client.post(path)
    assert document["resource"] == f"https://mcp.shops.example{path}"
    named = f'resource_metadata="https://mcp.shops.example{METADATA}{path}"'
    assert named in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    "host", ["mcp.shops.example:443", "MCP.Shops.Example", "mcp.shops.example"]
)
async def test_a_host_is_compared_without_case_and_default_port(deployed, host):
    async with deployed.http(host=host) as client:
        document = await client.get(f"{METADATA}/mcp")
    assert document.json()["resource"] == "https://mcp.shops.example/mcp"


async def test_another_port_is_another_host(deployed):
    async with deployed.http(host="mcp.shops.example:8443") as client:
        assert (await client.get(f"{METADATA}/mcp")).status_code == 421


@pytest.mark.parametrize(
    "resource",
    [
        "https://mcp.shops.example/mcp",
        "https://mcp.shops.example/mcp/",
        "https://mcp.shops.example:443/mcp",
        "HTTPS://MCP.Shops.Example/mcp/",
        "https://mcp.shops.example",
    ],
)
def test_what_is_published_as_resource_is_taken_as_resource(deployed, resource):
    from functions.auth.server import AuthServer

    found = AuthServer(deployed.app).resource([resource])
    assert found.audience == "https://mcp.shops.example/mcp"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize(
    ("face", "host", "path"),
    [
        ("partner", "mcp", METADATA),
        ("partner", "mcp", f"{METADATA}/mcp"),
        ("partner", "mcp", "/.well-known/oauth-authorization-server"),
        ("auth", "auth", "/.well-known/oauth-authorization-server"),
        ("auth", "auth", "/.well-known/openid-configuration"),
    ],
)
async def test_metadata_is_for_any_page(deployed, method, face, host, path):
    async with deployed.http(face=face, host=f"{host}.shops.example") as client:
        response = await client.request(method, path, headers=ELSEWHERE)
    assert response.status_code in (200, 204)
    assert response.headers["access-control-allow-origin"] == "*"


async def test_the_endpoint_itself_is_for_known_pages_only(deployed):
    async with deployed.http(host="mcp.shops.example") as client:
        for method in ("POST", "OPTIONS"):
            assert (await client.request(method, "/mcp", headers=ELSEWHERE)).status_code == 403


async def test_who_reads_only_event_streams_gets_one_event(client):
    headers = {**LEGACY, "accept": "text/event-stream"}
    params = {"name": "list_catalogs", "arguments": {}}
    plain = await client.post("/mcp", json=message("tools/call", params), headers=LEGACY)
    response = await client.post("/mcp", json=message("tools/call", params), headers=headers)
    assert response.headers["content-type"] == "text/event-stream"
    assert response.content == b"event: message\ndata: " + plain.content + b"\n\n"


async def test_a_gzip_body_is_read_within_the_limit(client):
    headers = {**LEGACY, "content-type": "application/json", "content-encoding": "gzip"}
    body = orjson.dumps(message("tools/call", {"name": "list_catalogs"}))
    good = await client.post("/mcp", content=gzip.compress(body), headers=headers)
    bomb = await client.post("/mcp", content=gzip.compress(b" " * 20_000_000), headers=headers)
    cut = await client.post("/mcp", content=gzip.compress(body)[:-9], headers=headers)
    odd = await client.post("/mcp", content=body, headers={**headers, "content-encoding": "br"})
    assert good.json()["result"]["isError"] is False
    assert [each.status_code for each in (bomb, cut, odd)] == [413, 415, 415]


async def test_a_gzip_body_is_read_over_rest_too(stocked):
    async with stocked.http(stocked.key(), face="api") as backend:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        body = gzip.compress(b'{"limit": 1}')
        response = await backend.post("/v1/products/search", content=body, headers=headers)
    assert len(response.json()["items"]) == 1


async def test_a_revision_that_demands_batches_is_not_agreed_to(client):
    params = {
        "protocolVersion": "2025-03-26",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    response = await client.post("/mcp", json=message("initialize", params))
    assert response.json()["result"]["protocolVersion"] == "2024-11-05"


@pytest.mark.parametrize(
    ("body", "code", "id_"),
    [
        (b'{"jsonrpc":"1.0","id":5,"method":"ping"}', -32600, 5),
        (b'{"id":"a","method":"ping"}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":6,"method":7}', -32600, 6),
        (b'{"jsonrpc":"2.0","id":8,"method":"ping","params":[]}', -32602, 8),
        (b'{"jsonrpc":"2.0","id":7,"method":"x\\ud800"}', -32700, 7),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"x"}', -32700, None),
        (b'{"jsonrpc":"2.0","id":7,', -32700, None),
        (b"[" * 100_000, -32700, None),
    ],
)
async def test_an_error_carries_the_id_wherever_it_can_be_read(client, body, code, id_):
    headers = {"content-type": "application/json"}
    response = await client.post("/mcp", content=body, headers=headers)
    answer = json.loads(response.content)
    assert (answer["error"]["code"], answer["id"]) == (code, id_)


async def test_a_tool_is_called_at_the_address_with_a_slash(client):
    params = {"name": "list_catalogs", "arguments": {}}
    response = await client.post("/mcp/", json=message("tools/call", params), headers=LEGACY)
    assert response.json() == (await call(client, "list_catalogs")).json()
