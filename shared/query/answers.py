"""What a question is answered with."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.query.ast import Value
from shared.query.kinds import Body


class Item(NamedTuple):
    """A record: its key, its body, when it was last changed, by which commit, and how often."""

    key: str
    body: Body
    updated: datetime
    seq: int
    version: int = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """A value among the matches, and how many of them have it."""

    value: Value
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One page, and what was counted. All of it is of one moment.

    Attributes:
        items: the records of the page.
        total: how many records match.
        facets: one list for each facet that was asked for, most frequent first.
        approximate: the numbers of facets that have too many different values to be counted
            exactly; each count may be too low.
        cursor: continues; None at the end.
        seq: the commit up to which everything is included.
    """

    items: tuple[Item, ...]
    total: int
    facets: tuple[tuple[Counted, ...], ...]
    approximate: frozenset[int]
    cursor: str | None
    seq: int


class Group(NamedTuple):
    """Records of a summary that have the same values, None for none, and what was worked out."""

    values: tuple[Value | None, ...]
    numbers: tuple[Value | None, ...]


class Vocabulary(NamedTuple):
    """All different values of a property, most frequent first, and how many records have each.

    `approximate`: there are too many to count exactly, or to name all.
    """

    values: tuple[Counted, ...]
    approximate: bool
