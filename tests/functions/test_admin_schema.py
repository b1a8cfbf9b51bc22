"""What types a tenant has, over MCP."""

import pytest

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


async def test_each_tenant_has_the_packages_that_were_installed_and_system_always(plant):
    found = await plant.call("get_available_models")
    assert (found["models"], found["totalModels"]) == (["System-1.0.0", "Demo-1.0.0"], 2)
    found = await plant.call("get_available_models", tenantId="group")
    assert found["models"] == ["System-1.0.0"]
    refused = await plant.refused("get_type_schema", tenantId="group", ckTypeId="Demo/Machine")
    assert refused["errorCode"] == "not_found"


async def test_installing_again_changes_nothing(operators):
    path = "tenants/plant/collections/config"
    before = operators.app.documents.get(path)
    again = operators.do("install_package", tenant="plant", package="Demo-1.0.0")
    assert again["packages"] == ["System-1.0.0", "Demo-1.0.0"]
    assert operators.app.documents.get(path) == before


async def test_types_are_listed_filtered_and_found_by_words(plant):
    found = await plant.call("get_available_types")
    assert [each["ckTypeId"] for each in found["types"]] == [
        "Demo/Machine", "Demo/Plant", "Demo/Product", "Demo/Robot", "System/AggregationRtQuery",
        "System/GroupingAggregationRtQuery", "System/SimpleRtQuery",
    ]  # fmt: skip
    found = await plant.call("get_available_types", ckModelId="demo-1", includeAbstract=True)
    assert found["types"][0]["ckTypeId"] == "Demo/Asset"
    part = await plant.call("get_available_types", skip=1, take=1)
    assert ([each["typeName"] for each in part["types"]], part["totalTypes"]) == (["Plant"], 7)
    found = await plant.call("search_types", searchTerm="AXES")
    assert found["matches"] == [
        {
            "ckTypeId": "Demo/Robot",
            "modelId": "Demo-1.0.0",
            "typeId": "Robot-1",
            "typeName": "Robot",
            "version": 1,
            "isAbstract": False,
            "isFinal": True,
            "isCollectionRoot": False,
            "description": "A machine with axes.",
            "derivedFrom": "Demo/Machine",
        }
    ]


async def test_a_schema_has_paths_names_of_enums_and_associations_with_how_many(plant):
    found = await plant.call("get_type_schema", ckTypeId="Demo-1.0.0/Machine-1")
    assert found["inheritanceHierarchy"] == ["Demo/Machine", "Demo/Asset", "System/Entity"]
    attributes = {each["attributePath"]: each for each in found["attributes"]}
    assert attributes["State"] == {
        "attributePath": "State",
        "valueType": "Enum",
        "isOptional": False,
        "isRuntimeState": True,
        "enumValues": ["Stopped", "Running", "Faulted"],
        "description": "",
    }
    assert attributes["Contact.Address.City"]["valueType"] == "String"
    assert {
        "associationRoleId": "System/ParentChild",
        "targetCkTypeId": "Demo/Plant",
        "direction": "Outbound",
        "cardinality": "One",
        "navigationName": "parent",
    } in found["outboundAssociations"]
    assert [each["targetCkTypeId"] for each in found["inboundAssociations"]] == [
        "System/Entity", "Demo/Product",
    ]  # fmt: skip
    assert found["schema"]["canCreate"] is True
    assert found["schema"]["requiredAssociations"] == ["System/ParentChild"]
    assert "Name" in found["schema"]["requiredAttributes"]


async def test_an_unknown_type_is_answered_with_the_nearest(plant):
    refused = await plant.refused("get_type_schema", ckTypeId="Demo/Machien")
    assert "Did you mean Demo/Machine or " in refused["errorMessage"]
