"""What a question may ask: refused clearly before any engine sees it."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

from shared.errors import Problem
from shared.query import ast
from shared.query.ast import (
    Column,
    Compare,
    Facet,
    Keys,
    Marked,
    Node,
    Question,
    Sort,
    Summary,
    Values,
    Words,
)
from shared.query.kinds import Kind

TEXT_OPERATORS: Final = frozenset({"starts_with", "contains", "like", "similar"})
RANGES: Final = frozenset({"lt", "lte", "gt", "gte", "between"})
_ANY_KIND: Final = frozenset({"exists", "cleared"})
_FEWEST_LETTERS: Final = 1


class _Rule(NamedTuple):
    """What may be asked of a kind's values."""

    operators: frozenset[str]
    value: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


_SAME: Final = frozenset({"eq", "in"}) | _ANY_KIND
_TEXT: Final = _Rule(_SAME | TEXT_OPERATORS, "a text", lambda value: isinstance(value, str))
_NUMBER: Final = _Rule(_SAME | RANGES, "a finite number", _is_number)
_RULES: Final = {
    Kind.TEXT: _TEXT,
    Kind.LIST: _TEXT,
    Kind.LOCALIZED_TEXT: _TEXT,
    Kind.LOCALIZED_LIST: _TEXT,
    Kind.DECIMAL: _NUMBER,
    Kind.INTEGER: _NUMBER,
    Kind.BOOLEAN: _Rule(_SAME, "true or false", lambda value: isinstance(value, bool)),
    Kind.RECORDS: _Rule(_ANY_KIND, "nothing", lambda _: False),
    Kind.TIMESTAMP: _Rule(
        _SAME | RANGES,
        "a time with its offset from UTC",
        lambda value: isinstance(value, datetime) and value.tzinfo is not None,
    ),
}
_AMOUNTS: Final = {"between": 2, "in": None, "exists": 0, "cleared": 0}
"""How many values an operator takes; None for any number, 1 for what is not named."""


def check(question: Question) -> None:
    """Raises `invalid` for a question that is larger than may be, or asks what cannot be asked."""
    check_condition(question.where)
    _limit("limit", question.limit, ast.MOST_ITEMS, "records of one page", least=0)
    _limit("skip", question.skip, ast.MOST_SKIPPED, "records to pass over")
    _limit("facets", len(question.facets), ast.MOST_FACETS, "facets")
    _limit("order", len(question.order), ast.MOST_SORTS, "columns of an order")
    for facet in question.facets:
        _check_facet(facet)
    for sort in question.order:
        _check_sort(sort)
    if len(question.order) > 1 and any(sort.by == "score" for sort in question.order):
        raise _invalid("Order by score alone: hardly any two records have the same.", "order")


def check_summary(summary: Summary) -> None:
    """The same of a summary."""
    check_condition(summary.where)
    _limit("by", len(summary.by), ast.MOST_COLUMNS, "columns of groups")
    _limit("measures", len(summary.measures), ast.MOST_COLUMNS, "measures", least=1)
    for column in summary.by:
        _check_column(column)
    for measure in summary.measures:
        function, measured = measure.function, measure.column
        if measured is None:
            if function != "count":
                raise _invalid(f"{function} is of a property; name it.", "measures")
            continue
        _check_column(measured)
        numbers = measured.kind.is_number
        if function in ("sum", "avg") and not numbers:
            raise _invalid(f"{function} is of numbers, not of {measured.property}.", "measures")
        if function in ("min", "max") and not (numbers or measured.kind is Kind.TIMESTAMP):
            message = f"{function} is of numbers and times, not of {measured.property}."
            raise _invalid(message, "measures")


def _check_column(column: Column) -> None:
    _rule(column.kind, column.property)
    if column.kind.is_list or column.kind.is_localized or column.kind is Kind.RECORDS:
        raise _invalid(
            f"{column.property} has several values; name a property of one.", column.property
        )


def check_condition(node: Node) -> None:
    """The same for a condition by itself."""
    _limit("where", _depth(node), ast.MOST_DEPTH, "levels of conditions in conditions")
    leaves = list(_leaves(node))
    _limit("where", len(leaves), ast.MOST_COMPARISONS, "comparisons")
    for leaf in leaves:
        match leaf:
            case Compare():
                _check_comparison(leaf)
            case Keys():
                _limit("key", len(leaf.values), ast.MOST_VALUES, "keys")
                if leaf.op == "starts_with" and (len(leaf.values) != 1 or not leaf.values[0]):
                    raise _invalid("Give the one text that keys begin with.", "key")
            case Marked():
                _limit(leaf.name, len(leaf.values), ast.MOST_VALUES, "values")
            case Words():
                _check_text("words", leaf.text)
                _limit("words", len(leaf.on), ast.MOST_VALUES, "properties to search in")
            case _:
                pass


def _check_comparison(node: Compare) -> None:
    rule = _rule(node.kind, node.property)
    if node.op not in rule.operators:
        raise _invalid(
            f"{node.op} cannot be asked of {node.property}, whose values are "
            f"{node.kind.name.lower()}. Use one of {', '.join(sorted(rule.operators))}.",
            node.property,
        )
    _check_language(node.property, node.kind, node.language)
    if node.op == "cleared" and node.language is not None:
        raise _invalid("cleared is asked of all languages; leave the language out.", node.property)
    amount = _AMOUNTS.get(node.op, 1)
    if amount is not None and len(node.values) != amount:
        raise _invalid(f"{node.op} takes {amount} values.", node.property)
    _limit(node.property, len(node.values), ast.MOST_VALUES, "values of one comparison")
    for value in node.values:
        if not rule.fits(value):
            raise _invalid(
                f"{node.property} is compared with {rule.value}; correct the value.",
                node.property,
            )
        if node.op in TEXT_OPERATORS:
            _check_text(node.property, str(value))


def check_values(asked: Facet | Values) -> None:
    """The same of a property whose values are counted."""
    _rule(asked.kind, asked.property)
    _check_language(asked.property, asked.kind, asked.language)


def _check_facet(facet: Facet) -> None:
    check_values(facet)
    _limit(facet.property, facet.size, ast.MOST_FACET_VALUES, "values of a facet", least=1)


def _check_sort(sort: Sort) -> None:
    if sort.by != "property":
        return
    _rule(sort.kind, sort.property)
    _check_language(sort.property, sort.kind, sort.language)
    if sort.kind.is_list:
        raise _invalid(
            f"{sort.property} is a list; order by a property of one value.", sort.property
        )
    if sort.kind.is_localized and sort.language is None:
        raise _invalid(f"Name the language in which to order by {sort.property}.", sort.property)


def _check_language(property_: str, kind: Kind, language: str | None) -> None:
    if language is not None and not kind.is_localized:
        raise _invalid(f"{property_} has no languages; leave the language out.", property_)


def _check_text(field: str, text: str) -> None:
    _limit(field, len(text), ast.MOST_TEXT, "letters of a text", least=_FEWEST_LETTERS)


def _rule(kind: Kind, property_: str) -> _Rule:
    if kind not in _RULES:
        raise _invalid(f"{property_} is given no kind of values; name its type.", property_)
    return _RULES[kind]


def _limit(field: str, amount: int, most: int, what: str, *, least: int = 0) -> None:
    if not least <= amount <= most:
        raise Problem(
            "invalid",
            f"{amount} {what} in {field!r}: from {least} to {most} can be asked for.",
            field=field,
            given=amount,
            min=least,
            max=most,
        )


def _invalid(message: str, field: str) -> Problem:
    return Problem("invalid", message, field=field)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case ast.All(of) | ast.Any(of):
            return of
        case ast.Not(of):
            return (of,)
        case _:
            return ()


def _depth(node: Node) -> int:
    inside = _parts(node)
    return 1 + max(map(_depth, inside), default=0) if inside else 0


def _leaves(node: Node) -> Iterator[Node]:
    inside = _parts(node)
    if inside:
        return chain.from_iterable(map(_leaves, inside))
    return iter(() if isinstance(node, ast.All | ast.Any) else (node,))
