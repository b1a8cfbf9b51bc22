"""What clients send for what they mean: read as meant, where it can mean only one thing.

Models and the libraries between them write null for an argument they leave out, `2.0` for 2, one
text where a list is wanted, a list as its JSON text. Refusing that costs a model a turn and says
nothing new.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson

from shared.serve.schema import plain, schema
from shared.spelling import Case
from shared.tool import Effect, Tool

_ABSENT: Final[tuple[Any, ...]] = (None, "", [], {}, "null")
"""What clients write for an argument they leave out."""

_SCALARS: Final = ("boolean", "integer", "number")


def as_meant(tool: Tool[Any], given: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """The arguments in the types that the tool takes. What cannot be read so stays as it is.

    A tool that changes something is told of what is empty: there it may mean to empty.
    """
    kinds = _kinds(tool, case)
    optional = kinds.optional if tool.effect is Effect.READ else kinds.never_null
    empty = _ABSENT if tool.effect is Effect.READ else (None,)
    meant = {}
    for name, value in given.items():
        if name in optional and (not value or value == "null") and value in empty:
            continue
        wanted = kinds.types.get(name)
        meant[name] = _read(value, wanted) if wanted else value
    return meant


def of_text(tool: Tool[Any], given: Mapping[str, Any], case: Case = Case.SNAKE) -> dict[str, Any]:
    """What a form, an address or a command line gives, in the types that the tool takes.

    They write numbers and booleans as text; what is no such text stays as it is, to be refused.
    """
    types = _kinds(tool, case).types
    return {
        name: _of_text(value, types[name])
        if type(value) is str and types.get(name) in _SCALARS
        else value
        for name, value in given.items()
    }


class _Kinds:
    """What a tool's arguments are: their types, which are optional, which of those never null."""

    def __init__(self, tool: Tool[Any], case: Case) -> None:
        made = schema(tool.takes_in(case), mode="in")
        known = made.get("properties", {})
        described = plain(made).get("properties", {})
        self.types = {name: _kind(each) for name, each in described.items()}
        self.optional = frozenset(known) - frozenset(made.get("required", ()))
        self.never_null = frozenset(
            name for name in self.optional if {"type": "null"} not in known[name].get("anyOf", ())
        )


@cache
def _kinds(tool: Tool[Any], case: Case) -> _Kinds:
    return _Kinds(tool, case)


def _kind(described: Mapping[str, Any]) -> str:
    kind: str = described.get("type", "")
    if kind == "array":
        return "texts" if described["items"].get("type") == "string" else "array"
    return kind


def _read(value: Any, wanted: str) -> Any:
    """The value in the type that is wanted, if it is plainly one."""
    if type(value) is str:
        return _of_text(value, wanted)
    if wanted == "integer" and type(value) is float and value.is_integer():
        return int(value)
    if wanted == "array" and type(value) is dict:
        return [value]
    return value


def _of_text(text: str, wanted: str) -> Any:
    if wanted in _SCALARS:
        value = _json(text.strip().lower())
        is_one = type(value) is bool if wanted == "boolean" else type(value) in (int, float)
        return _read(value, wanted) if is_one else text
    if wanted not in ("texts", "array", "object"):
        return text
    value = _json(text) if text.lstrip()[:1] in ("[", "{") else text
    if wanted == "object":
        return value if type(value) is dict else text
    if type(value) is list:
        return value
    return [text] if wanted == "texts" else [value] if type(value) is dict else text


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
