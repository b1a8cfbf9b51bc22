"""Entities of closed types: created, queried, changed with expected versions, archived."""

import pytest

from tests.functions.operators import Operators, create, data, names, stock, values, where

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


@pytest.fixture
async def plant(operators):
    client = operators.connected("plant")
    yield client
    await client.close()


async def test_what_is_created_has_defaults_records_and_version_one(stocked):
    got = await stocked.call("get_entity_by_id", ckTypeId="Demo/Asset", rtId=stocked.lathe)
    entity = got["entity"]
    assert (entity["ckTypeId"], entity["rtVersion"], entity["rtState"]) == (
        "Demo/Machine", 1, "Active",
    )  # fmt: skip
    assert (entity["rtDisplayName"], entity["rtCreationDateTime"]) == (
        "Lathe", "2026-11-21T12:00:00Z",
    )  # fmt: skip
    assert values(entity) == {
        "Name": "Lathe",
        "State": "Running",
        "Power": 11.5,
        "Installed": "2020-01-02T02:04:05Z",
        "Tags": ["old", "cnc"],
        "Maintenance": [
            {"At": "2026-01-01T00:00:00Z", "Hours": 2.0},
            {"At": "2026-03-01T00:00:00Z"},
        ],
    }
    robot = await stocked.call("get_entity_by_id", ckTypeId="Demo/Robot", rtId=stocked.robot)
    assert values(robot["entity"])["State"] == "Stopped"


async def test_everything_that_is_wrong_is_named_and_nothing_is_created(stocked):
    refused = await stocked.refused(
        "create_entity",
        ckTypeId="Demo/Robot",
        entityData=data(
            Name=5, Colour="red", State="Flying", Contact__Phone="1", Axes=2**31,
            Installed="yesterday", Tags=["a", 1], Maintenance__Hours=1,
        ) + data(Maintenance=[{"Hours": "2"}], Contact={"LastName": "A", "Shoe": 1}),
    )  # fmt: skip
    assert refused["errorCode"] == "invalid"
    assert [each["path"] for each in refused["details"]] == [
        "entityData[0].value",
        "entityData[1].attributePath",
        "entityData[2].value",
        "entityData[3].attributePath",
        "entityData[4].value",
        "entityData[5].value",
        "entityData[6].value",
        "entityData[7].attributePath",
        "entityData[8].value[0].Hours",
        "entityData[8].value[0].At",
        "entityData[9].value.Shoe",
    ]
    said = {each["path"]: each["message"] for each in refused["details"]}
    assert "Stopped, Running, Faulted" in said["entityData[2].value"]
    assert await names(stocked, "Robot") == ["Arm 6"]


@pytest.mark.parametrize(
    ("type_", "given", "said"),
    [
        ("Demo/Plant", {}, "Name is required"),
        ("Demo/Asset", {"Name": "X"}, "Derived from it are Demo/Plant, Demo/Machine"),
        ("Demo/Machine", {"Name": "X"}, "must have an outbound association System/ParentChild"),
        ("Demo/Plant", {"Name": None}, "Name is required"),
        ("Demo/Plant", {"Name": "X", "Address": {"Street": "A"}}, "Address.City is required"),
        ("Demo/Thing", {}, "no type"),
    ],
)
async def test_what_a_type_requires_has_to_be_there(plant, type_, given, said):
    refused = await plant.refused("create_entity", ckTypeId=type_, entityData=data(**given))
    assert said in refused["errorMessage"]


async def test_an_update_leaves_what_it_does_not_name_and_raises_the_version_in_any_case(stocked):
    changed = await stocked.call(
        "update_entity",
        ckTypeId="Demo/Machine",
        rtId=stocked.lathe,
        entityData=data(Contact__LastName="Huber", Power=None, Tags=[], rtWellKnownName="lathe-1"),
    )
    assert (changed["currentRtVersion"], changed["isConflict"]) == (2, False)
    assert changed["entity"]["rtWellKnownName"] == "lathe-1"
    now = values(changed["entity"])
    assert (now["Name"], now["Contact"], now["Tags"]) == ("Lathe", {"LastName": "Huber"}, [])
    assert "Power" not in now
    same = await stocked.call(
        "update_entity", ckTypeId="Demo/Machine", rtId=stocked.lathe, entityData=[]
    )
    assert same["currentRtVersion"] == 3
    found = await stocked.call(
        "query_entities",
        ckTypeId="Demo/Machine",
        filters=where("rtWellKnownName", "Equals", "lathe-1"),
    )
    assert [each["rtVersion"] for each in found["entities"]] == [3]
    refused = await stocked.refused(
        "update_entity", ckTypeId="Demo/Machine", rtId=stocked.lathe, entityData=data(Name=None)
    )
    assert "Name is required" in refused["errorMessage"]


async def test_a_stale_version_changes_nothing_and_the_answer_is_enough_to_rebase(stocked):
    which = {"ckTypeId": "Demo/Machine", "rtId": stocked.lathe}
    await stocked.call("update_entity", **which, entityData=data(Power=12.0), expectedVersion=1)
    refused = await stocked.refused(
        "update_entity", **which, entityData=data(Name="Old lathe"), expectedVersion=1
    )
    assert (refused["isSuccess"], refused["isConflict"]) == (False, True)
    assert refused["currentRtVersion"] == 2
    assert refused["errorMessage"].startswith("Stale expected_version: caller had 1, current is 2.")
    assert values(refused["entity"])["Power"] == 12.0
    rebased = await stocked.call(
        "update_entity",
        **which,
        entityData=data(Name="Old lathe"),
        expectedVersion=refused["entity"]["rtVersion"],
    )
    assert (rebased["currentRtVersion"], values(rebased["entity"])["Power"]) == (3, 12.0)
    stale = await stocked.refused("delete_entity", **which, expectedVersion=1, confirm=True)
    assert (stale["isConflict"], stale["currentRtVersion"]) == (True, 3)


async def test_deleting_says_first_what_it_would_do_and_then_archives(stocked):
    which = {"ckTypeId": "Demo/Machine", "rtId": stocked.lathe}
    asked = await stocked.refused("delete_entity", **which)
    assert asked["errorCode"] == "confirmation_required"
    assert "archive the Demo/Machine 'Lathe' and its 1 associations" in asked["errorMessage"]
    assert asked["counts"] == {"associations": 1}
    gone = await stocked.call("delete_entity", **which, confirm=True)
    assert gone["currentRtVersion"] == 2
    assert await names(stocked, "Machine") == ["Arm 6"]
    assert await names(stocked, "Machine", where("rtState", "Equals", "Archived")) == ["Lathe"]
    got = await stocked.call("get_entity_by_id", **which)
    assert (got["entity"]["rtState"], got["entity"]["rtArchivedDateTime"]) == (
        "Archived", "2026-11-21T12:00:00Z",
    )  # fmt: skip
    for tool, more in (("update_entity", {"entityData": []}), ("delete_entity", {"confirm": True})):
        refused = await stocked.refused(tool, **which, **more)
        assert refused["errorCode"] == "conflict"


async def test_what_others_must_have_is_not_archived(stocked):
    refused = await stocked.refused(
        "delete_entity", ckTypeId="Demo/Plant", rtId=stocked.vienna, confirm=True
    )
    assert refused["errorCode"] == "conflict"
    assert "must have an association System/ParentChild" in refused["errorMessage"]
    for id_ in (stocked.lathe, stocked.robot):
        await stocked.call("delete_entity", ckTypeId="Demo/Machine", rtId=id_, confirm=True)
    await stocked.call("delete_entity", ckTypeId="Demo/Plant", rtId=stocked.vienna, confirm=True)
    assert await names(stocked, "Asset") == []


async def test_one_is_exactly_one_and_at_most_one_is_at_most_one(stocked):
    linz = await create(stocked, "Plant", Name="Linz")
    parent = {"rtId": stocked.lathe, "ckRoleId": "System/ParentChild", "targetRtId": linz}
    refused = await stocked.refused("create_association", **parent)
    assert "may have one outbound association System/ParentChild only" in refused["errorMessage"]
    await stocked.call("create_association", **parent, replace=True)
    refused = await stocked.refused("delete_association", **parent)
    assert "must have an association" in refused["errorMessage"]
    old, new, other = [await create(stocked, "Product", Name=name) for name in "abc"]
    role = {"ckRoleId": "Demo/Successor"}
    await stocked.call("create_association", rtId=old, targetRtId=new, **role)
    again = await stocked.call("create_association", rtId=old, targetRtId=new, **role)
    assert again["originRtId"] == old
    for origin, target in ((old, other), (other, new)):
        refused = await stocked.refused(
            "create_association", rtId=origin, targetRtId=target, **role
        )
        assert refused["errorCode"] == "conflict"
    await stocked.call("create_association", rtId=other, targetRtId=old, direction=2, **role)
    ended = await stocked.call("delete_association", rtId=old, targetRtId=new, **role)
    assert ended["message"] == "The association has ended."
    ended = await stocked.call("delete_association", rtId=old, targetRtId=new, **role)
    assert ended["message"] == "There was no such association."


@pytest.mark.parametrize(
    ("role", "target", "said"),
    [
        ("Demo/MadeOn", "vienna", "Demo/Machine leads by Demo/MadeOn to nothing"),
        ("System/ParentChild", "robot", "to Demo/Plant, not to Demo/Robot"),
        ("Demo/Unknown", "robot", "no association role"),
        ("System/Related", "0" * 24, "no entity"),
    ],
)
async def test_what_may_not_be_associated_is_refused(stocked, role, target, said):
    refused = await stocked.refused(
        "create_association",
        rtId=stocked.lathe,
        ckRoleId=role,
        targetRtId=getattr(stocked, target, target),
    )
    assert said in refused["errorMessage"]


@pytest.mark.parametrize("tool", ["get_entity_by_id", "delete_entity", "update_entity"])
async def test_an_entity_of_another_type_is_not_found(stocked, tool):
    more = {"entityData": []} if tool == "update_entity" else {}
    refused = await stocked.refused(tool, ckTypeId="Demo/Product", rtId=stocked.lathe, **more)
    assert refused["errorCode"] == "not_found"


async def test_a_viewer_reads_and_changes_nothing(operators, stocked):
    operators.do("set_tenant_role", tenant="plant", principal="mia", role="viewer")
    viewer = operators.connected("plant", "mia")
    assert await names(viewer, "Plant") == ["Vienna"]
    said = await viewer.forbidden("create_entity", ckTypeId="Demo/Plant", entityData=data(Name="X"))
    assert "needs the role editor" in said
    await viewer.close()


async def test_entities_of_one_tenant_are_not_found_in_another(operators, stocked):
    operators.do("install_package", tenant="group", package="Demo-1.0.0")
    found = await stocked.call("query_entities", ckTypeId="Demo/Asset", tenantId="group")
    assert found["totalCount"] == 0
    refused = await stocked.refused(
        "get_entity_by_id", ckTypeId="Demo/Plant", rtId=stocked.vienna, tenantId="group"
    )
    assert refused["errorCode"] == "not_found"
