"""Whether one record matches a condition, and why: plain Python, no search engine.

It decides what a search engine must find, checks what an engine can only narrow down, and says
which conditions a record fails.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from shared.query import ast
from shared.query.answers import Item
from shared.query.ast import Compare, InSegment, Keys, Linked, Marked, Node, Updated, Value, Words
from shared.query.kinds import SEGMENTS, Kind, epoch_milliseconds, folded
from shared.query.values import compared, found_as, marks, reading, searched, values_of

Terms = Callable[[str], Sequence[str]]
"""The words of a text as they are compared: lower case, stemmed, whatever the engine does."""
Matcher = Callable[[Item], bool]

_ONE_SLIP: Final = 3
_TWO_SLIPS: Final = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition holds of a record.

    Attributes:
        condition: which.
        holds: whether it does.
        actual: what the record has where the condition looks: values, its key, its segments, or
            when it was changed. Empty for conditions that are made of others.
        of: the same for each condition in it.
    """

    condition: Node
    holds: bool
    actual: tuple[Any, ...] = ()
    of: "tuple[Finding, ...]" = field(default=())


def matches(node: Node, item: Item, terms: Terms) -> bool:
    """Whether the record matches. `terms` is how the collection's text is cut into words."""
    return matcher(node, terms)(item)


def matcher(node: Node, terms: Terms) -> Matcher:
    """What says of a record whether it matches: for a condition that is asked of many."""
    match node:
        case ast.All(of) | ast.Any(of):
            decide = all if isinstance(node, ast.All) else any
            inside = [matcher(each, terms) for each in of]
            return lambda item: decide(holds(item) for holds in inside)
        case ast.Not(of):
            inner = matcher(of, terms)
            return lambda item: not inner(item)
        case Compare():
            return _comparing(node)
        case Words(text, on):
            wanted = frozenset(terms(text))
            return lambda item: bool(wanted) and wanted.issubset(_words(item, on, terms))
        case _:
            return lambda item: _holds(node, item)


def explain(node: Node, item: Item, terms: Terms) -> Finding:
    """Every condition with what the record has; none is left out, also where one decides."""
    match node:
        case ast.All(of) | ast.Any(of):
            found = tuple(explain(each, item, terms) for each in of)
            decide = all if isinstance(node, ast.All) else any
            return Finding(node, decide(each.holds for each in found), of=found)
        case ast.Not(of):
            inner = explain(of, item, terms)
            return Finding(node, not inner.holds, of=(inner,))
        case _:
            return Finding(node, matcher(node, terms)(item), _actual(node, item))


def slips(text: str) -> int:
    """How many slips of the keyboard `similar` allows in a text."""
    return 0 if len(text) < _ONE_SLIP else 1 if len(text) < _TWO_SLIPS else 2


def linked_values(node: Linked) -> list[Value]:
    """What the other side offers, as values of the property's kind; empty text links nothing."""
    found: list[Value] = []
    for text in filter(None, node.values):
        try:
            value = _READ[node.kind](text) if node.kind in _READ else text
        except ValueError:
            continue
        if not isinstance(value, float) or math.isfinite(value):
            found.append(value)
    return found


_READ: Final[dict[Kind, Callable[[str], Value]]] = {Kind.INTEGER: int, Kind.DECIMAL: float}


def _holds(node: Node, item: Item) -> bool:
    match node:
        case Keys(values, op):
            return item.key in values if op == "in" else item.key.startswith(values[0])
        case Updated(start, end):
            return (start is None or item.updated >= start) and (end is None or item.updated < end)
        case InSegment() | Marked():
            asked = node.values if isinstance(node, Marked) else (node.segment,)
            return not {*asked}.isdisjoint(_marks(node, item))
        case Linked():
            return _links(node, item)
        case _:
            raise TypeError(f"no condition on one record: {node!r}")


def _words(item: Item, on: tuple[str, ...], terms: Terms) -> Iterator[str]:
    return (term for each in searched(item.body, on) for term in terms(each))


def _links(node: Linked, item: Item) -> bool:
    if not node.property:
        return item.key in node.values
    offered = {_plain(value) for value in linked_values(node)}
    found = values_of(item.body, node.property, node.kind)
    return any(_plain(value) in offered for value in found)


def _comparing(node: Compare) -> Matcher:
    if node.op in ("exists", "cleared"):
        return lambda item: _is_there(node, item)
    read = reading(node.property, node.kind, node.language)
    if node.kind.is_text:
        test = _text_comparing(node)
        return lambda item: any(map(test, read(item.body)))
    asked = [_comparable(node.kind, value) for value in node.values]
    order = _ORDERS[node.op]

    def holds(item: Item) -> bool:
        return any(order(value, asked) for value in read(item.body))

    return holds


def _is_there(node: Compare, item: Item) -> bool:
    found = found_as(item.body, node.property)
    if found is None or (node.language is not None and not found.kind.is_localized):
        return False
    if node.op == "exists":
        return bool(compared(found.kind, found.value, node.language))
    return not compared(found.kind, found.value)


_ORDERS: Final[dict[str, Callable[[Any, list[Any]], bool]]] = {
    "eq": lambda value, asked: value in asked,
    "in": lambda value, asked: value in asked,
    "lt": lambda value, asked: value < asked[0],
    "lte": lambda value, asked: value <= asked[0],
    "gt": lambda value, asked: value > asked[0],
    "gte": lambda value, asked: value >= asked[0],
    "between": lambda value, asked: asked[0] <= value <= asked[1],
}


def _text_comparing(node: Compare) -> Callable[[str], bool]:
    """Whether a text is as asked."""
    as_compared = str if node.case_sensitive else folded
    asked = {as_compared(str(value)) for value in node.values}
    one = as_compared(str(node.values[0])) if node.values else ""
    tests: dict[str, Callable[[str], bool]] = {
        "eq": asked.__contains__,
        "in": asked.__contains__,
        "starts_with": lambda text: text.startswith(one),
        "contains": lambda text: one in text,
        "like": lambda text: like(one, text),
        "similar": lambda text: _within(one, text, slips(one)),
    }
    test = tests[node.op]
    return lambda text: test(as_compared(text))


def like(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says, in which each % stands for any text."""
    first, *rest = pattern.split("%")
    if not rest:
        return text == pattern
    *inner, last = rest
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in inner:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(last) and text.endswith(last)


def _within(one: str, other: str, most: int) -> bool:
    """Whether so many slips lead from one text to the other.

    A slip is a letter too many, too few or wrong, or two neighbours that changed places.
    """
    if abs(len(one) - len(other)) > most:
        return False
    earlier: list[int] = []
    last = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        row = [at]
        for to, against in enumerate(other, 1):
            cost = min(last[to] + 1, row[to - 1] + 1, last[to - 1] + (letter != against))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == against:
                cost = min(cost, earlier[to - 2] + 1)
            row.append(cost)
        if min(row) > most and min(last) > most:
            return False
        earlier, last = last, row
    return last[-1] <= most


def _comparable(kind: Kind, value: Value) -> Any:
    """A value of a condition as `compared` gives those of a record."""
    if isinstance(value, datetime):
        return epoch_milliseconds(value)
    return float(value) if kind is Kind.DECIMAL else value


def _plain(value: Value) -> Value:
    return folded(value) if isinstance(value, str) else value


def _actual(node: Node, item: Item) -> tuple[Any, ...]:
    match node:
        case Keys() | Linked(""):
            return (item.key,)
        case Compare(property_) | Linked(property_):
            return _has(item, property_, node.language if isinstance(node, Compare) else None)
        case Updated():
            return (item.updated,)
        case InSegment() | Marked():
            return _marks(node, item)
        case Words(_, on) if on:
            return tuple(searched(item.body, on))
        case _:
            return ()


def _marks(node: InSegment | Marked, item: Item) -> tuple[str, ...]:
    """What the engine says of the record where the condition looks."""
    if isinstance(node, InSegment):
        return tuple(item.body.get(SEGMENTS, ()))
    return tuple(value for name, value in marks(item.body) if name == node.name)


def _has(item: Item, property_: str, language: str | None) -> tuple[Any, ...]:
    """The property's value as the body has it, of whichever kind; in one language, if named."""
    found = found_as(item.body, property_)
    if found is None:
        return ()
    if found.kind.is_localized and language is not None:
        return tuple(compared(found.kind, found.value, language))
    return (found.value,)
