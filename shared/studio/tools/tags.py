"""Managed tags: values that people keep by hand, for properties to be chosen from."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.pipeline import managed_tags
from shared.pipeline.cards import check_no_tag
from shared.pipeline.configuration import Configuration, Defined, put
from shared.pipeline.job_kinds import DELETE_TAG
from shared.pipeline.job_space import asked
from shared.pipeline.managed_tags import TAGS, ManagedTag, TagType
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import OfTag, Paged, Waits, Written, touched
from shared.studio.started import JobShown, shown_asked, waited
from shared.tool import Call, Confirmed, Effect, Family, Pending, Plan, Result, Risk

family = Family("tags", org_types=STUDIO.org_types, tenant=True, touched=touched)


class TagShown(Result):
    """A managed tag; `parent_id` is the tag it is listed under."""

    id: str
    name: str
    type: str
    parent_id: str
    status: str
    value_count: int
    created_at: datetime
    updated_at: datetime


class TagsPage(Result):
    """Managed tags in order of id."""

    items: list[TagShown]
    next_cursor: str | None
    has_more: bool
    total: int


class ListManagedTags(Paged):
    """Which managed tags."""

    query: Annotated[str, Field(max_length=200, description="A part of the name or id.")] = ""
    parent_id: Annotated[str, Field(max_length=100, description="Listed under this tag.")] = ""

    def holds(self, tag: ManagedTag) -> bool:
        """Whether a tag is asked for."""
        asked = self.query.lower()
        is_named = asked in tag.name.lower() or asked in tag.id.lower()
        return is_named and self.parent_id in ("", tag.parent)


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List managed tags")
def list_managed_tags(call: Call, args: ListManagedTags) -> TagsPage:
    """List the tenant's managed tags, the vocabularies people keep, with their numbers of values.

    Use it to find a tag's id; search_managed_tag_values looks into one.
    """
    space = Workspace(call)
    found = [each for each in space.configuration.every(TAGS) if args.holds(each.value)]
    rest = [each for each in found if each.value.id > args.cursor]
    items = rest[: args.limit]
    heads = space.heads([each.value.values for each in items])
    more = len(rest) > len(items) and bool(items)
    return TagsPage(
        items=[_shown(each, heads[each.value.values].count) for each in items],
        next_cursor=items[-1].value.id if more else None,
        has_more=more,
        total=len(found),
    )


class CreateManagedTag(Written):
    """A new managed tag."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="For people; used once.")]
    id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Made from the name if empty.")
    ] = ""
    type: Annotated[
        TagType, Field(description="LocalizedText: a text for each language. It never changes.")
    ] = "Text"
    parent_id: Annotated[str, Field(max_length=100, description="The tag to list it under.")] = ""


class TagWritten(Result):
    """A managed tag after a change."""

    tag: TagShown
    revision: int
    import_id: str
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a managed tag",
    role=Role.EDITOR,
)
def create_managed_tag(call: Call, args: CreateManagedTag) -> TagWritten:
    """Create a managed tag: a vocabulary such as colours, or a tree of categories.

    upsert_managed_tag_values adds its values.
    """
    space = Workspace(call)
    return space.decide(lambda configuration: _create(space, configuration, args))


def _create(space: Workspace, configuration: Configuration, args: CreateManagedTag) -> TagWritten:
    tag = ManagedTag(
        id=managed_tags.new_id(configuration, args.id, args.name),
        name=args.name,
        type=args.type,
        parent=args.parent_id,
        created_at=space.call.now,
    )
    return _written(space, configuration, tag, None, dry_run=args.dry_run)


class UpdateManagedTag(OfTag, Written):
    """What to change; what is left out stays."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="For people.")] = ""
    parent_id: Annotated[str, Field(max_length=100, description="Empty: under no tag.")] = ""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Change a managed tag",
    role=Role.EDITOR,
    idempotent=True,
)
def update_managed_tag(call: Call, args: UpdateManagedTag) -> TagWritten:
    """Change a managed tag's name, or which tag it is listed under; its values stay.

    Its type never changes: create another tag for that.
    """
    space = Workspace(call)
    return space.decide(lambda configuration: _update(space, configuration, args))


def _update(space: Workspace, configuration: Configuration, args: UpdateManagedTag) -> TagWritten:
    before = managed_tags.active(configuration, args.managed_tag_id)
    update: dict[str, Any] = {}
    if "name" in args.model_fields_set:
        update["name"] = args.name
    if "parent_id" in args.model_fields_set:
        update["parent"] = args.parent_id
    after = before.value.model_copy(update=update)
    return _written(space, configuration, after, before, dry_run=args.dry_run)


def _written(
    space: Workspace,
    configuration: Configuration,
    tag: ManagedTag,
    before: Defined[ManagedTag] | None,
    *,
    dry_run: bool,
) -> TagWritten:
    managed_tags.check(configuration, tag)
    committed = space.configure(put(TAGS, tag, before), dry_run=dry_run)
    is_same = before is not None and before.value == tag
    updated = before.updated if before is not None and is_same else space.call.now
    return TagWritten(
        tag=_shown(Defined(tag, 0, updated), space.head(tag.values).count),
        revision=next(iter(committed.seqs.values())),
        import_id=committed.import_id,
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )


class DeleteManagedTag(OfTag, Confirmed, Waits):
    """Which managed tag."""


def _would_delete(call: Call, args: DeleteManagedTag) -> Plan:
    space = Workspace(call)
    tag = space.configuration.get(TAGS, args.managed_tag_id).value
    check_no_tag(space.configuration, tag.id)
    count = space.head(tag.values).count
    does = f"delete the managed tag {tag.id!r} with its {count} values."
    return Plan(does, {"values": count})


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a managed tag",
    role=Role.PUBLISHER,
    plan=_would_delete,
    streams=True,
    returns=JobShown,
)
def delete_managed_tag(call: Call, args: DeleteManagedTag) -> JobShown | Pending:
    """Delete a managed tag with all its values. It is a job.

    Without confirm it says what it would delete. Tags that were listed under it stay.
    """
    space = Workspace(call)
    job = space.decide(lambda configuration: _delete(space, configuration, args))
    return waited(call, job, args.wait)


def _delete(space: Workspace, configuration: Configuration, args: DeleteManagedTag) -> JobShown:
    check_no_tag(configuration, args.managed_tag_id)
    job = asked(space.call, DELETE_TAG, tag=args.managed_tag_id)
    managed_tags.close(space, configuration, args.managed_tag_id, job)
    return shown_asked(job)


def _shown(defined: Defined[ManagedTag], count: int) -> TagShown:
    tag = defined.value
    return TagShown(
        id=tag.id,
        name=tag.name,
        type=tag.type,
        parent_id=tag.parent,
        status=tag.status,
        value_count=count,
        created_at=tag.created_at,
        updated_at=defined.updated,
    )
