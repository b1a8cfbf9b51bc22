"""A number is a number and a boolean a boolean, in every argument of every tool."""

from typing import get_args

import pytest
from pydantic import BaseModel

from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.delivery_query import DeliveryQuery
from tests.product.test_tools import ALL

OTHERS = {"integer": (True, "1", 1.5), "number": (True, "1"), "boolean": (1, "true", "yes")}
"""What pydantic would take for each, and a schema does not."""


def kinds(described):
    """The types that a property's schema names."""
    return {each.get("type") for each in described.get("anyOf", (described,))} - {"null"}


def models(annotation, seen):
    """Every model that values of a type are made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation, seen)
    for part in get_args(annotation):
        yield from models(part, seen)


WRONG = [
    pytest.param(tool, name, value, id=f"{tool.name}: {name}={value!r}")
    for tool in ALL
    for name, described in tool.takes.model_json_schema()["properties"].items()
    for kind in kinds(described)
    if len(kinds(described)) == 1
    for value in OTHERS.get(kind, ())
]


@pytest.mark.parametrize(("tool", "name", "value"), WRONG)
def test_no_argument_takes_another_json_type_for_its_own(tool, name, value):
    with pytest.raises(Problem) as refused:
        tool.parse({name: value})
    assert name in [error["loc"][0] for error in refused.value.details["errors"]]


def test_so_it_is_in_every_object_within():
    given = [*(tool.takes for tool in ALL), DeliveryQuery]
    seen = set()
    inexact = [
        model.__name__
        for each in given
        for model in models(each, seen)
        if not issubclass(model, Exact)
    ]
    assert seen > set(given)
    assert inexact == []
