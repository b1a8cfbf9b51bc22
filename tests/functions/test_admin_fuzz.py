"""Whatever a model makes up, every tool of the admin face answers in words: never `internal`."""

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.admin.describing import fields
from functions.admin.tools.catalogue import tools
from tests.functions.operators import Operators, stock

TEXTS = (
    "", " ", "Demo/Machine", "Demo/Plant", "System/Entity", "System/ParentChild", "Demo/MadeOn",
    "Name", "Power", "State", "Contact", "Contact.LastName", "Maintenance", "Maintenance.Hours",
    "Tags", "Installed", "rtId", "rtState", "rtWellKnownName", "rtChangedDateTime", "ckTypeId",
    "Active", "Running", "Equals", "In", "Between", "Like", "AnyEq", "IsNull", "And", "Or",
    "Inbound", "Outbound", "count", "sum", "max", "plant", "group", "north", "%", "a%b", "..",
    "../x", "a.b.c.d", ".", "0" * 24, "2026-01-01T00:00:00Z", "9999-12-31T23:59:59+23:59",
    "\x00", "?x", "é" * 300, "{}", "[]", '{"ckTypeId": 5}', "whoami",
)  # fmt: skip
NAMES = (
    "attributePath", "value", "operator", "secondValue", "fields", "nestedFilters", "function",
    "alias", "ckRoleId", "rtId", "direction", "LastName", "At", "Hours", "attributeName",
)  # fmt: skip
PLAIN = st.one_of(
    st.sampled_from(TEXTS),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=12,
)
FIELD = st.fixed_dictionaries(
    {
        "attributePath": st.sampled_from(TEXTS),
        "operator": st.sampled_from(
            ["Equals", "NotEquals", "Contains", "StartsWith", "EndsWith", "GreaterThan", "LessThan",
             "Between", "In", "NotIn", "IsNull", "Regex", "Like", "AnyEq", "AnyLike"]
        ),
    },
    optional={"value": ANYTHING, "secondValue": PLAIN},
)  # fmt: skip
LIKELY = {
    "ckTypeId": st.sampled_from(["Demo/Machine", "Demo/Asset", "System/SimpleRtQuery", "x"]),
    "filters": st.fixed_dictionaries({"fields": st.lists(FIELD, max_size=3)}),
    "extraFilters": st.fixed_dictionaries({"fields": st.lists(FIELD, max_size=3)}),
    "entityData": st.lists(
        st.fixed_dictionaries({"attributePath": st.sampled_from(TEXTS), "value": ANYTHING}),
        max_size=4,
    ),
    "tenantId": st.sampled_from(["plant", "plant", "group", "north", ""]),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    operators = Operators(tmp_path_factory.mktemp("fuzz") / "data").fill()
    ids = []

    async def fill():
        client = await stock(operators.connected("plant"))
        ids.extend((client.lathe, client.vienna))
        await client.close()

    anyio.run(fill)
    yield operators, ids
    operators.close()


@pytest.mark.parametrize("tool", tools())
@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_tool_answers_whatever_it_is_called_with(world, tool, data):
    operators, ids = world
    likely = {**LIKELY, **dict.fromkeys(("rtId", "targetRtId"), st.sampled_from(ids))}
    arguments = {
        name: data.draw(st.one_of(likely.get(name, ANYTHING), ANYTHING))
        for name, field in fields(tools()[tool]).items()
        if field.is_required() or data.draw(st.booleans())
    }
    arguments.pop("confirm", None)

    async def ask():
        client = operators.connected("plant")
        answer = await client.post("tools/call", {"name": tool, "arguments": arguments})
        await client.close()
        return answer

    answer = anyio.run(ask)
    assert answer.status_code in (200, 403), answer.text
    if answer.status_code == 200:
        value = answer.json()["result"]["structuredContent"]
        assert value.get("errorCode") != "internal", (arguments, value)
