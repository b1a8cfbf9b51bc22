"""Segments as callers give them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.card_filters import filters_of
from shared.pipeline.cards import CARDS, CardDefinition
from shared.pipeline.configuration import Configuration
from shared.pipeline.drafts import slug
from shared.pipeline.filters import Filter
from shared.pipeline.segment_changes import status_at
from shared.pipeline.segment_members import Named
from shared.pipeline.segments import (
    MOST_SEGMENTS,
    SEGMENTS,
    Schedule,
    Segment,
    card_of,
    condition,
)
from shared.pipeline.sources import SOURCE_ID, invalid
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import CardId, StudioArgs

Keys = tuple[Annotated[str, Field(min_length=1, max_length=256)], ...]


class GivenSchedule(Exact):
    """From when, until when."""

    model_config = ConfigDict(populate_by_name=True)

    start: Annotated[AwareDatetime, Field(alias="from")]
    end: Annotated[AwareDatetime | None, Field(alias="to")] = None


class GivenSegment(StudioArgs):
    """A segment: a question, or cards one by one."""

    name: Annotated[str, Field(max_length=200, description="For people.")] = ""
    id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Made from the name if empty.")
    ] = ""
    description: Annotated[str, Field(max_length=2000, description="What they have in common.")] = (
        ""
    )
    segment_definition_id: Annotated[
        str, Field(max_length=100, description="Its kind, which says of which cards it is.")
    ] = ""
    card_definition_id: Annotated[
        CardId, Field(pattern=f"{SOURCE_ID}|^$", description="Of which cards, without a kind.")
    ] = ""
    filter: Annotated[
        tuple[Filter, ...] | None, Field(description="What cards match, all of it.")
    ] = None
    card_ids: Annotated[
        Keys | None, Field(max_length=10_000, description="The cards, in place of a filter.")
    ] = None
    exclude_card_ids: Annotated[
        Keys, Field(max_length=10_000, description="Cards that match and are left out.")
    ] = ()
    schedule: Annotated[GivenSchedule | None, Field(description="When it has cards.")] = None


def new_segment(
    space: Workspace, args: GivenSegment, configuration: Configuration
) -> tuple[CardDefinition, Segment, Named]:
    """What is to be created. Raises `invalid`, `conflict`, `not_found` for what cannot be."""
    id_ = args.id or slug(args.name)
    if not args.name or not id_:
        raise invalid("name", "Give the segment a name.")
    if configuration.find(SEGMENTS, id_) is not None:
        raise Problem("conflict", f"There is a segment {id_!r} already.", field="id")
    if sum(1 for _ in configuration.every(SEGMENTS)) >= MOST_SEGMENTS:
        message = f"The tenant has {MOST_SEGMENTS} segments, and may have no more."
        raise Problem("too_large", message, limit=MOST_SEGMENTS)
    if (args.filter is None) == (args.card_ids is None):
        raise invalid("filter", "Give either a filter or card_ids.")
    definition = args.segment_definition_id
    card_id = card_of(configuration, definition) if definition else args.card_definition_id
    if not card_id:
        raise invalid("segment_definition_id", "Name it, or a card_definition_id.")
    card = configuration.get(CARDS, card_id).value
    condition(args.filter or (), filters_of(configuration, card.content, space.call.now))
    segment = Segment(
        id=id_,
        name=args.name,
        description=args.description,
        card=card.id,
        definition=definition,
        filters=stored_filters(args.filter),
        schedule=schedule_of(args.schedule),
        created_at=space.call.now,
    )
    status = status_at(segment, space.call.now)
    named = Named(frozenset(args.card_ids or ()), frozenset(args.exclude_card_ids))
    return card, segment.model_copy(update={"status": status}), named


def stored_filters(given: Sequence[Filter] | None) -> tuple[dict[str, Any], ...] | None:
    """Filters as a segment keeps them."""
    if given is None:
        return None
    return tuple(
        each.model_dump(mode="json", by_alias=True, exclude_defaults=True) for each in given
    )


def schedule_of(given: GivenSchedule | None) -> Schedule | None:
    """When a segment has cards. Raises `invalid` for an end before its beginning."""
    if given is None:
        return None
    if given.end is not None and given.end <= given.start:
        raise invalid("schedule.to", "It ends before it begins.")
    return Schedule(start=given.start, end=given.end)
