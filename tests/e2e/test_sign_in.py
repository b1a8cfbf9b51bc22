"""Real clients sign in from nothing, without a header, and call a tool.

A person is `person.py`, which clients find as the browser of the machine.
"""

import json
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from shared.cli.processes import free_port
from shared.clock import SystemClock
from tests.browser import App, Browser, allowed
from tests.e2e.clients import Claude, Kept, approve, sdk
from tests.e2e.messages_api import MessagesApi
from tests.e2e.octogen import AUTHORIZE, log_in, opened
from tests.e2e.person import allow
from tests.e2e.programs import program, run, surroundings
from tests.e2e.running import serving
from tests.e2e.terminal import Terminal
from tests.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
SPELLINGS = ("http://localhost:{}/mcp", "http://127.0.0.1:{}/mcp", "http://localhost:{}/mcp/")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_claude_code_signs_in_and_out_and_in_again(site, home, browsing, spelling):
    claude = Claude(home, browsing, spelling.format(site["port"]))
    for _ in range(2):
        assert "Needs authentication" in claude("list")
        assert 'Authenticated with "octo"' in claude.log_in()
        assert "✔ Connected" in claude("list")
        claude("logout", "octo")
    assert "Needs authentication" in claude("list")


def test_claude_code_signs_in_and_gives_its_model_a_tools_answer(site, home, browsing):
    claude = Claude(home, browsing, site["mcp_url"])
    claude.log_in()
    tool = "mcp__octo__list_catalogs"
    with MessagesApi([(tool, {})]) as api:
        model = {
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "sk-stand-in",
            "ENABLE_TOOL_SEARCH": "false",
        }
        command = ("-p", "Call the tool.", "--output-format", "json", "--allowedTools", tool)
        done = run(home, "claude", *command, **browsing, **model)
    assert done.returncode == 0, done.stderr
    assert "demo_shop" in json.dumps(api.results)


@pytest.mark.parametrize("how", ["browser", "--device-code"])
async def test_mcp_remote_signs_in(site, home, browsing, how):
    variables = {**browsing, "BROWSER": "/bin/false"}
    arguments = [site["mcp_url"], *([how] if how.startswith("--") else [])]
    server = StdioServerParameters(
        command=str(program("mcp-remote")), args=arguments, env=surroundings(home, **variables)
    )
    said = home / "stderr"
    with said.open("w+") as stderr:
        async with (
            stdio_client(server, errlog=stderr) as streams,
            anyio.create_task_group() as group,
        ):
            group.start_soon(anyio.to_thread.run_sync, approve, site, said)
            async with ClientSession(*streams) as session:
                await session.initialize()
                result = await session.call_tool("list_catalogs", {})
    assert result.structured_content["result"][0]["catalog"] == "demo_shop"


def test_the_inspector_signs_in(site, home):
    command = [
        program("mcp-inspector"), "--cli", site["mcp_url"], "--transport", "http",
        "--method", "tools/call", "--tool-name", "list_catalogs", "--format", "json",
    ]  # fmt: skip
    terminal = Terminal(command, home, surroundings(home))
    terminal.expect(AUTHORIZE)
    opened(site, terminal.after)
    assert terminal.ended() == 0, terminal.before
    answer = terminal.before[terminal.before.index('{"result"') :]
    assert '"catalog":"demo_shop"' in answer


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_the_python_sdk_signs_in(site, spelling):
    url = spelling.format(site["port"])
    kept = Kept()
    for _ in range(2):
        async with (
            httpx2.AsyncClient(auth=sdk(site, kept, url), follow_redirects=True) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            result = await session.call_tool("list_catalogs", {})
        assert result.structured_content["result"][0]["catalog"] == "demo_shop"


async def test_the_python_sdk_steps_up_to_the_scope_a_tool_needs(site):
    """With a token for searching alone, the 403 of another tool sends the person there again."""
    callback, kept = "http://localhost:3030/callback", Kept()
    async with httpx2.AsyncClient() as client:
        app = await App(client, site["auth_url"], redirect_uris=[callback]).register()
        browser = Browser(client, Path(site["mail"]), site["auth_url"])
        tokens = await allowed(app, browser, email=site["email"], scope="catalog:read")
    kept.client = OAuthClientInformationFull(client_id=app.id, redirect_uris=[callback])
    kept.tokens = OAuthToken.model_validate(tokens)
    assert kept.tokens.scope == "catalog:read"
    async with (
        httpx2.AsyncClient(auth=sdk(site, kept, site["mcp_url"])) as http,
        streamable_http_client(site["mcp_url"], http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        await session.call_tool("list_catalogs", {})
        assert kept.tokens.scope == "catalog:read"
        result = await session.call_tool("list_bigquery_subscribers", {})
    assert "subscribers" in result.structured_content["result"]
    assert set(kept.tokens.scope.split()) >= {"catalog:read", "subscriptions:read"}


def test_octogen_mcp_login_verifies_and_logs_in_a_second_time(site, home):
    seen = {log_in(site, home) for _ in range(2)}
    assert len(seen) == 2


@pytest.fixture
def takes_documents(tmp_path):
    """An authorization server that takes client metadata documents, as one in the cloud does."""
    port = free_port()
    origin = f"http://localhost:{port}"
    platform = Platform(
        tmp_path / "data",
        SystemClock(),
        sign_in=True,
        client_documents=True,
        auth_url=f"{origin}/auth",
        mcp_url=f"{origin}/mcp",
    )
    platform.organization("partner")
    platform.member(email="ada@example.com")
    with serving(platform, "auth", port):
        yield {
            "auth_url": platform.settings.auth_url,
            "mcp_url": platform.settings.mcp_url,
            "mail": str(platform.folder / "mail.txt"),
            "email": "ada@example.com",
        }


def test_the_conformance_suite_has_no_failure_and_no_warning(takes_documents, home):
    port = free_port()
    registered = httpx2.post(
        f"{takes_documents['auth_url']}/oauth2/register",
        json={"redirect_uris": [f"http://127.0.0.1:{port}/callback"], "client_name": "conformance"},
    )
    command = [
        program("conformance"), "authorization", "--url", takes_documents["auth_url"],
        "--client-id", registered.json()["client_id"], "--resource", takes_documents["mcp_url"],
        "-p", port, "-o", home / "results",
    ]  # fmt: skip
    terminal = Terminal(command, home, surroundings(home, BROWSER="/bin/false"))
    terminal.expect(AUTHORIZE)
    address = terminal.after
    terminal.expect("Callback server started")
    opened(takes_documents, address)
    assert terminal.ended() == 0, terminal.before
    found = [json.loads(file.read_text()) for file in (home / "results").rglob("checks.json")]
    assert len(found) == 2
    assert {check["status"] for checks in found for check in checks} <= {"SUCCESS", "INFO"}


async def test_a_person_is_told_where_they_were_sent(site):
    """The stand-in itself: an address that is no sign-in ends on a page, not in a callback."""
    text = await allow(f"{site['auth_url']}/consent?request=x", site["mail"], site["email"])
    assert "Start again in the app" in text
