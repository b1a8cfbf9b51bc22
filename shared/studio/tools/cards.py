"""Cards: searched, and what they are made of."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.engine.collections import Asked
from shared.engine.deriving import FAILED
from shared.pipeline.card_filters import filters_of
from shared.pipeline.card_values import LOST, MISSING
from shared.pipeline.cards import CARDS, CardDefinition, Content, collection_of
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace
from shared.query.answers import Item
from shared.query.kinds import SEGMENTS, Kind, body_key
from shared.studio.arguments import OfCard, touched
from shared.studio.asked import Search, question
from shared.studio.card_conditions import RelatedTo, SegmentsOf, related_nodes
from shared.studio.cards_shown import CardDescribed, described
from shared.studio.found import Behind, FacetShown, behind_shown, facets_shown
from shared.studio.views import ValueShown, values_shown
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("cards", org_types=STUDIO.org_types, tenant=True, touched=touched)


class SearchCards(Search, OfCard):
    """Which cards, in which order, and what to count."""

    segments: Annotated[SegmentsOf, Field(description="Ids of segments they are in.")] = (
        SegmentsOf()
    )
    relations: Annotated[
        tuple[RelatedTo, ...], Field(max_length=5, description="All of them hold.")
    ] = ()
    revision: Annotated[
        Literal["active", "building"], Field(description="Those in use, or those being built.")
    ] = "active"


class CardShown(Result):
    """A card.

    `lost`: properties whose values could not be converted; `missing`: required ones without a
    value, as `name` or `name.sv`; `failed`: the change by which it could not be computed.
    """

    id: str
    properties: list[ValueShown]
    segments: list[str]
    lost: list[str]
    missing: list[str]
    failed: str
    updated_at: datetime
    revision: int


class CardsPage(Result):
    """Cards, how many match, and what was counted; `inputs`: up to which revision of each source.

    All of one revision.
    """

    items: list[CardShown]
    total: int
    facets: list[FacetShown]
    next_cursor: str | None
    has_more: bool
    revision: int
    inputs: dict[str, int]
    freshness: Behind


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search cards")
def search_cards(call: Call, args: SearchCards) -> CardsPage:
    """Find cards by typed filters and words, in any order, with facets and a total.

    Read describe_card_definition first. Cards follow their entries within a second or two; `inputs`
    says up to which revision of each source. With `limit: 0` only total and facets are told.
    """
    space = Workspace(call)
    card = space.configuration.get(CARDS, args.card_definition_id).value
    collection, content = _asked_of(card, args.revision)
    name, head = space.name(collection), space.head(collection)
    filters = filters_of(space.configuration, content, call.now)
    narrowed = [
        *args.segments.nodes(space.configuration, card.id),
        *related_nodes(space, card.id, args.relations),
    ]
    asked = space.collections.ask(name, question(filters, args, narrowed), head)
    return _page(args, asked, head.inputs or {})


def _asked_of(card: CardDefinition, revision: str) -> tuple[str, Content]:
    if revision == "active":
        return card.built, card.content
    if not card.building:
        raise invalid("revision", f"No revision of {card.id!r} is being built.")
    return collection_of(card.id, card.building), card.working


def _page(args: SearchCards, asked: Asked, inputs: dict[str, tuple[int, int]]) -> CardsPage:
    only = {each.lower() for each in args.properties}
    answer = asked.answer
    return CardsPage(
        items=[_shown(item, only, args.language) for item in answer.items],
        total=answer.total,
        facets=facets_shown(args, answer),
        next_cursor=answer.cursor,
        has_more=answer.cursor is not None,
        revision=answer.seq,
        inputs={
            each.partition(".")[2]: seq
            for each, (_, seq) in inputs.items()
            if each.startswith("source.")
        },
        freshness=behind_shown(asked.freshness),
    )


def _shown(item: Item, only: Iterable[str], language: str) -> CardShown:
    body = item.body
    return CardShown(
        id=item.key,
        properties=list(values_shown(body, set(only), language)),
        segments=body.get(SEGMENTS, []),
        lost=body.get(body_key(Kind.ENGINE, LOST), []),
        missing=body.get(body_key(Kind.ENGINE, MISSING), []),
        failed=body.get(FAILED, ""),
        updated_at=item.updated,
        revision=item.seq,
    )


class DescribeCardDefinition(OfCard):
    """Which definition."""


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Describe a card definition"
)
def describe_card_definition(call: Call, args: DescribeCardDefinition) -> CardDescribed:
    """Tell what cards are made of, how each property is filtered, and what waits for activation.

    Read it before search_cards. It counts cards, values that could not be converted (`lost`) and
    cards that could not be computed (`failed`), with examples.
    """
    return described(Workspace(call), args.card_definition_id)
