"""Filters by what every entity has, whatever its type: `rtId`, `rtState`, `rtChangedDateTime`."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from shared.entities import entity
from shared.entities.comparing import (
    ORDERED,
    RANGES,
    SAME,
    TEXT,
    THERE,
    FieldFilter,
    compared,
    moment,
    only,
    several,
    text,
    wrong,
)
from shared.entities.names import named
from shared.entities.values import WELL_KNOWN_NAME
from shared.query import ast
from shared.query.ast import Keys, Marked, Node, Not, Updated
from shared.query.kinds import Kind

STATE: Final = "rtstate"
_TICK: Final = timedelta(microseconds=1)


def _ids(given: FieldFilter, path: str) -> Node:
    only(given, path, {"Equals", "NotEquals", "In", "NotIn", "StartsWith"})
    values = several(given, path) if given.operator in ("In", "NotIn") else [given.value]
    texts = tuple(text(each, f"{path}.value") for each in values)
    if given.operator == "StartsWith":
        return Keys(texts, op="starts_with")
    return Not(Keys(texts)) if given.operator.startswith("Not") else Keys(texts)


def _state(given: FieldFilter, path: str) -> Node:
    only(given, path, {"Equals", "NotEquals", "In"})
    values = several(given, path) if given.operator == "In" else [given.value]
    states = {str(each).lower() for each in values}
    if not states <= {"active", "archived"}:
        raise wrong(f"{path}.value", "rtState is Active or Archived.")
    archived = Marked(entity.STATE, (entity.ARCHIVED,))
    each: dict[str, Node] = {"archived": archived, "active": Not(archived)}
    found = ast.Any(tuple(each[state] for state in sorted(states)))
    return Not(found) if given.operator == "NotEquals" else found


def _types(given: FieldFilter, path: str) -> Node:
    only(given, path, SAME)
    in_list = given.operator in ("In", "NotIn")
    values = several(given, path) if in_list else [given.value]
    found = Marked(entity.TYPE, tuple(named(text(each, f"{path}.value")).id for each in values))
    return Not(found) if given.operator.startswith("Not") else found


def _name(given: FieldFilter, path: str) -> Node:
    only(given, path, TEXT | THERE)
    return compared(given, path, WELL_KNOWN_NAME, Kind.TEXT, text)


def _moments(property_: str) -> Callable[[FieldFilter, str], Node]:
    def asked(given: FieldFilter, path: str) -> Node:
        only(given, path, ORDERED)
        return compared(given, path, property_, Kind.TIMESTAMP, moment)

    return asked


def _changed(given: FieldFilter, path: str) -> Node:
    """By when the record was changed last, to the microsecond."""
    only(given, path, RANGES | {"Between"})
    at = moment(given.value, f"{path}.value")
    match given.operator:
        case "GreaterThan":
            return Updated(at + _TICK)
        case "GreaterThanOrEqual":
            return Updated(at)
        case "LessThan":
            return Updated(None, at)
        case "LessThanOrEqual":
            return Updated(None, at + _TICK)
        case _:
            return Updated(at, moment(given.second_value, f"{path}.secondValue") + _TICK)


SYSTEM: Final[Mapping[str, Callable[[FieldFilter, str], Node]]] = {
    "rtid": _ids,
    STATE: _state,
    "cktypeid": _types,
    "rtwellknownname": _name,
    "rtcreationdatetime": _moments(entity.CREATED),
    "rtarchiveddatetime": _moments(entity.ARCHIVED_AT),
    "rtchangeddatetime": _changed,
}
"""What every entity has, by its name in lower case."""
