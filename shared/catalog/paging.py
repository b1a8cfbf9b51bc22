"""One page of an answer: cursors opened, versions found, items joined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from shared.auth.keyring import CURSORS
from shared.catalog.reach import Reached
from shared.catalog.search.cursor import Place, mismatch, unseal
from shared.catalog.search.room import Room
from shared.catalog.search.search import Page, Question, Show, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.search.words import MOST_WORDS
from shared.tool import Call


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """Items as JSON, the cursor that continues, the text that was looked for, what to know.

    `question`, `missing` and `partly`: as `Page` has them.
    """

    items: list[bytes]
    cursor: str | None
    text: str
    note: str = ""
    question: Question | None = None
    missing: tuple[str, ...] = ()
    partly: bool = False

    def members(self) -> bytes:
        """The members `items`, `nextCursor`, and `note` where there is one, without braces."""
        note = b',"note":' + orjson.dumps(self.note) if self.note else b""
        cursor = orjson.dumps(self.cursor)
        return b'"items":[' + b",".join(self.items) + b'],"nextCursor":' + cursor + note


def page_of(
    call: Call,
    catalogs: Sequence[Reached],
    question: Question,
    *,
    limit: int,
    cursor: str | None,
    show: Show = Shelf.item,
    room: Room | None = None,
    strict: bool = False,
) -> ReadyPage:
    """The page of this question that the cursor points to; `show` and `room` as `search` has them.

    A walk stays in the versions it began in. A cursor that is none of this question begins at page
    1, or is `cursor_mismatch` where that is `strict`. Raises `invalid_limit`, `invalid`,
    `cursor_expired`.
    """
    ring = call.app.keys.sealing(CURSORS)
    places = _places(cursor, question, ring.keys) if cursor else None
    if strict and cursor and places is None:
        raise mismatch()
    shelves = [_shelf(call, each, places) for each in catalogs]
    page = search(
        shelves,
        question,
        limit=limit,
        key=ring.keys[0],
        places=places,
        show=show,
        room=room,
    )
    vain = page.missing or (() if page.items or cursor else (page.effective_query,))
    call.app.demand.count(call.caller.org, [each.head.catalog for each in catalogs], vain)
    note = " ".join(_notes(page))
    return ReadyPage(
        page.items,
        page.cursor,
        page.effective_query,
        note,
        page.question,
        page.missing,
        page.partly,
    )


def is_cursor_of(call: Call, cursor: str, question: Question) -> bool:
    """Whether the cursor was given for this very question."""
    keys = call.app.keys.sealing(CURSORS).keys
    return _places(cursor, question, keys) is not None


def _notes(page: Page) -> Iterator[str]:
    if page.left_out:
        yield (
            f"The first {MOST_WORDS} words of the query were looked for, and {page.left_out} were"
            " not. Ask with fewer words."
        )
    if page.full:
        yield (f"There was room for {len(page.items)} products here. Go on with nextCursor.")


def _places(cursor: str, question: Question, keys: Sequence[bytes]) -> dict[str, Place] | None:
    """Where the cursor stands, if it was sealed with one of the keys."""
    digest = question.digest()
    return next((found for key in keys if (found := unseal(cursor, digest, key))), None)


def _shelf(call: Call, each: Reached, places: Mapping[str, Place] | None) -> Shelf:
    place = (places or {}).get(each.head.catalog)
    return each.shelf(call, int(place.version) if place else None)
