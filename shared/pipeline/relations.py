"""Relations of cards: a rule, never stored as pairs.

A card is related to those of another definition that have the same value: text for text, whatever
the letter case, lists element by element. Nothing is related to an empty value. What one side has
is asked first; then it is one condition on the other.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from shared.engine.search import MOST_CANDIDATES
from shared.errors import Problem
from shared.pipeline.cards import CARDS, CardDefinition, Content
from shared.pipeline.configuration import Configuration, Definition, Kind
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace
from shared.query.ast import EVERYTHING, All, Compare, Linked, Node, Not, Question, Value, Values
from shared.query.kinds import Kind as Holds

MOST_RELATIONS: Final = 200
"""Of one tenant."""
KEY: Final = "id"
"""Stands for the card's key, where it has no property of that name."""
EXAMPLES: Final = 3
_NEVER: Final = (Holds.BOOLEAN, Holds.TIMESTAMP)


class Relation(Definition):
    """A relation, `relation:{id}` of the configuration."""

    name: str
    description: str = ""
    source_card: str
    source_property: str
    target_card: str
    target_property: str
    created_at: datetime

    def sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Card and property of each side."""
        source = (self.source_card, self.source_property)
        return source, (self.target_card, self.target_property)


RELATIONS: Final = Kind("relation", Relation, "relation definition")


class _Side(NamedTuple):
    """A side of a relation: where its values are. No property stands for the key."""

    card: CardDefinition
    property: str
    kind: Holds


def of_card(configuration: Configuration, card: str) -> Iterator[Relation]:
    """The relations that a card definition is a side of, in order of id."""
    for each in configuration.every(RELATIONS):
        if card in (each.value.source_card, each.value.target_card):
            yield each.value


def check_fitting(configuration: Configuration, card: CardDefinition) -> None:
    """Whether a card's relations hold of what it is to be. Raises `invalid`."""
    for each in of_card(configuration, card.id):
        for side, (card_id, property_) in zip(("source", "target"), each.sides(), strict=True):
            if card_id == card.id:
                _kind(card.working, property_, f"relations.{each.id}.{side}_property_id")


def check(configuration: Configuration, relation: Relation) -> None:
    """Raises `not_found`, `conflict` for cards not in use, `invalid` for what is not compared."""
    for side, (card_id, property_) in zip(("source", "target"), relation.sides(), strict=True):
        card = configuration.get(CARDS, card_id).value
        card.check_built()
        _kind(card.content, property_, f"{side}_property_id")


def _kind(content: Content, property_: str, path: str) -> Holds | None:
    """What a side's property holds; None for the key. Raises `invalid`."""
    found = content.find(property_)
    if found is None and property_ == KEY:
        return None
    if found is None:
        raise invalid(path, f"The cards have no property {property_!r}.")
    if found.kind in _NEVER:
        raise invalid(path, f"{property_!r} is {found.type}, by which nothing is related.")
    return found.kind


def related(
    space: Workspace, relation: Relation, card: str, among: Node = EVERYTHING, *, exists: bool
) -> Node:
    """The condition that a card is related to one of those on the other side that match.

    Raises `too_broad` where these have too many different values.
    """
    near, far = _sides(space.configuration, relation, card)
    node = Linked(near.property, near.kind, tuple(_offered(space, far, among)))
    return node if exists else Not(node)


def other_side(configuration: Configuration, relation: Relation, card: str) -> CardDefinition:
    """The cards that those of a definition are related to."""
    return _sides(configuration, relation, card)[1].card


def _sides(configuration: Configuration, relation: Relation, card: str) -> tuple[_Side, _Side]:
    """The side of a card definition, and the other one."""
    found = []
    for card_id, property_ in relation.sides():
        definition = configuration.get(CARDS, card_id).value
        kind = _kind(definition.content, property_, "relation_id")
        found.append(_Side(definition, property_ if kind else "", kind or Holds.TEXT))
    source, target = found
    return (source, target) if source.card.id == card else (target, source)


def _offered(space: Workspace, side: _Side, among: Node) -> Iterator[str]:
    """The different values of one side, as text."""
    name = space.name(side.card.built)
    asked = Values(side.property, side.kind, where=among)
    vocabulary = space.collections.vocabulary(name, asked, space.head(name.id)).vocabulary
    if vocabulary.approximate or len(vocabulary.values) > MOST_CANDIDATES:
        raise Problem(
            "too_broad",
            f"The cards {side.card.id!r} have more than {MOST_CANDIDATES} different values to be "
            "related by. Narrow them with target_filters.",
        )
    return (_canonical(each.value) for each in vocabulary.values)


def _canonical(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class Preview(NamedTuple):
    """Source cards that are related to something, those that have a value and are not, some."""

    matched: int
    unmatched: int
    examples: list[str]


def preview(space: Workspace, relation: Relation) -> Preview:
    """What a relation comes to on the cards as they are."""
    near, _ = _sides(space.configuration, relation, relation.source_card)
    node = related(space, relation, relation.source_card, exists=True)
    has = Compare(near.property, near.kind, "exists") if near.property else EVERYTHING
    questions = [Question(node, limit=0), Question(All((has, Not(node))), limit=EXAMPLES)]
    name = space.name(near.card.built)
    found, missed = space.collections.ask_each(name, questions, space.head(name.id)).answers
    return Preview(found.total, missed.total, [item.key for item in missed.items])
