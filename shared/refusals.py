"""What an answer says of arguments that do not fit: enough to correct them, whatever was sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

MOST_ERRORS: Final = 20
MOST_ECHOED: Final = 200
"""Characters of what was sent that an answer repeats, in all."""
_LONGEST_NAME: Final = 64
_LONGEST_MESSAGE: Final = 300


def shown(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first of the errors, in pydantic's form, their inputs cut.

    An input that is left out altogether is an empty text.
    """
    left = MOST_ECHOED
    found = []
    for each in _without_consequences(errors)[:MOST_ERRORS]:
        loc = [part[:_LONGEST_NAME] if isinstance(part, str) else part for part in each["loc"]]
        if each["type"] == "extra_forbidden" and loc and isinstance(loc[-1], str):
            loc[-1] = loc[-1][:left]  # the name was sent, too
            left -= len(loc[-1])
        message = _message(each)[:_LONGEST_MESSAGE]
        error = {**each, "type": _TYPES.get(each["type"], each["type"]), "msg": message}
        error["loc"] = tuple(loc)
        if "ctx" in each:
            error["ctx"] = {name: each["ctx"][name] for name in each["ctx"] if name not in _OURS}
        if "input" in each:
            error["input"], left = _cut(each["input"], left)
        found.append(error)
    return found


def _without_consequences(errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The errors, without those of lists that are only too short for what is wrong inside them."""
    inside = {each["loc"][:length] for each in errors for length in range(len(each["loc"]))}
    return [each for each in errors if each["type"] != "too_short" or each["loc"] not in inside]


def _message(error: Mapping[str, Any]) -> str:
    """What is wrong, in words of JSON: what things are called in Python says nothing to others."""
    said = _MESSAGES.get(error["type"], error["msg"])
    return str(said).replace("Tuple should", "List should").replace(" after validation", "")


_TYPES: Final = {"tuple_type": "list_type", "model_type": "dict_type"}
_OURS: Final = ("class_name", "field_type")
"""What errors say of our code."""
_MESSAGES: Final = {
    "tuple_type": "Input should be a valid list",
    "model_type": "Input should be a valid object",
    "dict_type": "Input should be a valid object",
}


def wrong_fields(errors: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Errors of any of our forms as `{path, message}`: `entries[0].id`, and what is wrong there."""
    for error in errors:
        if "loc" in error:
            yield {"path": path_of(error["loc"]), "message": error["msg"]}
        else:
            yield {"path": error["path"], "message": error["message"]}


def path_of(loc: Sequence[Any]) -> str:
    """`("entries", 0, "id")` as `entries[0].id`."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else str(part)
    return path


def _cut(value: Any, left: int) -> tuple[Any, int]:
    """The value, or the beginning of its JSON text where that is longer than what is left."""
    if isinstance(value, str):
        return value[:left], left - len(value[:left])
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # nested deeper than it writes
        return "", left
    if len(text) <= left:
        return value, left - len(text)
    return text[:left], 0
