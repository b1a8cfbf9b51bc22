"""Reading a request's JSON: once, with bounds on its size and on how deep it nests.

What is deeper than any argument of ours is refused here, because whatever writes or checks values
later does so by recursion, each to a depth of its own.
"""

from typing import Any, Final

import orjson

from shared import refusals
from shared.errors import Problem
from shared.serve.http import Head, decoded, read_body

MOST_DEPTH: Final = 64


class TooDeep(ValueError):  # noqa: N818  said of the body, not of us
    """The JSON nests deeper than MOST_DEPTH."""


def read_json(raw: bytes) -> Any:
    """The value. Raises orjson.JSONDecodeError for what is no JSON, TooDeep for what nests."""
    value = orjson.loads(raw)
    nests = isinstance(value, dict | list)
    if nests and raw.count(b"[") + raw.count(b"{") > MOST_DEPTH:
        _check_depth(value)
    return value


async def read_object(receive: Any, head: Head, most: int) -> dict[str, Any]:
    """A request's body, which has to be an object in JSON of at most so many bytes.

    Raises `too_large`, `unsupported_media_type`, and `invalid` for anything else that it is.
    """
    raw = decoded(await read_body(receive, most), head, most)
    kind = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    try:
        body = read_json(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(error) from None
    except TooDeep:
        message = f"The body nests deeper than {MOST_DEPTH} levels. Send plain values."
        raise Problem("invalid", message, limit=MOST_DEPTH) from None
    if not isinstance(body, dict):
        raise _no_object(body)
    return body


def _no_object(body: Any) -> Problem:
    wrong = {
        "type": "model_attributes_type",
        "loc": (),
        "msg": "Input should be a valid dictionary or object",
        "input": body,
    }
    return Problem("invalid", "The body must be a JSON object.", errors=refusals.shown([wrong]))


def _not_json(error: orjson.JSONDecodeError) -> Problem:
    wrong = {
        "type": "json_invalid",
        "loc": [error.pos],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": error.msg},
    }
    return Problem("invalid", "The body is not JSON.", errors=[wrong])


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        inside = [
            item for each in level for item in (each.values() if type(each) is dict else each)
        ]
        level = [item for item in inside if isinstance(item, dict | list)]
        if not level:
            return
    raise TooDeep
