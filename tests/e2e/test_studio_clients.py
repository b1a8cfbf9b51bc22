"""Real clients sign in to a tenant of the studio from its address alone; import, ask and undo."""

import json

import anyio
import httpx2
import pytest
from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.clients import Claude, Kept, approve, sdk
from tests.e2e.messages_api import MessagesApi
from tests.e2e.octogen import AUTHORIZE, opened
from tests.e2e.programs import program, run, surroundings
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
FIND = {"source_id": "products", "query": "tent", "limit": 1}


def priced(id_, price):
    return {
        "source_id": "products",
        "entries": [{"id": id_, "properties": [{"id": "price", "value": price}]}],
    }


async def imports_asks_and_undoes(session, id_):
    """What every client's session does; the entry is of this test alone."""
    standing = await session.call_tool("whoami", {})
    assert standing.structured_content["tenant"] == "demo-shop"
    done = await session.call_tool("import_data", priced(id_, 12.5))
    assert not done.is_error, done.structured_content
    asked = {"source_id": "products", "filters": [{"type": "key", "op": "eq", "value": id_}]}
    found = await session.call_tool("search_entries", asked)
    assert found.structured_content["total"] == 1
    undo = {"source_id": "products", "import_id": done.structured_content["import_id"]}
    assert (await session.call_tool("revert_import", undo)).structured_content["deleted"] == 1
    assert (await session.call_tool("search_entries", asked)).structured_content["total"] == 0


async def test_the_sdks_client_signs_in_imports_asks_and_undoes(shop):
    kept = Kept()
    async with (
        httpx2.AsyncClient(auth=sdk(shop, kept, shop["mcp_url"])) as http,
        streamable_http_client(shop["mcp_url"], http_client=http) as streams,
        ClientSession(*streams) as session,
    ):
        await session.initialize()
        await imports_asks_and_undoes(session, "from-the-sdk")


async def test_mcp_remote_signs_in_imports_asks_and_undoes(shop, home, owner_browsing):
    server = StdioServerParameters(
        command=str(program("mcp-remote")),
        args=[shop["mcp_url"]],
        env=surroundings(home, **{**owner_browsing, "BROWSER": "/bin/false"}),
    )
    said = home / "stderr"
    with said.open("w+") as stderr:
        async with (
            stdio_client(server, errlog=stderr) as streams,
            anyio.create_task_group() as group,
        ):
            group.start_soon(anyio.to_thread.run_sync, approve, shop, said)
            async with ClientSession(*streams) as session:
                await session.initialize()
                await imports_asks_and_undoes(session, "from-mcp-remote")


def test_claude_code_signs_in_and_its_model_imports_and_asks(shop, home, owner_browsing):
    claude = Claude(home, owner_browsing, shop["mcp_url"])
    claude.log_in()
    calls = [
        ("mcp__octo__whoami", {}),
        ("mcp__octo__import_data", priced("from-claude", 9.5)),
        ("mcp__octo__search_entries", FIND),
    ]
    with MessagesApi(calls) as api:
        model = {
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "sk-stand-in",
            "ENABLE_TOOL_SEARCH": "false",
        }
        allowed = ",".join(name for name, _ in calls)
        command = ("-p", "Go.", "--output-format", "json", "--allowedTools", allowed)
        done = run(home, "claude", *command, **owner_browsing, **model)
    assert done.returncode == 0, done.stderr
    said = json.dumps(api.results)
    assert "demo-shop" in said
    assert "import_id" in said
    assert "alpine-tent-2" in said


def test_the_inspector_signs_in_and_asks(shop, home):
    command = [
        program("mcp-inspector"), "--cli", shop["mcp_url"], "--transport", "http",
        "--method", "tools/call", "--tool-name", "whoami", "--format", "json",
    ]  # fmt: skip
    terminal = Terminal(command, home, surroundings(home))
    terminal.expect(AUTHORIZE)
    opened(shop, terminal.after)
    assert terminal.ended() == 0, terminal.before
    assert '"tenant":"demo-shop"' in terminal.before
