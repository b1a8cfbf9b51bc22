"""The values of managed tags: found, walked as a tree, added, changed and deleted."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine.prepare import Edit
from shared.engine.wanted import Part, Wanted
from shared.pipeline import managed_tags, tag_values
from shared.pipeline.configuration import Configuration
from shared.pipeline.managed_tags import TAGS, ManagedTag
from shared.pipeline.sources import invalid
from shared.pipeline.tag_values import GivenValue, Values
from shared.pipeline.workspace import Workspace, new_import
from shared.studio.arguments import OfTag, Paged, Written, touched
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family(
    "tag_values", org_types=STUDIO.org_types, tenant=True, toolset="tags", touched=touched
)
Key = Annotated[str, Field(min_length=1, max_length=256)]


class SearchManagedTagValues(OfTag, Paged):
    """Which values."""

    query: Annotated[str, Field(max_length=200, description="A part of a text or key.")] = ""
    parent_key: Annotated[str, Field(max_length=256, description="Those below this value.")] = ""
    recursive: Annotated[bool, Field(description="With parent_key: at any depth.")] = False
    top_level: Annotated[bool, Field(description="Only those that stand below none.")] = False
    language: Annotated[
        str, Field(max_length=20, description="Texts in this language alone, null without one.")
    ] = ""


class ValueShown(Result):
    """A value; `path` are the keys from the top down to it, its own left out."""

    key: str
    value: str | dict[str, str] | None
    order: float
    parent_key: str
    path: list[str]


class ValuesPage(Result):
    """Values in order of key."""

    items: list[ValueShown]
    next_cursor: str | None
    has_more: bool
    total: int


@family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Search a managed tag's values"
)
def search_managed_tag_values(call: Call, args: SearchManagedTagValues) -> ValuesPage:
    """Find values of a managed tag by a part of their text or key, whatever its case and accents.

    Walk a tree with top_level, then parent_key. Use it before writing a value that has to be one of
    a vocabulary. list_managed_tags finds the tag.
    """
    space = Workspace(call)
    tag = space.configuration.get(TAGS, args.managed_tag_id).value
    values, language = tag_values.read(space, tag), tag_values.checked_language(args.language)
    parents = values.parents()
    found = tag_values.look(
        values,
        args.query,
        language,
        among=_among(values, parents, args),
        after=args.cursor,
        limit=args.limit,
    )
    more = found.has_more and bool(found.items)
    return ValuesPage(
        items=[
            ValueShown(
                key=each.key,
                value=next(each.texts(language), None) if language else each.value,
                order=each.order,
                parent_key=each.parent,
                path=tag_values.path_to(parents, each.key),
            )
            for each in found.items
        ],
        next_cursor=found.items[-1].key if more else None,
        has_more=more,
        total=found.total,
    )


def _among(
    values: Values, parents: dict[str, str], args: SearchManagedTagValues
) -> set[str] | None:
    """The keys that are asked about; None for all."""
    if args.top_level:
        if args.parent_key:
            raise invalid("top_level", "Give either top_level or parent_key.")
        return {key for key, parent in parents.items() if not parent}
    if not args.parent_key:
        return None
    values.check(args.parent_key, "parent_key")
    if args.recursive:
        return tag_values.below(parents, args.parent_key)
    return {key for key, parent in parents.items() if parent == args.parent_key}


class UpsertManagedTagValues(OfTag, Written):
    """Which values, and what of them."""

    values: Annotated[
        tuple[GivenValue, ...],
        Field(min_length=1, max_length=500, description="Each key once; all or none is written."),
    ]


class ValuesWritten(Result):
    """What came of it; `unchanged` were so already."""

    created: int
    updated: int
    unchanged: int
    value_count: int
    revision: int
    import_id: str
    warnings: list[str]


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Add or change values of a managed tag",
    role=Role.EDITOR,
    idempotent=True,
)
def upsert_managed_tag_values(call: Call, args: UpsertManagedTagValues) -> ValuesWritten:
    """Add up to 500 values to a managed tag, or change their texts, order or place in the tree.

    All of them are written, or none and every reason is told. What is left out of a value stays.
    """
    space = Workspace(call)
    return space.decide(partial(_upsert, space, args))


def _upsert(
    space: Workspace, args: UpsertManagedTagValues, configuration: Configuration
) -> ValuesWritten:
    tag = managed_tags.active(configuration, args.managed_tag_id).value
    values = tag_values.read(space, tag)
    edits = tag_values.upserts(tag, values, args.values)
    created = sum(edit.key not in values for edit in edits)
    tag_values.check_room(space, tag, created)
    part = _decided(space, tag, values, edits, configuration)
    wanted = Wanted((part,), space.author, new_import())
    committed = space.commit(wanted, dry_run=args.dry_run)
    made = committed.prepared[space.name(tag.values)]
    return ValuesWritten(
        created=created,
        updated=len(made.changed) - created,
        unchanged=len(made.unchanged),
        value_count=len(values) + created,
        revision=committed.seqs[space.name(tag.values)],
        import_id=committed.import_id,
        warnings=["Nothing was written: dry_run."] if args.dry_run else [],
    )


class DeleteManagedTagValues(OfTag, Confirmed):
    """Which values."""

    keys: Annotated[
        tuple[Key, ...], Field(min_length=1, max_length=500, description="The values' keys.")
    ]


class ValuesDeleted(Result):
    """Keys that are gone, that were not there, and that stood below one and are at the top now."""

    deleted: list[str]
    missing: list[str]
    raised: list[str]
    value_count: int
    revision: int
    import_id: str


def _would_delete_values(call: Call, args: DeleteManagedTagValues) -> Plan:
    space = Workspace(call)
    tag = managed_tags.active(space.configuration, args.managed_tag_id).value
    done = tag_values.removal(tag_values.read(space, tag), args.keys)
    return Plan(
        f"delete {len(done.deleted)} values of {tag.id!r}; {len(done.raised)} that stand below "
        "them come to the top.",
        {"values": len(done.deleted), "raised": len(done.raised)},
    )


@family.tool(
    scope="studio:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Delete values of a managed tag",
    role=Role.EDITOR,
    plan=_would_delete_values,
)
def delete_managed_tag_values(call: Call, args: DeleteManagedTagValues) -> ValuesDeleted:
    """Delete values of a managed tag; what stands below one comes to the top of the tree.

    Without confirm it says how many that would be.
    """
    space = Workspace(call)
    return space.decide(partial(_delete_values, space, args))


def _delete_values(
    space: Workspace, args: DeleteManagedTagValues, configuration: Configuration
) -> ValuesDeleted:
    tag = managed_tags.active(configuration, args.managed_tag_id).value
    values = tag_values.read(space, tag)
    done = tag_values.removal(values, args.keys)
    part = _decided(space, tag, values, done.edits, configuration)
    committed = space.commit(Wanted((part,), space.author, new_import()))
    return ValuesDeleted(
        deleted=done.deleted,
        missing=[key for key in args.keys if key not in values],
        raised=done.raised,
        value_count=len(values) - len(done.deleted),
        revision=committed.seqs[space.name(tag.values)],
        import_id=committed.import_id,
    )


def _decided(
    space: Workspace,
    tag: ManagedTag,
    values: Values,
    edits: Iterable[Edit],
    configuration: Configuration,
) -> Part:
    """Edits that hold for values as they were just read: a tree is more than what is written."""
    name = space.name(tag.values)
    return Part(name, tuple(edits), configuration.seq, decided_at=values.seq)
