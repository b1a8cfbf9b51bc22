"""How the studio shows card definitions."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.engine.derived import Failures
from shared.pipeline import relations, segments
from shared.pipeline.card_building import settled
from shared.pipeline.card_filters import sources_of
from shared.pipeline.card_values import INCOMPLETE, LOST, languages_of
from shared.pipeline.cards import CARDS, CardDefinition, CardProperty
from shared.pipeline.filters import ANY, filter_type
from shared.pipeline.relations import Relation
from shared.pipeline.workspace import Workspace
from shared.query.answers import Answer
from shared.query.ast import Compare, Marked, Question
from shared.tool import Result

EXAMPLES = 3
_DECIMALS = 4


class CardSourceShown(Result):
    """A source of cards."""

    source_id: str
    join_property: str


class CardPropertyShown(Result):
    """A property; `mapped` says where its value comes from, as `source.property`."""

    id: str
    name: str
    type: str
    delimiter: str
    filter_type: str
    managed_tag_id: str
    required: bool
    mapped: list[str]


class PendingShown(Result):
    """What waits for activation: properties as they will be, and those that will be gone."""

    added: list[CardPropertyShown]
    changed: list[CardPropertyShown]
    removed: list[str]


class SegmentDefinitionShown(Result):
    """A kind of segments, and the properties they ask for first."""

    id: str
    name: str
    properties: list[str]


class CardDefinitionShown(Result):
    """A card definition; `job_id` builds it now."""

    id: str
    name: str
    description: str
    status: str
    revision: int
    sources: list[CardSourceShown]
    properties: list[CardPropertyShown]
    pending: PendingShown | None
    segment_definitions: list[SegmentDefinitionShown]
    job_id: str


class Waiting(Result):
    """Ids of properties that an activation would add, change and remove."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class LostShown(Result):
    """A property whose values could not all be converted: on how many cards, and some of them."""

    property: str
    cards: int
    examples: list[str]


class FailingShown(Result):
    """A card that could not be computed: why, and by which change. It stays as it was before."""

    id: str
    error: str
    cause: str


class RelationShown(Result):
    """A relation: a card of the source is related to those of the target with the same value."""

    id: str
    name: str
    source: str
    target: str


class CardDescribed(Result):
    """A card definition, and what its cards hold.

    `filled`: the share that has each property; `complete`: that has all that is required, by
    language, `_` for all together.

    Sides of relations are `card definition.property`.
    """

    definition: CardDefinitionShown
    relations: list[RelationShown]
    segments: list[str]
    card_count: int
    filled: dict[str, float]
    complete: dict[str, float]
    lost: list[LostShown]
    failed: int
    failing: list[FailingShown]


def definition_shown(card: CardDefinition) -> CardDefinitionShown:
    """A card definition."""
    return CardDefinitionShown(
        id=card.id,
        name=card.name,
        description=card.description,
        status=card.status,
        revision=card.revision,
        sources=[CardSourceShown(**each.model_dump()) for each in card.content.sources],
        properties=[_property(each) for each in card.content.properties],
        pending=None if card.pending is None else _pending(card),
        segment_definitions=[
            SegmentDefinitionShown(**each.model_dump()) for each in card.segment_definitions
        ],
        job_id=card.job,
    )


def _property(given: CardProperty) -> CardPropertyShown:
    return CardPropertyShown(
        id=given.id,
        name=given.name or given.id,
        type=given.type,
        delimiter=given.delimiter or "",
        filter_type=filter_type(given.kind),
        managed_tag_id=given.managed_tag_id,
        required=given.required,
        mapped=[f"{each.source_id}.{each.source_property_id}" for each in given.mapped],
    )


def waiting(card: CardDefinition) -> Waiting:
    """What waits for activation."""
    there = {each.id: each for each in card.content.properties}
    after = {each.id: each for each in card.working.properties}
    return Waiting(
        added=[id_ for id_ in after if id_ not in there],
        changed=[id_ for id_, each in after.items() if there.get(id_, each) != each],
        removed=[id_ for id_ in there if id_ not in after],
    )


def _pending(card: CardDefinition) -> PendingShown:
    after = {each.id: _property(each) for each in card.working.properties}
    ids = waiting(card)
    return PendingShown(
        added=[after[id_] for id_ in ids.added],
        changed=[after[id_] for id_ in ids.changed],
        removed=ids.removed,
    )


def described(space: Workspace, card_id: str) -> CardDescribed:
    """A card definition with what its cards hold. Raises `not_found`."""
    stored = space.configuration.get(CARDS, card_id).value
    card = settled(space.call.app, space.call.tenant, stored)
    held = _held(space, card) if card.revision else _Held(0, {}, {}, [], 0, [])
    return CardDescribed(
        definition=definition_shown(card),
        relations=[_relation(each) for each in relations.of_card(space.configuration, card.id)],
        segments=[each.id for each in segments.of_card(space.configuration, card.id)],
        **held._asdict(),
    )


class _Held(NamedTuple):
    """What cards hold."""

    card_count: int
    filled: dict[str, float]
    complete: dict[str, float]
    lost: list[LostShown]
    failed: int
    failing: list[FailingShown]


def _held(space: Workspace, card: CardDefinition) -> _Held:
    name, head = space.name(card.cards), space.head(card.cards)
    properties = card.content.properties
    languages = languages_of(card.content, sources_of(space.configuration, card.content))
    complete = [ANY, *languages] if any(each.required for each in properties) else []
    filled = [Question(Compare(each.id, each.kind, "exists"), limit=0) for each in properties]
    lost = [Question(Marked(LOST, (each.id,)), limit=EXAMPLES) for each in properties]
    lacking = [Question(Marked(INCOMPLETE, (each,)), limit=0) for each in complete]
    answers = space.collections.ask_each(name, [*filled, *lost, *lacking], head).answers
    amount = len(properties)
    return _Held(
        head.count,
        {
            each.id: _share(answer.total, head.count)
            for each, answer in zip(properties, answers, strict=False)
        },
        {
            language: _share(head.count - answer.total, head.count)
            for language, answer in zip(complete, answers[2 * amount :], strict=True)
        },
        _lost(properties, answers[amount : 2 * amount]),
        head.failed,
        [
            FailingShown(id=each.id[1:], error=each.value.error, cause=each.value.cause)
            for each in Failures(space.call.app.bulk_documents, name).after("", EXAMPLES)
        ],
    )


def _relation(given: Relation) -> RelationShown:
    source, target = (".".join(each) for each in given.sides())
    return RelationShown(id=given.id, name=given.name, source=source, target=target)


def _share(part: int, whole: int) -> float:
    return round(part / whole, _DECIMALS) if whole else 0.0


def _lost(properties: Sequence[CardProperty], answers: Sequence[Answer]) -> list[LostShown]:
    return [
        LostShown(
            property=each.id, cards=answer.total, examples=[item.key for item in answer.items]
        )
        for each, answer in zip(properties, answers, strict=True)
        if answer.total
    ]
