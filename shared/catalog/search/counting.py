"""Which values a facet has among the products that answer a question, and how many have each.

The engine walks the facet's terms and counts each among the products: exact, whatever their number
(0.1 ms for the brands of 19,000). Terms are folded, so a value is shown as a product that has it
writes it. Where nearly every product of a large catalog has a value of its own, as with part
numbers, a walk would cost a second: there only the values of the first products are counted, and
the answer says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import orjson
from tantivy import Occur, Query

from shared.catalog.search.facet_views import facets_of
from shared.catalog.search.queries import all_words
from shared.catalog.search.search import Question, conditions_of, understood
from shared.catalog.search.shelf import Shelf
from shared.catalog.search.words import understand
from shared.catalog.segment.analysis import facet_term
from shared.catalog.segment.index import FACETS
from shared.facets import ATTRIBUTE, Facet, field_of
from shared.indexes.guard import guarded

MANY: Final = 50_000
"""Products of a catalog above which values are looked at before they are walked."""
LOOKED_AT: Final = 200
"""Products that are looked at: for which facets they have, and whether those tell them apart."""
MANY_VALUES: Final = 5_000
"""Values of a facet that are listed at most: each is read from a product that has it."""
_OWN: Final = 0.8
"""The share of different values from which a facet tells products apart."""


class Counts(NamedTuple):
    """The values of one facet, the most frequent first, each with how many products have it.

    `complete`: whether there can be no other value. `distinct`: how many there are.
    """

    values: list[tuple[str, int]]
    complete: bool
    distinct: int


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
    found: dict[str, int] = {}
    whole = True
    queries = [(shelf, answering(shelf, meant, by_words=by_words)) for shelf in shelves]
    for shelf, query in queries:
        walked = _by_value(shelf, query, field)
        whole = whole and walked.whole
        for term, count in walked.counts.items():
            found[term] = found.get(term, 0) + count
    ranked = sorted(found, key=lambda term: (-found[term], term))
    shown = [(_as_written(queries, field, term), found[term]) for term in ranked[:most]]
    return Counts(shown, whole and len(ranked) <= most, len(ranked))


@guarded
def count_attributes(shelves: Sequence[Shelf], question: Question, *, most: int) -> Counts:
    """Which attributes the products of the question have, and how many products have each.

    They are read from the first products, the most frequent there first: a catalog can have a
    thousand, and counting one takes as long as a search.
    """
    meant = understood(question, shelves) or question
    seen = fields_among(shelves, meant)
    fields = [field for field, _ in seen.most_common() if field.startswith(ATTRIBUTE)]
    queries = [(shelf, answering(shelf, meant, by_words=True)) for shelf in shelves]
    found = {
        field.removeprefix(ATTRIBUTE): sum(count_having(*each, field) for each in queries)
        for field in fields[:most]
    }
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    whole = all(shelf.segment.count(query) <= LOOKED_AT for shelf, query in queries)
    return Counts(ranked, whole and len(fields) <= most, len(fields))


@guarded
def count_products(shelves: Sequence[Shelf], question: Question, facets: Sequence[Facet]) -> int:
    """How many products the question leaves, by these facets as well; its words do not count."""
    meant = understood(question, shelves) or question
    meant = meant._replace(facets=(*meant.facets, *facets))
    return sum(shelf.segment.count(answering(shelf, meant, by_words=False)) for shelf in shelves)


def count_having(shelf: Shelf, query: Query, field: str) -> int:
    """How many of these products have any value of a facet, by its name in the index."""
    return shelf.segment.count(_both(query, _any_value(shelf, field)))


def fields_among(shelves: Iterable[Shelf], question: Question) -> Counter[str]:
    """The facets that the first products of a question have: how many of those have each."""
    seen: Counter[str] = Counter()
    for shelf in shelves:
        query = answering(shelf, question, by_words=True)
        seen.update(fields_of(shelf, shelf.segment.find(query, LOOKED_AT).numbers))
    return seen


def fields_of(shelf: Shelf, numbers: Iterable[int]) -> Counter[str]:
    """The facets that these products have, by their names in the index: how many have each."""
    return Counter(
        field for number in numbers for field in {field: 0 for field, _ in _facets(shelf, number)}
    )


def answering(shelf: Shelf, question: Question, *, by_words: bool) -> Query:
    """The products of a question, with all words of its text or whatever words they have."""
    segment = shelf.segment
    wanted = Query.all_query()
    if by_words and question.text:
        words = understand(segment, question.text).words
        wanted = all_words(segment, words) or wanted
    return Query.boolean_query([(Occur.Must, wanted), *conditions_of(shelf, question, shelf.at)])


class _Walked(NamedTuple):
    """How many products have each term of a facet; `whole`: whether these are all terms."""

    counts: dict[str, int]
    whole: bool


def _by_value(shelf: Shelf, query: Query, field: str) -> _Walked:
    segment = shelf.segment
    if segment.searcher.num_docs > MANY:
        first = segment.find(query, LOOKED_AT).numbers
        terms = [term for number in first for term in _terms(shelf, number, field)]
        if len(first) == LOOKED_AT and len(set(terms)) > _OWN * len(terms) > 0:
            counts = {term: segment.count(_both(query, _one(shelf, term))) for term in set(terms)}
            return _Walked(counts, whole=False)
    walked = segment.searcher.terms_with_prefix(FACETS, facet_term(field, ""), filter_query=query)
    return _Walked({term: count for term, count in walked if count}, whole=True)


def _as_written(queries: Iterable[tuple[Shelf, Query]], field: str, term: str) -> str:
    """The value of a term as the first product that has it writes it."""
    for shelf, query in queries:
        for number in shelf.segment.find(_both(query, _one(shelf, term)), 1).numbers:
            for name, value in _facets(shelf, number):
                if name == field and facet_term(name, value) == term:
                    return value
    return term.partition("\x1f")[2]


def _terms(shelf: Shelf, number: int, field: str) -> list[str]:
    return [facet_term(field, value) for name, value in _facets(shelf, number) if name == field]


def _facets(shelf: Shelf, number: int) -> Iterator[tuple[str, str]]:
    return facets_of(orjson.loads(shelf.full(number)))


def _others(facets: Iterable[Facet], field: str) -> tuple[Facet, ...]:
    return tuple(facet for facet in facets if field_of(facet.name) != field)


def _both(query: Query, other: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, other)])


def _one(shelf: Shelf, term: str) -> Query:
    return Query.term_query(shelf.segment.schema, FACETS, term)


def _any_value(shelf: Shelf, field: str) -> Query:
    plain = "".join(f"\\{each}" if each in _SPECIAL else each for each in facet_term(field, ""))
    return Query.regex_query(shelf.segment.schema, FACETS, f"{plain}.*")


_SPECIAL: Final = frozenset(r".^$*+?()[]{}|\&~#-")
