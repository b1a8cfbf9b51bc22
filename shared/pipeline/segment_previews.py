"""What a segment would have, before it is saved: counted on the cards as they are."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from shared.pipeline.card_filters import filters_of
from shared.pipeline.cards import CardDefinition
from shared.pipeline.segment_members import Named
from shared.pipeline.segments import Segment, condition, matching, read_filters
from shared.pipeline.workspace import Workspace
from shared.query.answers import Item
from shared.query.ast import All, InSegment, Node, Not, Question
from shared.query.kinds import SEGMENTS

EXAMPLES: Final = 3
_NONE: Final = "~"
"""No segment is called that."""


class Preview(NamedTuple):
    """How many cards a segment would have, how many of them are new to it and how many it loses."""

    cards: int
    entered: int
    left: int
    examples: list[str]


def preview(space: Workspace, card: CardDefinition, after: Segment, named: Named) -> Preview:
    """What becomes of a segment's cards once it is like this. Raises `conflict` before any."""
    name = space.name(card.built)
    head = space.head(card.cards)
    now = InSegment(after.id or _NONE)
    wants: Node | None = None
    if after.kind == "query":
        reader = filters_of(space.configuration, card.content, space.call.now)
        wants = condition(read_filters(after), reader)
    if after.status != "Active":
        (answer,) = space.collections.ask_each(name, [Question(now, limit=0)], head).answers
        return Preview(0, 0, answer.total, [])
    keys = sorted(named.members if wants is None else named.excluded)
    items = space.collections.found(name, keys, head)
    if wants is None:
        members = [item for key, item in items.items() if key not in named.excluded]
        (answer,) = space.collections.ask_each(name, [Question(now, limit=0)], head).answers
        stay = sum(_is_in(item, after.id) for item in members)
        examples = sorted(item.key for item in members)[:EXAMPLES]
        return Preview(len(members), len(members) - stay, answer.total - stay, examples)
    return _of_query(space, card, after, wants, list(items.values()))


def _of_query(
    space: Workspace, card: CardDefinition, after: Segment, wants: Node, excluded: Iterable[Item]
) -> Preview:
    """Counted by the index; what is left out, which it cannot know, is taken off one by one."""
    now = InSegment(after.id or _NONE)
    questions = [
        Question(wants, limit=EXAMPLES),
        Question(All((wants, Not(now))), limit=0),
        Question(All((now, Not(wants))), limit=0),
    ]
    head = space.head(card.cards)
    answers = space.collections.ask_each(space.name(card.cards), questions, head).answers
    found, new, gone = answers
    out = list(filter(matching(wants), excluded))
    stay = sum(_is_in(item, after.id) for item in out)
    left_out = {item.key for item in out}
    return Preview(
        found.total - len(out),
        new.total - (len(out) - stay),
        gone.total + stay,
        [item.key for item in found.items if item.key not in left_out],
    )


def _is_in(item: Item, segment: str) -> bool:
    return segment in item.body.get(SEGMENTS, ())
