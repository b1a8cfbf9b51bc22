"""The parameters of a GET, which say what the body of a POST says."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from shared.errors import Problem

LISTS: Final = ("after", "sortAsc", "sortDesc", "search", "searchOn")
NUMBERS: Final = ("top", "skip")
FLAGS: Final = ("caseInsensitiveSearch", "includeTotals", "includeDeleted", "listIds")
TEXTS: Final = ("cursor", "language")
TIMES: Final = {"periodSince": "since", "periodBefore": "before"}
NAMES: Final = frozenset({*LISTS, *NUMBERS, *FLAGS, *TEXTS, *TIMES})
"""A property that is called the same can be asked for by POST alone."""
_BOOLEANS: Final = {"true": True, "false": False}
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


def body_of(given: Sequence[tuple[str, str]], properties: Collection[str]) -> dict[str, Any]:
    """The body that these parameters say, for `DeliveryQuery`. Raises `invalid`.

    A list is its parameter repeated; any exposed property is one, and has one of the values given.
    """
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in given:
        values[name].append(value)
    body: dict[str, Any] = {}
    must: dict[str, list[str]] = {}
    period: dict[str, str] = {}
    for name, several in values.items():
        if name in NAMES:
            place = period if name in TIMES else body
            place[TIMES.get(name, name)] = _read(name, several)
        elif name.lower() in properties:
            must.setdefault(name.lower(), []).extend(several)
        else:
            raise _invalid(name, "There is no such parameter, and no property of that name.")
    return {
        **body,
        **({"filter": [{"must": must}]} if must else {}),
        **({"period": period} if period else {}),
    }


def _read(name: str, several: list[str]) -> Any:
    """A parameter's value, as the body has it."""
    if name in LISTS:
        return several
    if len(several) > 1:
        raise _invalid(name, "Give it once.")
    (text,) = several
    if name in FLAGS:
        return _flag(name, text)
    return int(text) if name in NUMBERS and _INTEGER.fullmatch(text) else text


def _flag(name: str, text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise _invalid(name, "It is true or false.")
    return value


def _invalid(name: str, message: str) -> Problem:
    path = name[:100]
    return Problem("invalid", f"{path}: {message}", errors=[{"path": path, "message": message}])
