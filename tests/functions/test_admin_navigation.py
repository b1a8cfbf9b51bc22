"""Along associations, one step or as trees; and what is refused instead of cut."""

import pytest

from tests.functions.operators import Operators, create, stock, values

pytestmark = pytest.mark.anyio
PARENT = {"ckRoleId": "System/ParentChild"}


@pytest.fixture
def operators(tmp_path):
    operators = Operators(tmp_path / "data").fill()
    yield operators
    operators.close()


@pytest.fixture
async def stocked(operators):
    client = await stock(operators.connected("plant"))
    yield client
    await client.close()


async def below(client, **more):
    found = await client.call(
        "navigate_associations",
        **{
            "ckTypeId": "Demo/Plant",
            "rtId": client.vienna,
            "direction": "Inbound",
            "targetTypeId": "Demo/Machine",
            **PARENT,
            **more,
        },
    )
    return sorted(values(each)["Name"] for each in found["entities"]), found["totalCount"]


async def test_a_role_is_followed_in_both_directions_to_derived_types_too(stocked):
    assert await below(stocked) == (["Arm 6", "Lathe"], 2)
    assert await below(stocked, targetTypeId="Demo/Robot", direction=1) == (["Arm 6"], 1)
    assert await below(stocked, direction="Outbound") == ([], 0)
    up = await stocked.call(
        "navigate_associations",
        ckTypeId="Demo/Robot",
        rtId=stocked.robot,
        direction=2,
        targetTypeId="Demo/Asset",
        attributePaths=["Name"],
        **PARENT,
    )
    assert [each["rtId"] for each in up["entities"]] == [stocked.vienna]
    assert values(up["entities"][0]) == {"Name": "Vienna"}


async def test_filters_and_pages_are_honoured(stocked):
    filters = [{"attributePath": "Name", "value": "lathe"}]
    assert await below(stocked, filters=filters) == (["Lathe"], 1)
    assert (await below(stocked, take=1, skip=1))[1] == 2
    assert await below(stocked, take=0) == ([], 2)


async def test_what_is_archived_is_not_at_the_end_of_an_association(stocked):
    which = {"ckTypeId": "Demo/Machine", "rtId": stocked.lathe}
    await stocked.call("delete_entity", **which, confirm=True)
    assert await below(stocked) == (["Arm 6"], 1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"direction": "Sideways"}, "invalid"),
        ({"direction": 3}, "invalid"),
        ({"direction": [1]}, "invalid"),
        ({"ckRoleId": "System/Parent"}, "not_found"),
        ({"targetTypeId": "Demo/Nothing"}, "not_found"),
        ({"rtId": "0" * 24}, "not_found"),
        ({"rtId": "../x"}, "invalid"),
        ({"ckTypeId": "Demo/Product"}, "not_found"),
        ({"filters": [{"attributePath": "Nam", "value": 1}]}, "invalid"),
        ({"attributePaths": ["Nam"]}, "invalid"),
    ],
)
async def test_what_cannot_be_followed_is_refused(stocked, more, code):
    arguments = {
        "ckTypeId": "Demo/Plant",
        "rtId": stocked.vienna,
        "direction": "Inbound",
        "targetTypeId": "Demo/Machine",
        **PARENT,
        **more,
    }
    assert (await stocked.refused("navigate_associations", **arguments))["errorCode"] == code


def named(nodes):
    return {values(each)["Name"]: named(each["children"]) for each in nodes}


async def test_a_tree_has_so_many_levels_and_no_circle_goes_on(stocked):
    asked = {"rootCkTypeId": "Demo/Plant", "direction": "Inbound", **PARENT}
    tree = await stocked.call("get_association_tree", **asked, attributePaths=["name"])
    assert named(tree["nodes"]) == {"Vienna": {"Arm 6": {}, "Lathe": {}}}
    roots = await stocked.call("get_association_tree", **asked, maxDepth=0)
    assert named(roots["nodes"]) == {"Vienna": {}}
    one, two, three = [await create(stocked, "Product", Name=name) for name in "abc"]
    for origin, target in ((one, two), (two, three), (three, one)):
        await stocked.call(
            "create_association", rtId=origin, targetRtId=target, ckRoleId="Demo/Successor"
        )
    circle = await stocked.call(
        "get_association_tree",
        rootCkTypeId="Demo/Product",
        ckRoleId="Demo/Successor",
        direction="Outbound",
        maxDepth=5,
        rootFilters=[{"attributePath": "Name", "value": "a"}],
    )
    assert named(circle["nodes"]) == {"a": {"b": {"c": {"a": {}}}}}


@pytest.mark.slow
async def test_a_tree_that_is_too_large_is_refused_and_not_cut(stocked):
    hub = await create(stocked, "Product", Name="hub")
    for number in range(34):
        both = ("System/Related", hub, "Inbound")
        other = await create(stocked, "Product", both, Name=f"p{number}")
        await stocked.call(
            "create_association", rtId=other, targetRtId=hub, ckRoleId="System/Related"
        )
    refused = await stocked.refused(
        "get_association_tree",
        rootCkTypeId="Demo/Product",
        ckRoleId="System/Related",
        direction="Outbound",
        maxDepth=3,
    )
    assert refused["errorCode"] == "too_broad"
    assert refused["limit"] == 1000
