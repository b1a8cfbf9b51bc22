"""A type as the JSON Schema that hosts show."""

from collections.abc import Mapping
from typing import Any, Final, Literal

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
    if isinstance(value, dict):
        return {
            key: (
                {name: bare(member) for name, member in each.items()}
                if key in ("properties", "$defs")  # by name, whatever their names are
                else bare(each)
            )
            for key, each in value.items()
            if key not in ("description", "title")
        }
    return [bare(each) for each in value] if isinstance(value, list) else value


def plain(made: dict[str, Any], *, null: bool = False) -> dict[str, Any]:
    """The schema of what comes in, as every client's converter reads it.

    No titles, no references, one value as a list of one. An optional argument is one that is not
    required, and not one that may be null unless `null`.
    """
    described: dict[str, Any] = _plain(made, made.get("$defs", {}), (), null=null)
    return described


def _plain(
    made: Any, definitions: Mapping[str, Any], inside: tuple[str, ...], *, null: bool
) -> dict[str, Any]:
    name = made.get("$ref", "").rpartition("/")[2]
    if name:
        if name in inside:
            return {}  # it refers to itself: what it is stands around it
        made = {**definitions[name], **made}
        inside = (*inside, name)
    found: dict[str, Any] = {}
    for key, value in made.items():
        if key == "properties":
            found[key] = {
                each: _plain(one, definitions, inside, null=null) for each, one in value.items()
            }
        elif key == "const":
            found["enum"] = [value]
        elif isinstance(value, dict):
            found[key] = _plain(value, definitions, inside, null=null)
        elif key in _CHOICES:
            found[key] = [_plain(each, definitions, inside, null=null) for each in value]
        elif not (key in _NOT_PLAIN or (key == "additionalProperties" and not value)):
            found[key] = value
    found.pop("$defs", None)
    return found if null else _not_null(found)


def _not_null(made: dict[str, Any]) -> dict[str, Any]:
    """The schema without null among its choices, and no choice where one is left."""
    kinds = [each for each in made.get("anyOf", ()) if each != {"type": "null"}]
    if not kinds or len(kinds) == len(made["anyOf"]):
        return made
    rest = {key: each for key, each in made.items() if key != "anyOf"}
    if rest.get("default", "") is None:
        del rest["default"]
    return {**kinds[0], **rest} if len(kinds) == 1 else {**rest, "anyOf": kinds}


_CHOICES: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NOT_PLAIN: Final = ("title", "$ref", "discriminator")


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
