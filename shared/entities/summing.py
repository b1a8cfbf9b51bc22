"""Numbers about entities: columns as callers name them, and rows of what they come to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.entities import entity
from shared.entities.comparing import CONFIG, wrong
from shared.entities.filters import Asked
from shared.entities.graph import EntityType
from shared.entities.graph import Field as Attribute
from shared.entities.installed import ENTITIES
from shared.exact import Exact
from shared.pipeline.workspace import Workspace
from shared.query import ast
from shared.query.ast import Column, Measure, Summary, Value

Function = Literal["count", "sum", "avg", "min", "max"]
_NUMBERS: Final = frozenset({"Integer", "Integer64", "Double"})
_OF: Final = {"sum": _NUMBERS, "avg": _NUMBERS, "min": _NUMBERS | {"DateTime"}}
_OF["max"] = _OF["min"]


class AggregationColumn(Exact):
    """A number about entities."""

    model_config = CONFIG

    function: Function
    attribute_path: Annotated[
        str, Field(description="Whose values; count may omit it, and counts entities then.")
    ] = ""
    alias: Annotated[str, Field(max_length=100, description="What the row calls it.")] = ""

    @property
    def name(self) -> str:
        """What the row calls it."""
        path = self.attribute_path.replace(".", "_")
        return self.alias or (f"{self.function}_{path}" if path else self.function)


def rows(
    space: Workspace,
    type_: EntityType,
    asked: Asked,
    aggregations: Sequence[AggregationColumn],
    by: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """A row of numbers about entities of a type; with `by` one for each group of equal values.

    Entities without a value are a group too, whose value is null. Raises `invalid` before anything
    is asked; `too_broad` for more groups than are answered.
    """
    measures = _measures(type_, aggregations)
    columns = [
        _column(type_, path, f"groupByAttributePaths[{number}]") for number, path in enumerate(by)
    ]
    names = [*by, *(each.name for each in aggregations)]
    _check_names(names, len(by))
    summary = Summary(
        measures=tuple(measure for measure, _ in measures),
        where=ast.All((entity.of_type(type_), asked.of_living)),
        by=tuple(Column(field.path, field.kind) for field in columns),
    )
    name, head = space.name(ENTITIES), space.head(ENTITIES)
    groups, _ = space.collections.summarize(name, summary, head)
    fields = [*columns, *(field for _, field in measures)]
    return [
        {
            key: _shown(field, value, counted=number >= len(by))
            for number, (key, field, value) in enumerate(
                zip(names, fields, [*group.values, *group.numbers], strict=True)
            )
        }
        for group in groups
    ]


def _measures(
    type_: EntityType, aggregations: Sequence[AggregationColumn]
) -> list[tuple[Measure, Attribute | None]]:
    if not aggregations:
        raise wrong("aggregations", "At least one aggregation column is required.")
    found: list[tuple[Measure, Attribute | None]] = []
    for number, each in enumerate(aggregations):
        path = f"aggregations[{number}].attributePath"
        if each.attribute_path:
            field = _column(type_, each.attribute_path, path)
            allowed = _OF.get(each.function)
            if allowed is not None and field.attribute.value_type not in allowed:
                names = ", ".join(sorted(allowed))
                raise wrong(path, f"'{each.function}' is of {names}; {field.path} is none.")
            found.append((Measure(each.function, Column(field.path, field.kind)), field))
        elif each.function != "count":
            raise wrong(
                path,
                f"{path} is required for function '{each.function}'. Only 'count' may omit the "
                "path.",
            )
        else:
            found.append((Measure("count"), None))
    return found


def _column(type_: EntityType, path: str, where: str) -> Attribute:
    if not path.strip():
        raise wrong(where, "groupByAttributePaths contains an empty entry.")
    field = type_.field(path, where)
    if field.many or field.is_record:
        raise wrong(where, f"{field.path} has several values; name an attribute of one.")
    return field


def _check_names(names: Sequence[str], groups: int) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name.lower() in seen:
            if number < groups:
                message = f"Duplicate group-by path '{name}'."
                raise wrong(f"groupByAttributePaths[{number}]", message)
            where = f"aggregations[{number - groups}]"
            raise wrong(where, f"Duplicate alias '{name}' in {where}. Give another alias.")
        seen.add(name.lower())


def _shown(field: Attribute | None, value: Value | None, *, counted: bool) -> Any:
    """A value of a row: of an enum's groups the names, of times their text."""
    if isinstance(value, datetime):
        return entity.written(value)
    if field is not None and field.of_enum is not None and not counted:
        return None if value is None else field.of_enum.names.get(int(value), value)
    return value
