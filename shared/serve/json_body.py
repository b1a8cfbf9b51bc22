"""Reading a request's JSON: once, with a bound on how deep it nests.

What is deeper than any argument of ours is refused here, because whatever writes or checks values
later does so by recursion, each to a depth of its own.
"""

from typing import Any, Final

import orjson

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
