"""The one language of questions: what records must match, in which order, and what to count.

Every face's filters are parsed into it, and every engine answers it: the search engine of an
instance, and a plain predicate on one record. An operator that an engine cannot answer is an error,
never left out. A negation is the negation of its positive form: a record without the property
matches `ne`, `not_in` and `none_of`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.query.kinds import Kind

MOST_DEPTH: Final = 5
MOST_COMPARISONS: Final = 50
MOST_VALUES: Final = 200
"""Values of one comparison."""
MOST_FACETS: Final = 10
MOST_FACET_VALUES: Final = 100
MOST_SORTS: Final = 3
MOST_ITEMS: Final = 500
"""Records of one page."""
MOST_SKIPPED: Final = 10_000
"""Records that a page may pass over; cursors have no such limit."""
MOST_COLUMNS: Final = 10
"""Of a summary: values that make its groups, and as many measures."""
MOST_GROUPS: Final = 1000
MOST_TEXT: Final = 200
"""Characters of a text that is searched for."""

Operator = Literal[
    "eq", "in", "lt", "lte", "gt", "gte", "between",
    "exists", "cleared", "starts_with", "contains", "like", "similar",
]  # fmt: skip
"""What a comparison asks. In the pattern of `like`, % stands for any text. `similar` allows one
slip of the keyboard in a word of three letters and more, two from eight on."""

Value = str | int | float | bool | datetime


@dataclass(frozen=True, slots=True)
class Compare:
    """A property's value, or one of a list's, or that it has one.

    Attributes:
        property: its id.
        kind: of the property, as declared; a value that a record holds as another kind is no match.
        op: what is asked.
        values: one for `eq`, bounds for ranges (`between`: both, inclusive), any number for `in`,
            none for `exists` and `cleared`.
        language: of a localized property; None means in any.
        case_sensitive: whether the case of text counts.
    """

    property: str
    kind: Kind
    op: Operator
    values: tuple[Value, ...] = ()
    language: str | None = None
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """The record's key is one of these, or begins with the first of them."""

    values: tuple[str, ...]
    op: Literal["in", "starts_with"] = "in"


@dataclass(frozen=True, slots=True)
class Updated:
    """The record's last change was at or after `start` and before `end`."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The record's text has all of these words, in whichever property; `on` names some instead."""

    text: str
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InSegment:
    """The record is in this segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One of the engine's own keys of the record has one of these values: `type`, `state`."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """A value of the property is the key of one of these records, or a value they are linked by.

    `values` are what the other side offers, looked up before. Without a property it is the record's
    own key that is one of them.
    """

    property: str
    kind: Kind
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every one matches; of none, everything does."""

    of: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """At least one matches; of none, nothing does."""

    of: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """It does not match."""

    of: "Node"


EVERYTHING: Final = All(())

Node = Compare | Keys | Updated | Words | InSegment | Marked | Linked | All | Any | Not


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of an order. Records without a value come last, in either direction.

    `by`: a property, or `key`, `updated`, `score` (best first; not a walk: it pages by number).
    """

    by: Literal["property", "key", "updated", "score"]
    property: str = ""
    kind: Kind = Kind.TEXT
    language: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of a property among the matches, most frequent first."""

    property: str
    kind: Kind
    language: str | None = None
    size: int = 10


@dataclass(frozen=True, slots=True)
class Values:
    """All different values of a property among the records that match; of none, their keys."""

    property: str
    kind: Kind
    language: str | None = None
    where: Node = EVERYTHING


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one collection.

    Attributes:
        where: what records must match.
        order: by what they come; the key breaks ties, and is the order where none is given.
        facets: what to count among all matches.
        limit: records of the page; 0 asks for the total and the facets alone.
        skip: records of the order that are passed over first.
        cursor: where the page before ended.
        after: the same, said by the values of the last record's columns instead.
    """

    where: Node = EVERYTHING
    order: tuple[Sort, ...] = ()
    facets: tuple[Facet, ...] = ()
    limit: int = 50
    skip: int = 0
    cursor: str | None = None
    after: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A property that has at most one value in a record."""

    property: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Measure:
    """A number about records: how many there are, or have a value; or of their values."""

    function: Literal["count", "sum", "avg", "min", "max"]
    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What is worked out of all records that match: for each group of equal values, or at all.

    Attributes:
        where: what records must match.
        by: whose values make the groups; records without one are a group too.
        measures: what is told of each.
    """

    measures: tuple[Measure, ...]
    where: Node = EVERYTHING
    by: tuple[Column, ...] = ()
