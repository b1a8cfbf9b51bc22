"""Search: a question, some catalogs, a place to continue from; a page of ready JSON.

    question = Question(query="kettle")
    places = unseal(cursor, question.digest(), key)   # None: from the start
    shelves = [...]   # a Shelf a granted catalog, in places[catalog].version where places name it
    page = search(shelves, question, limit=50, key=key, places=places)

Where a version that `places` names is no longer kept, the caller raises `cursor.expired()`.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson
from tantivy import Occur

from shared.catalog.search import meaning as meanings
from shared.catalog.search.browse import Browse
from shared.catalog.search.cursor import Place, expired, seal
from shared.catalog.search.facets import Clause, clauses, holding
from shared.catalog.search.order import Hit, Order
from shared.catalog.search.ranked import KNOWN_WORDS, ranked
from shared.catalog.search.room import Room
from shared.catalog.search.shelf import Shelf
from shared.catalog.search.similar import similar
from shared.catalog.search.words import understand
from shared.errors import Problem
from shared.facets import Facet
from shared.indexes.guard import guarded

DEFAULT_LIMIT: Final = 50
MOST: Final = 100


class Question(NamedTuple):
    """What is asked. A `query` that is absent, blank or `*` browses.

    `catalogs`: as the caller named them. `understand`: whether price bounds and what is not wanted
    are read from the text (`search.meaning`); `without`: words that products must not have.
    `like`: texts of products whose like is asked for instead of a query (`search.similar`);
    `sources`: those products, as catalog and key, which are no answer.
    """

    query: str | None = None
    facets: tuple[Facet, ...] = ()
    exclude_facets: tuple[Facet, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    catalogs: tuple[str, ...] | None = None
    understand: bool = True
    without: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The text to look for; empty to browse."""
        text = (self.query or "").strip()
        return "" if text == "*" else text

    def digest(self) -> str:
        """Differs for every other question: what a cursor is bound to."""
        asked = self if self.like else self[: Question._fields.index("like")]
        return _digest([meanings.REVISION, *asked])


class Page(NamedTuple):
    """One page.

    Attributes:
        items: JSON objects, ready to be joined.
        cursor: continues; None at the end.
        effective_query: what was looked for: the query, or as the first item's catalog spells it.
        left_out: how many words of the query were not looked for, because it has too many.
        full: whether it ends because there was no more room.
        question: what was asked in the end, where more was read from the text than words.
        missing: words that no product of these catalogs has.
        partly: whether no product has all the other words. Said of a first page only.
    """

    items: list[bytes]
    cursor: str | None
    effective_query: str
    left_out: int = 0
    full: bool = False
    question: Question | None = None
    missing: tuple[str, ...] = ()
    partly: bool = False


Show = Callable[[Shelf, int, float], bytes]
"""An item as JSON: of a product of a shelf, by its number, with its score 0..1."""


@guarded
def search(
    shelves: Sequence[Shelf],
    question: Question,
    *,
    limit: int,
    key: bytes,
    places: Mapping[str, Place] | None = None,
    show: Show = Shelf.item,
    room: Room | None = None,
) -> Page:
    """One page of the one order of this question over these catalogs.

    Catalogs are merged by score, then by key; each keeps its own order. `places` is what
    `unseal(cursor, question.digest(), key)` gave; the caller has opened those versions, and leaves
    out catalogs that are no longer granted. Every match is seen exactly once in a walk. `show`
    makes an item; the page ends before one that `room` does not take.

    Raises `invalid_limit`, `invalid`, and `cursor_expired` when the caller's restriction on a
    catalog, or how we order products, changed during the walk.
    """
    if not 1 <= limit <= MOST:
        raise Problem("invalid_limit", f"limit goes from 1 to {MOST}.", min=1, max=MOST)
    meant = understood(question, shelves)
    walks = [
        _Walk(shelf, meant or question, (places or {}).get(shelf.catalog), limit + 1)
        for shelf in sorted(shelves, key=lambda shelf: shelf.catalog)
        if places is None or shelf.catalog in places
    ]
    items: list[bytes] = []
    cursor, text, full, partly = None, (meant or question).text, False, False
    for walk, hit in heapq.merge(*(walk.steps() for walk in walks), key=_falling):
        if len(items) < limit:
            item = show(walk.shelf, hit.number, hit.score)
            full = room is not None and not room.takes(item)
        if full or len(items) == limit:
            left = {walk.shelf.catalog: walk.place() for walk in walks}
            cursor = seal(left, question.digest(), key)
            break
        if not items:
            partly = bool(text) and places is None and hit.score < KNOWN_WORDS
            text = walk.order.text
        walk.position = hit.after
        items.append(item)
    left_out = max((walk.order.left_out for walk in walks), default=0)
    missing = _in_all([walk.order.missing for walk in walks])
    return Page(items, cursor, text, left_out, full, meant, missing, partly)


@guarded
def count(shelf: Shelf, question: Question) -> int:
    """How many products of the catalog answer the question, within the caller's restriction."""
    meant = understood(question, [shelf]) or question
    return order_of(shelf, meant, shelf.at).count()


def understood(question: Question, shelves: Iterable[Shelf]) -> Question | None:
    """The question with what its text says beside words; None where that is nothing.

    A bound that the caller gave stays, and its words are taken out of the text all the same.
    """
    if not question.understand or not question.text:
        return None
    found = meanings.meaning(question.text, (shelf.segment for shelf in shelves))
    if found is None:
        return None
    low, high = question.price_min, question.price_max
    return question._replace(
        query=found.text,
        price_min=found.price_min if low is None else low,
        price_max=found.price_max if high is None else high,
        without=found.without,
    )


def order_of(shelf: Shelf, question: Question, at: float) -> Order:
    """The order of the question in this catalog, within the caller's restriction.

    `at`: for which second since 1970.
    """
    segment, text = shelf.segment, question.text
    conditions = conditions_of(shelf, question, at)
    if question.like:
        left_out = [key for catalog, key in question.sources if catalog == shelf.catalog]
        return similar(segment, question.like, conditions, left_out)
    if not text:
        return Browse(segment, conditions)
    return ranked(segment, text, understand(segment, text), conditions)


def conditions_of(shelf: Shelf, question: Question, at: float) -> list[Clause]:
    """What products must be, beside having words of the text."""
    segment = shelf.segment
    conditions = clauses(
        segment.schema,
        facets=(*question.facets, *shelf.only),
        exclude=question.exclude_facets,
        price_min=question.price_min,
        price_max=question.price_max,
    )
    conditions += holding(segment, at)
    for words in question.without:
        if (unwanted := meanings.excluded(segment, words)) is not None:
            conditions.append((Occur.MustNot, unwanted))
    return conditions


class _Walk:
    """One catalog's part of a page."""

    def __init__(self, shelf: Shelf, question: Question, place: Place | None, chunk: int) -> None:
        self.shelf = shelf
        self._only = _digest(shelf.only) if shelf.only else ""
        if place is not None and place.only != self._only:
            raise expired()
        self.position = place.position if place else None
        self._began = place.at if place and place.at else int(shelf.at)
        self.order = order_of(shelf, question, self._began)
        if place is not None and place.revision != self.order.revision:
            raise expired()
        self._chunk = chunk

    def place(self) -> Place:
        """Where the next page begins."""
        return Place(
            self.shelf.version, self.position, self._only, self.order.revision, self._began
        )

    def steps(self) -> Iterator[tuple["_Walk", Hit]]:
        """What is left, in order, with numbers of the current version; each beside this walk."""
        after = self.position
        while hits := self.order.hits(after, self._chunk):
            for hit in self.shelf.still_there(hits, self._began):
                yield self, hit
            after = hits[-1].after
            if len(hits) < self._chunk:
                return


def _falling(step: tuple[_Walk, Hit]) -> float:
    return -step[1].score


def _in_all(words: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Those that every catalog misses, in order of the query."""
    first, *others = words or [()]
    return tuple(word for word in first if all(word in each for each in others))


def _digest(value: Sequence[Any]) -> str:
    data = orjson.dumps(value, default=Facet.model_dump)
    return blake2b(data, digest_size=12).hexdigest()
