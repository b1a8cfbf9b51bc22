"""Which values a facet has among the products that answer a question, and how many have each.

The engine counts the products of a value exactly, but does not list values. They are read from the
first products that answer; a value that none of those has is not listed, and the answer says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from tantivy import Occur, Query

from shared.catalog.search.queries import all_words
from shared.catalog.search.search import Question, conditions_of, understood
from shared.catalog.search.shelf import Shelf
from shared.catalog.search.words import understand
from shared.catalog.segment.analysis import facet_term
from shared.catalog.segment.index import FACETS
from shared.facets import Facet, attribute_facet, field_of, folded
from shared.indexes.guard import guarded

LOOKED_AT: Final = 500
"""Products of a catalog whose values are read."""


class Counts(NamedTuple):
    """The values of one facet, the most frequent first, each with how many products have it.

    `complete`: whether there can be no other value.
    """

    values: list[tuple[str, int]]
    complete: bool


@guarded
def count_values(
    shelves: Sequence[Shelf], question: Question, name: str, *, most: int, by_words: bool = True
) -> Counts:
    """The values of a facet among what answers the question, but for its conditions on that facet.

    So a count is what choosing the value would come to. `by_words`: whether products must have the
    words of the text. Raises ValueError for a facet that cannot be.
    """
    meant = understood(question, shelves) or question
    field = field_of(name)
    meant = meant._replace(facets=_others(meant.facets, field))
    values: dict[str, str] = {}
    found: dict[str, int] = {}
    complete = True
    for shelf in shelves:
        query = _answering(shelf, meant, by_words=by_words)
        numbers = shelf.segment.find(query, LOOKED_AT).numbers
        complete = complete and len(numbers) < LOOKED_AT
        seen = dict(_values_of(shelf, numbers, field))
        values = seen | values
        for key in seen:
            term = Query.term_query(shelf.segment.schema, FACETS, facet_term(field, key))
            having = Query.boolean_query([(Occur.Must, query), (Occur.Must, term)])
            found[key] = found.get(key, 0) + shelf.segment.count(having)
    ranked = sorted(found, key=lambda key: (-found[key], key))
    shown = [(values[key], found[key]) for key in ranked[:most]]
    return Counts(shown, complete and len(ranked) <= most)


@guarded
def count_products(shelves: Sequence[Shelf], question: Question, facets: Sequence[Facet]) -> int:
    """How many products the question leaves, by these facets as well; its words do not count."""
    meant = understood(question, shelves) or question
    meant = meant._replace(facets=(*meant.facets, *facets))
    return sum(shelf.segment.count(_answering(shelf, meant, by_words=False)) for shelf in shelves)


def _others(facets: Iterable[Facet], field: str) -> tuple[Facet, ...]:
    return tuple(facet for facet in facets if field_of(facet.name) != field)


def _answering(shelf: Shelf, question: Question, *, by_words: bool) -> Query:
    segment = shelf.segment
    wanted = Query.all_query()
    if by_words and question.text:
        words = understand(segment, question.text).words
        wanted = all_words(segment, words) or wanted
    return Query.boolean_query([(Occur.Must, wanted), *conditions_of(shelf, question, shelf.at)])


def _values_of(shelf: Shelf, numbers: Iterable[int], field: str) -> Iterator[tuple[str, str]]:
    """Values of a facet that these products have, as compared and as written."""
    for number in numbers:
        view = orjson.loads(shelf.full(number))
        for name, value in facets_of(view):
            if name == field:
                yield folded(value), value


def facets_of(view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facets of a product's full view: names as the index has them, and values."""
    enrichment = view.get("enrichment") or {}
    brand = view.get("brand") or {}
    details = view.get("details") or {}
    for depth, category in enumerate(view["categoryPath"]):
        yield f"category_path.depth_{depth}", category
    one = (
        ("brand_name", brand.get("name")),
        ("brand_slug", brand.get("slug")),
        ("product_type", enrichment.get("type")),
        (attribute_facet("availability"), view.get("availability")),
        (attribute_facet("condition"), view.get("condition")),
        (attribute_facet("energy_class"), details.get("energyClass")),
    )
    yield from ((name, value) for name, value in one if value)
    several: tuple[tuple[str, Iterable[str]], ...] = (
        ("gender", view["audience"]["genders"]),
        ("age_groups", view["audience"]["ageGroups"]),
        ("color", [color["label"] for color in view["colors"]]),
        ("color_family", enrichment.get("color_family", ())),
        (attribute_facet("fit"), details.get("fit", ())),
        (attribute_facet("material"), details.get("materials", ())),
        (attribute_facet("pattern"), details.get("patterns", ())),
        (attribute_facet("size"), view["sizes"]),
        *((attribute_facet(name), each) for name, each in enrichment.get("attributes", {}).items()),
        *(
            (attribute_facet(each["name"]), (each["value"],))
            for each in details.get("specifications", ())
        ),
        *(
            (attribute_facet(axis), (value,))
            for variant in view["variants"]
            for axis, value in variant["options"].items()
        ),
    )
    yield from ((name, value) for name, values in several for value in values)
