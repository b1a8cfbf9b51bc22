"""Relations of cards: defined, changed, deleted."""

from functools import partial
from typing import Annotated, Any

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.pipeline import relations
from shared.pipeline.configuration import Configuration, Defined, put, remove
from shared.pipeline.destinations import check_no_relation, showing_relation
from shared.pipeline.drafts import slug
from shared.pipeline.properties import PROPERTY_ID
from shared.pipeline.relations import MOST_RELATIONS, RELATIONS, Relation
from shared.pipeline.sources import SOURCE_ID, invalid
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import CardId, Written, touched
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family(
    "relations", org_types=STUDIO.org_types, tenant=True, toolset="cards", touched=touched
)
RelationId = Annotated[str, Field(pattern=SOURCE_ID, description="The relation's id.")]
Of = Annotated[str, Field(pattern=PROPERTY_ID, description="Of it; id for the card's key.")]


class CreateRelationDefinition(Written):
    """A new relation."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="For people.")]
    id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Made from the name if empty.")
    ] = ""
    description: Annotated[str, Field(max_length=2000, description="What it means.")] = ""
    source_card_definition_id: CardId
    source_property_id: Of
    target_card_definition_id: CardId
    target_property_id: Of


class RelationWritten(Result):
    """A relation after a change: how many source cards it relates, and how many it does not."""

    id: str
    matched: int
    unmatched: int
    examples_unmatched: list[str]
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a relation definition",
    role=Role.EDITOR,
)
def create_relation_definition(call: Call, args: CreateRelationDefinition) -> RelationWritten:
    """Relate cards of two active definitions where a property of each has the same value.

    Letter case does not count, lists relate element by element. It answers how many source cards
    are related; search_cards filters by it from either side.
    """
    space = Workspace(call)
    return space.decide(partial(_create, space, args))


def _create(
    space: Workspace, args: CreateRelationDefinition, configuration: Configuration
) -> RelationWritten:
    id_ = args.id or slug(args.name)
    if not id_:
        raise invalid("id", "Give the relation an id.")
    if configuration.find(RELATIONS, id_) is not None:
        raise Problem("conflict", f"There is a relation definition {id_!r} already.", field="id")
    if sum(1 for _ in configuration.every(RELATIONS)) >= MOST_RELATIONS:
        message = f"The tenant has {MOST_RELATIONS} relations, and may have no more."
        raise Problem("too_large", message, limit=MOST_RELATIONS)
    relation = Relation(
        id=id_,
        name=args.name,
        description=args.description,
        source_card=args.source_card_definition_id,
        source_property=args.source_property_id.lower(),
        target_card=args.target_card_definition_id,
        target_property=args.target_property_id.lower(),
        created_at=space.call.now,
    )
    return _written(space, configuration, relation, None, dry_run=args.dry_run)


class UpdateRelationDefinition(Written):
    """What to change; what is left out stays."""

    relation_id: RelationId
    name: Annotated[str, Field(max_length=200, description="For people.")] = ""
    description: Annotated[str, Field(max_length=2000, description="Empty clears it.")] = ""
    source_property_id: Annotated[
        str, Field(pattern=f"{PROPERTY_ID}|^$", description="Another one.")
    ] = ""
    target_property_id: Annotated[
        str, Field(pattern=f"{PROPERTY_ID}|^$", description="Another one.")
    ] = ""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Change a relation definition",
    role=Role.EDITOR,
    idempotent=True,
)
def update_relation_definition(call: Call, args: UpdateRelationDefinition) -> RelationWritten:
    """Change a relation's name, description, or the properties it compares.

    What is left out stays. It answers how many source cards are related then.
    """
    space = Workspace(call)
    return space.decide(partial(_update, space, args))


def _update(
    space: Workspace, args: UpdateRelationDefinition, configuration: Configuration
) -> RelationWritten:
    seen = configuration.get(RELATIONS, args.relation_id)
    update: dict[str, Any] = {
        "name": args.name or seen.value.name,
        "source_property": args.source_property_id.lower() or seen.value.source_property,
        "target_property": args.target_property_id.lower() or seen.value.target_property,
    }
    if "description" in args.model_fields_set:
        update["description"] = args.description
    relation = seen.value.model_copy(update=update)
    return _written(space, configuration, relation, seen, dry_run=args.dry_run)


class DeleteRelationDefinition(Confirmed):
    """Which relation."""

    relation_id: RelationId


def _would_delete(call: Call, args: DeleteRelationDefinition) -> Plan:
    relation = Workspace(call).configuration.get(RELATIONS, args.relation_id).value
    return Plan(f"delete the relation {relation.id!r}. Cards stay.")


class RelationDeleted(Result):
    """What is gone."""

    deleted: str


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a relation definition",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_relation_definition(call: Call, args: DeleteRelationDefinition) -> RelationDeleted:
    """Delete a relation; its cards stay. Without confirm it says what it would delete."""
    space = Workspace(call)
    space.decide(partial(_delete, space, args.relation_id))
    return RelationDeleted(deleted=args.relation_id)


def _delete(space: Workspace, relation_id: str, configuration: Configuration) -> None:
    check_no_relation(configuration, relation_id)
    seen = configuration.get(RELATIONS, relation_id)
    space.configure(remove(RELATIONS, seen))


def _written(
    space: Workspace,
    configuration: Configuration,
    relation: Relation,
    seen: Defined[Relation] | None,
    *,
    dry_run: bool,
) -> RelationWritten:
    relations.check(configuration, relation)
    matched, unmatched, examples = relations.preview(space, relation)
    showing = showing_relation(configuration, relation.id)
    space.configure(
        put(RELATIONS, relation, seen),
        redefines=showing,
        dry_run=dry_run,
    )
    return RelationWritten(
        id=relation.id,
        matched=matched,
        unmatched=unmatched,
        examples_unmatched=examples,
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )
