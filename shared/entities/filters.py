"""Filters of operators' tools, as conditions of the one language of questions.

Criteria hold fields and further criteria, all of which must hold, or one (`Or`). Every operator is
answered or refused, and so is every value: none is dropped.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field

from shared.entities import entity
from shared.entities.comparing import (
    CONFIG,
    ORDERED,
    SAME,
    TEXT,
    THERE,
    FieldFilter,
    Read,
    compared,
    flag,
    moment,
    number,
    text,
    wrong,
)
from shared.entities.graph import EntityType
from shared.entities.graph import Field as Attribute
from shared.entities.system_fields import STATE, SYSTEM
from shared.exact import Exact
from shared.query import ast
from shared.query.ast import Node
from shared.query.kinds import Kind


class FieldFilterCriteria(Exact):
    """Conditions that all hold (And), or of which one does (Or)."""

    model_config = CONFIG

    operator: Literal["And", "Or"] = "And"
    fields: tuple[FieldFilter, ...] = ()
    nested_filters: tuple["FieldFilterCriteria", ...] = ()


class SimpleFilter(Exact):
    """An attribute's value."""

    model_config = CONFIG

    attribute_path: Annotated[str, Field(description="As get_type_schema lists it.")]
    value: Any


class Asked(NamedTuple):
    """A condition, and whether it says which states it is about."""

    node: Node
    names_state: bool

    @property
    def of_living(self) -> Node:
        """The condition; archived entities match only where it asks for them."""
        return self.node if self.names_state else entity.living(self.node)


_OPERATORS: Final[Mapping[str, frozenset[str]]] = {
    "String": TEXT,
    "Integer": ORDERED,
    "Integer64": ORDERED,
    "Double": ORDERED,
    "DateTime": ORDERED,
    "Boolean": frozenset({"Equals", "NotEquals"}),
    "Enum": SAME,
    "StringArray": frozenset({"AnyEq", "AnyLike"}),
    "IntegerArray": frozenset({"AnyEq"}),
    "RecordArray": frozenset(),
}
"""Which operators a type's values are asked by, beside IsNull and IsNotNull."""


class Filters:
    """Reads the filters of questions about one type."""

    def __init__(self, type_: EntityType) -> None:
        self._type = type_

    def criteria(self, given: FieldFilterCriteria | None, path: str = "filters") -> Asked:
        """The condition. Raises `invalid`, naming the field that cannot be asked so."""
        if given is None:
            return Asked(ast.EVERYTHING, names_state=False)
        found = [
            self._field(each, f"{path}.fields[{number}]")
            for number, each in enumerate(given.fields)
        ]
        found += [
            self.criteria(each, f"{path}.nestedFilters[{number}]")
            for number, each in enumerate(given.nested_filters)
        ]
        nodes = tuple(each.node for each in found)
        if not nodes:
            raise wrong(path, "Give fields or nestedFilters, or leave the criteria out.")
        joined: Node = ast.All(nodes) if given.operator == "And" else ast.Any(nodes)
        return Asked(joined, any(each.names_state for each in found))

    def simple(self, given: Sequence[SimpleFilter], path: str = "simpleFilters") -> Asked:
        """The condition that all of them hold."""
        if not given:
            return Asked(ast.EVERYTHING, names_state=False)
        fields = tuple(
            FieldFilter(attribute_path=each.attribute_path, operator="Equals", value=each.value)
            for each in given
        )
        found = [self._field(each, f"{path}[{number}]") for number, each in enumerate(fields)]
        return Asked(
            ast.All(tuple(each.node for each in found)), any(each.names_state for each in found)
        )

    def _field(self, given: FieldFilter, path: str) -> Asked:
        if given.second_value is not None and given.operator != "Between":
            raise wrong(f"{path}.secondValue", "Only Between takes a second value.")
        if given.operator in THERE and given.value is not None:
            raise wrong(f"{path}.value", f"{given.operator} takes no value.")
        if given.operator == "Regex":
            raise wrong(
                f"{path}.operator",
                "Regex is not answered here. Use Like with %, Contains, StartsWith or EndsWith.",
            )
        name = given.attribute_path.strip().lower()
        system = SYSTEM.get(name)
        if system is not None:
            return Asked(system(given, path), names_state=name == STATE)
        return Asked(self._attribute(given, path), names_state=False)

    def _attribute(self, given: FieldFilter, path: str) -> Node:
        field = self._type.field(given.attribute_path, f"{path}.attributePath")
        if field.is_record:
            inner = ", ".join(each.path for each in field.fields.values())
            message = f"{field.path} is a record. Filter by what it holds: {inner}."
            raise wrong(f"{path}.attributePath", message)
        allowed = _OPERATORS[field.attribute.value_type] | THERE
        if given.operator not in allowed:
            names = ", ".join(sorted(allowed))
            message = f"{field.path} is {field.attribute.value_type}: it is asked by {names}."
            raise wrong(f"{path}.operator", message)
        return compared(
            given, path, field.path, field.kind, lambda value, at: _value(field, value, at)
        )


def _value(field: Attribute, value: Any, at: str) -> Any:
    """A value as it is compared with an attribute's."""
    if field.of_enum is not None:
        key = field.of_enum.key(value)
        if key is None:
            names = ", ".join(field.of_enum.names.values())
            raise wrong(at, f"{field.path} is one of {names}.")
        return key
    return _READ[field.kind](value, at)


_READ: Final[Mapping[Kind, Read]] = {
    Kind.TEXT: text,
    Kind.LIST: text,
    Kind.INTEGER: number,
    Kind.DECIMAL: number,
    Kind.BOOLEAN: flag,
    Kind.TIMESTAMP: moment,
}
