"""The engine's queries for what a text asks for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tantivy import Occur, Query

from shared.catalog.search.words import MOST_WORDS, Word
from shared.catalog.segment.analysis import LONGEST_VALUE, compact, gtin14
from shared.catalog.segment.index import IDENTIFIERS
from shared.catalog.segment.reader import Segment

_MOST_CHUNKS: Final = 3
_MOST_NAMED: Final = 2
"""Identifiers that are looked for with the words beside them: each costs a search for all words."""
_SHORTEST_PART: Final = 4
_SHORTEST_NUMBER: Final = 6
_SHORTEST_BEGINNING: Final = 6
_MOST_BEGUN: Final = 20
"""Identifiers that begin alike. More say nothing about which product is meant."""


def all_words(segment: Segment, words: Iterable[Word]) -> Query | None:
    """Every telling word; the others only add to the score. None without words."""
    clauses = [
        (Occur.Must if word.telling else Occur.Should, _spelt(segment, word)) for word in words
    ]
    return Query.boolean_query(clauses) if clauses else None


def any_word(segment: Segment, words: Iterable[Word]) -> Query | None:
    """At least one term of a telling word. None where that is no more than all words are."""
    telling: dict[str, Query] = {}
    others: dict[str, Query] = {}
    for word in words:
        terms = telling if word.telling else others
        for spelling in word.spellings:
            for term in spelling:
                terms[term] = segment.term(term).query
    if len(telling) <= 1:
        return None
    some = _joined(Occur.Should, list(telling.values()))
    return Query.boolean_query(
        [(Occur.Must, some), *((Occur.Should, query) for query in others.values())]
    )


def identified(segment: Segment, query: str, words: Sequence[Word]) -> Query | None:
    """Products with an identifier (GTIN, MPN, SKU, key) that the text is, or names.

    One that is only named in a longer text must look like one, with a digit in it, and the
    product must have the other words as well: `brother tn-2110 toner`. A GTIN needs no other
    words. Of those that need them the first few count. The beginning of a few identifiers will do
    beside other words: `matrox m9125e51`. None where there is none.
    """
    found: list[Query] = []
    named = 0
    for chunk, plain, whole in _chunks(query):
        forms = [form for form in _forms(plain) if segment.searcher.doc_freq(IDENTIFIERS, form)]
        if not forms and not whole and chunk.isalnum():
            forms = _begun(segment, plain)
        if not forms:
            continue
        covered = set(segment.surface(chunk))
        alone = whole or gtin14(plain) in forms
        named += not alone
        if named > _MOST_NAMED and not alone:
            continue
        others = [] if alone else [word for word in words if not covered.issuperset(word.asked)]
        one = _joined(
            Occur.Should,
            [Query.term_query(segment.schema, IDENTIFIERS, form, "basic") for form in forms],
        )
        rest = all_words(segment, others)
        found.append(Query.boolean_query([(Occur.Must, each) for each in (one, rest) if each]))
    return Query.const_score_query(_joined(Occur.Should, found), 0.0) if found else None


def weight(segment: Segment, words: Iterable[Word]) -> float:
    """The sum of the words' idf: how much BM25 can give before saturation."""
    return sum([idf(segment, word) for word in words])


def idf(segment: Segment, word: Word) -> float:
    """How much a word tells, by its most telling spelling: more where fewer products have it."""
    if len(word.spellings) == 1:
        return sum([segment.term(term).idf for term in word.spellings[0]])
    return max(sum([segment.term(term).idf for term in spelling]) for spelling in word.spellings)


def _chunks(query: str) -> Iterator[tuple[str, str, bool]]:
    """The parts of a text that may be an identifier, as typed and compact; if it is all of it."""
    yield query, compact(query), True
    if not any(map(str.isdigit, query)):
        return
    parts = query.split()[:MOST_WORDS]
    plain = [compact(part) for part in parts]
    for size in range(1, min(_MOST_CHUNKS, len(parts) - 1) + 1):
        for at in range(len(parts) - size + 1):
            identifier = "".join(plain[at : at + size])[:LONGEST_VALUE]
            if _looks_like_one(identifier):
                yield " ".join(parts[at : at + size]), identifier, False


def _looks_like_one(identifier: str) -> bool:
    if identifier.isdigit():
        return len(identifier) >= _SHORTEST_NUMBER
    return len(identifier) >= _SHORTEST_PART and any(map(str.isdigit, identifier))


def _begun(segment: Segment, plain: str) -> list[str]:
    """The identifiers that begin so; none where that says little, or is a word of products."""
    if len(plain) < _SHORTEST_BEGINNING or segment.word(plain).frequency:
        return []
    found = segment.searcher.terms_with_prefix(IDENTIFIERS, plain, limit=_MOST_BEGUN + 1)
    return [term for term, _ in found] if len(found) <= _MOST_BEGUN else []


def _forms(plain: str) -> list[str]:
    """How the identifier may be indexed."""
    return [form for form in dict.fromkeys((plain, gtin14(plain))) if form]


def _spelt(segment: Segment, word: Word) -> Query:
    """The word in any of its spellings."""
    return _joined(
        Occur.Should,
        [
            _joined(Occur.Must, [segment.term(term).query for term in spelling])
            for spelling in word.spellings
        ],
    )


def _joined(occur: Occur, queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(occur, query) for query in queries])
