"""What a tenant holds, and how much of it there may be."""

from typing import Any

from shared.pipeline.cards import CARDS, MOST_CARDS
from shared.pipeline.configuration import Configuration, Kind
from shared.pipeline.destinations import DESTINATIONS, ENDPOINTS, MOST_DESTINATIONS
from shared.pipeline.managed_tags import MOST_TAGS, TAGS
from shared.pipeline.relations import MOST_RELATIONS, RELATIONS
from shared.pipeline.sources import MOST_SOURCES, SOURCES
from shared.pipeline.workspace import Workspace
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_limits", org_types=frozenset({"catalog_owner"}), tenant=True, free=True)


class NoArguments(Args):
    """Takes nothing."""


class LimitShown(Result):
    """How many there are, and how many there may be; `most` is null where the sum has no limit."""

    name: str
    used: int
    most: int | None


class LimitsShown(Result):
    """A tenant's limits; `calls_a_minute` is null where only the organization's budget counts.

    `counts`: how many entries each source, card and endpoint has, by what links call it.
    """

    items: list[LimitShown]
    counts: dict[str, int]
    calls_a_minute: int | None


@family.tool(
    scope="organization:read", effect=Effect.READ, risk=Risk.LOW, title="See a tenant's limits"
)
def get_own_limits(call: Call, args: NoArguments) -> LimitsShown:
    """Tell how many sources, entries and definitions a tenant has, and how many it may have."""
    del args
    space = Workspace(call)
    configuration, quota = space.configuration, space.quota
    counts = _counts(space, configuration)
    every = [each.value.id for each in configuration.every(SOURCES)]
    entries = sum(counts[id_] for id_ in every)
    counted = [LimitShown(name="entries", used=entries, most=quota.get("entries"))]
    kinds: tuple[tuple[str, Kind[Any], int], ...] = (
        ("sources", SOURCES, min(MOST_SOURCES, quota.get("sources", MOST_SOURCES))),
        ("cards", CARDS, MOST_CARDS),
        ("relations", RELATIONS, MOST_RELATIONS),
        ("managed tags", TAGS, MOST_TAGS),
        ("destinations", DESTINATIONS, MOST_DESTINATIONS),
    )
    for name, kind, most in kinds:
        used = sum(1 for _ in configuration.every(kind))
        counted.append(LimitShown(name=name, used=used, most=most))
    return LimitsShown(items=counted, counts=counts, calls_a_minute=quota.get("calls"))


def _counts(space: Workspace, configuration: Configuration) -> dict[str, int]:
    collections = {each.value.id: each.value.entries for each in configuration.every(SOURCES)}
    for card in configuration.every(CARDS):
        if card.value.cards:
            collections[CARDS.key(card.value.id)] = card.value.cards
    for endpoint in configuration.every(ENDPOINTS):
        collections[ENDPOINTS.key(endpoint.value.id)] = endpoint.value.collection
    heads = space.heads(collections.values())
    return {place: heads[collection].count for place, collection in collections.items()}
