"""A type as the JSON Schema that hosts show."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import TypeAdapter

from shared.spelling import Case
from shared.tool import Effect, Tool


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


def plain(made: dict[str, Any], *, null: bool = False) -> dict[str, Any]:
    """The schema of what comes in, as every client's converter reads it.

    No titles, no references, one value as a list of one. An optional argument is one that is not
    required, and not one that may be null unless `null`. An empty default is what is left out
    anyway. Which characters a text may have and how many, a refusal says to the few that need it.
    What a model of ours is stands in its code; its members are described, or the member it is of.
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
        made = {**definitions[name], "description": "", **made}
        inside = (*inside, name)
    found: dict[str, Any] = {}
    for key, value in made.items():
        if key == "properties":
            found[key] = {
                each: _plain(one, definitions, inside, null=null) for each, one in value.items()
            }
        elif key in _NOT_PLAIN or _says_nothing(key, value):
            continue
        elif key == "const":
            found["enum"] = [value]
        elif isinstance(value, dict):
            found[key] = _plain(value, definitions, inside, null=null)
        elif key in _CHOICES:
            found[key] = [_plain(each, definitions, inside, null=null) for each in value]
        else:
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


def _says_nothing(key: str, value: Any) -> bool:
    """Whether a reader knows it without: an empty default, that `source_id` is a source's id."""
    if key == "description":
        return not value or _OF_ID.fullmatch(value) is not None
    return key in ("additionalProperties", "default") and _is_empty(value)


def _is_empty(value: Any) -> bool:
    """Nothing, or nothing in any member; a number is something."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value is False or value in ("", [])


_CHOICES: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NOT_PLAIN: Final = ("title", "$ref", "discriminator", "pattern", "minLength", "maxLength")
_OF_ID: Final = re.compile(r"The [a-z ]+'s id\.")


def answered(tool: Tool[Any], results: Case = Case.CAMEL) -> dict[str, Any]:
    """The outline of what a tool answers, without an envelope.

    Every client pays for it in every conversation, and few models ever see it. Programs that go
    through what a tool lists need the names of that; what a change came to is one thing.
    """
    levels = 2 if tool.effect is Effect.READ else 1
    return outline(schema(tool.output, mode="out", results=results), levels)


def outline(
    made: dict[str, Any], depth: int, nullable: frozenset[str] | None = None
) -> dict[str, Any]:
    """What a schema says of a value's form, in few words: types, and names so many levels deep.

    No member is required: what says nothing may be left out. Where it always is, `nullable` are
    the names of members that may be null all the same; the deepest names are then without types.
    """
    return _Outline(made.get("$defs", {}), nullable).of(made, depth)


class _Outline(NamedTuple):
    definitions: Mapping[str, Any]
    nullable: frozenset[str] | None

    def of(self, made: Any, depth: int, *, null: bool = True) -> dict[str, Any]:
        if not depth and self.nullable is not None:
            return {}
        if "$ref" in made:
            made = self.definitions[made["$ref"].rpartition("/")[2]]
        if "anyOf" in made:
            return _either([self.of(each, depth) for each in made["anyOf"]], null=null)
        if made.get("type") == "array" and depth:
            return {"type": "array", "items": self.of(made["items"], depth)}
        if "properties" in made and depth:
            members = {
                name: self.of(each, depth - 1, null=self._may_be_null(name))
                for name, each in made["properties"].items()
            }
            return {"type": "object", "properties": members}
        return {"type": made["type"]} if "type" in made else {}

    def _may_be_null(self, name: str) -> bool:
        return self.nullable is None or name in self.nullable


def _either(kinds: list[dict[str, Any]], *, null: bool) -> dict[str, Any]:
    """One of these; as one schema where they differ in nothing but null, which may be left out."""
    some = [each for each in kinds if each != {"type": "null"}]
    if len(some) == 1 and isinstance(some[0].get("type"), str):
        both = null and len(kinds) > 1
        return {**some[0], "type": [some[0]["type"], "null"]} if both else some[0]
    return {"anyOf": kinds if null else some}
