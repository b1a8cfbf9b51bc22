"""What a query's text asks for: groups of terms, each of which one match must have or may have."""

from dataclasses import dataclass
from typing import Final

from tantivy import Query

from shared.catalog.segment.index import WORDS
from shared.catalog.segment.reader import Segment
from shared.errors import Problem

LONGEST_QUERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """One word of the query: the query that finds it, and how much it says (tantivy's idf)."""

    query: Query
    idf: float


def groups(segment: Segment, text: str) -> list[Group]:
    """The query's words, each once, in order. Raises `invalid` for more than 1,000 characters."""
    if len(text) > LONGEST_QUERY:
        raise Problem(
            "invalid",
            f"The query is longer than {LONGEST_QUERY} characters. Ask for less at once.",
            field="query",
            max=LONGEST_QUERY,
        )
    terms = dict.fromkeys(segment.analyzer.analyze(text))
    return [
        Group(Query.term_query(segment.schema, WORDS, term, "freq"), segment.idf(term))
        for term in terms
    ]
