"""One condition of a filter, as a comparison of the one language of questions."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.errors import Problem
from shared.exact import Exact
from shared.query.ast import Compare, Node, Not, Operator
from shared.query.kinds import Kind

CONFIG: Final = ConfigDict(
    frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
)
OperatorName = Literal[
    "Equals", "NotEquals", "Contains", "StartsWith", "EndsWith", "GreaterThan",
    "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Between", "In", "NotIn", "IsNull",
    "IsNotNull", "Regex", "Like", "AnyEq", "AnyLike",
]  # fmt: skip


class FieldFilter(Exact):
    """One condition."""

    model_config = CONFIG

    attribute_path: Annotated[str, Field(description="As get_type_schema lists it.")]
    operator: OperatorName
    value: Any = None
    second_value: Annotated[Any, Field(description="The upper bound of Between.")] = None


TEXT: Final = frozenset(
    {"Equals", "NotEquals", "Contains", "StartsWith", "EndsWith", "In", "NotIn", "Like"}
)
SAME: Final = frozenset({"Equals", "NotEquals", "In", "NotIn"})
RANGES: Final = frozenset({"GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"})
ORDERED: Final = SAME | RANGES | {"Between"}
THERE: Final = frozenset({"IsNull", "IsNotNull"})
_PLAIN: Final[Mapping[str, Operator]] = {
    "Equals": "eq",
    "AnyEq": "eq",
    "Contains": "contains",
    "StartsWith": "starts_with",
    "Like": "like",
    "AnyLike": "like",
    "GreaterThan": "gt",
    "GreaterThanOrEqual": "gte",
    "LessThan": "lt",
    "LessThanOrEqual": "lte",
}
_POSITIVE: Final[Mapping[str, OperatorName]] = {"NotEquals": "Equals", "NotIn": "In"}

Read = Callable[[Any, str], Any]
"""A filter's value as it is compared, given where it stands. Raises `invalid`."""


def compared(given: FieldFilter, path: str, property_: str, kind: Kind, read: Read) -> Node:
    """A comparison of one property, by an operator that its kind has."""

    def compare(op: Operator, *values: Any) -> Compare:
        return Compare(property_, kind, op, values)

    at = f"{path}.value"
    if given.operator in _POSITIVE:
        positive = given.model_copy(update={"operator": _POSITIVE[given.operator]})
        return Not(compared(positive, path, property_, kind, read))
    if given.operator in THERE:
        there = compare("exists")
        return there if given.operator == "IsNotNull" else Not(there)
    if given.operator == "In":
        values = (read(each, f"{at}[{n}]") for n, each in enumerate(several(given, path)))
        return compare("in", *values)
    value = read(given.value, at)
    if given.operator == "Between":
        return compare("between", value, read(given.second_value, f"{path}.secondValue"))
    if given.operator == "EndsWith":
        if "%" in value:
            raise wrong(at, "A % cannot be looked for at the end. Use Contains.")
        return compare("like", f"%{value}")
    return compare(_PLAIN[given.operator], value)


def several(given: FieldFilter, path: str) -> list[Any]:
    """The values of In and NotIn. Raises `invalid` for none and for what is no list."""
    if not isinstance(given.value, list) or not given.value:
        raise wrong(f"{path}.value", f"{given.operator} takes a list of values.")
    return given.value


def only(given: FieldFilter, path: str, operators: Collection[str]) -> None:
    """Raises `invalid` for another operator than these."""
    if given.operator not in operators:
        names = ", ".join(sorted(operators))
        raise wrong(f"{path}.operator", f"{given.attribute_path} is asked by {names}.")


def wrong(path: str, message: str) -> Problem:
    """One thing that is wrong with what was given."""
    return Problem("invalid", f"{path}: {message}", errors=[{"path": path, "message": message}])


def text(value: Any, at: str) -> str:
    """A text. Raises `invalid`."""
    if not isinstance(value, str):
        raise wrong(at, "Give a text.")
    return value


def number(value: Any, at: str) -> int | float:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(at, "Give a number.")
    return value


def flag(value: Any, at: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(at, "Give true or false.")
    return value


def moment(value: Any, at: str) -> datetime:
    """A time with its offset."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise wrong(at, "Give a time with its offset, such as 2026-11-28T12:00:00Z.")
    return found.astimezone(UTC)
