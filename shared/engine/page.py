"""A page of an answer: records in order, how many match, what they have.

In order they are a walk (`walk`). By score is a ranking and no walk: it pages by number.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final

from tantivy import Query

from shared import cursors
from shared.engine import index
from shared.engine.index import View, path_of
from shared.engine.search import compiled
from shared.engine.searchable import Sealing
from shared.engine.walk import Page, Walk
from shared.errors import Problem
from shared.query.answers import Answer, Counted
from shared.query.ast import Facet, Question, Value, Values
from shared.query.checks import check
from shared.query.kinds import Kind

MOST_RANKED: Final = 10_000
"""Records up to which an answer by score can be paged."""
MOST_VALUES: Final = 65_000
"""Different values in an index segment up to which a facet is counted exactly."""


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
        wanted[f"facet{number}"] = {"terms": terms(facet, facet.size)}
    walk = None if ranks or not question.limit else Walk(question, place)
    if walk:
        wanted["order"] = walk.wanted()
    counted = view.searcher.aggregate(query, wanted)
    if walk:
        page = walk.page(view, query, counted["order"]["buckets"])
    else:
        page = _ranked(view, query, question.limit, place or [question.skip])
    facets = [counted[f"facet{number}"] for number in range(len(question.facets))]
    return Answer(
        items=page.items,
        total=int(counted["total"]["value"]),
        facets=tuple(
            counts(of.kind, each["buckets"])
            for of, each in zip(question.facets, facets, strict=True)
        ),
        approximate=frozenset(
            number for number, each in enumerate(facets) if each["doc_count_error_upper_bound"]
        ),
        cursor=cursors.seal([sealing.epoch, page.place], digest, sealing.keys[0])
        if page.place
        else None,
        seq=seq,
    )


def _ranked(view: View, query: Query, limit: int, place: list[Any]) -> Page:
    if not limit:
        return Page((), None)
    (start,) = place
    hits = view.searcher.search(query, limit + 1, count=False, offset=start).hits
    items = view.items([address for _, address in hits[:limit]])
    more = len(hits) > limit and start + limit < MOST_RANKED
    return Page(tuple(items), [start + limit] if more else None)


def terms(asked: Facet | Values, size: int) -> dict[str, Any]:
    """What is asked of the engine, to count a property's values."""
    return {
        "field": path_of(asked.kind, asked.property, asked.language)
        if asked.property
        else index.KEY,
        "size": size,
        "segment_size": MOST_VALUES,
    }


def counts(kind: Kind, buckets: Iterable[Mapping[str, Any]]) -> tuple[Counted, ...]:
    """What it answered with."""
    return tuple(Counted(value(kind, bucket["key"]), bucket["doc_count"]) for bucket in buckets)


def value(kind: Kind, key: Any) -> Value:
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
        return list(question.after) if question.after else None
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
