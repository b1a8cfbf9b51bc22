"""Real MCP clients against a real `catalog-mcp dev`: each lists the tools and calls every one.

What a client gets is compared with what a bare HTTP client without a session is answered.
"""

import json
import time

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.messages_api import MessagesApi
from tests.e2e.programs import program, run, surroundings
from tests.platform import LEGACY, message, modern_headers

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
ARGUMENTS = {
    "list_catalogs": {},
    "search_products": {"catalog": "demo_shop", "query": "tent"},
    "count_facets": {"facet_names": ["brand_name"]},
    "lookup_product": {"canonical_url": "https://demo-shop.example/products/alpine-tent-2"},
    "find_similar_products": {
        "canonical_urls": ["https://demo-shop.example/products/alpine-tent-2"]
    },
    "list_bigquery_listing_resources": {},
    "list_bigquery_subscribers": {},
    "register_bigquery_subscriber": {
        "request": {
            "subscriberProjectId": "partner-project-1",
            "subscriberPrincipal": "user:ada@example.com",
        }
    },
    "refresh_bigquery_subscription_status": {
        "catalog_key": "demo_shop",
        "subscriber_principal": "user:nobody@example.com",
    },
    "delete_bigquery_subscriber": {"subscriber_id": "nobody"},
}
"""How each tool is called. A tool that is listed and is not here fails every test."""
OUTCOMES = {
    "refresh_bigquery_subscription_status": "subscriber_not_found",
    "delete_bigquery_subscriber": "subscriber_not_found",
}
"""Where those arguments come to a documented outcome, so that every call can be repeated."""

MOVING = {"status", "reasonCode", "lastCheckedAt", "nextCheckAt"}
"""What the work queue changes in subscriptions while clients look at them."""


def steady(value):
    """A value without what moves."""
    if isinstance(value, dict):
        return {key: steady(each) for key, each in value.items() if key not in MOVING}
    return [steady(each) for each in value] if isinstance(value, list) else value


def bearer(dev):
    return f"Bearer {dev['token']}"


def post(dev, body, headers):
    headers = {**headers, "authorization": bearer(dev)}
    answer = httpx.post(dev["mcp_url"], json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "mcp-session-id" not in answer.headers
    return answer.json()["result"]


def wait_for_listing(dev):
    """Until the catalog is exported: its work waits for the function that does it to start."""
    deadline = time.monotonic() + 60
    params = {"name": "list_bigquery_listing_resources", "arguments": {}}
    while not post(dev, message("tools/call", params), LEGACY)["structuredContent"]["result"]:
        assert time.monotonic() < deadline, "the catalog was not exported"


@pytest.fixture(scope="module")
def answers(dev):
    """Every tool's name and structured content, asked for without session or `initialize`.

    In two rounds: what a tool changes has changed when the second asks.
    """
    listed = [tool["name"] for tool in post(dev, message("tools/list"), LEGACY)["tools"]]
    assert "list_catalogs" in listed
    wait_for_listing(dev)
    found = {}
    for name in (*listed, *listed):
        params = {"name": name, "arguments": ARGUMENTS[name]}
        result = post(dev, message("tools/call", params), LEGACY)
        assert result["isError"] is False
        value = result["structuredContent"]["result"]
        assert OUTCOMES.get(name) == (value.get("error") if isinstance(value, dict) else None)
        found[name] = steady(result["structuredContent"])
    return found


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25", None])
def test_a_bare_client_of_the_handshake_era_needs_no_session(dev, answers, version):
    headers = {} if version is None else {"mcp-protocol-version": version}
    for name, expected in answers.items():
        params = {"name": name, "arguments": ARGUMENTS[name]}
        result = post(dev, message("tools/call", params), headers)
        assert steady(result["structuredContent"]) == expected


def test_a_bare_client_of_the_stateless_era_gets_the_same(dev, answers):
    for name, expected in answers.items():
        params = {"name": name, "arguments": ARGUMENTS[name]}
        body = message("tools/call", params, modern=True)
        result = post(dev, body, modern_headers("tools/call", name))
        assert steady(result["structuredContent"]) == expected


@pytest.mark.parametrize(
    ("mode", "version"),
    [("auto", "2026-07-28"), ("legacy", "2025-11-25"), ("2026-07-28", "2026-07-28")],
)
async def test_the_python_sdk_lists_and_calls_every_tool(dev, answers, mode, version):
    headers = {"authorization": bearer(dev)}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(dev["mcp_url"], http_client=http), mode=mode) as client,
    ):
        assert client.protocol_version == version
        await lists_and_calls(client, answers)


async def lists_and_calls(client, answers):
    listed = await client.list_tools()
    assert {tool.name for tool in listed.tools} == set(answers)
    for name, expected in answers.items():
        result = await client.call_tool(name, ARGUMENTS[name])
        assert result.is_error is False
        assert steady(result.structured_content) == expected
        assert json.loads(result.content[0].text) == result.structured_content["result"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_mcp_remote_passes_every_tool_to_a_stdio_client(dev, answers, tmp_path, mode):
    header = f"Authorization:{bearer(dev)}"
    server = StdioServerParameters(
        command=str(program("mcp-remote")),
        args=[dev["mcp_url"], "--transport", "http-only", "--header", header],
        env=surroundings(tmp_path),
        cwd=tmp_path,
    )
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        await lists_and_calls(client, answers)


@pytest.mark.parametrize("era", ["legacy", "auto", "modern"])
def test_the_inspector_lists_and_calls_every_tool(dev, answers, tmp_path, era):
    def inspect(*arguments):
        result = run(
            tmp_path,
            "mcp-inspector",
            "--cli",
            dev["mcp_url"],
            *("--transport", "http", "--protocol-era", era, "--format", "json"),
            *("--header", f"Authorization: {bearer(dev)}"),
            *arguments,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)["result"]

    listed = inspect("--method", "tools/list", "--strict")
    assert {tool["name"] for tool in listed["tools"]} == set(answers)
    for name, expected in answers.items():
        pairs = [
            f"{key}={value if isinstance(value, str) else json.dumps(value)}"
            for key, value in ARGUMENTS[name].items()
        ]
        given = ("--tool-arg", *pairs) if pairs else ()
        result = inspect("--method", "tools/call", "--tool-name", name, *given)
        assert steady(result["structuredContent"]) == expected


@pytest.fixture
def claude(dev, tmp_path):
    """Claude Code in a home of its own, with our endpoint added as the README says."""

    def claude(*arguments, **variables):
        result = run(tmp_path, "claude", *arguments, **variables)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    header = f"Authorization: {bearer(dev)}"
    added = claude(
        *("mcp", "add", "--transport", "http", "catalogs", dev["mcp_url"], "--header", header)
    )
    assert "catalogs" in added
    return claude


def test_claude_code_connects_with_a_header(claude, dev):
    assert "Connected" in claude("mcp", "list")
    assert "Connected" in claude("mcp", "get", "catalogs")


def test_claude_code_calls_every_tool_and_gives_the_model_the_value(claude, answers):
    calls = [(f"mcp__catalogs__{name}", ARGUMENTS[name]) for name in answers]
    with MessagesApi(calls) as api:
        said = claude(
            *("-p", "Call the tools.", "--output-format", "json"),
            *("--allowedTools", ",".join(name for name, _ in calls)),
            ANTHROPIC_BASE_URL=api.url,
            ANTHROPIC_API_KEY="sk-stand-in",
            ENABLE_TOOL_SEARCH="false",
        )
    assert json.loads(said)["is_error"] is False
    given = [result["content"] for result in api.results]
    assert [steady(json.loads(text_of(each))) for each in given] == list(answers.values())


def text_of(content):
    """A tool result as the model sees it: text, or blocks of text."""
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content)
