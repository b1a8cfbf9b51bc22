"""The order of products by how like others they are: by the words of their titles and kinds.

The words that tell most count, the rarest first. A product must have one of the most telling few,
so that the order ends where likeness does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import Occur, Query

from shared.catalog.search.facets import Clause
from shared.catalog.search.order import Hit, Position
from shared.catalog.segment.index import NUMBER
from shared.catalog.segment.reader import Segment

MOST_TERMS: Final = 12
_NEEDED: Final = 4
"""Of these most telling terms a product has at least one."""
_SATURATION: Final = 2.2


@dataclass(frozen=True, slots=True)
class Similar:
    """An `Order`. A place is a number of products before it."""

    segment: Segment
    query: Query
    best: float
    text: str
    revision: str = "similar 1"
    left_out: int = 0
    missing: tuple[str, ...] = ()

    def hits(self, after: Position | None, limit: int) -> list[Hit]:
        """See `Order`."""
        offset = after[1] if after else 0
        keys, numbers = self.segment.find(self.query, limit, offset)
        return [
            Hit(number, min(1.0, key / self.best), (0, at))
            for at, (key, number) in enumerate(zip(keys, numbers, strict=True), offset + 1)
        ]

    def count(self) -> int:
        """See `Order`."""
        return self.segment.count(self.query)


def similar(
    segment: Segment, texts: Sequence[str], clauses: list[Clause], left_out: Sequence[str]
) -> Similar:
    """Products like those that these texts describe; without the products of the keys `left_out`.

    Of several texts, words that more of them have count more.
    """
    weights: dict[str, float] = {}
    for text in texts:
        words = [segment.word(word) for word in dict.fromkeys(segment.surface(text))]
        for term in {term for word in words if word.telling for term in word.terms}:
            weights[term] = weights.get(term, 0.0) + segment.term(term).idf / len(texts)
    terms = sorted(weights.items(), key=lambda each: (-each[1], each[0]))[:MOST_TERMS]
    needed = [segment.term(term).query for term, _ in terms[:_NEEDED]]
    rest = [
        (Occur.Should, Query.boost_query(segment.term(term).query, weight))
        for term, weight in terms
    ]
    some = Query.boolean_query([(Occur.Should, each) for each in needed])
    itself = [number for key in left_out if (number := segment.number_of(key)) is not None]
    but = [(Occur.MustNot, Query.term_query(segment.schema, NUMBER, each)) for each in itself]
    query = Query.boolean_query(
        [(Occur.Must, Query.const_score_query(some, 0.0)), *rest, *clauses, *but]
    )
    best = _SATURATION * sum(weight * segment.term(term).idf for term, weight in terms) or 1.0
    return Similar(segment, query, best, " ".join(term for term, _ in terms))
