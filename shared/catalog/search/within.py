"""Whether a product lies within a grant's restriction: the same facets, asked of one product."""

from collections.abc import Sequence

from tantivy import Occur, Query

from shared.catalog.search.facets import Facet, clauses
from shared.catalog.segment.index import NUMBER
from shared.catalog.segment.reader import Segment


def within(segment: Segment, number: int, only: Sequence[Facet]) -> bool:
    """Whether the product of that number matches every facet; with none, always."""
    if not only:
        return True
    this = (Occur.Must, Query.term_query(segment.schema, NUMBER, number))
    conditions = [this, *clauses(segment.schema, facets=only)]
    return bool(segment.find(Query.boolean_query(conditions), 1).numbers)
