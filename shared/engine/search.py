"""Conditions as the search engine's queries.

What the engine can only narrow down is decided on the records themselves, by the predicate: letter
case, texts that were cut, words in some properties only. More records than MOST_CANDIDATES are
`too_broad` for that, so such a condition is looked at after those that stand beside it.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from tantivy import FieldType, Occur, Query

from shared.engine import index
from shared.engine.index import View, path_of, text_term
from shared.errors import Problem
from shared.query import ast
from shared.query.ast import Compare, InSegment, Keys, Linked, Marked, Node, Updated, Value, Words
from shared.query.checks import RANGES, TEXT_OPERATORS
from shared.query.kinds import Kind, epoch_milliseconds, folded
from shared.query.predicate import like, linked_values, matcher, slips
from shared.values import INT64

MOST_CANDIDATES: Final = 20_000
"""Records that the predicate looks at, values that a text may be contained in, links followed."""
_FEW: Final = 50
"""Terms up to which each is a query of its own."""
_SIGNS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_DOT: Final = "\u0307"
_LONGEST_PATTERN: Final = 100
"""Letters; the engine's automata have at most 1,000 states."""
_SPECIAL: Final = re.compile(r"([^A-Za-z0-9_.])")


def compiled(view: View, node: Node, *, scored: bool = False) -> Query:
    """The query that finds exactly what `matches` accepts.

    With `scored`, words alone add to a match's score. Raises `too_broad`.
    """
    return _Compiler(view, scored=scored).query(node, None)


class _Compiler:
    """Compiles for one view. `within` is what a query's matches will be narrowed to anyway."""

    def __init__(self, view: View, *, scored: bool) -> None:
        self._view = view
        self._schema = view.index.schema
        self._scored = scored

    def query(self, node: Node, within: Query | None) -> Query:
        match node:
            case ast.All(of):
                return self._all(of, within)
            case ast.Any(of):
                return _any([self.query(each, within) for each in of])
            case ast.Not():
                return self._all((node,), within)
            case Words():
                return self._words(node, within)
            case _:
                found = self._leaf(node, within)
                return Query.const_score_query(found, 0.0) if self._scored else found

    def _all(self, of: tuple[Node, ...], within: Query | None) -> Query:
        """Those that the index answers come first, and narrow down what must be looked at."""
        clauses: list[tuple[Occur, Query]] = []
        for node in sorted(of, key=_looks_at_records):
            narrowed = within
            if clauses and _looks_at_records(node):
                narrowed = _joined(clauses, within)
            negated = isinstance(node, ast.Not)
            inner = node.of if isinstance(node, ast.Not) else node
            occur = Occur.MustNot if negated else Occur.Must
            clauses.append((occur, self.query(inner, narrowed)))
        return _joined(clauses, None)

    def _leaf(self, node: Node, within: Query | None) -> Query:
        match node:
            case Compare():
                return self._compare(node, within)
            case Keys(values, op):
                if op == "in":
                    return self._among(index.KEY, values)
                return self._prefix(index.KEY, values[0])
            case Updated(start, end):
                return self._updated(start, end)
            case InSegment() | Marked():
                return self._among(index.HAS, _marks(node))
            case Linked(property_, kind):
                return self._linked(node, path_of(kind, property_))
            case _:
                raise TypeError(f"no condition that the index knows: {node!r}")

    def _words(self, node: Words, within: Query | None) -> Query:
        terms = dict.fromkeys(self._view.terms(node.text))
        if not terms:
            return Query.empty_query()
        each = [Query.term_query(self._schema, index.WORDS, term, "freq") for term in terms]
        found = _joined([(Occur.Must, query) for query in each], None)
        if not node.on:
            return found
        verified = Query.const_score_query(self._verified(node, found, within), 0.0)
        return _joined([(Occur.Must, found), (Occur.Must, verified)], None)

    def _compare(self, node: Compare, within: Query | None) -> Query:
        path = path_of(node.kind, node.property, node.language)
        if node.op == "exists":
            language = f"~{node.language}" if node.language else ""
            return self._has(node.property + language)
        if node.op == "cleared":
            return self._has(index.cleared(node.property))
        if node.kind.is_text:
            found = self._text(node, path, within)
            return self._verified(node, found, within) if node.case_sensitive else found
        if node.op in RANGES:
            return self._one_of_several(node, self._range(node, path))
        return self._among(path, [_exact(node.kind, value) for value in node.values])

    def _one_of_several(self, node: Compare, found: Query) -> Query:
        """Without records of which one value is above the lower bound, another below the upper."""
        several = index.has_several(node.property)
        if node.op != "between" or not self._view.searcher.doc_freq(index.HAS, several):
            return found
        one = _joined([(Occur.Must, found), (Occur.MustNot, self._has(several))], None)
        return _any([one, self._verified(node, found, self._has(several))])

    def _text(self, node: Compare, path: str, within: Query | None) -> Query:
        """The texts that match but for letter case."""
        if node.op not in TEXT_OPERATORS:
            return self._among(path, [text_term(str(value)) for value in node.values])
        text = folded(str(node.values[0]))
        if node.op == "contains":
            found, reaches_cut = self._holding(path, text, lambda value: text in value), True
        elif node.op == "like":
            piece = max(text.split("%"), key=len)
            found, reaches_cut = self._holding(path, piece, partial(like, text)), True
        elif node.op == "starts_with":
            found, reaches_cut = self._prefix(path, f"={text}"), len(text) > index.LONGEST
        else:
            found = self._similar(path, text)
            reaches_cut = len(text) + slips(text) > index.LONGEST
        if not reaches_cut or not self._view.searcher.doc_freq(
            index.HAS, index.has_long(node.property)
        ):
            return found
        cut = self._verified(node, self._has(index.has_long(node.property)), within)
        return _any([found, cut])

    def _holding(self, path: str, text: str, fits: Callable[[str], bool]) -> Query:
        """Records with a text that is not cut, contains this one and fits: by the column's values.

        Values are given to `fits` folded.
        """
        found = self._view.searcher.aggregate(
            Query.all_query(),
            {
                "values": {
                    "terms": {
                        "field": path,
                        "include": f"(?is)=.*{_pattern(text)}.*",
                        "size": MOST_CANDIDATES + 1,
                        "segment_size": MOST_CANDIDATES + 1,
                    }
                }
            },
        )
        values = [bucket["key"] for bucket in found["values"]["buckets"]]
        _require_few(len(values), "values contain the text")
        terms = dict.fromkeys(
            index.folded_term(value)
            for value in values
            if not index.was_cut(value) and fits(folded(value[1:]))
        )
        return self._among(path, list(terms))

    def _range(self, node: Compare, path: str) -> Query:
        """One-sided bounds, joined: the engine panics at two of unlike kinds of number."""
        ops = ("gte", "lte") if node.op == "between" else (node.op,)
        asked = list(zip(ops, node.values, strict=True))
        if node.kind is Kind.DECIMAL:
            bounds = [(_SIGNS[op], _positional(value)) for op, value in asked]
        else:
            low, high = _whole_bounds(asked)
            if low > high:
                return Query.empty_query()
            bounds = [(">=", str(low))] if low > INT64[0] or high == INT64[-1] else []
            bounds += [("<=", str(high))] if high < INT64[-1] else []
        name = _SPECIAL.sub(r"\\\1", path)
        queries = [
            self._view.index.parse_query(f"{name}:{sign}{bound}", [index.KEY])
            for sign, bound in bounds
        ]
        return _joined([(Occur.Must, query) for query in queries], None)

    def _linked(self, node: Linked, path: str) -> Query:
        _require_few(len(node.values), "values are linked")
        if not node.property:
            return self._among(index.KEY, node.values)
        values = linked_values(node)
        if node.kind.is_text:
            return self._among(path, list({text_term(str(value)) for value in values}))
        return self._among(path, [_exact(node.kind, value) for value in values])

    def _updated(self, start: datetime | None, end: datetime | None) -> Query:
        if start is None and end is None:
            return Query.all_query()
        return Query.range_query(
            self._schema,
            index.UPDATED,
            FieldType.Integer,
            None if start is None else index.microseconds(start),
            None if end is None else index.microseconds(end) - 1,
        )

    def _verified(self, node: Compare | Words, candidates: Query, within: Query | None) -> Query:
        """Those candidates that the predicate accepts."""
        searcher = self._view.searcher
        narrowed = _joined(
            [(Occur.Must, query) for query in (candidates, within) if query is not None], None
        )
        hits = searcher.search(narrowed, MOST_CANDIDATES + 1, count=False).hits
        _require_few(len(hits), "records have to be looked at")
        items = self._view.items([address for _, address in hits])
        keys = [item.key for item in filter(matcher(node, self._view.terms), items)]
        return self._among(index.KEY, keys)

    def _has(self, term: str) -> Query:
        return Query.term_query(self._schema, index.HAS, term, "basic")

    def _prefix(self, path: str, text: str) -> Query:
        return Query.fuzzy_term_query(self._schema, path, text, 0, prefix=True)

    def _similar(self, path: str, text: str) -> Query:
        return Query.fuzzy_term_query(self._schema, path, f"={text}", slips(text))

    def _among(self, path: str, values: Sequence[Value | None]) -> Query:
        """Records that have one of these terms; None is one that no record can have."""
        terms = [value for value in values if value is not None]
        if len(terms) > _FEW:
            return Query.term_set_query(self._schema, path, terms)
        return _any([Query.term_query(self._schema, path, term, "basic") for term in terms])


def _marks(node: InSegment | Marked) -> list[str]:
    if isinstance(node, Marked):
        return [index.marked(node.name, value) for value in node.values]
    return [index.in_segment(node.segment)]


def _looks_at_records(node: Node) -> bool:
    """Whether the predicate may have to decide."""
    match node:
        case ast.All(of) | ast.Any(of):
            return any(map(_looks_at_records, of))
        case ast.Not(of):
            return _looks_at_records(of)
        case Words(_, on):
            return bool(on)
        case Compare(_, kind, op):
            return kind.is_text and (node.case_sensitive or op in TEXT_OPERATORS)
        case _:
            return False


def _joined(clauses: list[tuple[Occur, Query]], within: Query | None) -> Query:
    """All of them. Negations alone take away from everything."""
    every = [*clauses, *([(Occur.Must, within)] if within is not None else [])]
    if all(occur == Occur.MustNot for occur, _ in every):
        every.append((Occur.Must, Query.const_score_query(Query.all_query(), 0.0)))
    if len(every) == 1:
        return every[0][1]
    return Query.boolean_query(every)


def _any(queries: list[Query]) -> Query:
    if not queries:
        return Query.empty_query()
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _exact(kind: Kind, value: Value) -> Value | None:
    """A value as the term of its kind; None for one that no record can have."""
    if isinstance(value, datetime):
        return epoch_milliseconds(value)
    if kind is Kind.DECIMAL:
        return index.decimal(float(value))
    if kind is Kind.INTEGER:
        whole = int(value)
        return whole if whole == value and whole in INT64 else None
    return value


def _positional(value: Value) -> str:
    """A decimal in a notation that the engine's query language takes."""
    return format(Decimal(repr(index.decimal(float(_number(value))))), "f")


def _whole_bounds(asked: Iterable[tuple[str, Value]]) -> tuple[int, int]:
    """The smallest and the largest whole number between bounds."""
    low, high = INT64[0], INT64[-1]
    for op, value in asked:
        number = _number(value)
        match op:
            case "gt":
                low = max(low, math.floor(number) + 1)
            case "gte":
                low = max(low, math.ceil(number))
            case "lt":
                high = min(high, math.ceil(number) - 1)
            case _:
                high = min(high, math.floor(number))
    return low, high


def _number(value: Value) -> int | float:
    if isinstance(value, datetime):
        return epoch_milliseconds(value)
    if isinstance(value, str):
        raise TypeError(f"no number: {value!r}")
    return value


def _pattern(text: str) -> str:
    """A pattern of what contains a folded text, and maybe of more.

    Letter case is the engine's here. An I with a dot is two letters when it is folded, so what
    stands between such dots is looked for; and a longer pattern would be refused.
    """
    piece = max(text.split(_DOT), key=len)[:_LONGEST_PATTERN]
    return re.escape(piece).replace("i", "[iİ]")


def _require_few(amount: int, what: str) -> None:
    if amount > MOST_CANDIDATES:
        raise Problem(
            "too_broad",
            f"More than {MOST_CANDIDATES} {what}, too many to look at each. Add a condition that "
            "leaves fewer records, or ask for whole words or values.",
            limit=MOST_CANDIDATES,
        )
