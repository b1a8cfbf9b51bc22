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
    for each in errors[:MOST_ERRORS]:
        loc = [part[:_LONGEST_NAME] if isinstance(part, str) else part for part in each["loc"]]
        if each["type"] == "extra_forbidden" and loc and isinstance(loc[-1], str):
            loc[-1] = loc[-1][:left]  # the name was sent, too
            left -= len(loc[-1])
        error = {**each, "loc": tuple(loc), "msg": each["msg"][:_LONGEST_MESSAGE]}
        if "input" in each:
            error["input"], left = _cut(each["input"], left)
        found.append(error)
    return found


def wrong_fields(errors: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Errors of any of our forms as `{path, message}`: `entries[0].id`, and what is wrong there."""
    for error in errors:
        if "loc" in error:
            yield {"path": _path(error["loc"]), "message": error["msg"]}
        else:
            yield {"path": error["path"], "message": error["message"]}


def _path(loc: Sequence[Any]) -> str:
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
