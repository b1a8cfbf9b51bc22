"""What a declaration says of a tool, in the words of the admin face."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from shared.serve.schema import schema
from shared.spelling import Case
from shared.tool import Confirmed, Result, Tool


class Parameter(Result):
    """An argument of a tool."""

    name: str
    type: str
    is_optional: bool
    default_value: Any
    description: str


def risk_of(tool: Tool[Any]) -> str:
    """Low, Medium or High."""
    return tool.risk.value.title()


def needs_confirm(tool: Tool[Any]) -> bool:
    """Whether it does nothing before `confirm: true`."""
    return issubclass(tool.takes, Confirmed)


def category(tool: Tool[Any]) -> str:
    """Which tools it belongs to."""
    return tool.family.name


def own(tool: Tool[Any]) -> dict[str, FieldInfo]:
    """A tool's arguments by the names it declares them with."""
    return dict(tool.takes_in(Case.CAMEL).model_fields)


def fields(tool: Tool[Any]) -> dict[str, FieldInfo]:
    """A tool's arguments by the names that the face shows."""
    return {field.alias or name: field for name, field in own(tool).items()}


def parameters(tool: Tool[Any]) -> Iterator[Parameter]:
    """Its arguments, with types in words."""
    declared = schema(tool.takes_in(Case.CAMEL), mode="in")["properties"]
    for name, field in fields(tool).items():
        default = None if field.is_required() else field.get_default()
        yield Parameter(
            name=name,
            type=_type(declared[name]),
            is_optional=not field.is_required(),
            default_value=list(default) if isinstance(default, tuple) else default,
            description=inspect.cleandoc(field.description or ""),
        )


def _type(declared: Mapping[str, Any]) -> str:
    """A type in words: `string`, `integer or null`, `array of FieldFilter`."""
    if "anyOf" in declared:
        return " or ".join(map(_type, declared["anyOf"]))
    if "$ref" in declared:
        return str(declared["$ref"].rpartition("/")[2])
    if "enum" in declared:
        return " or ".join(repr(each) for each in declared["enum"])
    kind = str(declared.get("type", "any"))
    return f"array of {_type(declared['items'])}" if kind == "array" else kind
