"""The partner endpoint over HTTP: both protocol eras, refusals, and the shape of results.

Numbers behind test names are rows of the both-eras checklist (docs/requests.md, "MCP").
"""

import base64

import orjson
import pytest

from tests.platform import LEGACY, call, message, modern_headers, value

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.token()) as client:
        yield client


@pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])
async def test_list_catalogs_gives_the_granted_catalogs_as_value_and_as_the_same_text(
    client, modern
):
    response = await call(client, "list_catalogs", modern=modern)
    result = response.json()["result"]
    catalogs = result["structuredContent"]["result"]
    assert [catalog["catalog"] for catalog in catalogs] == ["books"]
    assert catalogs[0]["productCount"] == 5
    assert catalogs[0]["displayName"] == "Books"
    assert catalogs[0]["lastIndexedAt"].endswith("Z")
    assert result["isError"] is False
    assert orjson.loads(result["content"][0]["text"]) == catalogs
    assert ", " not in result["content"][0]["text"][:40]


async def test_no_grants_is_an_empty_list_and_no_error(platform):
    async with platform.http(platform.token()) as client:
        assert await value(client, "list_catalogs") == []


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
async def test_initialize_echoes_a_known_version_and_mints_no_session(client, version):  # 1, 3
    params = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    response = await client.post("/mcp", json=message("initialize", params))
    assert response.json()["result"]["protocolVersion"] == version
    assert "mcp-session-id" not in response.headers
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    accepted = await client.post("/mcp", json=ready, headers=LEGACY)
    assert (accepted.status_code, accepted.content) == (202, b"")


async def test_initialize_with_an_unknown_version_falls_back_to_2025_11_25(client):  # 7
    params = {
        "protocolVersion": "1999-01-01",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    response = await client.post("/mcp", json=message("initialize", params))
    assert response.json()["result"]["protocolVersion"] == "2025-11-25"


async def test_a_tool_can_be_called_without_initialize_and_without_version_header(client):  # 1, 2
    response = await client.post(
        "/mcp",
        json=message("tools/call", {"name": "list_catalogs"}),
        headers={"mcp-session-id": "whatever"},
    )
    assert response.status_code == 200


async def test_routing_headers_and_a_modern_body_do_not_make_a_request_modern(client):  # 2
    for headers in (
        {**modern_headers("tools/list"), **LEGACY},  # as mcp-remote sends them
        {},
    ):
        response = await client.post(
            "/mcp", json=message("tools/list", modern=True), headers=headers
        )
        assert response.status_code == 200
        assert "resultType" not in response.json()["result"]


async def test_discover_names_the_modern_version_and_how_long_it_holds(client):  # 1, 13, 14
    response = await client.post(
        "/mcp",
        json=message("server/discover", modern=True),
        headers=modern_headers("server/discover"),
    )
    result = response.json()["result"]
    assert "2026-07-28" in result["supportedVersions"]
    assert result["resultType"] == "complete"
    assert result["ttlMs"] > 0
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "catalog-mcp"


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
async def test_anything_but_post_is_405_once_signed_in(client, method, path):  # 4
    response = await client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("without", "status"),
    [("protocolVersion", 400), ("clientCapabilities", 400), ("clientInfo", 200)],
)
async def test_a_modern_request_without_a_required_meta_key_is_refused(
    client, without, status
):  # 5
    body = message("tools/list", modern=True)
    del body["params"]["_meta"][f"io.modelcontextprotocol/{without}"]
    response = await client.post("/mcp", json=body, headers=modern_headers("tools/list"))
    assert response.status_code == status
    assert status == 200 or response.json()["error"]["code"] == -32602


@pytest.mark.parametrize(
    "changed",
    [
        {"mcp-method": "tools/list"},
        {"mcp-method": None},
        {"mcp-name": "search_products"},
        {"mcp-name": "List_Catalogs"},
        {"mcp-name": None},
    ],
)
async def test_headers_that_contradict_the_body_or_are_missing_are_refused(client, changed):  # 6
    headers = {**modern_headers("tools/call", "list_catalogs"), **changed}
    headers = {name: value for name, value in headers.items() if value is not None}
    body = message("tools/call", {"name": "list_catalogs"}, modern=True)
    response = await client.post("/mcp", json=body, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


async def test_a_name_may_come_in_base64(client):  # 6
    name = f"=?base64?{base64.b64encode(b'list_catalogs').decode()}?="
    body = message("tools/call", {"name": "list_catalogs"}, modern=True)
    response = await client.post("/mcp", json=body, headers=modern_headers("tools/call", name))
    assert response.status_code == 200


async def test_white_space_around_a_header_value_does_not_matter(client):  # 6
    headers = modern_headers("tools/list") | {"mcp-method": " tools/list "}
    response = await client.post("/mcp", json=message("tools/list", modern=True), headers=headers)
    assert response.status_code == 200


async def test_a_repeated_routing_header_is_refused(client):  # 6
    headers = [*modern_headers("tools/list").items(), ("mcp-method", "tools/list")]
    response = await client.post("/mcp", json=message("tools/list", modern=True), headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)


async def test_an_unknown_version_is_told_which_are_supported(client):  # 7
    body = message("tools/list", modern=True)
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2031-01-01"
    headers = modern_headers("tools/list") | {"mcp-protocol-version": "2031-01-01"}
    response = await client.post("/mcp", json=body, headers=headers)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, -32022)
    assert "2026-07-28" in error["data"]["supported"]


async def test_an_unknown_method_is_an_error_of_its_era(client):  # 8
    old = await client.post("/mcp", json=message("nothing/here"), headers=LEGACY)
    new = await client.post(
        "/mcp", json=message("nothing/here", modern=True), headers=modern_headers("nothing/here")
    )
    assert (old.status_code, old.json()["error"]["code"]) == (200, -32601)
    assert (new.status_code, new.json()["error"]["code"]) == (404, -32601)


async def test_an_unknown_tool_is_a_protocol_error(client):  # 9
    old = await call(client, "no_such_tool")
    new = await call(client, "no_such_tool", modern=True)
    assert (old.status_code, old.json()["error"]["code"]) == (200, -32602)
    assert (new.status_code, new.json()["error"]["code"]) == (400, -32602)
    assert "no_such_tool" in old.json()["error"]["message"]


@pytest.mark.parametrize("modern", [False, True])
async def test_results_carry_their_type_and_server_in_the_modern_era_only(client, modern):  # 13
    called = await call(client, "list_catalogs", modern=modern)
    listed = await client.post(
        "/mcp",
        json=message("tools/list", modern=modern),
        headers=modern_headers("tools/list") if modern else LEGACY,
    )
    for result in (called.json()["result"], listed.json()["result"]):
        assert result.get("resultType") == ("complete" if modern else None)
        server = result.get("_meta", {}).get("io.modelcontextprotocol/serverInfo", {})
        assert server.get("name") == ("catalog-mcp" if modern else None)


async def test_prompts_and_subscriptions_are_not_there(client):  # 11, 12
    for method in ("prompts/list", "subscriptions/listen"):
        response = await client.post("/mcp", json=message(method), headers=LEGACY)
        assert response.json()["error"]["code"] == -32601


async def test_list_results_are_cacheable_for_this_caller_in_the_modern_era_only(client):  # 14
    old = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    new = await client.post(
        "/mcp", json=message("tools/list", modern=True), headers=modern_headers("tools/list")
    )
    assert "ttlMs" not in old.json()["result"]
    assert new.json()["result"]["cacheScope"] == "private"
    assert new.json()["result"]["ttlMs"] == 300_000


async def test_every_tool_says_all_it_should(client):  # 15
    response = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    for tool in response.json()["result"]["tools"]:
        assert set(tool["annotations"]) == {
            "title",
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        }
        assert tool["outputSchema"]["type"] == "object"
        assert "additionalProperties" not in tool["inputSchema"]
        assert tool["description"]


async def test_a_progress_token_changes_nothing_for_tools_that_report_none(client):  # 18
    params = {"name": "list_catalogs", "_meta": {"progressToken": 7}}
    response = await client.post("/mcp", json=message("tools/call", params), headers=LEGACY)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b"{", -32700),
        (b'"x"', -32600),
        (b'{"id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
    ],
)
async def test_a_body_that_is_not_one_request_is_refused(client, body, code):  # 19
    headers = {"content-type": "application/json"}
    response = await client.post("/mcp", content=body, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


async def test_an_unknown_host_is_421_and_an_unknown_origin_403(client):  # 20
    elsewhere = await client.post("/mcp", json={}, headers={"host": "evil.example"})
    page = await client.post("/mcp", json={}, headers={"origin": "https://evil.example"})
    assert (elsewhere.status_code, page.status_code) == (421, 403)


async def test_a_body_of_another_kind_is_415_and_an_unwanted_answer_406(client):
    text = await client.post("/mcp", content=b"{}", headers={"content-type": "text/plain"})
    html = await client.post("/mcp", json=message("ping"), headers={"accept": "text/html"})
    assert (text.status_code, html.status_code) == (415, 406)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_without_a_token_every_method_is_challenged_without_an_error_code(
    stocked, method
):  # 22
    async with stocked.http() as client:
        response = await client.request(
            method, "/mcp", headers={"mcp-protocol-version": "2024-11-05"}
        )
    assert response.status_code == 401
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert "error=" not in challenge
    assert 'scope="catalog:read' in challenge
    assert "resource_metadata" not in challenge


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize("id_", [{"id": 1}, {}])
@pytest.mark.parametrize("tool", ["list_catalogs", "no_such_tool"])
async def test_whoever_may_not_call_learns_nothing_of_tools(stocked, modern, id_, tool):  # 22
    ended = stocked.token(session="a-session-of-nobody")
    body = message("tools/call", {"name": tool, "arguments": {}}, modern=modern)
    body = {**{name: each for name, each in body.items() if name != "id"}, **id_}
    headers = modern_headers("tools/call", tool) if modern else LEGACY
    async with stocked.http(ended) as client:
        response = await client.post("/mcp", json=body, headers=headers)
    assert response.status_code == 401


async def test_a_token_without_the_scope_is_told_which_is_needed(stocked):  # 23
    async with stocked.http(stocked.token(scopes=["subscriptions:read"])) as client:
        response = await call(client, "list_catalogs")
        listed = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert 'scope="catalog:read subscriptions:read"' in response.headers["www-authenticate"]
    assert [tool["name"] for tool in listed.json()["result"]["tools"]]  # static, not by scope


async def test_resource_metadata_is_there_once_there_is_a_sign_in(tmp_path):  # 24
    from tests.platform import Platform

    platform = Platform(tmp_path, sign_in=True, hosts=("127.0.0.1:8080",))
    async with platform.http() as client:
        for path in ("", "/mcp"):
            url = f"/.well-known/oauth-protected-resource{path}"
            document = (await client.get(url)).json()
            assert document["resource"] == "http://localhost:8080/mcp"
            assert document["authorization_servers"] == ["http://localhost:8080/auth"]
            assert "offline_access" not in document["scopes_supported"]
            other = await client.get(url, headers={"host": "127.0.0.1:8080"})
            assert other.json()["resource"] == "http://127.0.0.1:8080/mcp"
        refused = await client.post("/mcp")
    platform.close()
    assert (
        'resource_metadata="http://localhost:8080/.well-known/oauth-protected-resource/mcp"'
        in refused.headers["www-authenticate"]
    )


async def test_a_token_for_another_resource_is_401(stocked):  # 25
    async with stocked.http(stocked.token(audience="https://elsewhere.example/mcp")) as client:
        response = await call(client, "list_catalogs")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_a_known_page_may_call_and_read_the_challenge(stocked):  # 26
    origin = {"origin": "http://localhost:8080"}
    async with stocked.http() as client:
        asked = {"access-control-request-headers": "mcp-param-region, authorization"}
        preflight = await client.options("/mcp", headers=origin | asked)
        refused = await client.post("/mcp", headers=origin)
    allowed = preflight.headers["access-control-allow-headers"]
    assert preflight.status_code == 204
    for name in ("authorization", "mcp-protocol-version", "mcp-method", "mcp-param-region"):
        assert name in allowed
    assert "www-authenticate" in refused.headers["access-control-expose-headers"]


async def test_the_list_of_tools_is_the_same_bytes_every_time(client, stocked):  # 27
    first = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    async with stocked.again().http(stocked.token(subject="bob")) as other:
        second = await other.post("/mcp", json=message("tools/list"), headers=LEGACY)
    assert first.content == second.content


async def test_a_cursor_for_the_list_of_tools_is_refused(client):
    for cursor in ("", "page-2"):
        response = await client.post(
            "/mcp", json=message("tools/list", {"cursor": cursor}), headers=LEGACY
        )
        assert response.json()["error"]["code"] == -32602


async def test_an_empty_budget_is_a_json_rpc_error_with_the_code_of_the_era(platform):
    platform.do("change_organization", id="partner", rate_limit=2)
    async with platform.http(platform.token()) as client:
        for _ in range(2):
            assert await value(client, "list_catalogs") == []
        old = await call(client, "list_catalogs")
        new = await call(client, "list_catalogs", modern=True)
        listed = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    for response, code in ((old, -32029), (new, 429)):
        error = response.json()["error"]
        assert (error["code"], error["message"]) == (code, "rate_limited")
        assert error["data"]["error"] == "rate_limited"
        assert 1 <= error["data"]["retry_after"] <= 30
    assert listed.status_code == 200  # only tools/call draws on the budget
