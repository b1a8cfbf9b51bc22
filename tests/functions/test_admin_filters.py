"""Questions about entities: every operator is answered or refused, and nothing is dropped."""

import pytest

from tests.functions.operators import Operators, names, stock, values, where

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
def operators(tmp_path, stores):
    operators = Operators(tmp_path / "data", **stores).fill()
    yield operators
    operators.close()


@pytest.fixture
async def stocked(operators):
    client = await stock(operators.connected("plant"))
    yield client
    await client.close()


QUESTIONS = [
    (where("Name", "Equals", "LATHE"), ["Lathe"]),
    (where("Name", "NotEquals", "Lathe"), ["Arm 6", "Vienna"]),
    (where("name", "Contains", "a"), ["Arm 6", "Lathe", "Vienna"]),
    (where("Name", "StartsWith", "a"), ["Arm 6"]),
    (where("Name", "EndsWith", "E"), ["Lathe"]),
    (where("Name", "Like", "%a%6"), ["Arm 6"]),
    (where("Name", "In", ["Lathe", "Vienna"]), ["Lathe", "Vienna"]),
    (where("Name", "NotIn", ["Lathe", "Vienna"]), ["Arm 6"]),
    (where("Contact", "IsNull"), None),
    (where("Contact.LastName", "IsNull"), ["Arm 6", "Lathe", "Vienna"]),
    (where("rtState", "Equals", "Archived"), []),
    (where("rtState", "In", ["Active", "Archived"]), ["Arm 6", "Lathe", "Vienna"]),
    (where("ckTypeId", "Equals", "Demo/Plant"), ["Vienna"]),
    (where("ckTypeId", "NotEquals", "Demo-1.0.0/Plant-1"), ["Arm 6", "Lathe"]),
    (where("rtChangedDateTime", "GreaterThan", "2026-01-01T00:00:00Z"),
     ["Arm 6", "Lathe", "Vienna"]),
    (where("rtChangedDateTime", "LessThan", "2026-01-01T00:00:00Z"), []),
    (where("rtCreationDateTime", "Between", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
     ["Arm 6", "Lathe", "Vienna"]),
    (where("rtWellKnownName", "IsNull"), ["Arm 6", "Lathe", "Vienna"]),
]  # fmt: skip
OF_MACHINES = [
    (where("Power", "GreaterThan", 3), ["Lathe"]),
    (where("Power", "GreaterThanOrEqual", 3), ["Arm 6", "Lathe"]),
    (where("Power", "LessThan", 11.5), ["Arm 6"]),
    (where("Power", "LessThanOrEqual", 11.5), ["Arm 6", "Lathe"]),
    (where("Power", "Between", 3, 11), ["Arm 6"]),
    (where("State", "Equals", "running"), ["Lathe"]),
    (where("State", "Equals", 1), ["Lathe"]),
    (where("State", "NotIn", ["Running", 2]), ["Arm 6"]),
    (where("Installed", "LessThan", "2020-01-02T02:04:06Z"), ["Lathe"]),
    (where("Installed", "IsNotNull"), ["Lathe"]),
    (where("Tags", "AnyEq", "CNC"), ["Lathe"]),
    (where("Tags", "AnyLike", "o%"), ["Lathe"]),
    (where("Maintenance", "IsNotNull"), ["Lathe"]),
    (where("Maintenance.Hours", "GreaterThan", 1), ["Lathe"]),
    (where("Maintenance.At", "Between", "2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z"), []),
]


@pytest.mark.parametrize(
    ("type_", "filters", "expected"),
    [("Asset", *each) for each in QUESTIONS] + [("Machine", *each) for each in OF_MACHINES],
    ids=lambda value: str(value.get("fields", value)) if isinstance(value, dict) else None,
)
async def test_every_operator_is_answered(stocked, type_, filters, expected):
    if expected is None:
        refused = await stocked.refused("query_entities", ckTypeId="Demo/Asset", filters=filters)
        assert "Filter by what it holds" in refused["errorMessage"]
        return
    assert await names(stocked, type_, filters) == expected


async def test_criteria_nest_and_or_is_or(stocked):
    """The reference drops Or and what is nested in some of its tools."""
    either = {
        "operator": "Or",
        "fields": where("Name", "Equals", "Vienna")["fields"],
        "nestedFilters": [
            {
                "operator": "And",
                "fields": [
                    *where("Name", "StartsWith", "a")["fields"],
                    *where("Name", "EndsWith", "6")["fields"],
                ],
            }
        ],
    }
    assert await names(stocked, "Asset", either) == ["Arm 6", "Vienna"]
    assert await names(stocked, "Asset", {**either, "operator": "And"}) == []


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        (where("Power", "Contains", "1"), "filters.fields[0].operator"),
        (where("Name", "Regex", ".*"), "filters.fields[0].operator"),
        (where("Name", "GreaterThan", "a"), "filters.fields[0].operator"),
        (where("Name", "Equals", 5), "filters.fields[0].value"),
        (where("Name", "Equals", "a", "b"), "filters.fields[0].secondValue"),
        (where("Name", "IsNull", "a"), "filters.fields[0].value"),
        (where("Name", "In", "a"), "filters.fields[0].value"),
        (where("Name", "In", []), "filters.fields[0].value"),
        (where("Name", "EndsWith", "%"), "filters.fields[0].value"),
        (where("State", "Equals", "Flying"), "filters.fields[0].value"),
        (where("Installed", "Equals", "2020-01-01"), "filters.fields[0].value"),
        (where("Colour", "Equals", "red"), "filters.fields[0].attributePath"),
        (where("rtVersion", "Equals", 1), "filters.fields[0].attributePath"),
        (where("rtState", "Equals", "Gone"), "filters.fields[0].value"),
        (where("Tags", "Equals", "old"), "filters.fields[0].operator"),
        ({"fields": []}, "filters"),
        ({"nestedFilters": [where("Nam", "Equals", "x")]},
         "filters.nestedFilters[0].fields[0].attributePath"),
        (where("Name", "Equal", "x"), "filters.fields[0].operator"),
        ({"fields": [], "color": 1}, "filters.color"),
    ],
)  # fmt: skip
async def test_a_filter_that_cannot_be_asked_is_refused_by_path(stocked, filters, path):
    refused = await stocked.refused("query_entities", ckTypeId="Demo/Machine", filters=filters)
    assert [each["path"] for each in refused["details"]] == [path]


async def test_pages_are_of_a_limit_and_an_offset_and_the_count_is_of_all(stocked):
    first = await stocked.call("query_entities", ckTypeId="Demo/Asset", limit=2)
    rest = await stocked.call("query_entities", ckTypeId="Demo/Asset", limit=2, offset=2)
    assert (first["totalCount"], first["returnedCount"], rest["returnedCount"]) == (3, 2, 1)
    ids = [each["rtId"] for each in first["entities"] + rest["entities"]]
    assert ids == sorted({stocked.vienna, stocked.lathe, stocked.robot})
    count = await stocked.call("query_entities", ckTypeId="Demo/Asset", limit=0)
    assert (count["totalCount"], count["entities"]) == (3, [])
    for wrong in ({"limit": 1001}, {"offset": 10_001}, {"limit": -1}):
        refused = await stocked.refused("query_entities", ckTypeId="Demo/Asset", **wrong)
        assert refused["errorCode"] == "invalid"


async def test_only_what_is_asked_for_is_shown_and_an_unknown_path_is_refused(stocked):
    found = await stocked.call(
        "query_entities_simple",
        ckTypeId="Demo/Asset",
        simpleFilters=[{"attributePath": "name", "value": "lathe"}],
        attributePaths=["name", "Maintenance.Hours", "State"],
    )
    assert values(found["entities"][0]) == {
        "Name": "Lathe", "State": "Running", "Maintenance": [{"Hours": 2.0}, {}],
    }  # fmt: skip
    refused = await stocked.refused(
        "query_entities", ckTypeId="Demo/Plant", attributePaths=["Power"]
    )
    assert refused["details"][0]["path"] == "attributePaths[0]"
