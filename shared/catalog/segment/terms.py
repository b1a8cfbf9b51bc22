"""What an index knows of the words of a question, and of its own terms."""

import math
from collections.abc import Callable
from typing import NamedTuple

import tantivy
from tantivy import Query

from shared.catalog.segment import index as engine
from shared.indexes.words import analyzer, surface_analyzer


class Known(NamedTuple):
    """What a segment knows of a surface word.

    Attributes:
        text: the word.
        terms: its indexed terms: one, save for odd characters; never none.
        frequency: in about how many products it occurs (deleted ones are counted in).
        is_stop_word: whether it says nothing in the catalog's language.
    """

    text: str
    terms: tuple[str, ...]
    frequency: int
    is_stop_word: bool

    @property
    def telling(self) -> bool:
        """Whether some product has it, and having it says something."""
        return self.frequency > 0 and not self.is_stop_word


class Term(NamedTuple):
    """An indexed term: the engine's query for it, and BM25's idf (a natural logarithm)."""

    query: Query
    idf: float


def words_of(searcher: tantivy.Searcher, language: str) -> Callable[[str], Known]:
    """What an index knows of a surface word."""
    indexed, telling = analyzer(language), surface_analyzer(language)

    def word(text: str) -> Known:
        terms = tuple(indexed.analyze(text)) or (text,)
        frequency = min(searcher.doc_freq(engine.WORDS, term) for term in terms)
        return Known(text, terms, frequency, not telling.analyze(text))

    return word


def terms_of(
    searcher: tantivy.Searcher, schema: tantivy.Schema, documents: int
) -> Callable[[str], Term]:
    """What an index of so many documents knows of a term."""

    def term(text: str) -> Term:
        frequency = searcher.doc_freq(engine.WORDS, text)
        idf = math.log1p((documents - frequency + 0.5) / (frequency + 0.5))
        return Term(Query.term_query(schema, engine.WORDS, text, "freq"), idf)

    return term
