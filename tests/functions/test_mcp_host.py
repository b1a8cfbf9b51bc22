"""The MCP host with tools the partner face does not have: they ask, they report, they mirror.

The same constructor and HTTP layer as production, with the conformance suite's fixtures behind
them. Numbers are rows of the both-eras checklist (docs/requests.md, "MCP").
"""

import httpx
import orjson
import pytest

from functions.partner.main import endpoint
from tests.e2e.conformance.fixtures import HANDLERS, STREAMING
from tests.platform import LEGACY, ORIGIN, message, modern_headers

pytestmark = pytest.mark.anyio
ELICITATION = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
HANDLERS = {name: each for name, each in HANDLERS.items() if name != "on_set_logging_level"}


def connect(platform, **headers):
    app = endpoint(platform.app, streaming=STREAMING, **HANDLERS)
    headers["authorization"] = f"Bearer {platform.token()}"
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


@pytest.fixture
async def client(stocked):
    async with connect(stocked) as client:
        yield client


async def send(client, method, params, *, modern, meta=None, **headers):
    """The answer to a request in one era; its name mirrored in the header where there is one."""
    body = message(method, params, modern=modern)
    body["params"].setdefault("_meta", {}).update(meta or {})
    name = params.get("name", params.get("uri"))
    own = modern_headers(method, name) if modern else LEGACY
    return await client.post("/mcp", json=body, headers={**own, **headers})


def events(response):
    """The JSON-RPC messages of an event stream."""
    assert response.headers["content-type"].startswith("text/event-stream")
    return [
        orjson.loads(line.removeprefix("data:"))
        for line in response.text.splitlines()
        if line.startswith("data:") and line.removeprefix("data:").strip()
    ]


@pytest.mark.parametrize("modern", [False, True])
async def test_our_own_tools_are_served_beside_those_of_further_handlers(client, modern):
    ours = await send(client, "tools/call", {"name": "list_catalogs"}, modern=modern)
    theirs = await send(client, "tools/call", {"name": "test_simple_text"}, modern=modern)
    assert ours.json()["result"]["structuredContent"]["result"][0]["catalog"] == "books"
    assert theirs.json()["result"]["content"][0]["text"].startswith("This is a simple text")


@pytest.mark.parametrize("modern", [False, True])
async def test_an_unknown_prompt_is_a_protocol_error(client, modern):  # 11
    response = await send(client, "prompts/get", {"name": "none"}, modern=modern)
    assert response.status_code == (400 if modern else 200)
    assert response.json()["error"]["code"] == -32602


@pytest.mark.parametrize("modern", [False, True])
async def test_a_missing_resource_is_named(client, modern):  # 12
    response = await send(client, "resources/read", {"uri": "test://none"}, modern=modern)
    error = response.json()["error"]
    assert (error["code"], error["data"]) == (-32602, {"uri": "test://none"})


async def test_a_tool_that_must_ask_fails_for_clients_it_cannot_ask(client):  # 16
    response = await send(client, "tools/call", {"name": "test_elicitation"}, modern=False)
    assert "error" in events(response)[-1]


async def test_a_question_answered_at_one_instance_was_asked_by_another(stocked):  # 16, 17
    name = {"name": "test_input_required_result_multi_round"}
    async with connect(stocked) as one, connect(stocked.again()) as two:
        first = await send(one, "tools/call", name, modern=True, meta=ELICITATION)
        asked = first.json()["result"]
        assert asked["resultType"] == "input_required"
        assert list(asked["inputRequests"]) == ["step1"]
        answers = {"step1": {"action": "accept", "content": {"name": "Ada"}}}
        again = {**name, "inputResponses": answers, "requestState": asked["requestState"]}
        second = await send(two, "tools/call", again, modern=True, meta=ELICITATION)
        assert list(second.json()["result"]["inputRequests"]) == ["step2"]
        forged = {**again, "requestState": asked["requestState"].replace("0.", "1.", 1)}
        refused = await send(two, "tools/call", forged, modern=True, meta=ELICITATION)
    assert refused.json()["error"]["code"] == -32602


@pytest.mark.parametrize("modern", [False, True])
async def test_progress_comes_on_the_answer_of_the_call_that_asked_for_it(client, modern):  # 18
    response = await send(
        client,
        "tools/call",
        {"name": "test_tool_with_progress"},
        modern=modern,
        meta={"progressToken": "p-1"},
        accept="application/json, text/event-stream",
    )
    *notified, answered = events(response)
    assert [each["params"]["progress"] for each in notified] == [0, 50, 100]
    assert {each["params"]["progressToken"] for each in notified} == {"p-1"}
    assert answered["id"] == 1
    assert answered["result"]["content"]
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("modern", [False, True])
async def test_a_tool_of_ours_may_stream_as_well(stocked, modern):
    app = endpoint(stocked.app, streaming=frozenset({"list_catalogs"}))
    headers = {
        "authorization": f"Bearer {stocked.token()}",
        "accept": "application/json, text/event-stream",
    }
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        response = await send(client, "tools/call", {"name": "list_catalogs"}, modern=modern)
    plain = response.headers["content-type"] == "application/json"
    answered = response.json() if plain else events(response)[-1]
    assert answered["result"]["structuredContent"]["result"][0]["catalog"] == "books"


async def test_white_space_around_headers_does_not_matter_to_a_streaming_tool(client):  # 6, 18
    name = "test_tool_with_progress"
    response = await send(
        client,
        "tools/call",
        {"name": name},
        modern=True,
        meta={"progressToken": 1},
        **{"mcp-name": f" {name} ", "accept": "application/json, text/event-stream"},
    )
    assert events(response)[-1]["result"]["resultType"] == "complete"


async def test_a_streaming_tool_is_refused_to_whoever_may_not_call(stocked):  # 18, 22
    token = stocked.token(session="a-session-1")
    async with connect(stocked, authorization=f"Bearer {token}") as client:
        client.headers["authorization"] = f"Bearer {token}"
        refused = await send(client, "tools/call", {"name": "test_tool_with_progress"}, modern=True)
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [("Europe", 200), ("=?base64?RXVyb3Bl?=", 200), ("Asia", 400), (None, 400)],
)
async def test_an_argument_mirrored_in_a_header_must_agree(client, header, status):  # 6
    headers = {} if header is None else {"mcp-param-region": header}
    called = {"name": "test_x_mcp_header", "arguments": {"region": "Europe"}}
    response = await send(client, "tools/call", called, modern=True, **headers)
    assert response.status_code == status
    assert status == 200 or response.json()["error"]["code"] == -32020
