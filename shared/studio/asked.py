"""What is asked of entries and cards, and how that becomes a question."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from shared.exact import Exact
from shared.pipeline.filters import Filter, Filters
from shared.pipeline.sources import Source
from shared.query.ast import All, Facet, Node, Question, Sort
from shared.studio.arguments import OfSource, Paged, StudioArgs
from shared.tool import Call


class SortBy(Exact):
    """A column of an order."""

    property: Annotated[str, Field(description="A property, or key, updated_at, score.")]
    dir: Literal["asc", "desc"] = "asc"


class FacetOf(Exact):
    """A property whose values are counted."""

    property: str
    size: Annotated[int, Field(ge=1, le=100)] = 10
    language: str = ""


class Matching(StudioArgs):
    """Which records."""

    filters: Annotated[tuple[Filter, ...], Field(description="All of them hold.")] = ()
    query: Annotated[str, Field(max_length=200, description="Words they have.")] = ""
    search_on: Annotated[
        tuple[str, ...], Field(description="Properties that the words are in; any if left out.")
    ] = ()


class Search(Matching, Paged):
    """What to find, in which order, and what to count."""

    facets: Annotated[
        tuple[FacetOf, ...], Field(max_length=10, description="Properties to count values of.")
    ] = ()
    sort: Annotated[
        tuple[SortBy, ...], Field(max_length=3, description="By key, or by relevance to query.")
    ] = ()
    properties: Annotated[
        tuple[str, ...], Field(description="Only these are shown; all if left out.")
    ] = ()
    language: Annotated[str, Field(description="Only these values of localized properties.")] = ""


class MatchingEntries(Matching, OfSource):
    """Which entries of a source."""


class SearchEntries(Search, OfSource):
    """Which entries of a source, in which order, and what to count."""


def question(filters: Filters, args: Search, narrowed: Sequence[Node] = ()) -> Question:
    """What is asked of records that filters are read for. Raises `invalid`, naming what cannot.

    `narrowed`: further conditions that all hold.
    """
    where = filters.matching(args.filters, args.query, args.search_on)
    order = [_sort(filters, each, args.language, f"sort[{n}]") for n, each in enumerate(args.sort)]
    if args.query and not order:
        order = [Sort("score", descending=True)]
    facets = [
        Facet(
            each.property.lower(),
            filters.kind(each.property, f"facets[{n}].property"),
            each.language or None,
            each.size,
        )
        for n, each in enumerate(args.facets)
    ]
    for n, each in enumerate(args.properties):
        filters.kind(each, f"properties[{n}]")
    return Question(
        where=All((where, *narrowed)) if narrowed else where,
        order=tuple(order),
        facets=tuple(facets),
        limit=args.limit,
        cursor=args.cursor or None,
    )


def filters_of(call: Call, source: Source) -> Filters:
    """What reads filters of the source's entries."""
    return Filters({id_: each.kind for id_, each in source.properties.items()}, call.now)


def _sort(filters: Filters, given: SortBy, language: str, path: str) -> Sort:
    descending = given.dir == "desc"
    match given.property:
        case "key":
            return Sort("key", descending=descending)
        case "updated_at":
            return Sort("updated", descending=descending)
        case "score":
            return Sort("score", descending=True)
    kind = filters.kind(given.property, f"{path}.property")
    localized = language if kind.is_localized else ""
    return Sort("property", given.property.lower(), kind, localized or None, descending)
