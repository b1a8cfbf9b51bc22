"""Search: a question, some catalogs, a place to continue from; a page of ready JSON."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.catalog.search.cursor import Place, seal
from shared.catalog.search.facets import Facet, clauses
from shared.catalog.search.order import Order, order
from shared.catalog.search.within import within
from shared.catalog.search.words import understand
from shared.catalog.segment.reader import Segment
from shared.errors import Problem

DEFAULT_LIMIT: Final = 50
MOST: Final = 100
_ONLY: Final = TypeAdapter(tuple[Facet, ...])


class Question(BaseModel):
    """What is asked. An absent or blank `query` browses. `catalogs` as the caller named them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str | None = None
    facets: tuple[Facet, ...] = ()
    exclude_facets: tuple[Facet, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    catalogs: tuple[str, ...] | None = None

    def digest(self) -> str:
        """Differs for every other question: what a cursor is bound to."""
        return _digest(self.model_dump_json().encode())


@dataclass(frozen=True, slots=True)
class Shelf:
    """A catalog to search in, as one caller sees it.

    Attributes:
        catalog: its key.
        display_name: said in every item.
        version: the owner's name of the version that `segment` is.
        segment: the version the walk is in: the current one on a first page, then the cursor's.
        current: the newest version. Items show what it says, and what it no longer has is left
            out; order and positions are those of `segment`.
        only: the caller's restriction to a part of the catalog.
    """

    catalog: str
    display_name: str
    version: str
    segment: Segment
    current: Segment
    only: tuple[Facet, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Items as JSON objects, ready to be joined; `cursor` continues, None at the end."""

    items: list[bytes]
    cursor: str | None


def search(
    shelves: Sequence[Shelf],
    question: Question,
    *,
    limit: int,
    key: bytes,
    places: Mapping[str, Place] | None = None,
) -> Page:
    """One page of the one order of this question over these catalogs.

    Catalogs are merged by score, then by key; each keeps its own order. `places` is what
    `unseal(cursor, question.digest(), key)` gave; the caller has opened those versions, and leaves
    out catalogs that are no longer granted. Every match is seen exactly once in a walk.

    Raises `invalid_limit`, `invalid`, and `cursor_expired` when the caller's restriction on a
    catalog changed during the walk.
    """
    if not 1 <= limit <= MOST:
        raise Problem("invalid_limit", f"limit goes from 1 to {MOST}.", min=1, max=MOST)
    walks = [
        _Walk(shelf, question, (places or {}).get(shelf.catalog), limit + 1)
        for shelf in sorted(shelves, key=lambda shelf: shelf.catalog)
        if places is None or shelf.catalog in places
    ]
    merged = heapq.merge(*(walk.stream(index) for index, walk in enumerate(walks)))
    items: list[bytes] = []
    for _, index, position, number, score in merged:
        if len(items) == limit:
            left = {walk.shelf.catalog: walk.place() for walk in walks}
            return Page(items, seal(left, question.digest(), key))
        walk = walks[index]
        walk.position = position + 1
        items.append(_item(walk.shelf, number, score))
    return Page(items, None)


class _Walk:
    """One catalog's part of a page."""

    def __init__(self, shelf: Shelf, question: Question, place: Place | None, chunk: int) -> None:
        self.shelf = shelf
        self._only = _digest(_ONLY.dump_json(shelf.only)) if shelf.only else ""
        if place is not None and place.only != self._only:
            raise Problem(
                "cursor_expired",
                "What you may see of a catalog changed since this cursor was given. "
                "Search again without a cursor.",
            )
        self.position = place.position if place else 0
        self._order = order_of(shelf, question)
        self._chunk = chunk

    def place(self) -> Place:
        return Place(self.shelf.version, self.position, self._only)

    def stream(self, index: int) -> Iterator[tuple[float, int, int, int, float]]:
        """(sort key, catalog, position, number in the current version, score) of what is left."""
        position = self.position
        segment, current = self.shelf.segment, self.shelf.current
        while hits := self._order.hits(position, self._chunk):
            for hit in hits:
                number: int | None = hit.number
                if segment is not current:
                    number = self._number_now(segment.claims(hit.number)[0])
                if number is not None:
                    yield -hit.score, index, position, number, hit.score
                position += 1
            if len(hits) < self._chunk:
                return

    def _number_now(self, key: str) -> int | None:
        """The product in the current version, if it is still there for this caller."""
        current = self.shelf.current
        number = current.active_number_of(key)
        if number is None or not within(current, number, self.shelf.only):
            return None
        return number


def order_of(shelf: Shelf, question: Question) -> Order:
    """The order of the question in this catalog, within the caller's restriction."""
    text = question.query or ""
    conditions = clauses(
        shelf.segment.schema,
        facets=(*question.facets, *shelf.only),
        exclude=question.exclude_facets,
        price_min=question.price_min,
        price_max=question.price_max,
    )
    return order(shelf.segment, text, understand(shelf.segment, text), conditions)


def _item(shelf: Shelf, number: int, score: float) -> bytes:
    shared, item = shelf.current.item(number)
    name = orjson.dumps(shelf.display_name)
    members = b",".join(filter(None, (shared, item)))
    return b'{"catalogDisplayName":%b,"displayMatchScore":%d,%b}' % (
        name,
        round(100 * score),
        members,
    )


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()
