"""Numbers about entities, in rows; and questions that are kept as entities."""

import pytest

from tests.functions.operators import Operators, create, data, stock, values, where

pytestmark = pytest.mark.anyio


@pytest.fixture
def operators(tmp_path):
    operators = Operators(tmp_path / "data").fill()
    yield operators
    operators.close()


@pytest.fixture
async def stocked(operators):
    client = await stock(operators.connected("plant"))
    for name, brand, price in (("a", "HP", 10.0), ("b", "HP", 20.0), ("c", "Xerox", 5.0)):
        await create(client, "Product", Name=name, Brand=brand, Price=price)
    await create(client, "Product", Name="d")
    yield client
    await client.close()


def column(function, path="", alias=""):
    given = {"function": function, "attributePath": path, "alias": alias}
    return {name: value for name, value in given.items() if value}


async def numbers(client, type_, *aggregations, **more):
    tool = "query_entities_grouping" if "groupByAttributePaths" in more else (
        "query_entities_aggregation"
    )  # fmt: skip
    found = await client.call(
        tool, ckTypeId=f"Demo/{type_}", aggregations=list(aggregations), **more
    )
    assert found["rowCount"] == len(found["rows"])
    return found["rows"]


async def test_one_row_of_numbers_with_names_of_their_own_or_given_ones(stocked):
    rows = await numbers(
        stocked, "Product", column("count"), column("count", "price"), column("sum", "Price"),
        column("avg", "Price", "mean"), column("min", "Price"), column("max", "Price"),
    )  # fmt: skip
    assert rows == [
        {"count": 4, "count_price": 3, "sum_Price": 35.0, "mean": pytest.approx(35 / 3),
         "min_Price": 5.0, "max_Price": 20.0}
    ]  # fmt: skip
    rows = await numbers(stocked, "Asset", column("count"))
    assert rows == [{"count": 3}]
    rows = await numbers(stocked, "Machine", column("min", "Installed"), column("avg", "Power"))
    assert rows == [{"min_Installed": "2020-01-02T02:04:05Z", "avg_Power": 7.25}]


async def test_groups_are_of_equal_values_and_those_without_one_are_null(stocked):
    rows = await numbers(
        stocked, "Product", column("count"), column("sum", "Price"),
        groupByAttributePaths=["Brand"],
    )  # fmt: skip
    assert rows == [
        {"Brand": "HP", "count": 2, "sum_Price": 30.0},
        {"Brand": "Xerox", "count": 1, "sum_Price": 5.0},
        {"Brand": None, "count": 1, "sum_Price": 0.0},
    ]
    rows = await numbers(
        stocked, "Machine", column("count"), groupByAttributePaths=["State", "Installed"]
    )
    assert rows == [
        {"State": "Stopped", "Installed": None, "count": 1},
        {"State": "Running", "Installed": "2020-01-02T02:04:05Z", "count": 1},
    ]


async def test_or_nested_filters_and_lists_of_values_are_not_dropped_here_either(stocked):
    """The reference ignores Or in aggregations, and In with a list."""
    either = {
        "operator": "Or",
        "fields": [
            *where("Brand", "Equals", "Xerox")["fields"],
            *where("Price", "LessThan", 11)["fields"],
        ],
    }
    assert await numbers(stocked, "Product", column("count"), filters=either) == [{"count": 2}]
    listed = where("Brand", "In", ["Xerox", "Canon"])
    assert await numbers(stocked, "Product", column("count"), filters=listed) == [{"count": 1}]
    nested = {"nestedFilters": [either, where("Name", "Equals", "a")]}
    assert await numbers(stocked, "Product", column("count"), filters=nested) == [{"count": 1}]


@pytest.mark.parametrize(
    ("aggregations", "by", "said"),
    [
        ([], None, "At least one aggregation column is required."),
        (
            [column("count"), column("sum")],
            None,
            "aggregations[1].attributePath is required for function 'sum'. Only 'count' may omit",
        ),
        ([column("count"), column("count")], None, "Duplicate alias 'count' in aggregations[1]"),
        ([column("count")], [], "groupByAttributePaths must contain at least one path."),
        ([column("count")], ["Brand", " "], "contains an empty entry"),
        ([column("count")], ["Brand", "brand"], "Duplicate group-by path 'brand'."),
        ([column("count", "", "Brand")], ["Brand"], "Duplicate alias 'Brand'"),
        ([column("sum", "Brand")], None, "'sum' is of"),
        ([column("count", "Sizes")], None, "several values"),
        ([column("count")], ["Colour"], "no attribute 'Colour'"),
        ([column("median", "Price")], None, "function"),
    ],
)
async def test_what_cannot_be_worked_out_is_said_before_anything_is_asked(
    stocked, aggregations, by, said
):
    tool = "query_entities_aggregation" if by is None else "query_entities_grouping"
    more = {} if by is None else {"groupByAttributePaths": by}
    refused = await stocked.refused(
        tool, ckTypeId="Demo/Product", aggregations=aggregations, **more
    )
    assert said in refused["errorMessage"]


async def kept(client, type_, **given):
    made = await client.call(
        "create_entity", ckTypeId=f"System/{type_}", entityData=data(name="kept", **given)
    )
    return made["rtId"]


async def test_a_stored_query_is_asked_with_its_columns_order_and_filters(stocked):
    """The reference ignores the stored order."""
    query = await kept(
        stocked,
        "SimpleRtQuery",
        queryCkTypeId="Demo/Product",
        columns=["name", "Price"],
        sorting=[{"attributePath": "Price", "sortOrder": "Descending"}],
        fieldFilter=[{"attributePath": "Price", "operator": "GreaterThan", "value": "1"}],
    )
    found = await stocked.call("execute_runtime_query", queryRtId=query)
    assert [values(each) for each in found["entities"]] == [
        {"Name": "b", "Price": 20.0}, {"Name": "a", "Price": 10.0}, {"Name": "c", "Price": 5.0},
    ]  # fmt: skip
    assert (found["querySubtype"], found["ckTypeId"], found["totalCount"]) == (
        "System/SimpleRtQuery", "Demo/Product", 3,
    )  # fmt: skip
    part = await stocked.call(
        "execute_runtime_query",
        queryRtId=query,
        skip=1,
        take=1,
        extraFilters=where("Brand", "Equals", "HP"),
    )
    assert [values(each)["Name"] for each in part["entities"]] == ["a"]
    assert (part["rowCount"], part["totalCount"]) == (1, 2)


async def test_stored_aggregations_come_to_rows(stocked):
    columns = [
        {"aggregationType": "Count"},
        {"aggregationType": "Maximum", "attributePath": "Price"},
    ]
    query = await kept(
        stocked, "AggregationRtQuery", queryCkTypeId="Demo/Product", columns=columns,
        fieldFilter=[{"attributePath": "Brand", "operator": "In", "value": '["HP"]'}],
    )  # fmt: skip
    found = await stocked.call("execute_runtime_query", queryRtId=query)
    assert found["rows"] == [{"count": 2, "max_Price": 20.0}]
    refused = await stocked.refused("execute_runtime_query", queryRtId=query, take=1)
    assert "comes to one row" in refused["errorMessage"]
    query = await kept(
        stocked, "GroupingAggregationRtQuery", queryCkTypeId="Demo/Product",
        columns=columns[:1], groupingColumns=["Brand"],
    )  # fmt: skip
    found = await stocked.call("execute_runtime_query", queryRtId=query, skip=1, take=1)
    assert found["rows"] == [{"Brand": "Xerox", "count": 1}]
    assert (found["rowCount"], found["totalCount"]) == (1, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"queryCkTypeId": "Demo/Nothing", "columns": []}, "no type"),
        ({"queryCkTypeId": "Demo/Product", "columns": ["Colour"]}, "Colour"),
        (
            {"queryCkTypeId": "Demo/Product", "columns": [],
             "fieldFilter": [{"attributePath": "Price", "operator": "Equals", "value": "cheap"}]},
            "no JSON value",
        ),
        (
            {"queryCkTypeId": "Demo/Product", "columns": [],
             "fieldFilter": [{"attributePath": "Price", "operator": "Is"}]},
            "is none of",
        ),
        (
            {"queryCkTypeId": "Demo/Product", "columns": [],
             "sorting": [{"attributePath": "Sizes"}]},
            "several values",
        ),
    ],
)  # fmt: skip
async def test_a_stored_query_that_cannot_be_asked_says_why(stocked, given, said):
    query = await kept(stocked, "SimpleRtQuery", **given)
    refused = await stocked.refused("execute_runtime_query", queryRtId=query)
    assert said in refused["errorMessage"]


async def test_an_entity_that_is_no_query_and_an_archived_one_are_not_asked(stocked):
    refused = await stocked.refused("execute_runtime_query", queryRtId=stocked.lathe)
    assert refused["errorCode"] == "not_found"
    query = await kept(stocked, "SimpleRtQuery", queryCkTypeId="Demo/Product", columns=[])
    await stocked.call("delete_entity", ckTypeId="System/PersistentQuery", rtId=query, confirm=True)
    refused = await stocked.refused("execute_runtime_query", queryRtId=query)
    assert refused["errorCode"] == "conflict"
