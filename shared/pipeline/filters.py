"""The studio's typed filters, as conditions of the one language of questions.

A filter says which property, what kind of value it compares and how: `{"property": "price",
"type": "number", "op": "between", "value": [10, 20]}`. Several are all to hold; `any`, `all` and
`not` nest.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from shared.exact import Exact
from shared.pipeline.sources import invalid
from shared.query import ast
from shared.query.ast import Compare, Keys, Node, Not, Operator, Updated
from shared.query.kinds import Kind

FilterType = Literal[
    "text", "localized_text", "list", "localized_list", "boolean", "number", "timestamp",
    "key", "updated_at", "complete",
]  # fmt: skip
_TYPES: Final[Mapping[Kind, FilterType]] = {
    Kind.TEXT: "text",
    Kind.LOCALIZED_TEXT: "localized_text",
    Kind.LIST: "list",
    Kind.LOCALIZED_LIST: "localized_list",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.TIMESTAMP: "timestamp",
}
_TEXT: Final = ("eq", "ne", "in", "not_in", "contains", "starts_with", "exists", "missing")
_LIST: Final = ("any_of", "all_of", "none_of", "exists", "missing", "is_empty")
_TIME: Final = ("before", "after", "between", "on", "within_last")
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": _TEXT,
    "localized_text": _TEXT,
    "list": _LIST,
    "localized_list": _LIST,
    "boolean": ("eq", "exists", "missing"),
    "number": ("eq", "ne", "in", "gt", "gte", "lt", "lte", "between", "exists", "missing"),
    "timestamp": (*_TIME, "exists", "missing"),
    "key": ("eq", "in", "prefix"),
    "updated_at": _TIME,
    "complete": ("eq",),
}
ANY: Final = "_"
"""Stands for all languages together, where a card says in which it is incomplete."""
_DURATION: Final = re.compile(
    r"P(?=.)(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)
"""ISO 8601-1 5.5.2.4, without years and months, whose length depends on when."""


class Filter(Exact):
    """One condition, or several: property, type and op, or one of any, all and not."""

    model_config = ConfigDict(populate_by_name=True)

    property: Annotated[str, Field(max_length=256)] = ""
    type: Annotated[
        str,
        Field(
            description="It and op as describe_ says; or, without a property: key, updated_at, "
            "complete (cards: true, false)."
        ),
    ] = ""
    op: str = ""
    value: Annotated[Any, Field(description="A list for in, between and lists.")] = None
    language: Annotated[str, Field(description="Any if left out.")] = ""
    case_sensitive: bool = False
    any: tuple["Filter", ...] = ()
    all: tuple["Filter", ...] = ()
    not_: Annotated[tuple["Filter", ...], Field(alias="not", description="None holds.")] = ()


def filter_type(kind: Kind | None) -> FilterType:
    """By which type of filter a property is asked; one without a type as text."""
    return "text" if kind is None else _TYPES[kind]


class Filters:
    """Reads the filters of one question.

    Args:
        kinds: what each property holds; one without a type, None.
        now: what `within_last` counts back from.
        languages: of cards, in which they may be complete; None of what is not complete or not.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind | None],
        now: datetime,
        languages: Sequence[str] | None = None,
    ) -> None:
        self._kinds = kinds
        self._now = now
        self._languages = languages

    def all(self, given: Sequence[Filter], path: str = "filters") -> Node:
        """The condition that all of them hold. Raises `invalid`, naming the one that cannot."""
        return ast.All(self._each(given, path))

    def matching(self, given: Sequence[Filter], query: str, on: Sequence[str]) -> Node:
        """The condition of a search: all filters hold, and the words of the query are there.

        `on`: the properties that the words are in; any where none is named. Raises `invalid`.
        """
        where: list[Node] = [self.all(given)] if given else []
        if query:
            for number, each in enumerate(on):
                self.kind(each, f"search_on[{number}]")
            where.append(ast.Words(query, tuple(each.lower() for each in on)))
        return ast.All(tuple(where))

    def kind(self, property_: str, path: str) -> Kind:
        """What a property holds. Raises `invalid`, naming the nearest one, for an unknown one."""
        name = property_.lower()
        if name not in self._kinds:
            near = get_close_matches(name, self._kinds, 3, 0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise invalid(path, f"There is no property {property_[:100]!r}.{meant}")
        return self._kinds[name] or Kind.TEXT

    def _each(self, given: Iterable[Filter], path: str) -> tuple[Node, ...]:
        return tuple(self._one(each, f"{path}[{n}]") for n, each in enumerate(given))

    def _one(self, given: Filter, path: str) -> Node:
        groups = [name for name in ("any", "all", "not_") if getattr(given, name)]
        named = bool(given.property or given.type or given.op)
        if len(groups) + named != 1:
            raise invalid(path, "Give property, type and op, or one of any, all and not.")
        if named:
            return self._leaf(given, path)
        if given.any:
            return ast.Any(self._each(given.any, f"{path}.any"))
        if given.all:
            return ast.All(self._each(given.all, f"{path}.all"))
        return Not(ast.Any(self._each(given.not_, f"{path}.not")))

    def _leaf(self, given: Filter, path: str) -> Node:
        if given.type in ("key", "updated_at"):
            self._check_op(given, given.type, path)
            return _key(given, path) if given.type == "key" else self._updated(given, path)
        if given.type == "complete" and self._languages is not None:
            return self._complete(given, self._languages, path)
        kind = self.kind(given.property, f"{path}.property")
        wanted = filter_type(kind)
        if given.type != wanted:
            raise invalid(f"{path}.type", f"{given.property!r} is asked by the type {wanted!r}.")
        self._check_op(given, wanted, path)
        if given.op in ("exists", "missing"):
            there = self._compare(given, kind, "exists", ())
            return there if given.op == "exists" else Not(there)
        if wanted == "timestamp":
            return self._time(given, kind, path)
        if kind.is_list:
            return self._list(given, kind, path)
        return self._scalar(given, kind, path)

    def _complete(self, given: Filter, languages: Sequence[str], path: str) -> Node:
        """Whether all required values are there, in one language or in all."""
        self._check_op(given, "complete", path)
        if not isinstance(given.value, bool):
            raise invalid(f"{path}.value", "complete takes true or false.")
        if given.language and given.language not in languages:
            known = f"in {', '.join(languages)}" if languages else "in no language of their own"
            raise invalid(f"{path}.language", f"Cards are complete {known}.")
        lacking = ast.Marked("incomplete", (given.language or ANY,))
        return Not(lacking) if given.value else lacking

    def _check_op(self, given: Filter, type_: str, path: str) -> None:
        if given.op not in OPERATORS[type_]:
            raise invalid(
                f"{path}.op", f"{type_} is asked by one of {', '.join(OPERATORS[type_])}."
            )

    def _compare(self, given: Filter, kind: Kind, op: Operator, values: tuple[Any, ...]) -> Compare:
        return Compare(
            given.property.lower(),
            kind,
            op,
            values,
            given.language or None,
            given.case_sensitive and kind.is_text,
        )

    def _scalar(self, given: Filter, kind: Kind, path: str) -> Node:
        if given.op in ("in", "not_in", "between"):
            values = _several(given, path)
            op: Operator = "between" if given.op == "between" else "in"
            found = self._compare(given, kind, op, values)
            return Not(found) if given.op == "not_in" else found
        values = (given.value,)
        if given.op == "ne":
            return Not(self._compare(given, kind, "eq", values))
        return self._compare(given, kind, _SAME[given.op], values)

    def _list(self, given: Filter, kind: Kind, path: str) -> Node:
        if given.op == "is_empty":
            return self._compare(given, kind, "cleared", ())
        values = _several(given, path)
        if given.op == "all_of":
            return ast.All(tuple(self._compare(given, kind, "eq", (each,)) for each in values))
        some = self._compare(given, kind, "in", values)
        return Not(some) if given.op == "none_of" else some

    def _time(self, given: Filter, kind: Kind, path: str) -> Node:
        start, end = self._span(given, path)
        parts: list[Node] = []
        if start is not None:
            op: Operator = "gt" if given.op == "after" else "gte"
            parts.append(self._compare(given, kind, op, (start,)))
        if end is not None:
            until: Operator = "lte" if given.op == "between" else "lt"
            parts.append(self._compare(given, kind, until, (end,)))
        return parts[0] if len(parts) == 1 else ast.All(tuple(parts))

    def _updated(self, given: Filter, path: str) -> Node:
        start, end = self._span(given, path)
        if start is not None and given.op == "after":
            start += _TICK
        if end is not None and given.op == "between":
            end += _TICK
        return Updated(start, end)

    def _span(self, given: Filter, path: str) -> tuple[datetime | None, datetime | None]:
        """From when until when; `between` has both, `on` a day, `within_last` no end."""
        if given.op == "between":
            values = _several(given, path)
            if len(values) != _BOTH:
                raise invalid(f"{path}.value", "Give both times.")
            return _moment(values[0], path), _moment(values[1], path)
        if given.op == "on":
            day = _moment(f"{given.value}T00:00:00Z", path)
            return day, day + timedelta(days=1)
        if given.op == "within_last":
            if (back := duration_of(given.value)) is None:
                message = "Give a duration such as P7D or PT12H (ISO 8601)."
                raise invalid(f"{path}.value", message)
            return self._now - back, None
        at = _moment(given.value, path)
        return (at, None) if given.op == "after" else (None, at)


_BOTH: Final = 2
_TICK: Final = timedelta(microseconds=1)
_SAME: Final[Mapping[str, Operator]] = {
    "eq": "eq",
    "contains": "contains",
    "starts_with": "starts_with",
    "gt": "gt",
    "gte": "gte",
    "lt": "lt",
    "lte": "lte",
}


def _key(given: Filter, path: str) -> Node:
    if given.op == "in":
        return Keys(tuple(map(str, _several(given, path))))
    return Keys((str(given.value),), op="starts_with" if given.op == "prefix" else "in")


def _several(given: Filter, path: str) -> tuple[Any, ...]:
    if not isinstance(given.value, list) or not given.value:
        raise invalid(f"{path}.value", f"{given.op} takes a list of values.")
    return tuple(given.value)


def _moment(value: Any, path: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise invalid(
            f"{path}.value",
            "Give a time with its offset, such as 2026-11-28T12:00:00Z; for `on` a day.",
        )
    return at.astimezone(UTC)


def duration_of(value: Any) -> timedelta | None:
    """The duration that a text says: ISO 8601, without years and months; None for other text."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
