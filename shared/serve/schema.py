"""A type as the JSON Schema that hosts show."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.spelling import Case


def schema(
    model: Any,
    *,
    mode: Literal["in", "out"],
    results: Case = Case.CAMEL,
    ref: str = "#/$defs/{model}",
) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type, as a host shows it: for what comes in, or goes out.

    `results` is how the host spells the names of what goes out.
    """
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    made: dict[str, Any] = adapter.json_schema(
        mode="serialization" if mode == "out" else "validation",
        by_alias=mode == "in" or results is Case.CAMEL,
        ref_template=ref,
    )
    return made


def bare(value: Any) -> Any:
    """A schema without descriptions and titles: an agent pays for every word."""
    return _without(value, frozenset({"description", "title"}))


def untitled(value: Any) -> Any:
    """A schema without titles, which only say a member's name again."""
    return _without(value, frozenset({"title"}))


def _without(value: Any, words: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: (
                {name: _without(member, words) for name, member in each.items()}
                if key in ("properties", "$defs")  # by name, whatever their names are
                else _without(each, words)
            )
            for key, each in value.items()
            if key not in words
        }
    return [_without(each, words) for each in value] if isinstance(value, list) else value


def outline(made: dict[str, Any], depth: int) -> dict[str, Any]:
    """What a schema says of a value's form, in few words: types, and names so many levels deep.

    No member is required: what says nothing may be left out.
    """
    return _outline(made, made.get("$defs", {}), depth)


def _outline(made: Any, definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if "$ref" in made:
        made = definitions[made["$ref"].rpartition("/")[2]]
    if "anyOf" in made:
        return _either([_outline(each, definitions, depth) for each in made["anyOf"]])
    if made.get("type") == "array" and depth:
        return {"type": "array", "items": _outline(made["items"], definitions, depth)}
    if "properties" in made and depth:
        members = {
            name: _outline(each, definitions, depth - 1)
            for name, each in made["properties"].items()
        }
        return {"type": "object", "properties": members}
    return {"type": made["type"]} if "type" in made else {}


def _either(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """One of these; as one schema where they differ in nothing but null."""
    some = [each for each in kinds if each != {"type": "null"}]
    if len(some) == 1 and isinstance(some[0].get("type"), str):
        return {**some[0], "type": [some[0]["type"], "null"]} if len(kinds) > 1 else some[0]
    return {"anyOf": kinds}
