"""Records in an order, page by page, without an old index: a page goes on behind the last values.

While nothing changes every match comes exactly once; a record whose value moves meanwhile may come
twice or not at all, unless the order is by key.

An order is an aggregation over the columns it names and the key, because the engine's own sorting
leaves equal ones unordered. Naming a key is dear (20 us), and each index segment names a page of
them. So an order by one number is asked for its values alone at first: they say which records the
page is of, and only those are looked at.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from tantivy import Occur, Query

from shared.engine import index
from shared.engine.index import View, path_of
from shared.engine.search import compiled
from shared.query.answers import Item
from shared.query.ast import Compare, Node, Question, Sort, Updated
from shared.query.kinds import Kind
from shared.query.values import values_of

_BY_KEY: Final = Sort(by="key")
_ALONE: Final = (Kind.DECIMAL, Kind.INTEGER, Kind.TIMESTAMP)
"""Kinds of which a record has at most one value, and that bounds can be asked of."""
_LOOKED_AT: Final = 2
"""For each record of a page, how many may be looked at where many are equal."""
_VALUE_AND_KEY: Final = 2


class Page(NamedTuple):
    """One page: its records, and where the next one begins; None at the end."""

    items: tuple[Item, ...]
    place: list[Any] | None


def bodies(view: View, keys: Sequence[str]) -> dict[str, Item]:
    """The records with these keys, as far as they are there."""
    if not keys:
        return {}
    query = Query.term_set_query(view.index.schema, index.KEY, list(keys))
    hits = view.searcher.search(query, len(keys), count=False).hits
    return {item.key: item for item in view.items([address for _, address in hits])}


class Walk:
    """One page of an order that is a walk."""

    def __init__(self, question: Question, place: list[Any] | None) -> None:
        sorts = [*question.order]
        if not any(sort.by == "key" for sort in sorts):
            sorts.append(_BY_KEY)
        self._sorts = sorts[: [sort.by for sort in sorts].index("key") + 1]
        self._limit = question.limit
        self._skip = question.skip if place is None else 0
        self._place = place
        self._alone = (
            len(self._sorts) == _VALUE_AND_KEY
            and not self._skip
            and (sorts[0].by == "updated" or sorts[0].kind in _ALONE)
            and (place is None or place[0] is not None)
        )

    def wanted(self) -> dict[str, Any]:
        """The aggregation to ask along with the others."""
        return self._composite(self._sorts[:1] if self._alone else self._sorts)

    def page(self, view: View, query: Query, buckets: list[dict[str, Any]]) -> Page:
        """The page's records; `buckets`: what `wanted` came to."""
        if self._alone:
            page = self._of_values(view, query, buckets)
            if page is not None:
                return page
            asked = {"order": self._composite(self._sorts)}
            buckets = view.searcher.aggregate(query, asked)["order"]["buckets"]
        last = str(len(self._sorts) - 1)
        buckets = buckets[self._skip :]
        keys = [bucket["key"][last] for bucket in buckets[: self._limit]]
        found = bodies(view, keys)
        place = None
        if len(buckets) > self._limit:
            values = buckets[self._limit - 1]["key"]
            place = [values[str(number)] for number in range(len(self._sorts))]
        return Page(tuple(found[key] for key in keys), place)

    def _composite(self, sorts: Sequence[Sort]) -> dict[str, Any]:
        """One record, or value, more than the page has: to see whether it is the last."""
        sources = []
        for number, sort in enumerate(sorts):
            terms: dict[str, Any] = {
                "field": _column(sort),
                "order": "desc" if sort.descending else "asc",
            }
            if sort.by == "property":
                terms |= {"missing_bucket": True, "missing_order": "last"}
            sources.append({str(number): {"terms": terms}})
        after = {
            str(number): _named(sort, value)
            for number, (sort, value) in enumerate(zip(sorts, self._place or (), strict=False))
        }
        found = {"size": self._skip + self._limit + 1, "sources": sources}
        return {"composite": found | ({"after": after} if after else {})}

    def _of_values(self, view: View, query: Query, buckets: list[dict[str, Any]]) -> Page | None:
        """The page, from the values that come next; None where that looks at too much, or all."""
        most = (self._limit + 1) * _LOOKED_AT
        records, end = 0, None
        for bucket in buckets:
            records += bucket["doc_count"]
            end = bucket["key"]["0"]
            if records > self._limit or end is None:
                break
        if end is None or not self._limit < records <= most:
            return None
        start = self._place[0] if self._place else None
        bounds = [compiled(view, node) for node in self._bounds(start, end)]
        # the bounds leave few records, so they lead: the engine asks the second only about those
        narrowed = Query.boolean_query([(Occur.Must, each) for each in (*bounds, query)])
        hits = view.searcher.search(narrowed, most + 1, count=False).hits
        if len(hits) > most:
            return None
        items = self._in_order(list(view.items([address for _, address in hits])))
        shown = items[: self._limit]
        return Page(tuple(shown), [self._value(shown[-1]), shown[-1].key])

    def _bounds(self, start: Any, end: Any) -> list[Node]:
        """Of the values from `start` to `end`, as the order goes; both of them included."""
        sort = self._sorts[0]
        low, high = (end, start) if sort.descending else (start, end)
        if sort.by == "updated":
            until = None if high is None else index.moment(high + 1)
            return [Updated(None if low is None else index.moment(low), until)]
        low_bound = None if low is None else self._compare("gte", low)
        high_bound = None if high is None else self._compare("lte", high)
        return [bound for bound in (low_bound, high_bound) if bound]

    def _compare(self, op: Literal["gte", "lte"], value: Any) -> Compare:
        """A bound; `value` as the column has it."""
        sort = self._sorts[0]
        asked = index.moment(value * 1000) if sort.kind is Kind.TIMESTAMP else value
        return Compare(sort.property, sort.kind, op, (asked,))

    def _in_order(self, items: list[Item]) -> list[Item]:
        """Sorted, and only those behind the place."""
        value, key = self._sorts
        items.sort(key=attrgetter("key"), reverse=key.descending)
        items.sort(key=self._value, reverse=value.descending)
        if self._place is None:
            return items
        start, last = self._place
        return [
            item
            for item in items
            if self._value(item) != start
            or (item.key < last if key.descending else item.key > last)
        ]

    def _value(self, item: Item) -> Any:
        """What the item is ordered by, as its column has it."""
        sort = self._sorts[0]
        if sort.by == "updated":
            return index.microseconds(item.updated)
        (value,) = values_of(item.body, sort.property, sort.kind, sort.language)
        return index.decimal(value) if sort.kind is Kind.DECIMAL else value


def _column(sort: Sort) -> str:
    match sort.by:
        case "key":
            return index.KEY
        case "updated":
            return index.UPDATED
        case _:
            return path_of(sort.kind, sort.property, sort.language)


def _named(sort: Sort, value: Any) -> str:
    if value is None:
        return "null:"
    if sort.by == "key" or (sort.by == "property" and sort.kind.is_text):
        return f"str:{value}"
    if sort.by == "property" and sort.kind is Kind.BOOLEAN:
        return f"bool:{str(value).lower()}"
    if sort.by == "property" and sort.kind is Kind.DECIMAL:
        return f"f64:{float(value)!r}"
    return f"i64:{value}"
