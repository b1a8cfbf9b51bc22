"""Filters of cards: those of entries, and whether a card is complete."""

from collections.abc import Mapping
from datetime import datetime

from shared.pipeline.card_values import languages_of
from shared.pipeline.cards import Content
from shared.pipeline.configuration import Configuration
from shared.pipeline.filters import Filters
from shared.pipeline.sources import SOURCES, Source


def sources_of(configuration: Configuration, content: Content) -> Mapping[str, Source]:
    """The sources of cards that there are, by id."""
    found = (configuration.find(SOURCES, each.source_id) for each in content.sources)
    return {each.value.id: each.value for each in found if each is not None}


def filters_of(configuration: Configuration, content: Content, now: datetime) -> Filters:
    """What reads filters of cards that are made of this."""
    languages = languages_of(content, sources_of(configuration, content))
    return Filters(content.kinds, now, languages)
