"""Real clients sign in to the admin face from its address alone, change an entity and rebase."""

import json

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.clients import Claude, Kept, sdk
from tests.e2e.messages_api import MessagesApi
from tests.e2e.programs import run

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
LATHE = {"tenantId": "demo-plant", "ckTypeId": "Demo/Machine"}
NAMED = {"simpleFilters": [{"attributePath": "Name", "value": "Lathe"}]}


async def test_the_sdks_client_signs_in_changes_an_entity_and_rebases(operators):
    """It checks every answer by the schema that the tool declares."""
    async with (
        httpx2.AsyncClient(auth=sdk(operators, Kept(), operators["mcp_url"])) as http,
        streamable_http_client(operators["mcp_url"], http_client=http) as streams,
        ClientSession(*streams) as session,
    ):
        await session.initialize()
        standing = await session.call_tool("whoami", {})
        assert standing.structured_content["allowedTenants"] == ["demo-group", "demo-plant"]
        found = await session.call_tool("query_entities_simple", {**LATHE, **NAMED})
        (lathe,) = found.structured_content["entities"]
        which = {**LATHE, "rtId": lathe["rtId"]}
        power = {"entityData": [{"attributePath": "Power", "value": 12.5}]}
        versions = {"expectedVersion": lathe["rtVersion"]}
        changed = await session.call_tool("update_entity", {**which, **power, **versions})
        assert not changed.is_error
        stale = await session.call_tool("update_entity", {**which, **power, **versions})
        assert (stale.is_error, stale.structured_content["isConflict"]) == (True, True)
        versions = {"expectedVersion": stale.structured_content["entity"]["rtVersion"]}
        again = await session.call_tool("update_entity", {**which, **power, **versions})
        assert again.structured_content["currentRtVersion"] == lathe["rtVersion"] + 2


def test_claude_code_signs_in_and_its_model_asks(operators, home, operator_browsing):
    claude = Claude(home, operator_browsing, operators["mcp_url"])
    claude.log_in()
    calls = [
        ("mcp__octo__whoami", {}),
        ("mcp__octo__query_entities", {**LATHE, "attributePaths": ["Name"]}),
    ]
    with MessagesApi(calls) as api:
        model = {
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "sk-stand-in",
            "ENABLE_TOOL_SEARCH": "false",
        }
        allowed = ",".join(name for name, _ in calls)
        command = ("-p", "Go.", "--output-format", "json", "--allowedTools", allowed)
        done = run(home, "claude", *command, **operator_browsing, **model)
    assert done.returncode == 0, done.stderr
    said = json.dumps(api.results)
    assert "demo-plant" in said
    assert "Arm 6" in said
