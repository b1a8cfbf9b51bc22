"""Values that cards have: which of them somebody means, and which a managed tag does not have."""

from typing import Annotated

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.pipeline.canonical import closest
from shared.pipeline.cards import CARDS, CardProperty
from shared.pipeline.filters import Filter, Filters
from shared.pipeline.sources import invalid
from shared.pipeline.tag_values import checked_language
from shared.pipeline.tagging import KeyOf, key_of
from shared.pipeline.workspace import Workspace
from shared.query.ast import Values
from shared.studio.arguments import OfCard, touched
from shared.studio.found import Behind, behind_shown, plain
from shared.tool import Call, Effect, Family, Result, Risk

family = Family(
    "property_values", org_types=STUDIO.org_types, tenant=True, toolset="cards", touched=touched
)


class SearchPropertyValues(OfCard):
    """Which values."""

    property_id: Annotated[str, Field(max_length=100, description="A property of the cards.")]
    query: Annotated[
        str, Field(max_length=200, description="As somebody typed it; empty: the most frequent.")
    ] = ""
    language: Annotated[
        str, Field(max_length=20, description="Of a localized property; any if left out.")
    ] = ""
    filters: Annotated[
        tuple[Filter, ...], Field(description="Of cards for which all of them hold.")
    ] = ()
    outside_tag: Annotated[
        bool, Field(description="Only values that the property's managed tag does not have.")
    ] = False
    limit: Annotated[int, Field(ge=1, le=100, description="Most values.")] = 20


class FoundValue(Result):
    """A value, how many cards have it, and how alike it is, 1 for the same but case and accents.

    `managed_tag_key`: which value of the property's managed tag it is, if it is one.
    """

    value: str | int | float | bool
    count: int
    score: float
    managed_tag_key: str


class FoundValues(Result):
    """The likeliest first, and of how many. `approximate`: those are too many to look at each."""

    items: list[FoundValue]
    total: int
    approximate: bool
    freshness: Behind


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search a property's values"
)
def search_property_values(call: Call, args: SearchPropertyValues) -> FoundValues:
    """Find the values of a cards' property that somebody may mean: adiBas is Adidas.

    Use it before filtering by what a person typed, and take the value exactly as it is given here.
    Without a query it lists the most frequent ones.
    """
    space = Workspace(call)
    card = space.configuration.get(CARDS, args.card_definition_id).value
    name, head, content = space.name(card.built), space.head(card.built), card.content
    filters, language = Filters(content.kinds, call.now), checked_language(args.language)
    asked = Values(
        property=args.property_id.lower(),
        kind=filters.kind(args.property_id, "property_id"),
        language=language or None,
        where=filters.matching(args.filters, "", ()),
    )
    tag = _tag(space, args, content.find(asked.property), language)
    vocabulary, freshness = space.collections.vocabulary(name, asked, head)
    values = vocabulary.values
    if args.outside_tag and tag is not None:
        values = tuple(each for each in values if not tag(each.value))
    return FoundValues(
        items=[
            FoundValue(
                value=plain(each.value),
                count=each.count,
                score=each.score,
                managed_tag_key=tag(each.value) if tag else "",
            )
            for each in closest(args.query, values, args.limit)
        ],
        total=len(values),
        approximate=vocabulary.approximate,
        freshness=behind_shown(freshness),
    )


def _tag(
    space: Workspace, args: SearchPropertyValues, property_: CardProperty | None, language: str
) -> KeyOf | None:
    tag = key_of(space, property_, language)
    if args.outside_tag and tag is None:
        raise invalid("outside_tag", f"{args.property_id!r} names no managed tag. Leave it out.")
    return tag
