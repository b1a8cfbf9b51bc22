"""Card definitions: drafted, created, changed, activated, deleted."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline import card_building, card_drafts
from shared.pipeline.card_building import settled
from shared.pipeline.card_definitions import (
    GivenCardProperties,
    GivenSegmentDefinitions,
    GivenSource,
    GivenSources,
    check_new,
    checked_content,
    checked_segment_definitions,
)
from shared.pipeline.cards import CARDS, CardDefinition
from shared.pipeline.configuration import Configuration, Defined, put
from shared.pipeline.drafts import Draft
from shared.pipeline.properties import PROPERTY_ID
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import OfCard, Waits, Written, touched
from shared.studio.cards_shown import Waiting, waiting
from shared.studio.reviews import FromDraft, Reviewed, for_review, from_draft
from shared.studio.started import JobShown, shown_asked, waited
from shared.tool import Call, Confirmed, Effect, Family, Pending, Plan, Result, Risk

family = Family(
    "card_definitions", org_types=STUDIO.org_types, tenant=True, toolset="cards", touched=touched
)
Kinds = Annotated[GivenSegmentDefinitions, Field(description="Kinds of segments, all of them.")]
Name = Annotated[str, Field(max_length=200, description="For people.")]


class DraftCardDefinition(Reviewed):
    """What is known of it so far; all of it may be left out."""

    id: Annotated[str, Field(max_length=100, description="Made from the name if empty.")] = ""
    name: Name = ""
    description: Annotated[str, Field(max_length=2000, description="What they are.")] = ""
    sources: Annotated[GivenSources, Field(description="What cards are made of.")] = ()
    properties: Annotated[
        GivenCardProperties, Field(description="Those known already; all of the sources if empty.")
    ] = ()


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Draft a card definition"
)
def draft_card_definition(call: Call, args: DraftCardDefinition) -> Draft:
    """Work out a card definition from its sources' schemas, for a person to see.

    Nothing is stored. `submit_arguments` are what create_card_definition takes once they agreed.
    """
    draft = partial(
        card_drafts.of_card,
        Workspace(call).configuration,
        id_=args.id,
        name=args.name,
        description=args.description,
        sources=args.sources,
        properties=args.properties,
    )
    return for_review(call, args, "create_card_definition", draft)


class CreateCardDefinition(FromDraft):
    """A new definition."""

    id: Annotated[str, Field(pattern=SOURCE_ID, description="Of A-Z a-z 0-9 _ -, for good.")]
    name: Annotated[str, Field(min_length=1, max_length=200, description="For people.")]
    description: Annotated[str, Field(max_length=2000, description="What they are.")] = ""
    sources: Annotated[
        tuple[GivenSource, ...],
        Field(min_length=1, max_length=5, description="Their entries have the same keys, or join."),
    ]
    properties: Annotated[
        GivenCardProperties,
        Field(description="An id again is a further place: the first with a value wins."),
    ] = ()
    segment_definitions: Kinds = ()


class CardDefinitionWritten(Result):
    """A definition after a change; `waiting`: what an activation would change then."""

    id: str
    status: str
    waiting: Waiting
    revision: int
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a card definition",
    role=Role.EDITOR,
)
@from_draft
def create_card_definition(call: Call, args: CreateCardDefinition) -> CardDefinitionWritten:
    """Define cards: one record for each key, with values of one source or several.

    It is a draft until activate_card_definition builds its cards. Use draft_card_definition first
    where a person should look at it.
    """
    space = Workspace(call)
    return space.decide(partial(_create, space, args))


def _create(
    space: Workspace, args: CreateCardDefinition, configuration: Configuration
) -> CardDefinitionWritten:
    check_new(configuration, args.id)
    content = checked_content(configuration, args.sources, args.properties)
    card = CardDefinition(
        id=args.id,
        name=args.name,
        description=args.description,
        content=content,
        segment_definitions=checked_segment_definitions(
            configuration, args.id, content, args.segment_definitions
        ),
        created_at=space.call.now,
    )
    return _written(space, card, None, dry_run=args.dry_run)


class UpdateCardDefinition(OfCard, Written):
    """What to change; what is left out stays."""

    name: Name = ""
    description: Annotated[str, Field(max_length=2000, description="Empty clears it.")] = ""
    properties_upsert: Annotated[
        GivenCardProperties, Field(description="Whole, in the place of their former selves.")
    ] = ()
    properties_remove: Annotated[
        tuple[Annotated[str, Field(pattern=PROPERTY_ID)], ...], Field(description="Ids.")
    ] = ()
    segment_definitions: Kinds = ()
    discard: Annotated[bool, Field(description="Drop what waits for activation.")] = False
    status: Annotated[
        Literal["", "Active", "Archived"],
        Field(description="Archived puts it out of use, Active brings it back."),
    ] = ""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Change a card definition",
    role=Role.EDITOR,
    idempotent=True,
)
def update_card_definition(call: Call, args: UpdateCardDefinition) -> CardDefinitionWritten:
    """Change a card definition; properties of an active one wait for activate_card_definition.

    What is left out stays. Cards in use do not change before that; `discard` takes it back.
    """
    space = Workspace(call)
    return space.decide(partial(_update, space, args))


def _update(
    space: Workspace, args: UpdateCardDefinition, configuration: Configuration
) -> CardDefinitionWritten:
    seen = configuration.get(CARDS, args.card_definition_id)
    card = settled(space.call.app, space.call.tenant, seen.value)
    given = args.model_fields_set
    update: dict[str, Any] = {
        name: getattr(args, name)
        for name in ("name", "description")
        if name in given and (getattr(args, name) or name == "description")
    }
    if args.discard:
        update |= {"status": card.moved("discard"), "pending": None}
    if args.status and (args.status == "Archived") != (card.status == "Archived"):
        if args.status == "Archived":
            card_building.check_unused(configuration, card.id, but_by_segments=True)
        update["status"] = card.moved("archive" if args.status == "Archived" else "restore")
    if args.properties_upsert or args.properties_remove:
        update |= _edited(configuration, card.model_copy(update=update), args)
    after = card.model_copy(update=update)
    if "segment_definitions" in given:
        kinds = checked_segment_definitions(
            configuration, card.id, after.working, args.segment_definitions
        )
        after = after.model_copy(update={"segment_definitions": kinds})
    return _written(space, after, seen, dry_run=args.dry_run)


def _edited(
    configuration: Configuration, card: CardDefinition, args: UpdateCardDefinition
) -> dict[str, Any]:
    gone = {each.lower() for each in args.properties_remove}
    sources = [GivenSource(**each.model_dump()) for each in card.working.sources]
    stay = [each for each in card.working.properties if each.id not in gone]
    content = checked_content(configuration, sources, args.properties_upsert, stay)
    status = card.moved("edit")
    if not card.revision:
        return {"status": status, "content": content}
    if content == card.content:
        return {"status": "Active", "pending": None}
    return {"status": status, "pending": content}


class ActivateCardDefinition(OfCard, Written, Waits):
    """Which definition."""


class CardsBuilt(Result):
    """A definition, and the job that builds its cards; none where nothing had changed."""

    id: str
    status: str
    estimated_cards: int
    job: JobShown | None
    warnings: list[str]


@family.tool(
    scope="studio:publish",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Activate a card definition",
    role=Role.PUBLISHER,
    idempotent=True,
    streams=True,
    returns=CardsBuilt,
)
def activate_card_definition(call: Call, args: ActivateCardDefinition) -> CardsBuilt | Pending:
    """Build the cards of a definition, with what waits in it; they are in use when the job is over.

    Cards in use are there until then. Nothing is done where nothing waits.
    """
    space = Workspace(call)
    activate = partial(
        card_building.activate, space, card_id=args.card_definition_id, dry_run=args.dry_run
    )
    card, job = space.decide(activate)
    heads = space.heads(f"source.{each.source_id}" for each in card.working.sources)
    shown = CardsBuilt(
        id=card.id,
        status=card.status,
        estimated_cards=max((head.count for head in heads.values()), default=0),
        job=None if job is None or args.dry_run else shown_asked(job),
        warnings=["Nothing was written: dry_run."] if args.dry_run else [],
    )
    return _waited(call, args, shown)


def _waited(call: Call, args: ActivateCardDefinition, shown: CardsBuilt) -> CardsBuilt | Pending:
    if shown.job is None:
        return shown
    pending = waited(call, shown.job, args.wait)
    if not isinstance(pending, Pending):
        return shown

    def look() -> tuple[CardsBuilt, bool]:
        job, over = pending.look()
        space = Workspace(call)
        space.forget_heads()
        card = space.configuration.get(CARDS, args.card_definition_id).value
        return shown.model_copy(update={"job": job, "status": card.status}), over

    return Pending(shown, args.wait, look)


class DeleteCardDefinition(OfCard, Confirmed):
    """Which definition."""


def _would_delete(call: Call, args: DeleteCardDefinition) -> Plan:
    space = Workspace(call)
    card = space.configuration.get(CARDS, args.card_definition_id).value
    card_building.check_unused(space.configuration, card.id)
    count = space.head(card.cards).count if card.revision else 0
    return Plan(
        f"delete the card definition {card.id!r} with its {count} cards. Entries stay.",
        {"cards": count},
    )


class CardDefinitionDeleted(Result):
    """What is gone."""

    deleted: str


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a card definition",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_card_definition(call: Call, args: DeleteCardDefinition) -> CardDefinitionDeleted:
    """Delete a card definition with its cards; the entries they are made of stay.

    Without confirm it says what it would delete.
    """
    space = Workspace(call)
    space.decide(partial(card_building.delete, space, card_id=args.card_definition_id))
    return CardDefinitionDeleted(deleted=args.card_definition_id)


def _written(
    space: Workspace, card: CardDefinition, seen: Defined[CardDefinition] | None, *, dry_run: bool
) -> CardDefinitionWritten:
    committed = space.configure(put(CARDS, card, seen), dry_run=dry_run)
    return CardDefinitionWritten(
        id=card.id,
        status=card.status,
        waiting=waiting(card),
        revision=next(iter(committed.seqs.values())),
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )
