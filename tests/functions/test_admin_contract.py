"""What every answer of the admin face keeps to, in both eras; and what no argument may be."""

import re

import pytest
from jsonschema import Draft202012Validator

from functions.admin.tools.catalogue import tools
from shared.tool import Effect
from tests.functions.connection import Connection
from tests.functions.operators import Operators, create, stock, where
from tests.platform import LEGACY, message, modern_headers

pytestmark = pytest.mark.anyio
SECRET = re.compile(r"secret|password|passwort|token|credential|api_?key|pat$", re.IGNORECASE)


@pytest.fixture
def operators(tmp_path):
    operators = Operators(tmp_path / "data").fill()
    yield operators
    operators.close()


@pytest.fixture
async def stocked(operators):
    client = await stock(operators.connected("plant"))
    client.query = await create_query(client)
    yield client
    await client.close()


async def create_query(client):
    made = await client.call(
        "create_entity",
        ckTypeId="System/AggregationRtQuery",
        entityData=[
            {"attributePath": "name", "value": "How many"},
            {"attributePath": "queryCkTypeId", "value": "Demo/Machine"},
            {"attributePath": "columns", "value": [{"aggregationType": "Count"}]},
        ],
    )
    return made["rtId"]


def arguments(client):
    """Of every tool that only reads: something it answers."""
    machine = {"ckTypeId": "Demo/Machine"}
    one = {"ckTypeId": "Demo/Machine", "rtId": client.lathe}
    role = {"ckRoleId": "System/ParentChild", "direction": "Inbound"}
    count = {"aggregations": [{"function": "count"}]}
    return {
        "whoami": {}, "auth_status": {}, "list_tenants": {}, "get_tenants": {},
        "switch_tenant": {"tenantId": "plant"}, "get_available_models": {},
        "get_available_types": {}, "search_types": {"searchTerm": "machine"},
        "get_type_schema": machine, "list_jobs": {}, "get_tool_risk_metadata": {},
        "query_entities": {**machine, "filters": where("Power", "GreaterThan", 1)},
        "query_entities_simple": {**machine, "simpleFilters": []},
        "get_entity_by_id": one,
        "navigate_associations": {
            **role, "ckTypeId": "Demo/Plant", "rtId": client.vienna,
            "targetTypeId": "Demo/Machine",
        },
        "get_association_tree": {**role, "rootCkTypeId": "Demo/Plant"},
        "query_entities_aggregation": {**machine, **count},
        "query_entities_grouping": {**machine, **count, "groupByAttributePaths": ["State"]},
        "execute_runtime_query": {"queryRtId": client.query},
        "list_available_tools": {}, "get_tool_details": {"toolName": "whoami"},
        "validate_tool_parameters": {"toolName": "whoami", "parameters": "{}"},
        "get_tool_statistics": {},
    }  # fmt: skip


NEED_MORE = {"get_job", "check_auth_status"}
"""Reading tools that need a job, or a request for access, first: their own tests call them."""


@pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])
async def test_every_reading_tool_answers_as_its_schema_says_in_both_eras(
    operators, stocked, modern
):
    listed = (await stocked.post("tools/list")).json()["result"]["tools"]
    schemas = {tool["name"]: tool["outputSchema"] for tool in listed}
    given = arguments(stocked)
    reading = {name for name, tool in tools().items() if tool.effect is Effect.READ}
    assert given.keys() | NEED_MORE == reading
    for name, asked in given.items():
        params = {"name": name, "arguments": asked}
        headers = modern_headers("tools/call", name) if modern else LEGACY
        async with operators.http(operators.bearer(), face="admin") as client:
            answer = await client.post(
                "/admin/plant/mcp",
                json=message("tools/call", params, modern=modern),
                headers=headers,
            )
        result = answer.json()["result"]
        assert result["isError"] is False, (name, result)
        assert result["structuredContent"]["isSuccess"] is True
        Draft202012Validator(schemas[name]).validate(result["structuredContent"])


async def test_hints_of_the_protocol_are_those_of_the_registry(stocked):
    listed = (await stocked.post("tools/list")).json()["result"]["tools"]
    for shown in listed:
        tool, hints = tools()[shown["name"]], shown["annotations"]
        assert hints["readOnlyHint"] is (tool.effect is Effect.READ)
        assert hints["destructiveHint"] is (tool.effect is Effect.DESTROY)
        assert hints["idempotentHint"] is tool.idempotent


def test_no_tool_takes_a_secret_as_an_argument():
    """What a model is given it may repeat, and logs of clients keep it."""
    for tool in tools().values():
        assert [name for name in tool.takes.model_fields if SECRET.search(name)] == []


async def test_nothing_that_a_caller_sends_is_in_a_log(stocked, logged):
    canary = "a-canary-that-nobody-logs"
    for asked in (
        {"ckTypeId": "Demo/Plant", "entityData": [{"attributePath": "Name", "value": canary}]},
        {"ckTypeId": canary, "entityData": []},
        {"ckTypeId": "Demo/Plant", "entityData": [{"attributePath": canary, "value": 1}]},
        {"ckTypeId": "Demo/Plant", "entityData": canary},
        {"ckTypeId": "Demo/Plant", "entityData": [], "tenantId": canary},
    ):
        await stocked.tried("create_entity", **asked)
    text, lines = logged()
    assert len(lines) == 5
    assert canary not in text


async def test_a_job_is_always_answered_with_its_handle(operators, stocked):
    """The reference waits for half an hour, or forgets which job it was."""
    group = Connection(operators, "admin", "group", operators.bearer())
    await group.call("create_tenant", childTenantId="press", database="press")
    done = await group.call("delete_tenant", childTenantId="press", confirm=True)
    assert (await group.call("get_job", jobId=done["jobId"]))["kind"] == "delete_tenant"
    refused = await stocked.refused("get_job", jobId=done["jobId"])
    assert refused["errorCode"] == "not_found"
    await group.close()


async def test_a_connection_may_be_narrowed_to_reading_and_to_some_tools(operators, stocked):
    token = operators.bearer()
    async with operators.http(token, face="admin") as client:
        for query, some in (("mode=read", "query_entities"), ("toolsets=schema", "search_types")):
            listed = await client.post(
                f"/admin/mcp?{query}", json=message("tools/list"), headers=LEGACY
            )
            names = {tool["name"] for tool in listed.json()["result"]["tools"]}
            assert {some, "whoami"} <= names
            assert "create_entity" not in names
    assert await create(stocked, "Product", Name="still there")
