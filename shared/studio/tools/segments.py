"""Segments: listed, drafted, created, changed, deleted."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline import segment_changes, segment_drafts
from shared.pipeline.card_filters import filters_of
from shared.pipeline.cards import CARDS, CardDefinition
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import check_no_segment
from shared.pipeline.drafts import Draft, slug
from shared.pipeline.filters import Filter
from shared.pipeline.segment_changes import status_at
from shared.pipeline.segment_drafts import PreviewShown
from shared.pipeline.segment_members import Named, check_amount, named_by
from shared.pipeline.segment_previews import preview
from shared.pipeline.segments import (
    SEGMENTS,
    Segment,
    SegmentStatus,
    condition,
)
from shared.pipeline.sources import SOURCE_ID, invalid
from shared.pipeline.workspace import Workspace
from shared.query.ast import InSegment, Question
from shared.studio.arguments import Paged, Written, touched
from shared.studio.given_segment import (
    GivenSchedule,
    GivenSegment,
    Keys,
    new_segment,
    schedule_of,
    stored_filters,
)
from shared.studio.reviews import FromDraft, Reviewed, for_review, from_draft
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family("segments", org_types=STUDIO.org_types, tenant=True, touched=touched)
SegmentId = Annotated[str, Field(pattern=SOURCE_ID, description="The segment's id.")]


class SegmentShown(Result):
    """A segment; `card_count` is how many cards it has now."""

    id: str
    name: str
    description: str
    card_definition_id: str
    segment_definition_id: str
    kind: str
    status: str
    filter: list[dict[str, Any]]
    scheduled_from: str
    scheduled_to: str
    card_count: int


class SegmentsPage(Result):
    """Segments in order of id."""

    items: list[SegmentShown]
    next_cursor: str | None
    has_more: bool
    total: int


class ListSegments(Paged):
    """Which segments."""

    card_definition_id: Annotated[str, Field(max_length=100, description="Of these cards.")] = ""
    segment_definition_id: Annotated[str, Field(max_length=100, description="Of this kind.")] = ""
    status: Annotated[
        Literal["", "Scheduled", "Active", "Archived"], Field(description="Any if empty.")
    ] = ""
    kind: Annotated[Literal["", "query", "fixed"], Field(description="Any if empty.")] = ""
    query: Annotated[str, Field(max_length=200, description="A part of name or description.")] = ""

    def holds(self, segment: Segment) -> bool:
        """Whether a segment is asked for."""
        asked = self.query.lower()
        return (
            self.card_definition_id in ("", segment.card)
            and self.segment_definition_id in ("", segment.definition)
            and self.status in ("", segment.status)
            and self.kind in ("", segment.kind)
            and (asked in segment.name.lower() or asked in segment.description.lower())
        )


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List segments")
def list_segments(call: Call, args: ListSegments) -> SegmentsPage:
    """List segments of cards with what they ask, their schedule and how many cards they have.

    search_cards with `segments` shows the cards.
    """
    space = Workspace(call)
    every = (each.value for each in space.configuration.every(SEGMENTS))
    found = [each for each in every if args.holds(each)]
    rest = [each for each in found if each.id > args.cursor]
    some = rest[: args.limit]
    more = len(rest) > len(some) and bool(some)
    return SegmentsPage(
        items=_shown(space, some),
        next_cursor=some[-1].id if more else None,
        has_more=more,
        total=len(found),
    )


def _shown(space: Workspace, segments: Sequence[Segment]) -> list[SegmentShown]:
    counts: dict[str, int] = {}
    for card_id in dict.fromkeys(each.card for each in segments):
        card = space.configuration.get(CARDS, card_id).value
        own = [each.id for each in segments if each.card == card_id]
        if card.revision:
            questions = [Question(InSegment(id_), limit=0) for id_ in own]
            answers = space.collections.ask_each(space.name(card.cards), questions).answers
            counts |= {id_: answer.total for id_, answer in zip(own, answers, strict=True)}
    return [_one(each, counts.get(each.id, 0)) for each in segments]


def _one(segment: Segment, count: int) -> SegmentShown:
    schedule = segment.schedule
    return SegmentShown(
        id=segment.id,
        name=segment.name,
        description=segment.description,
        card_definition_id=segment.card,
        segment_definition_id=segment.definition,
        kind=segment.kind,
        status=segment.status,
        filter=list(segment.filters or ()),
        scheduled_from=schedule.start.isoformat() if schedule else "",
        scheduled_to=schedule.end.isoformat() if schedule and schedule.end else "",
        card_count=count,
    )


class DraftSegment(GivenSegment, Reviewed):
    """What is known of it so far."""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Draft a segment")
def draft_segment(call: Call, args: DraftSegment) -> Draft:
    """Try a segment: how many cards it would have and some of them, for a person to see.

    Nothing is stored. `submit_arguments` are what create_segment takes once they agreed.
    """
    return for_review(call, args, "create_segment", lambda: _drafted(call, args))


def _drafted(call: Call, args: DraftSegment) -> Draft:
    space = Workspace(call)
    given = args.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"review_id"}
    )
    return segment_drafts.drafted(
        given,
        lambda: _previewed(space, *new_segment(space, args, space.configuration)),
        segment_id=args.id or slug(args.name),
    )


class CreateSegment(GivenSegment, FromDraft):
    """A new segment."""


class SegmentWritten(Result):
    """A segment after a change: cards it has then, and how many entered and left it."""

    id: str
    status: str
    preview: PreviewShown
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a segment",
    role=Role.EDITOR,
)
@from_draft
def create_segment(call: Call, args: CreateSegment) -> SegmentWritten:
    """Make a segment of cards, by a filter whose matches come and go, or of cards one by one.

    Cards follow within a second or two. With a schedule it has cards from then until then alone.
    """
    space = Workspace(call)
    return space.decide(partial(_create, space, args))


def _create(space: Workspace, args: CreateSegment, configuration: Configuration) -> SegmentWritten:
    card, segment, named = new_segment(space, args, configuration)
    shown = _previewed(space, card, segment, named)
    if not args.dry_run:
        before = named_by(space, card.id, segment.id)
        segment = segment_changes.store(space, segment, None, (before, named))
    return _written(segment, shown, dry_run=args.dry_run)


def _previewed(
    space: Workspace, card: CardDefinition, segment: Segment, named: Named
) -> PreviewShown:
    """What the segment has then; of a scheduled one, what it would have now."""
    soon = segment.model_copy(update={"status": "Active"})
    is_over = segment.status == "Archived"
    cards, entered, left, examples = preview(space, card, segment if is_over else soon, named)
    return PreviewShown(count=cards, entered=entered, left=left, examples=examples)


def _written(segment: Segment, shown: PreviewShown, *, dry_run: bool) -> SegmentWritten:
    return SegmentWritten(
        id=segment.id,
        status=segment.status,
        preview=shown,
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )


class UpdateSegment(Written):
    """What to change; what is left out stays."""

    segment_id: SegmentId
    name: Annotated[str, Field(max_length=200, description="For people.")] = ""
    description: Annotated[str, Field(max_length=2000, description="Empty clears it.")] = ""
    filter: Annotated[tuple[Filter, ...], Field(description="In the place of the one before.")] = ()
    card_ids: Annotated[Keys, Field(max_length=10_000, description="All of a fixed one.")] = ()
    include_card_ids: Annotated[
        Keys, Field(max_length=10_000, description="No longer left out; of a fixed one: added.")
    ] = ()
    exclude_card_ids: Annotated[
        Keys, Field(max_length=10_000, description="Left out from now on.")
    ] = ()
    schedule: Annotated[GivenSchedule | None, Field(description="null: from now on for good.")] = (
        None
    )
    status: Annotated[
        Literal["", "Active", "Archived"], Field(description="Now, in place of a schedule.")
    ] = ""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Change a segment",
    role=Role.EDITOR,
    idempotent=True,
)
def update_segment(call: Call, args: UpdateSegment) -> SegmentWritten:
    """Change a segment: what it asks, its cards one by one, its schedule, or archive it.

    The answer counts the cards that enter and leave; with dry_run nothing is written. Cards follow
    within a second or two, and their history shows it.
    """
    space = Workspace(call)
    return space.decide(partial(_update, space, args))


def _update(space: Workspace, args: UpdateSegment, configuration: Configuration) -> SegmentWritten:
    seen = configuration.get(SEGMENTS, args.segment_id)
    segment = _changed(seen.value, args)
    card = configuration.get(CARDS, segment.card).value
    if segment.kind == "query":
        condition(args.filter, filters_of(configuration, card.content, space.call.now))
    before = named_by(space, card.id, segment.id)
    named = _named(segment, args, before)
    segment = segment.model_copy(update={"status": _status(space, seen.value, segment, args)})
    shown = _previewed(space, card, segment, named)
    if not args.dry_run:
        segment = segment_changes.store(space, segment, seen, (before, named))
    return _written(segment, shown, dry_run=args.dry_run)


def _changed(segment: Segment, args: UpdateSegment) -> Segment:
    given = args.model_fields_set
    update: dict[str, Any] = {}
    if args.name:
        update["name"] = args.name
    if "description" in given:
        update["description"] = args.description
    if "filter" in given:
        if segment.kind == "fixed":
            raise invalid("filter", "This segment names its cards one by one: use card_ids.")
        update["filters"] = stored_filters(args.filter)
    if "card_ids" in given and segment.kind == "query":
        raise invalid("card_ids", "This segment asks a filter: use include_ or exclude_card_ids.")
    if "schedule" in given:
        update |= {"schedule": schedule_of(args.schedule), "job": ""}
    if args.status:
        update |= {"schedule": None, "job": ""}
    return segment.model_copy(update=update)


def _status(
    space: Workspace, before: Segment, after: Segment, args: UpdateSegment
) -> SegmentStatus:
    if args.status == "Archived":
        check_no_segment(space.configuration, before.id)
    if args.status:
        return before.moved(args.status)
    if "schedule" in args.model_fields_set:
        to = "Active" if after.schedule is None else status_at(after, space.call.now)
        return before.moved(to)
    return before.status


def _named(segment: Segment, args: UpdateSegment, before: Named) -> Named:
    included, excluded = frozenset(args.include_card_ids), frozenset(args.exclude_card_ids)
    members = before.members
    if segment.kind == "fixed":
        members = frozenset(args.card_ids) if "card_ids" in args.model_fields_set else members
        after = Named(members - excluded | included)
    else:
        after = Named(members, before.excluded - included | excluded)
    check_amount(after.members, "card_ids")
    check_amount(after.excluded, "exclude_card_ids")
    return after


class DeleteSegment(Confirmed):
    """Which segment."""

    segment_id: SegmentId


def _would_delete(call: Call, args: DeleteSegment) -> Plan:
    space = Workspace(call)
    segment = space.configuration.get(SEGMENTS, args.segment_id).value
    (shown,) = _shown(space, [segment])
    return Plan(
        f"delete the segment {segment.id!r}; its {shown.card_count} cards stay.",
        {"cards": shown.card_count},
    )


class SegmentDeleted(Result):
    """What is gone."""

    deleted: str


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a segment",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_segment(call: Call, args: DeleteSegment) -> SegmentDeleted:
    """Delete a segment; its cards stay. Without confirm it says what it would delete."""
    space = Workspace(call)
    space.decide(partial(segment_changes.delete, space, segment_id=args.segment_id))
    return SegmentDeleted(deleted=args.segment_id)
