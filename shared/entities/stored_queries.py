"""Questions that are kept as entities (`System/PersistentQuery`), and how they are asked."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, get_args

import orjson

from shared.entities import asking, changing, summing
from shared.entities.asking import Slice, checked_paths, sorting
from shared.entities.comparing import FieldFilter, OperatorName, wrong
from shared.entities.entity import Entity
from shared.entities.filters import Asked, FieldFilterCriteria, Filters
from shared.entities.graph import EntityType, Graph
from shared.entities.summing import AggregationColumn, Function
from shared.entities.values import shown
from shared.errors import Problem
from shared.pipeline.workspace import Workspace
from shared.query import ast

BASE: Final = "System/PersistentQuery"
SIMPLE: Final = "System/SimpleRtQuery"
GROUPING: Final = "System/GroupingAggregationRtQuery"
_FUNCTIONS: Final[dict[str, Function]] = {
    "Count": "count",
    "Minimum": "min",
    "Maximum": "max",
    "Average": "avg",
    "Sum": "sum",
}
_AS_TEXT: Final = frozenset({"String", "Enum", "DateTime", "StringArray"})


class Executed(NamedTuple):
    """What a stored query came to: entities cut to some paths, or rows."""

    graph: Graph
    subtype: str
    type: EntityType
    total: int
    entities: tuple[Entity, ...] = ()
    paths: frozenset[str] = frozenset()
    rows: list[dict[str, Any]] | None = None


def execute(
    space: Workspace,
    id_: str,
    extra: FieldFilterCriteria | None,
    wanted: Slice | None,
) -> Executed:
    """Ask a stored query; `extra` must hold besides what it asks. `wanted`: which part, if named.

    Raises `not_found`, `conflict` for an archived one, and `invalid` for one that cannot be asked,
    and for a part of a single row.
    """
    graph, found = changing.found(space, BASE, id_)
    if found.state != "Active":
        raise Problem("conflict", f"The query {id_!r} is archived.")
    kept = _plain(shown(graph.types[found.type].fields.values(), found.body))
    type_, filters = asking.asking(graph, kept["queryCkTypeId"])
    asked = _asked(type_, filters, kept.get("fieldFilter", ()), extra)
    if found.type == SIMPLE:
        return _simple(space, graph, type_, kept, asked, wanted or Slice())
    columns = [
        AggregationColumn(
            function=_FUNCTIONS[each["aggregationType"]],
            attribute_path=each.get("attributePath", ""),
        )
        for each in kept["columns"]
    ]
    if found.type != GROUPING:
        if wanted is not None:
            raise wrong("take", "The query comes to one row; leave skip and take out.")
        rows = summing.rows(space, type_, asked, columns)
        return Executed(graph, found.type, type_, len(rows), rows=rows)
    rows = summing.rows(space, type_, asked, columns, kept["groupingColumns"])
    offset, limit = wanted or Slice(limit=len(rows))
    return Executed(graph, found.type, type_, len(rows), rows=rows[offset : offset + limit])


def _simple(
    space: Workspace,
    graph: Graph,
    type_: EntityType,
    kept: dict[str, Any],
    asked: Asked,
    wanted: Slice,
) -> Executed:
    paths = checked_paths(graph, type_, kept["columns"])
    order = sorting(
        type_,
        [
            (each["attributePath"], each["sortOrder"] == "Descending")
            for each in kept.get("sorting", ())
        ],
        "sorting",
    )
    entities, total = asking.matching(space, type_, asked, wanted, order)
    return Executed(graph, SIMPLE, type_, total, entities, paths)


def _asked(
    type_: EntityType,
    filters: Filters,
    kept: Sequence[dict[str, Any]],
    extra: FieldFilterCriteria | None,
) -> Asked:
    own = [_filter(type_, each, f"fieldFilter[{number}]") for number, each in enumerate(kept)]
    both = [filters.criteria(extra, "extraFilters")]
    if own:
        both.append(filters.criteria(FieldFilterCriteria(fields=tuple(own)), "fieldFilter"))
    return Asked(ast.All(tuple(each.node for each in both)), any(each.names_state for each in both))


def _filter(type_: EntityType, kept: dict[str, Any], where: str) -> FieldFilter:
    operator = kept["operator"]
    if operator not in get_args(OperatorName):
        names = ", ".join(get_args(OperatorName))
        raise wrong(f"{where}.operator", f"{operator[:100]!r} is none of {names}.")
    path = kept["attributePath"]
    as_text = path.lower().startswith(("rt", "ck")) or (
        type_.field(path, f"{where}.attributePath").attribute.value_type in _AS_TEXT
    )

    def value(name: str) -> Any:
        text = kept.get(name)
        if text is None or (as_text and operator not in ("In", "NotIn")):
            return text
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            raise wrong(f"{where}.{name}", "This is no JSON value.") from None

    return FieldFilter(
        attribute_path=path,
        operator=operator,
        value=value("value"),
        second_value=value("secondValue"),
    )


def _plain(attributes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Attributes by name, those of records in lists as well."""
    return {
        each["attributeName"]: [_plain(record) for record in each["value"]]
        if isinstance(each["value"], list) and each["value"] and isinstance(each["value"][0], list)
        else each["value"]
        for each in attributes
    }
