"""What an endpoint's entry holds: pure, so that each can be computed again, and explained.

An entry has the values that the endpoint exposes under the card's own ids. A localized value is
there in every language of the destination: where it has none in one, that of the default language
stands in for it, so that filters, orders and facets of a language see what is shown in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from shared.pipeline.card_filters import filters_of
from shared.pipeline.cards import CARDS, Content
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import Destination, Endpoint, Selection
from shared.pipeline.filters import Filter
from shared.pipeline.segments import condition, matching
from shared.query import ast
from shared.query.answers import Item
from shared.query.ast import EVERYTHING, All, InSegment, Node, Not
from shared.query.kinds import Body, Kind, body_key

MOST_EMBEDDED: Final = 200
"""Related cards within one entry."""
ID: Final = body_key(Kind.ENGINE, "id")
"""The key of an embedded card."""


class Languages(NamedTuple):
    """Those of a destination."""

    every: tuple[str, ...]
    default: str

    def of(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A localized value in each language, the default one's where it has none."""
        fallback = value.get(self.default)
        found = {each: value.get(each, fallback) for each in self.every}
        return {each: one for each, one in found.items() if one is not None}


def languages_of(destination: Destination) -> Languages:
    """A destination's languages."""
    return Languages(destination.languages, destination.default_language)


class Shape:
    """Which values an entry, or a card within one, shows."""

    def __init__(self, content: Content, properties: Iterable[str], languages: Languages) -> None:
        found = (content.find(each) for each in properties)
        self.properties = [each for each in found if each is not None]
        self._languages = languages

    def body(self, card: Body) -> dict[str, Any]:
        """The values of a card that are shown."""
        made: dict[str, Any] = {}
        for each in self.properties:
            key = body_key(each.kind, each.id)
            value = card.get(key)
            if value is not None and each.kind.is_localized:
                value = self._languages.of(value) or None
            if value is not None:
                made[key] = value
        return made


def selected(
    configuration: Configuration, content: Content, selection: Selection, now: datetime
) -> Node:
    """The condition on cards that a selection asks. Raises `invalid` for what cannot be asked."""
    asked: list[Node] = []
    if selection.include:
        asked.append(ast.Any(tuple(InSegment(each) for each in selection.include)))
    asked += (Not(InSegment(each)) for each in selection.exclude)
    if selection.filters:
        given = [Filter.model_validate(each) for each in selection.filters]
        reader = filters_of(configuration, content, now)
        asked.append(condition(given, reader, "content_selection.filters"))
    return All(tuple(asked)) if asked else EVERYTHING


def content_of(configuration: Configuration, card: str, revision: int) -> Content:
    """What cards of a revision are made of; of 0, the one in use. Raises `not_found`."""
    definition = configuration.get(CARDS, card).value
    return definition.of_revision(revision or definition.revision) or definition.content


class Entries:
    """Computes entries of one endpoint, by the configuration of one moment."""

    def __init__(
        self,
        configuration: Configuration,
        endpoint: Endpoint,
        destination: Destination,
        now: datetime,
    ) -> None:
        languages = languages_of(destination)
        content = content_of(configuration, endpoint.card, endpoint.revision)
        self._shape = Shape(content, endpoint.properties, languages)
        self._matches = matching(selected(configuration, content, endpoint.selection, now))
        self._embedded = []
        for each in endpoint.relations:
            far = content_of(configuration, each.card, each.revision)
            shape = Shape(far, each.properties, languages)
            shown = matching(selected(configuration, far, each.selection, now))
            self._embedded.append((each.relation, shape, shown))

    def body(self, card: Item, related: Mapping[str, Sequence[Item]]) -> Mapping[str, Any] | None:
        """An entry's body; None for a card that the endpoint does not show.

        `related`: by relation, the cards that are related to it, in order of key.
        """
        if not self._matches(card):
            return None
        made = self._shape.body(card.body)
        for relation, shape, matches in self._embedded:
            shown = [
                {ID: each.key, **shape.body(each.body)}
                for each in related.get(relation, ())
                if matches(each)
            ]
            if shown:
                made[body_key(Kind.RECORDS, relation)] = shown[:MOST_EMBEDDED]
        return made
