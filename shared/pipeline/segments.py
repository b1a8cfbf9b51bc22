"""Segments: cards that belong together, by a question or one by one.

A segment's cards carry its id (`g.segments`). A change of a segment is one of what cards mean, so
the cards are walked, and who enters or leaves stands in their log. Cards that a segment names one
by one, and those that it leaves out, are data of their own: `members.{card}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.card_filters import filters_of
from shared.pipeline.cards import CARDS, CardDefinition, Content
from shared.pipeline.configuration import Configuration, Definition, Kind
from shared.pipeline.filters import Filter, Filters
from shared.pipeline.sources import invalid
from shared.query.answers import Item
from shared.query.ast import All, Node
from shared.query.checks import check_condition
from shared.query.kinds import Body, body_key
from shared.query.kinds import Kind as Holds
from shared.query.predicate import Matcher, matcher

MOST_SEGMENTS: Final = 500
"""Of one tenant."""
MOST_NAMED: Final = 10_000
"""Cards that a segment names one by one, or leaves out."""
IN: Final = body_key(Holds.LIST, "in")
OUT: Final = body_key(Holds.LIST, "out")
_MOVING_BY_ITSELF: Final = ("within_last",)

SegmentStatus = Literal["Scheduled", "Active", "Archived"]
SegmentKind = Literal["query", "fixed"]
_MOVES: Final[Mapping[SegmentStatus, tuple[SegmentStatus, ...]]] = {
    "Scheduled": ("Active", "Archived"),
    "Active": ("Archived", "Scheduled"),
    "Archived": ("Active", "Scheduled"),
}


class Schedule(Exact):
    """From when until when a segment has cards; without an end, for good."""

    start: datetime
    end: datetime | None = None


class Segment(Definition):
    """A segment, `segment:{id}` of the configuration.

    Attributes:
        card: the card definition whose cards it has.
        definition: the card's segment definition that it belongs to; empty for none.
        filters: what its cards match; None of one that names them.
        job: what moves it when its time comes.
    """

    name: str
    description: str = ""
    card: str
    definition: str = ""
    filters: tuple[dict[str, Any], ...] | None = None
    status: SegmentStatus = "Active"
    schedule: Schedule | None = None
    job: str = ""
    created_at: datetime

    @property
    def kind(self) -> SegmentKind:
        """Whether its cards are found, or named."""
        return "fixed" if self.filters is None else "query"

    @property
    def asked(self) -> tuple[SegmentKind, tuple[dict[str, Any], ...] | None] | None:
        """What decides which cards are in it, but for their names; None while none are."""
        return (self.kind, self.filters) if self.status == "Active" else None

    def moved(self, to: SegmentStatus) -> SegmentStatus:
        """The status after a move. Raises `conflict`, naming what can be done."""
        if to != self.status and to not in _MOVES[self.status]:
            can = ", ".join(_MOVES[self.status])
            message = f"The segment {self.id!r} is {self.status}; it can become: {can}."
            raise Problem("conflict", message, status=self.status)
        return to


SEGMENTS: Final = Kind("segment", Segment, "segment")


def of_card(configuration: Configuration, card: str) -> Iterator[Segment]:
    """The segments of a card definition, in order of id."""
    for each in configuration.every(SEGMENTS):
        if each.value.card == card:
            yield each.value


def condition(filters: Sequence[Filter], reader: Filters, path: str = "filter") -> Node:
    """What cards have to match. Raises `invalid` for what cannot be asked, or moves by itself."""
    for number, each in enumerate(filters):
        _check_standing(each, f"{path}[{number}]")
    node = reader.all(filters, path)
    check_condition(node)
    return node.of[0] if isinstance(node, All) and len(node.of) == 1 else node


def _check_standing(given: Filter, path: str) -> None:
    """Refuse what changes while no card does: nobody would look again."""
    if given.op in _MOVING_BY_ITSELF or given.type == "updated_at":
        what = given.op if given.op in _MOVING_BY_ITSELF else given.type
        raise invalid(path, f"A segment cannot ask {what}: it changes while no card does.")
    for name in ("any", "all", "not_"):
        for number, each in enumerate(getattr(given, name)):
            _check_standing(each, f"{path}.{name.strip('_')}[{number}]")


def read_filters(segment: Segment) -> list[Filter]:
    """The filters that a segment was stored with."""
    return [Filter.model_validate(each) for each in segment.filters or ()]


def check_fitting(configuration: Configuration, card: CardDefinition, now: datetime) -> None:
    """Whether a card's segments can be asked of what it is to be. Raises `invalid`."""
    reader = filters_of(configuration, card.working, now)
    for segment in of_card(configuration, card.id):
        condition(read_filters(segment), reader, f"segments.{segment.id}.filter")


class Segmenting:
    """Which segments a card is in, by the configuration of one moment.

    A filter that cannot be asked of a revision (it is being left behind) holds of no card of it.
    """

    def __init__(
        self, configuration: Configuration, card: str, content: Content, now: datetime
    ) -> None:
        self._asked: list[tuple[str, Matcher | None]] = []
        reader = filters_of(configuration, content, now)
        for segment in of_card(configuration, card):
            if segment.status != "Active":
                continue
            try:
                asks = condition(read_filters(segment), reader)
            except Problem:
                continue
            self._asked.append((segment.id, matching(asks) if segment.kind == "query" else None))

    def __bool__(self) -> bool:
        return bool(self._asked)

    def of(self, key: str, body: Body, members: Body, now: datetime) -> list[str]:
        """The segments of one card, in order of id; `members`: what `members.{card}` says of it."""
        item = Item(key, body, now, 0)
        named, left_out = members.get(IN, ()), members.get(OUT, ())
        return [
            id_
            for id_, asks in self._asked
            if id_ not in left_out and (id_ in named if asks is None else asks(item))
        ]


matching = partial(matcher, terms=lambda _: ())
"""What says whether a card matches a condition; segments ask for no words."""


def card_of(configuration: Configuration, segment_definition: str) -> str:
    """The card definition that a segment definition belongs to. Raises `not_found`."""
    for each in configuration.every(CARDS):
        if any(segment_definition == known.id for known in each.value.segment_definitions):
            return each.value.id
    known = [d.id for each in configuration.every(CARDS) for d in each.value.segment_definitions]
    there = f" There are {', '.join(known[:3])}." if known else ""
    message = f"There is no segment definition {segment_definition!r}.{there}"
    raise Problem("not_found", message, near=known[:3])
