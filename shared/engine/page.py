"""A page of an answer: records in order, how many match, what they have.

An order is an aggregation over the columns it names and the key, because the engine's own sorting
leaves equal ones unordered. So a walk needs no old index: it goes on behind the last record's
values. While nothing changes every match comes exactly once; a record whose value moves meanwhile
may come twice or not at all, unless the order is by key.

By score is a ranking and no walk: it pages by number.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from tantivy import Query

from shared import cursors
from shared.engine import index
from shared.engine.index import View, path_of
from shared.engine.search import compiled
from shared.engine.searchable import Sealing
from shared.errors import Problem
from shared.query.answers import Answer, Counted, Item
from shared.query.ast import Facet, Question, Sort, Value
from shared.query.checks import check
from shared.query.kinds import Kind

MOST_RANKED: Final = 10_000
"""Records up to which an answer by score can be paged."""
MOST_VALUES: Final = 65_000
"""Different values in an index segment up to which a facet is counted exactly."""
_BY_KEY: Final = Sort(by="key")


class _Page(NamedTuple):
    items: tuple[Item, ...]
    place: list[Any] | None
    """Where the next one begins; None at the end."""


def answer(view: View, question: Question, sealing: Sealing, seq: int) -> Answer:
    """The page of this question that its cursor points to; `seq`: the view's newest commit.

    Raises `invalid` for a question that cannot be asked and a cursor of another one, `too_broad`,
    and `cursor_expired` for a cursor of an epoch before.
    """
    check(question)
    digest = _digest(question, sealing)
    place = _opened(question, digest, sealing)
    ranks = [sort.by for sort in question.order] == ["score"]
    query = compiled(view, question.where, scored=ranks)
    wanted: dict[str, Any] = {"total": {"value_count": {"field": index.SEQ}}}
    for number, facet in enumerate(question.facets):
        wanted[f"facet{number}"] = {"terms": _terms(facet)}
    walk = None if ranks or not question.limit else _Walk(question, place)
    if walk:
        wanted["order"] = {"composite": walk.composite()}
    counted = view.searcher.aggregate(query, wanted)
    if walk:
        page = walk.page(view, counted["order"]["buckets"])
    else:
        page = _ranked(view, query, question.limit, place)
    facets = [counted[f"facet{number}"] for number in range(len(question.facets))]
    return Answer(
        items=page.items,
        total=int(counted["total"]["value"]),
        facets=tuple(map(_counted, question.facets, facets)),
        approximate=frozenset(
            number for number, each in enumerate(facets) if each["doc_count_error_upper_bound"]
        ),
        cursor=cursors.seal([sealing.epoch, page.place], digest, sealing.keys[0])
        if page.place
        else None,
        seq=seq,
    )


def bodies(view: View, keys: Sequence[str]) -> dict[str, Item]:
    """The records with these keys, as far as they are there."""
    if not keys:
        return {}
    query = Query.term_set_query(view.index.schema, index.KEY, list(keys))
    hits = view.searcher.search(query, len(keys), count=False).hits
    return {item.key: item for item in view.items([address for _, address in hits])}


class _Walk:
    """One page of an order that is a walk."""

    def __init__(self, question: Question, place: list[Any] | None) -> None:
        sorts = [*question.order]
        if not any(sort.by == "key" for sort in sorts):
            sorts.append(_BY_KEY)
        self._sorts = sorts[: [sort.by for sort in sorts].index("key") + 1]
        self._limit = question.limit
        self._place = place

    def composite(self) -> dict[str, Any]:
        """The aggregation: one record more than the page has, to see whether it is the last."""
        sources = []
        for number, sort in enumerate(self._sorts):
            terms: dict[str, Any] = {
                "field": _column(sort),
                "order": "desc" if sort.descending else "asc",
            }
            if sort.by == "property":
                terms |= {"missing_bucket": True, "missing_order": "last"}
            sources.append({str(number): {"terms": terms}})
        after = {"after": self._after(self._place)} if self._place else {}
        return {"size": self._limit + 1, "sources": sources, **after}

    def page(self, view: View, buckets: list[dict[str, Any]]) -> _Page:
        """The page's records."""
        last = str(len(self._sorts) - 1)
        keys = [bucket["key"][last] for bucket in buckets[: self._limit]]
        found = bodies(view, keys)
        place = None
        if len(buckets) > self._limit:
            values = buckets[self._limit - 1]["key"]
            place = [values[str(number)] for number in range(len(self._sorts))]
        return _Page(tuple(found[key] for key in keys), place)

    def _after(self, place: list[Any]) -> dict[str, str]:
        """A record's values in the engine's own words."""
        return {
            str(number): _named(sort, value)
            for number, (sort, value) in enumerate(zip(self._sorts, place, strict=True))
        }


def _ranked(view: View, query: Query, limit: int, place: list[Any] | None) -> _Page:
    if not limit:
        return _Page((), None)
    (start,) = place or [0]
    hits = view.searcher.search(query, limit + 1, count=False, offset=start).hits
    items = view.items([address for _, address in hits[:limit]])
    more = len(hits) > limit and start + limit < MOST_RANKED
    return _Page(tuple(items), [start + limit] if more else None)


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


def _terms(facet: Facet) -> dict[str, Any]:
    return {
        "field": path_of(facet.kind, facet.property, facet.language),
        "size": facet.size,
        "segment_size": MOST_VALUES,
    }


def _counted(facet: Facet, found: Mapping[str, Any]) -> tuple[Counted, ...]:
    return tuple(
        Counted(_value(facet.kind, bucket["key"]), bucket["doc_count"])
        for bucket in found["buckets"]
    )


def _value(kind: Kind, key: Any) -> Value:
    """A value as it was imported; of a text that was cut, its beginning."""
    if kind.is_text:
        text = str(key)[1:]
        return text if not index.was_cut(str(key)) else f"{text[: index.LONGEST]}…"
    if kind is Kind.BOOLEAN:
        return bool(key)
    if kind is Kind.TIMESTAMP:
        return index.moment(0) + timedelta(milliseconds=int(key))
    return float(key) if kind is Kind.DECIMAL else int(key)


def _digest(question: Question, sealing: Sealing) -> str:
    asked = repr((sealing.collection, question.where, question.order))
    return blake2b(asked.encode(), digest_size=12).hexdigest()


def _opened(question: Question, digest: str, sealing: Sealing) -> list[Any] | None:
    """Where the page begins; None at the start."""
    if question.cursor is None:
        return None
    for key in sealing.keys:
        opened = cursors.unseal(question.cursor, digest, key)
        if opened is not None:
            epoch, place = opened
            if epoch != sealing.epoch:
                raise Problem(
                    "cursor_expired",
                    "The collection was built anew since this cursor was given. Ask again without "
                    "a cursor.",
                )
            return list(place)
    raise Problem(
        "invalid",
        "This is no cursor of this question. Give it with the very question it came with, or ask "
        "without a cursor.",
        field="cursor",
    )
