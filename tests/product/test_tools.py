"""What holds for every tool of every face, and the snapshots that show how a face grows."""

import re
from pathlib import Path

import orjson
import pytest

from functions.api.main import host as api_host
from functions.api.routes import ROUTES
from functions.partner import main as partner
from functions.tasks.main import FAMILIES as JOBS
from shared.app import App
from shared.auth.faces import PARTNER
from shared.catalog.tools import own, publishing
from shared.cli.operations import FAMILIES as OPERATIONS
from shared.identity import account, audit, own_keys, own_members, own_sessions, own_usage
from shared.settings import Settings
from shared.tool import Effect
from tests.snapshots import same_as_snapshot

TOOLS = list(
    {
        tool.name: tool
        for tool in (
            *(tool for family in partner.FAMILIES for tool in family.tools),
            *(route.tool for route in ROUTES),
        )
    }.values()
)
OWN = (
    account.family,
    audit.own_family,
    own_keys.family,
    own_members.family,
    own_sessions.family,
    own_usage.family,
    own.family,
)
"""What people do about their own organization; the portal is the first to serve it."""
OTHERS = (*OPERATIONS, publishing.family, *JOBS, *OWN)
ALL = [*TOOLS, *(tool for family in OTHERS for tool in family.tools)]
VERBS = {
    "change", "check", "create", "deactivate", "delete", "end", "export", "follow", "get", "grant",
    "invite",
    "list", "lookup", "promote", "publish", "refresh", "register", "restore", "retire", "revoke",
    "roll", "rotate", "search", "set", "start", "sweep", "upsert", "withdraw",
}  # fmt: skip


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_a_tool_is_named_verb_noun_and_begins_with_a_plain_sentence(tool):
    assert tool.name.split("_")[0] in VERBS
    first = tool.description.partition("\n\n")[0].replace("\n", " ")
    assert re.fullmatch(r"[A-Z].*\.", first)
    assert len(tool.description) <= 1024


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_partner_tool_has_a_known_scope_and_describes_every_argument(tool):
    assert tool.scope in PARTNER.scopes
    for name, field in tool.takes.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_no_input_schema_begins_with_a_choice(tool):
    schema = tool.takes.model_json_schema()
    assert not {"anyOf", "oneOf", "allOf"} & set(schema)


def test_no_two_tools_share_a_name():
    names = [tool.name for tool in ALL]
    assert len(names) == len(set(names))


def test_a_tool_that_reads_is_idempotent():
    assert all(tool.idempotent for tool in ALL if tool.effect is Effect.READ)


@pytest.mark.anyio
async def test_the_partner_face_shows_what_its_snapshots_say(stocked):
    from tests.platform import LEGACY, message

    async with stocked.http(stocked.token()) as client:
        response = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    tools = response.json()["result"]["tools"]
    for tool in tools:
        same_as_snapshot(f"partner/{tool['name']}.json", tool)
    size = len(orjson.dumps(tools))
    same_as_snapshot("partner/size.json", {"tools": len(tools), "bytes": size})


def test_the_openapi_document_is_what_its_snapshot_says():
    document = api_host(App(Settings()))._document
    same_as_snapshot("api/openapi.json", orjson.loads(document))


def test_every_module_that_declares_tools_is_served_somewhere():
    root = Path(__file__).parents[2]
    declaring = {
        str(path.relative_to(root))
        for folder in ("shared", "functions")
        for path in root.glob(f"{folder}/**/*.py")
        if re.search(r"^family = Family\(", path.read_text(), re.MULTILINE)
    }
    served = {tool.run.__module__.replace(".", "/") + ".py" for tool in ALL}
    assert declaring == served
