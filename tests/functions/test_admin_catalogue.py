"""The tools themselves: one registry says risk and confirm, arguments are checked, calls count."""

import orjson
import pytest

from functions.admin.tools.catalogue import FAMILIES, tools
from shared.tool import Confirmed, Effect
from tests.functions.operators import Operators

pytestmark = pytest.mark.anyio


@pytest.fixture
def operators(tmp_path):
    operators = Operators(tmp_path / "data").fill()
    yield operators
    operators.close()


@pytest.fixture
async def plant(operators):
    client = operators.connected("plant")
    yield client
    await client.close()


async def test_what_is_listed_is_what_the_protocol_lists(plant):
    listed = (await plant.post("tools/list")).json()["result"]["tools"]
    found = await plant.call("list_available_tools")
    assert [each["name"] for each in found["tools"]] == [each["name"] for each in listed]
    assert found["totalTools"] == len(listed) == sum(found["categories"].values())
    for shown, declared in zip(found["tools"], listed, strict=True):
        names = {name.removesuffix("?") for name in shown["parameters"]}
        assert names == {*declared["inputSchema"]["properties"]}
    some = await plant.call("list_available_tools", category="Tenants")
    assert {each["category"] for each in some["tools"]} == {"tenants"}
    refused = await plant.refused("list_available_tools", category="Everything")
    assert refused["errorCode"] == "not_found"


async def test_details_are_those_of_the_declaration(plant):
    found = await plant.call("get_tool_details", toolName="update_entity")
    assert (found["risk"], found["needsConfirm"], found["leastRole"], found["scope"]) == (
        "Medium", False, "editor", "admin:write",
    )  # fmt: skip
    assert found["requiredParameters"] == ["rtId", "ckTypeId", "entityData"]
    version = next(each for each in found["parameters"] if each["name"] == "expectedVersion")
    assert (version["type"], version["isOptional"]) == ("integer or null", True)
    assert {"isConflict", "currentRtVersion", "entity"} <= {*found["returns"]}
    refused = await plant.refused("get_tool_details", toolName="update_entitty")
    assert "There are update_entity" in refused["errorMessage"]


async def test_risk_and_confirm_are_of_the_registry_and_nothing_destroys_unasked(plant):
    found = await plant.call("get_tool_risk_metadata")
    assert found["riskByTool"] == {
        tool.name: tool.risk.value.title() for each in FAMILIES for tool in each.tools
    }
    assert "Low" not in found["nonDefaultRiskByTool"].values()
    for tool in tools().values():
        confirmed = issubclass(tool.takes, Confirmed)
        assert confirmed == (tool.plan is not None) == (tool.name in found["confirmTools"])
        assert (tool.effect is Effect.DESTROY) <= confirmed, tool.name


@pytest.mark.parametrize(
    ("tool", "given", "errors"),
    [
        ("get_tenants", {"tenantId": "plant"}, []),
        ("get_tenants", {"tenantId": 5}, ["tenantId"]),
        ("query_entities", {}, ["ckTypeId"]),
        ("query_entities", {"ckTypeId": "Demo/Plant", "limit": 5000}, ["limit"]),
        ("query_entities", {"ckTypeId": "x", "filters": {"operator": "Xor"}}, ["filters.operator"]),
        ("query_entities", {"ckTypeId": "x", "filter": {}}, ["filter"]),
        ("query_entities", {"ckTypeId": "x", "weather": "fine"}, []),
        ("query_entities", {"ck_type_id": "x"}, []),
    ],
)
async def test_arguments_are_checked_by_names_types_and_limits(plant, tool, given, errors):
    """The reference checks only whether names are there."""
    found = await plant.call(
        "validate_tool_parameters", toolName=tool, parameters=orjson.dumps(given).decode()
    )
    assert [each["path"] for each in found["errors"]] == errors
    assert found["isValid"] is (errors == [])
    assert found["providedParameters"] == list(given)
    assert found["summary"]["requiredMissing"] == (["ckTypeId"] if not given else [])
    assert found["summary"]["unknownParams"] == [n for n in given if n in ("filter", "weather")]


@pytest.mark.parametrize("text", ["", "[]", "{", "5"])
async def test_what_is_no_json_object_is_said(plant, text):
    refused = await plant.refused("validate_tool_parameters", toolName="whoami", parameters=text)
    assert "JSON object" in refused["errorMessage"]


async def test_statistics_are_counted_for_real(operators, plant):
    """The reference answers with constants."""
    nothing = await plant.call("get_tool_statistics")
    assert (nothing["totalInvocations"], nothing["successRate"]) == (0, None)
    for _ in range(3):
        await plant.call("get_available_models")
    await plant.refused("get_type_schema", ckTypeId="Demo/Nothing")
    operators.clock.advance(70)
    await plant.call("whoami")
    found = await plant.call("get_tool_statistics", timeRange="week")
    counted = {each["tool"]: each for each in found["topTools"]}
    assert counted["get_available_models"]["invocations"] == 3
    assert counted["get_available_models"]["averageResponseTime"] > 0
    assert (counted["get_type_schema"]["invocations"], counted["get_type_schema"]["failures"]) == (
        1, 1,
    )  # fmt: skip
    assert found["errorStats"] == {"not_found": 1}
    assert found["categoryBreakdown"]["schema"] == 4
    assert 0 < found["successRate"] < 1
    refused = await plant.refused("get_tool_statistics", timeRange="year")
    assert refused["errorCode"] == "invalid"
    operators.clock.advance(86_400)
    later = operators.connected("plant")
    assert (await later.call("get_tool_statistics"))["totalInvocations"] < 5
    assert (await later.call("get_tool_statistics", timeRange="month"))["totalInvocations"] >= 5
    await later.close()


async def test_another_organizations_calls_are_not_counted_in(operators, plant):
    operators.organization("others", type="operator")
    for _ in range(3):
        await plant.call("get_available_models")
    operators.clock.advance(70)
    await plant.call("whoami")
    other = operators.connected("", "ops", org="others")
    assert (await other.call("get_tool_statistics"))["totalInvocations"] == 0
    await other.close()
