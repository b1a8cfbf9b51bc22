"""Products like others: what is asked for on their behalf, and the pages of the answer.

From the products asked about come the words to look for and facets that all of them have. Those
facets are our guess and not the caller's wish, so a short first page is asked for again with
fewer of them; a cursor goes on with what it was given for.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import orjson

from shared.catalog.lookup import look_up
from shared.catalog.paging import ReadyPage, is_cursor_of, page_of
from shared.catalog.reach import reached
from shared.catalog.search.room import Room
from shared.catalog.search.search import Question, Show
from shared.catalog.search.shelf import Shelf
from shared.facets import Facet, field_of
from shared.tool import Call

DEFAULT_LIMIT: Final = 12
SHORT: Final = 5
"""A first page with fewer products is asked for with fewer facets of ours."""
_CATEGORY: Final = "category_path."

Preference = Literal["lower", "any", "higher"]


class Source(NamedTuple):
    """A product whose like is asked for.

    Attributes:
        text: what it calls itself and is kept under.
        facets: that may be asked of its like.
        price: what it costs now, if known.
    """

    catalog: str
    key: str
    uuid: str
    url: str
    title: str
    text: str
    facets: tuple[Facet, ...]
    price: float | None


class Found(NamedTuple):
    """A page, what was asked for it, and which of its facets are ours."""

    page: ReadyPage
    question: Question
    generated: tuple[Facet, ...]


def source_by_url(call: Call, url: str) -> Source | None:
    """The product of a page, in any catalog granted. Raises `invalid_product_url`."""
    match = look_up(call, url, names=None, strict=False)
    if match is None:
        return None
    return _source(match.located.shelf, match.located.found.number)


def source_by_uuid(call: Call, uuid: UUID) -> Source | None:
    """The product with this UUID, in any catalog granted."""
    for each in reached(call):
        shelf = each.shelf(call)
        number = shelf.current.active_number_of_uuid(uuid, shelf.at)
        if number is not None and shelf.shows(number):
            return _source(shelf, number)
    return None


def _source(shelf: Shelf, number: int) -> Source:
    view: dict[str, Any] = orjson.loads(shelf.full(number))
    brand, kind = view["brand"] or {}, (view["enrichment"] or {}).get("type")
    path: list[str] = view["categoryPath"]
    facets = [
        Facet(name=f"{_CATEGORY}depth_{depth}", values=(each,)) for depth, each in enumerate(path)
    ][:7]
    if genders := tuple(view["audience"]["genders"]):
        facets.append(Facet(name="gender", values=genders))
    return Source(
        catalog=shelf.catalog,
        key=shelf.current.claims(number).key,
        uuid=view["uuid"],
        url=view["productUrl"],
        title=view["title"],
        text=" ".join(filter(None, (view["title"], brand.get("name"), kind, *path))),
        facets=tuple(facets),
        price=view["currentPrice"],
    )


def like(
    call: Call,
    sources: Sequence[Source],
    question: Question,
    *,
    limit: int,
    cursor: str | None = None,
    preference: Preference = "any",
    omitted: Iterable[str] = (),
    relax: bool = True,
    show: Show = Shelf.item,
    room: Room | None = None,
) -> Found:
    """A page of products like these; `question`: within which bounds.

    `omitted`: facets that are not to be guessed. Raises `cursor_mismatch` and as `page_of` does.
    """
    asked = _bounded(question, sources, preference)._replace(
        understand=False,
        like=tuple(each.text for each in sources),
        sources=tuple((each.catalog, each.key) for each in sources),
    )
    generated = _generated(sources, asked, omitted)
    stages = [
        (facets, asked._replace(facets=(*asked.facets, *facets)))
        for facets in (generated, *(_fewer(generated) if relax else ()))
    ]
    if cursor:
        of_it = [each for each in stages if is_cursor_of(call, cursor, each[1])]
        stages = of_it or stages[-1:]
    catalogs = reached(call, asked.catalogs)
    found = []
    for facets, narrowed in stages:
        page = page_of(
            call, catalogs, narrowed, limit=limit, cursor=cursor, show=show, room=room, strict=True
        )
        found.append(Found(page, narrowed, facets))
        if page.cursor or len(page.items) >= min(SHORT, limit):
            break
    return max(found, key=lambda each: len(each.page.items))


def _bounded(question: Question, sources: Sequence[Source], preference: Preference) -> Question:
    """With the price bound that is preferred; of two bounds the closer one."""
    prices = [each.price for each in sources if each.price is not None]
    if preference == "any" or not prices:
        return question
    middle = median(prices)
    if preference == "lower":
        highest = middle if question.price_max is None else min(middle, question.price_max)
        return question._replace(price_max=highest)
    lowest = middle if question.price_min is None else max(middle, question.price_min)
    return question._replace(price_min=lowest)


def _generated(
    sources: Sequence[Source], asked: Question, omitted: Iterable[str]
) -> tuple[Facet, ...]:
    """Facets that every source has, with the values of all; none that the caller speaks of."""
    spoken = {field_of(facet.name) for facet in asked.facets} | set(omitted)
    values: dict[str, list[tuple[str, ...]]] = {}
    for source in sources:
        for facet in source.facets:
            values.setdefault(facet.name, []).append(facet.values)
    return tuple(
        Facet(name=name, values=tuple(dict.fromkeys(value for each in found for value in each)))
        for name, found in values.items()
        if len(found) == len(sources) and name not in spoken
    )


def _fewer(generated: tuple[Facet, ...]) -> list[tuple[Facet, ...]]:
    """What is asked for after all of these, the least certain left out first."""
    broad = tuple(each for each in generated if each.name in (f"{_CATEGORY}depth_0", "gender"))
    return list(dict.fromkeys(each for each in (broad, ()) if each != generated))
