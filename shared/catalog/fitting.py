"""Making one answer small enough for a model: its longest parts are cut, and it says which."""

from typing import Any, Final

import orjson

from shared.catalog.search.room import MOST_TOKENS, tokens_at_most

_LEAST_TEXT: Final = 200
"""Characters of a text that are always left."""
_FEW: Final = 20
"""Members of an object that are always left."""


def fitted(answer: bytes) -> bytes:
    """The JSON object, with at most MOST_TOKENS tokens: `shortened` names the parts that were cut.

    A list keeps its first elements, a text its beginning.
    """
    if len(answer) <= MOST_TOKENS or tokens_at_most(answer) <= MOST_TOKENS:
        return answer
    value = orjson.loads(answer)
    shortened: dict[str, None] = {}
    while tokens_at_most(orjson.dumps(value)) > MOST_TOKENS - 500:
        path = _shorten(value)
        if path is None:
            break
        shortened[path] = None
    return orjson.dumps({**value, "shortened": list(shortened)})


def _shorten(value: Any) -> str | None:
    """Halve the longest list or text inside; its path, or None where nothing is left to halve."""
    holder, path = value, ""
    while True:
        parts = holder.items() if isinstance(holder, dict) else enumerate(holder)
        longest = max((len(orjson.dumps(each)), key) for key, each in parts)[1]
        each = holder[longest]
        if isinstance(longest, str):
            path = f"{path}.{longest}" if path else longest
        if isinstance(each, str) and len(each) > _LEAST_TEXT:
            holder[longest] = each[: len(each) // 2] + "…"
            return path
        if isinstance(each, list) and len(each) > 1:
            holder[longest] = each[: len(each) // 2]
            return path
        if not isinstance(each, dict | list) or not each:
            return _halve_members(holder, path.rpartition(".")[0])
        holder = each


def _halve_members(holder: Any, path: str) -> str | None:
    """Take out the second half of an object's short members."""
    if not isinstance(holder, dict) or len(holder) < _FEW or not path:
        return None
    for name in [*holder][len(holder) // 2 :]:
        del holder[name]
    return path
