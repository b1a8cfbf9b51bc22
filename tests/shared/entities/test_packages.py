"""Schema packages: files that are read strictly, and put together only where they fit."""

import json

import pytest
from pydantic import ValidationError

from shared.entities import shipped
from shared.entities.declared import Package
from shared.entities.graph import Graph
from shared.errors import Problem

SYSTEM = shipped.package(shipped.SYSTEM)
DEMO = shipped.graph(shipped.with_dependencies(["Demo-1.0.0"]))


def package(**parts):
    parts = {"modelId": "Trial-1.0.0", "dependencies": ["System-1.0.0"], **parts}
    return Package.model_validate_json(json.dumps(parts))


def put_together(**parts):
    return Graph([SYSTEM, package(**parts)])


def thing(**more):
    return {"id": "Thing", "derivedFrom": "System/Entity", **more}


@pytest.mark.parametrize("model_id", shipped.packages())
def test_what_ships_fits_together_and_needs_nothing_else(model_id):
    graph = shipped.graph(shipped.with_dependencies([model_id]))
    assert model_id in {package.model_id for package in graph.packages}


def test_a_type_has_all_that_its_bases_have():
    robot = DEMO.type("Demo/Robot")
    assert robot.lineage == ("Demo/Robot", "Demo/Machine", "Demo/Asset", "System/Entity")
    paths = [each.path for each in robot.every]
    assert paths[0] == "Name"
    assert {"Contact.Address.City", "Maintenance.Hours", "Axes"} <= {*paths}
    assert robot.display_name == "Name"
    assert DEMO.is_a("Demo/Robot", "Demo/Asset")
    assert not DEMO.is_a("Demo/Asset", "Demo/Robot")
    sides = {(side.role.id, side.outbound): side.multiplicity for side in robot.sides}
    assert sides["System/ParentChild", True] == "One"
    assert sides["Demo/MadeOn", False] == "N"
    plant = {(side.role.id, side.outbound) for side in DEMO.type("Demo/Plant").sides}
    assert ("System/ParentChild", False) in plant


@pytest.mark.parametrize(
    "spelling",
    ["Demo/Machine", "demo/machine", "Demo-1.0.0/Machine-1", "Demo/Machine-1", "Demo-1/Machine"],
)
def test_every_spelling_of_an_id_is_understood(spelling):
    assert DEMO.type(spelling).id == "Demo/Machine"


@pytest.mark.parametrize("spelling", ["Demo-2.0.0/Machine", "Demo/Machine-2", "Demo/Machin", ""])
def test_what_is_another_version_or_unknown_is_not_found(spelling):
    with pytest.raises(Problem, match="no type"):
        DEMO.type(spelling)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"types": [thing(color="red")]}, "color"),
        ({"types": [thing(attributes=[{"name": "A", "valueType": "Binary"}])]}, "valueType"),
        ({"types": [thing(attributes=[{"name": "rtId", "valueType": "String"}])]}, "own"),
        ({"types": [thing(attributes=[{"name": "a b", "valueType": "String"}])]}, "name"),
        ({"modelId": "Trial"}, "modelId"),
        ({"enums": [{"id": "E", "values": [{"key": 1, "name": "A"}], "isExtensible": True}]}, "is"),
    ],
)
def test_a_file_that_says_more_than_is_known_is_refused(parts, said):
    with pytest.raises(ValidationError, match=said):
        package(**parts)


RECORD = {
    "id": "Part",
    "attributes": [{"name": "Part", "valueType": "Record", "record": "Trial/Part"}],
}
ROLE = {
    "id": "Uses",
    "inboundName": "usedBy",
    "outboundName": "uses",
    "inboundMultiplicity": "N",
    "outboundMultiplicity": "N",
}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"dependencies": ["Other-1.0.0"]}, "needs Other-1.0.0"),
        ({"types": [{"id": "Thing"}]}, "not derived from System/Entity"),
        ({"types": [thing(derivedFrom="Trial/Thing")]}, "cannot be derived"),
        ({"types": [thing(derivedFrom="System/SimpleRtQuery")]}, "is final"),
        ({"types": [thing(), thing()]}, "declared twice"),
        ({"types": [thing(displayName="Name")]}, "known by Name"),
        (
            {"types": [thing(derivedFrom="System/PersistentQuery",
                             attributes=[{"name": "Name", "valueType": "Integer"}])]},
            "declared twice",
        ),
        ({"types": [thing(attributes=[{"name": "A", "valueType": "Enum"}])]}, "names its enum"),
        (
            {"types": [thing(attributes=[{"name": "A", "valueType": "Enum", "enum": "Trial/E"}])]},
            "no enum Trial/E",
        ),
        ({"types": [thing(attributes=[{"name": "A", "valueType": "Record"}])]}, "names its record"),
        (
            {"records": [RECORD], "types": [thing(attributes=[
                {"name": "A", "valueType": "RecordArray", "record": "Trial/Part"}])]},
            "in itself",
        ),
        (
            {"roles": [ROLE], "types": [thing(associations=[
                {"role": "Trial/Uses", "target": "Trial/Other"}])]},
            "not declared",
        ),
    ],
)  # fmt: skip
def test_packages_that_do_not_fit_together_are_refused(parts, said):
    with pytest.raises(ValueError, match=said):
        put_together(**parts)


def test_a_package_that_does_not_ship_is_not_found():
    with pytest.raises(Problem, match=r"There are Demo-1\.0\.0, System-1\.0\.0"):
        shipped.with_dependencies(["Trial-1.0.0"])
