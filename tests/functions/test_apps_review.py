"""The page of drafts that clients with MCP Apps show, and what it submits."""

import re

import orjson
import pytest

from tests.functions.studio_shop import ADDRESS, Studio
from tests.platform import LEGACY, message, modern_headers

pytestmark = pytest.mark.anyio
URI = "ui://catalog-mcp/review"
KIND = "text/html;profile=mcp-app"
APPS = {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": [KIND]}}}
CREATES = {
    "draft_data_source": "create_data_source",
    "draft_card_definition": "create_card_definition",
    "draft_segment": "create_segment",
    "draft_destination": "create_destination",
    "draft_api_version": "create_api_version",
    "draft_endpoint": "create_endpoint",
}


@pytest.fixture
def shop(tmp_path):
    shop = Studio(tmp_path).fill()
    yield shop
    shop.close()


@pytest.fixture
async def olga(shop):
    connection = shop.connected()
    yield connection
    await connection.close()


async def listed(shop, *, modern=False, able=None):
    """The tools that a client is told of, by name."""
    body = message("tools/list", modern=modern)
    if modern:
        body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = able or {}
    headers = modern_headers("tools/list") if modern else LEGACY
    async with shop.http(shop.bearer(), face="studio") as client:
        response = await client.post(ADDRESS, json=body, headers=headers)
    return {tool["name"]: tool for tool in response.json()["result"]["tools"]}


async def page(olga):
    answer = await olga.post("resources/read", {"uri": URI})
    (content,) = answer.json()["result"]["contents"]
    return content


async def drafted(olga, **more):
    return await olga.call("draft_data_source", name="Autumn list", **more)


async def became(olga, draft):
    return await olga.call("draft_data_source", review_id=draft["review"]["id"])


async def sources(olga):
    return [each["id"] for each in (await olga.call("search_data_sources"))["items"]]


async def test_every_tool_that_drafts_names_the_page_and_no_other_tool_does(shop):
    for tools in (await listed(shop), await listed(shop, modern=True, able=APPS)):
        named = {name: tool["_meta"] for name, tool in tools.items() if "_meta" in tool}
        assert named == {name: {"ui": {"resourceUri": URI}} for name in CREATES}
        assert {name for name in tools if name.startswith("draft_")} == set(CREATES)


async def test_who_shows_no_pages_has_the_list_without_them(shop):
    assert b"ui://" not in orjson.dumps(await listed(shop, modern=True))


async def test_the_page_is_listed_and_read_and_small_and_loads_nothing(olga):
    (found,) = (await olga.post("resources/list")).json()["result"]["resources"]
    assert (found["uri"], found["mimeType"]) == (URI, KIND)
    content = await page(olga)
    assert content["_meta"]["ui"]["csp"] == {"resourceDomains": []}
    text = content["text"]
    assert len(text.encode()) < 30_000
    assert text.count("<script>") == text.count("</script>") == 1
    assert not re.findall(r"\b(?:fetch|XMLHttpRequest|WebSocket|import|innerHTML|eval)\b", text)


async def test_the_page_asks_for_what_each_create_tool_takes_and_for_nothing_else(shop, olga):
    (facts,) = re.findall(r"^const FORMS = (.*);$", (await page(olga))["text"], re.MULTILINE)
    forms, tools = orjson.loads(facts), await listed(shop)
    assert set(forms) == set(CREATES.values())
    for name, fields in forms.items():
        takes = tools[name]["inputSchema"]
        assert {field[0] for field in fields} == set(takes["properties"]) - {"dry_run"}
        assert {field[0] for field in fields if field[4]} == set(takes.get("required", ()))


async def test_no_schema_shows_what_the_page_alone_gives(shop):
    tools = await listed(shop)
    for name in CREATES.values():
        assert "review_id" not in orjson.dumps(tools[name]).decode()


async def test_what_the_page_creates_is_told_to_the_assistant(olga):
    draft = await drafted(olga, properties=[{"id": "title", "type": "Text"}])
    given = {**draft["draft"], "name": "Winter list", "review_id": draft["review"]["id"]}
    made = await olga.call("create_data_source", **given)
    assert made["source"]["name"] == "Winter list"
    told = await became(olga, draft)
    assert told["review"]["state"] == "submitted"
    assert told["review"]["result"] == made
    assert told["draft"] == {**draft["draft"], "name": "Winter list"}


DRAFTS = {
    "draft_data_source": {"name": "Lamps"},
    "draft_card_definition": {"name": "Others", "sources": [{"source_id": "products"}]},
    "draft_segment": {"name": "Some", "card_definition_id": "cards", "card_ids": ["a1"]},
    "draft_destination": {"display_name": "Web", "languages": ["en"], "protected": False},
    "draft_api_version": {"destination_id": "shop"},
    "draft_endpoint": {"api_version_id": "shop.v1", "card_definition_id": "cards"},
}


@pytest.fixture
async def stocked(shop, olga):
    """A tenant in which every kind of draft can be made."""
    title = [{"id": "title", "type": "Text"}]
    await olga.call("create_data_source", id="products", name="P", properties=title)
    cards = {"id": "cards", "name": "Cards", "sources": [{"source_id": "products"}]}
    shown = [{"id": "name", "source_property_id": "title"}]
    await olga.call("create_card_definition", **cards, properties=shown)
    await olga.call("activate_card_definition", card_definition_id="cards")
    shop.work(5)
    await olga.call("create_destination", id="shop", display_name="Shop", languages=["en"])
    await olga.call("create_api_version", destination_id="shop", name="v1")
    return olga


@pytest.mark.parametrize("tool", DRAFTS)
async def test_every_draft_is_created_from_the_page(stocked, tool):
    draft = await stocked.call(tool, **DRAFTS[tool])
    assert draft["ready"], draft["issues"]
    id_ = draft["review"]["id"]
    made = await stocked.call(draft["form"]["submit_tool"], **draft["draft"], review_id=id_)
    needed = {name: each for name, each in DRAFTS[tool].items() if name.endswith("_id")}
    told = await stocked.call(tool, review_id=id_, **needed)
    assert (told["review"]["state"], told["review"]["result"]) == ("submitted", made)
    assert told["draft"] == draft["draft"]


async def test_what_is_refused_can_be_corrected_and_created(olga):
    draft = await drafted(olga)
    given = {**draft["draft"], "review_id": draft["review"]["id"]}
    refused = await olga.refused("create_data_source", **{**given, "languages": ["no language"]})
    assert [each["path"] for each in refused["details"]] == ["languages[0]"]
    assert (await became(olga, draft))["review"]["state"] == "pending"
    await olga.call("create_data_source", **given)
    assert (await became(olga, draft))["review"]["state"] == "submitted"


async def test_a_draft_creates_once(olga):
    draft = await drafted(olga)
    given = {**draft["draft"], "review_id": draft["review"]["id"]}
    await olga.call("create_data_source", **given)
    late = await olga.refused("create_data_source", **{**given, "id": "second"})
    assert (late["code"], late["state"]) == ("conflict", "submitted")
    assert await sources(olga) == ["autumn-list"]


async def test_trying_what_a_draft_would_do_does_not_submit_it(olga):
    draft = await drafted(olga)
    given = {**draft["draft"], "review_id": draft["review"]["id"]}
    await olga.call("create_data_source", **given, dry_run=True)
    assert (await became(olga, draft))["review"]["state"] == "pending"


@pytest.mark.parametrize("which", ["0" * 24, "of another person", "of another tool"])
async def test_a_draft_that_is_not_the_callers_creates_nothing(shop, olga, which):
    id_ = which
    if which == "of another person":
        eddi = shop.connected(subject="eddi")
        id_ = (await drafted(eddi))["review"]["id"]
        await eddi.close()
    elif which == "of another tool":
        draft = await olga.call("draft_destination", display_name="Web", languages=["en"])
        id_ = draft["review"]["id"]
    refused = await olga.refused("create_data_source", id="a", name="A", review_id=id_)
    assert (refused["code"], refused["details"][0]["path"]) == ("not_found", "review_id")
    assert await sources(olga) == []


async def test_a_draft_is_over_after_an_hour(shop, olga):
    draft = await drafted(olga)
    shop.clock.advance(3600)
    later = shop.connected()
    given = {**draft["draft"], "review_id": draft["review"]["id"]}
    late = await later.refused("create_data_source", **given)
    assert (late["code"], late["state"]) == ("conflict", "expired")
    await later.close()
