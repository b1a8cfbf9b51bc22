"""What applications ask of an endpoint: the body of a request, and the question it becomes.

Values of one property are alternatives; properties within a group all hold, and so does its
`range`; `mustNot` excludes; of several groups one is enough.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from shared.errors import Problem
from shared.exact import Exact
from shared.query import ast
from shared.query.ast import (
    EVERYTHING,
    All,
    Compare,
    Facet,
    Keys,
    Node,
    Not,
    Question,
    Sort,
    Updated,
    Value,
    Words,
)
from shared.query.kinds import Kind

ID: Final = "id"
MOST_TOP: Final = ast.MOST_ITEMS
_MOST_GROUPS: Final = 20
_Bound = Literal["gte", "gt", "lte", "lt"]
_BOUNDS: Final[tuple[_Bound, ...]] = ("gte", "gt", "lte", "lt")
Name = Annotated[str, StringConstraints(max_length=100)]
Term = Annotated[str, StringConstraints(max_length=200)]
Scalar = Annotated[str, StringConstraints(max_length=2_000)] | bool | int | float
Values = dict[Name, Annotated[list[Scalar], Field(min_length=1, max_length=200)]]
Names = Annotated[tuple[Name, ...], Field(max_length=3)]


class Bounds(Exact):
    """A range of numbers or times."""

    gte: Scalar | None = None
    gt: Scalar | None = None
    lte: Scalar | None = None
    lt: Scalar | None = None


class Group(Exact):
    """Conditions that all hold."""

    must: Values = Field(default_factory=dict)
    mustNot: Values = Field(default_factory=dict)  # noqa: N815  the wire's word
    range: dict[Name, Bounds] = Field(default_factory=dict)


class Period(Exact):
    """Entries that changed at or after `since` and before `before`."""

    since: AwareDatetime | None = None
    before: AwareDatetime | None = None


class DeliveryQuery(Exact):
    """The body of a request; a GET has the same as parameters."""

    top: Annotated[int, Field(ge=1, le=MOST_TOP)] = 50
    skip: Annotated[int, Field(ge=0, le=ast.MOST_SKIPPED)] = 0
    after: Annotated[tuple[Name, ...], Field(max_length=1)] = ()
    cursor: str = ""
    sortAsc: Names = ()  # noqa: N815
    sortDesc: Names = ()  # noqa: N815
    search: Annotated[tuple[Term, ...], Field(max_length=5)] = ()
    searchOn: Annotated[tuple[Name, ...], Field(max_length=10)] = ()  # noqa: N815
    caseInsensitiveSearch: bool = False  # noqa: N815
    filter: Annotated[tuple[Group, ...], Field(max_length=_MOST_GROUPS)] = ()
    period: Period = Period()
    includeTotals: bool = False  # noqa: N815
    includeDeleted: bool = False  # noqa: N815
    listIds: bool = False  # noqa: N815
    language: str = ""

    @property
    def is_by_id(self) -> bool:
        """Whether entries come in order of id."""
        return not self.sortDesc and self.sortAsc in ((), (ID,)) and not self.search


class Reader:
    """Reads what is asked of an endpoint in one language.

    Args:
        kinds: what each exposed property holds.
        language: which values of localized properties.
    """

    def __init__(self, kinds: Mapping[str, Kind], language: str) -> None:
        self._kinds = kinds
        self._language = language

    def question(
        self, asked: DeliveryQuery, facets: Sequence[Facet], order: Sequence[Sort]
    ) -> Question:
        """The question; `order` where none is asked for. Raises `invalid`."""
        self._check_places(asked)
        own = tuple(self._order(asked))
        if not own and not asked.after and not asked.includeDeleted:
            ranks = (Sort("score", descending=True),) if asked.search else ()
            own = ranks or tuple(order)
        return Question(
            where=self.where(asked),
            order=own,
            facets=tuple(facets),
            limit=asked.top,
            skip=asked.skip,
            cursor=asked.cursor or None,
            after=asked.after or None,
        )

    def _check_places(self, asked: DeliveryQuery) -> None:
        ways = [name for name in ("after", "cursor", "skip") if getattr(asked, name)]
        if len(ways) > 1:
            raise _invalid(ways[1], f"Give one of {' and '.join(ways)}.")
        if asked.after and not asked.is_by_id:
            raise _invalid("after", "It goes on in order of id alone; use cursor for any order.")
        if asked.searchOn and not asked.search:
            raise _invalid("searchOn", "It says where to look for `search`, which is missing.")
        if asked.caseInsensitiveSearch and not asked.search:
            raise _invalid("caseInsensitiveSearch", "It is about `search`, which is missing.")
        if asked.includeDeleted:
            _check_deltas(asked)

    def where(self, asked: DeliveryQuery) -> Node:
        """What entries have to match."""
        found: list[Node] = []
        groups = [self._group(each, f"filter[{n}]") for n, each in enumerate(asked.filter)]
        if groups:
            found.append(ast.Any(tuple(groups)) if len(groups) > 1 else groups[0])
        if asked.period.since or asked.period.before:
            found.append(Updated(asked.period.since, asked.period.before))
        for number, term in enumerate(asked.search):
            found.append(self._words(term, asked, f"search[{number}]"))
        return All(tuple(found)) if found else EVERYTHING

    def _words(self, term: str, asked: DeliveryQuery, path: str) -> Node:
        """Entries that have the words of a term; in its letter case, unless that does not count."""
        if not term.strip():
            raise _invalid(path, "A term to search for is empty.")
        on = asked.searchOn or tuple(id_ for id_, kind in self._kinds.items() if kind.is_text)
        for number, each in enumerate(asked.searchOn):
            if not self._kind(each, f"searchOn[{number}]").is_text:
                raise _invalid(f"searchOn[{number}]", f"{each!r} holds no text.")
        words = Words(term, tuple(each.lower() for each in asked.searchOn))
        if asked.caseInsensitiveSearch:
            return words
        exact = [self._compare(each.lower(), "contains", (term,)) for each in on[:_MOST_GROUPS]]
        return All((words, ast.Any(tuple(exact))))

    def _group(self, given: Group, path: str) -> Node:
        held = [
            *(self._one_of(i, v, f"{path}.must.{i}") for i, v in given.must.items()),
            *(Not(self._one_of(i, v, f"{path}.mustNot.{i}")) for i, v in given.mustNot.items()),
            *(n for i, b in given.range.items() for n in self._range(i, b, f"{path}.range.{i}")),
        ]
        return All(tuple(held))

    def _one_of(self, property_: str, values: Sequence[Scalar], path: str) -> Node:
        name = property_.lower()
        if name == ID and ID not in self._kinds:
            return Keys(tuple(map(str, values)))
        kind = self._kind(name, path)
        read = tuple(_value(kind, each, f"{path}[{n}]") for n, each in enumerate(values))
        return self._compare(name, "in", read)

    def _range(self, property_: str, bounds: Bounds, path: str) -> Iterator[Node]:
        name = property_.lower()
        kind = self._kind(name, path)
        if not (kind.is_number or kind is Kind.TIMESTAMP):
            raise _invalid(path, f"{name!r} holds no numbers or times, so it has no range.")
        if not bounds.model_fields_set:
            raise _invalid(path, "Give gte, gt, lte or lt.")
        for op in _BOUNDS:
            value = getattr(bounds, op)
            if value is not None:
                yield self._compare(name, op, (_value(kind, value, f"{path}.{op}"),))

    def _compare(
        self,
        property_: str,
        op: Literal["in", "contains"] | _Bound,
        values: tuple[Value, ...],
    ) -> Node:
        kind = self._kinds[property_]
        language = self._language if kind.is_localized else None
        return Compare(property_, kind, op, values, language, case_sensitive=op == "contains")

    def _order(self, asked: DeliveryQuery) -> Iterator[Sort]:
        for way, names in (("sortAsc", asked.sortAsc), ("sortDesc", asked.sortDesc)):
            for number, each in enumerate(names):
                yield self.sort(each, way == "sortDesc", f"{way}[{number}]")

    def sort(self, property_: str, descending: bool, path: str) -> Sort:  # noqa: FBT001
        """One column of an order. Raises `invalid`."""
        name = property_.lower()
        if name == ID and ID not in self._kinds:
            return Sort("key", descending=descending)
        kind = self._kind(name, path)
        if kind.is_list:
            raise _invalid(path, f"{name!r} is a list, which has no order.")
        language = self._language if kind.is_localized else None
        return Sort("property", name, kind, language, descending)

    def facet(self, property_: str, size: int) -> Facet:
        """The count of a property's values."""
        kind = self._kinds[property_]
        return Facet(property_, kind, self._language if kind.is_localized else None, size)

    def _kind(self, name: str, path: str) -> Kind:
        kind = self._kinds.get(name.lower())
        if kind is None:
            near = get_close_matches(name.lower(), self._kinds, 3, 0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise _invalid(path, f"The endpoint has no property {name[:100]!r}.{meant}")
        return kind


def _check_deltas(asked: DeliveryQuery) -> None:
    if asked.period.since is None:
        raise _invalid("includeDeleted", "It needs period.since: deletions since then.")
    if not asked.is_by_id or asked.filter or asked.cursor or asked.skip or asked.period.before:
        message = "It goes with period.since, top and after alone, in order of id."
        raise _invalid("includeDeleted", message)


def _value(kind: Kind, given: Scalar, path: str) -> Value:
    """A value as the property's kind has it. Raises `invalid`."""
    if kind.is_text:
        return given if isinstance(given, str) else str(given)
    try:
        if kind is Kind.BOOLEAN:
            return {"true": True, "false": False}[str(given).lower()]
        if kind is Kind.INTEGER:
            return int(given) if isinstance(given, str) else _number(given)
        if kind is Kind.DECIMAL:
            return _number(float(given)) if isinstance(given, str) else _number(given)
        return _time(given)
    except (KeyError, ValueError):
        takes = {Kind.BOOLEAN: "true or false", Kind.TIMESTAMP: "a time with its offset"}
        raise _invalid(path, f"It takes {takes.get(kind, 'a finite number')}.") from None


def _number(given: bool | float) -> int | float:  # noqa: FBT001
    if isinstance(given, bool) or not isfinite(given):
        raise ValueError("no number")
    return given


def _time(given: Scalar) -> datetime:
    at = datetime.fromisoformat(str(given))
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at


def _invalid(path: str, message: str) -> Problem:
    errors = [{"path": path, "message": message}]
    return Problem("invalid", f"{path}: {message}", errors=errors)
