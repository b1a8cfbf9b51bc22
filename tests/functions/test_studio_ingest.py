"""Imports by programs with a key of the tenant, and one table of rules for all three ways in."""

import httpx
import pytest

from functions.studio.main import StudioHost
from tests.functions.studio_shop import Studio, given, shown
from tests.platform import ORIGIN

pytestmark = pytest.mark.anyio
BOTH_STORES = True
DECLARED = [
    {"id": "title", "type": "LocalizedText"},
    {"id": "price", "type": "Decimal"},
    {"id": "pages", "type": "Integer"},
    {"id": "duplex", "type": "Boolean"},
    {"id": "since", "type": "Timestamp"},
    {"id": "tags", "type": "List", "delimiter": "|"},
    {"id": "brand", "type": "Text"},
]


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products", properties=DECLARED)
    yield north
    await north.close()


class Program:
    """A backend with a key of a tenant."""

    def __init__(self, studio, key, tenant="north"):
        transport = httpx.ASGITransport(StudioHost(studio.app), raise_app_exceptions=True)
        headers = {"authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(
            transport=transport, base_url=f"{ORIGIN}/studio", headers=headers, timeout=60
        )
        self._tenant = tenant

    async def send(self, body, *, source="products", path="v1/sources", **query):
        return await self._client.post(f"/{self._tenant}/{path}/{source}", json=body, params=query)

    async def typed(self, *entries, **query):
        return await self.send({"entries": entries}, **query)

    async def text(self, *entities, **query):
        return await self.send({"Entities": entities}, path="import", **query)

    async def document(self):
        return (await self._client.get("/openapi.json")).json()

    async def close(self):
        await self._client.aclose()


def key_of(studio, tenant="north", org="shop"):
    return studio.do("create_api_key", org=org, name="erp", tenant=tenant)["secret"]


@pytest.fixture
async def program(studio, north):
    program = Program(studio, key_of(studio))
    yield program
    await program.close()


async def test_a_program_imports_typed_entries_that_are_found_at_once(program, north):
    answer = await program.typed(given("p1", price=12.5, weight=3), correlationId="run-1")
    assert answer.status_code == 202
    done = answer.json()
    assert (done["correlationId"], done["sourceId"]) == ("run-1", "products")
    assert (done["acceptedEntryCount"], done["upserted"], done["revision"]) == (1, 1, 1)
    assert done["newPropertiesFound"] == [{"id": "weight", "type": "Integer", "delimiter": ""}]
    found = await north.call("get_entries", source_id="products", ids=["p1"])
    assert shown(found["items"][0]) == {"price": 12.5, "weight": 3}
    history = await north.call("get_entry_history", source_id="products", entry_id="p1")
    assert (history["items"][0]["channel"], history["items"][0]["correlation_id"]) == (
        "rest", "run-1",
    )  # fmt: skip


async def test_an_older_program_sends_text_that_is_read_by_the_declared_types(program, north):
    entity = {
        "Key": "p1",
        "Properties": [
            {"Id": "Price", "Value": "12.50"},
            {"Id": "pages", "Value": ""},
            {"Id": "duplex", "Value": "true"},
            {"Id": "tags", "Value": "a|b"},
            {"Id": "title", "Value": "Skrivare", "Language": "sv"},
            {"Id": "colour", "Value": "red"},
        ],
    }
    answer = await program.text(entity)
    assert answer.status_code == 202
    body = answer.json()
    assert (set(body), body["errors"]) == ({"result", "errors", "requestId"}, [])
    found = await north.call("get_entries", source_id="products", ids=["p1"])
    assert shown(found["items"][0]) == {
        "price": 12.5, "pages": None, "duplex": True, "tags": ["a", "b"], "title.sv": "Skrivare",
        "colour": "red",
    }  # fmt: skip
    undone = await north.call("revert_import", source_id="products", import_id=body["result"]["id"])
    assert undone["deleted"] == 1
    await program.text(entity)
    assert (await program.text({"Key": "p1", "Delete": True})).status_code == 202
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 0


async def test_a_key_is_for_its_tenant_alone_and_ends_on_the_next_request(studio, north, program):
    await studio.connected("south").call("create_data_source", id="products", name="P")
    for tenant in ("south", "east", "nowhere"):
        other = Program(studio, key_of(studio), tenant)
        answer = await other.typed(given("p1", price=1.0))
        assert (answer.status_code, answer.json()["title"]) == (404, "tenant_not_found"), tenant
        await other.close()
    partner = Program(studio, studio.key("rival", tenant="east"))
    assert (await partner.typed(given("p1", price=1.0))).status_code == 404
    nobody = Program(studio, "octo_live_" + "0" * 32 + "_" + "x" * 43)
    refused = await nobody.typed(given("p1", price=1.0))
    assert (refused.status_code, refused.json()["title"]) == (401, "unauthenticated")
    studio.do("suspend_tenant", tenant="north")
    assert (await program.typed(given("p1", price=1.0))).status_code == 403
    studio.do("resume_tenant", tenant="north")
    (key,) = [
        each
        for each in studio.do("list_api_keys", org="shop")["items"]
        if each["tenant"] == "north"
    ][:1]
    for each in studio.do("list_api_keys", org="shop")["items"]:
        studio.do("deactivate_api_key", id=each["id"])
    assert key["name"] == "erp"
    assert (await program.typed(given("p1", price=1.0))).status_code == 401
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 0


def test_a_key_of_an_owner_names_one_of_its_tenants_and_a_partners_none(studio):
    studio.organization("partner")
    for org, tenant in (("shop", ""), ("shop", "east"), ("partner", "north")):
        with pytest.raises(Exception, match="tenant"):
            studio.do("create_api_key", org=org, name="erp", tenant=tenant)


def mcp_entry(key, *values, **more):
    return {"id": key, "properties": [dict(each) for each in values], **more}


def text_entity(key, *values, delete=False):
    made = [
        {"Id": each["id"], "Value": as_text(each["value"]), "Language": each.get("language")}
        for each in values
    ]
    return {"Key": key, "Properties": made, "Delete": delete}


def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(value)
    return None if value is None else str(value)


def value(property_, given_value, language=None):
    made = {"id": property_, "value": given_value}
    return {**made, "language": language} if language else made


WRONG = {
    "1 a key of other letters": [("p 1", [value("brand", "x")])],
    "1 a property of other letters": [("p1", [value("br and", "x")])],
    "2 a language that is none": [("p1", [value("title", "x", "swedish!")])],
    "3 one bad of two": [("p1", [value("brand", "x")]), ("p2", [value("price", "cheap")])],
    "4 a key twice": [("p1", [value("brand", "x")]), ("p1", [value("brand", "y")])],
    "4 a property twice": [("p1", [value("brand", "x"), value("Brand", "y")])],
    "5 nothing": [],
    "6 a number that is none": [("p1", [value("pages", "1.5")])],
    "6 a time without its offset": [("p1", [value("since", "2026-01-01")])],
    "6 a boolean that is none": [("p1", [value("duplex", "perhaps")])],
    "6 no language where one is needed": [("p1", [value("title", "x")])],
    "6 a language where none is": [("p1", [value("brand", "x", "en")])],
    "8 nothing to clear": [("p1", [value("unheard", None)])],
}
"""Rules of imports, and what breaks each; ids and values alone, so that any way can send it."""


@pytest.mark.parametrize("rule", WRONG)
async def test_what_breaks_a_rule_is_refused_whole_by_all_three_ways(program, north, rule):
    entries = WRONG[rule]
    typed = await program.typed(*(mcp_entry(key, *values) for key, values in entries))
    text = await program.text(*(text_entity(key, *values) for key, values in entries))
    mcp = await north.refused(
        "import_data",
        source_id="products",
        entries=[mcp_entry(key, *values) for key, values in entries],
    )
    assert mcp["code"] == "validation_error"
    assert (typed.status_code, text.status_code) == (400, 400)
    problem, failed = typed.json(), text.json()
    assert typed.headers["content-type"] == "application/problem+json"
    assert (problem["title"], failed["result"]) == ("validation_error", None)
    paths = {each["path"] for each in mcp["details"]}
    assert set(problem["errors"]) == paths
    assert [each["message"] for each in failed["errors"]] == [
        each["message"] for each in mcp["details"]
    ]
    named = [each["details"]["propertyName"] for each in failed["errors"]]
    assert all(each.startswith("Entities") for each in named)
    found = await north.call("search_entries", source_id="products", limit=0)
    assert (found["total"], found["revision"]) == (0, 0)


NOT_DUPLEX = {"property_": "duplex", "given_value": False}
GOOD = {
    "2 a language in any letter case": (
        [value("title", "x", "SV-se")], {"title.sv-SE": "x"},
    ),
    "6 every type": (
        [value("price", 1.5), value("pages", 2), value("tags", ["a", "b"]), value(**NOT_DUPLEX),
         value("since", "2026-01-01T00:00:00+01:00"), value("brand", "HP")],
        {"price": 1.5, "pages": 2, "duplex": False, "tags": ["a", "b"],
         "since": "2025-12-31T23:00:00Z", "brand": "HP"},
    ),
    "7 an unknown property": ([value("unheard", "of")], {"unheard": "of"}),
    "8 null clears": ([value("price", None)], {"price": None}),
}  # fmt: skip


@pytest.mark.parametrize("rule", GOOD)
async def test_what_keeps_a_rule_comes_to_the_same_by_all_three_ways(program, north, rule):
    values, stored = GOOD[rule]
    entry = mcp_entry("a", *values)
    assert (await program.typed(entry)).status_code == 202
    assert (await program.text(text_entity("b", *values))).status_code == 202
    await north.call("import_data", source_id="products", entries=[{**entry, "id": "c"}])
    found = await north.call("get_entries", source_id="products", ids=["a", "b", "c"])
    assert [shown(each) for each in found["items"]] == [stored] * 3


async def test_sending_the_same_again_changes_nothing_however_often_and_by_whichever_way(
    program, north
):
    values = [value("price", 1.5), value("tags", ["a", "b"]), value("title", "x", "sv")]
    for _ in range(3):
        await program.typed(mcp_entry("p1", *values))
        await program.text(text_entity("p1", *values))
    again = await north.call(
        "import_data", source_id="products", entries=[mcp_entry("p1", *values)]
    )
    assert (again["unchanged"], again["revision"]) == (1, 1)
    history = await north.call("get_entry_history", source_id="products", entry_id="p1")
    assert [each["version"] for each in history["items"]] == [1]


async def test_absent_properties_and_other_languages_stay(program, north):
    await program.typed(
        mcp_entry("p1", value("brand", "HP"), value("title", "x", "sv"), value("title", "y", "en"))
    )
    await program.typed(mcp_entry("p1", value("title", None, "sv"), value("price", 1)))
    found = await north.call("get_entries", source_id="products", ids=["p1"])
    assert shown(found["items"][0]) == {"brand": "HP", "title.en": "y", "price": 1.0}


async def test_a_source_that_is_unknown_or_emptied_and_a_used_correlation_say_so(program, north):
    unknown = await program.typed(given("p1", price=1.0), source="product")
    assert (unknown.status_code, unknown.json()["near"]) == (404, ["products"])
    first = await program.typed(given("p1", price=1.0), correlationId="once")
    used = await program.typed(given("p1", price=2.0), correlationId="once")
    assert (used.status_code, used.json()["importId"]) == (409, first.json()["importId"])
    await north.call("purge_data_source", source_id="products", confirm=True)
    emptied = await program.text({"Key": "p1", "Properties": []})
    assert (emptied.status_code, emptied.json()["result"]) == (409, None)


async def test_a_thousand_entries_fit_and_more_are_refused_with_the_limit(program, north):
    many = [given(f"p{n}", price=n) for n in range(1001)]
    refused = await program.typed(*many)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["entries"])
    assert (await program.typed(*many[:1000])).status_code == 202
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 1000


async def test_a_dry_run_checks_everything_and_writes_nothing(program, north):
    answer = await program.send({"entries": [given("p1", price=1.0)], "dryRun": True})
    assert (answer.status_code, answer.json()["upserted"]) == (202, 1)
    found = await north.call("search_entries", source_id="products", limit=0)
    assert found["total"] == 0


async def test_the_document_describes_both_routes_with_their_parameters(program):
    described = await program.document()
    assert set(described["paths"]) == {
        "/{tenant}/v1/sources/{sourceId}", "/{tenant}/import/{sourceId}",
    }  # fmt: skip
    operation = described["paths"]["/{tenant}/v1/sources/{sourceId}"]["post"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [
        ("tenant", "path"), ("sourceId", "path"), ("correlationId", "query"),
    ]  # fmt: skip
    body = described["components"]["schemas"]["IngestEntries"]
    assert set(body["properties"]) == {"entries", "mode", "dryRun"}
    assert "application/problem+json" in operation["responses"]["400"]["content"]


async def test_a_key_draws_from_its_organizations_calls_and_is_told_when_to_come_back(
    studio, north
):
    studio.do("change_organization", id="shop", rate_limit=1)
    program = Program(studio, key_of(studio))
    answers = [await program.typed(given("p1", price=n)) for n in range(3)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["title"] == "rate_limited"
    await program.close()
