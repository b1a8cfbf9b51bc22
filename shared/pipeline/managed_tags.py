"""Managed tags: lists of values that people keep, such as colours or a tree of categories.

What a tag is stands in the configuration. Its values are a collection of their own, so that writers
of two tags never wait for each other, and only a tag that is asked about is read.
"""

from datetime import datetime
from typing import Final, Literal

from shared.engine.jobs import Asked
from shared.errors import Problem
from shared.pipeline.configuration import Configuration, Defined, Definition, Kind, put
from shared.pipeline.drafts import slug
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace

MOST_TAGS: Final = 200
MOST_TENANTS_VALUES: Final = 50_000
"""Of all tags of a tenant: what an instance keeps in memory beside others'."""
TagType = Literal["Text", "LocalizedText"]


class ManagedTag(Definition):
    """A managed tag, `managed_tag:{id}` of the configuration; its values are `tag.{id}`.

    Its type never changes. `parent`: the tag it is listed under, for people; values know nothing of
    that. `Deleting` while a job removes its values, and the tag with the last of them.
    """

    name: str
    type: TagType = "Text"
    parent: str = ""
    status: Literal["Active", "Deleting"] = "Active"
    created_at: datetime

    @property
    def values(self) -> str:
        """The id of the collection that holds its values."""
        return values_of(self.id)


TAGS: Final = Kind("managed_tag", ManagedTag, "managed tag")


def values_of(tag: str) -> str:
    """The id of the collection that holds a tag's values."""
    return f"tag.{tag}"


def active(of: Configuration, tag: str) -> Defined[ManagedTag]:
    """A tag that takes changes. Raises `not_found`; `conflict` while it is being deleted."""
    found = of.get(TAGS, tag)
    if found.value.status == "Deleting":
        raise Problem("conflict", f"The managed tag {tag!r} is being deleted. Use another id.")
    return found


def new_id(of: Configuration, given: str, name: str) -> str:
    """A new tag's id: as given, or made from the name.

    Raises `invalid`, `conflict`; `too_large` where there are too many.
    """
    id_ = given or slug(name)
    if not id_:
        raise invalid("id", "The name has no letters to make an id from. Give one.")
    if of.find(TAGS, id_) is not None:
        raise Problem("conflict", f"There is a managed tag {id_!r} already.", field="id")
    if sum(1 for _ in of.every(TAGS)) >= MOST_TAGS:
        message = f"The tenant has {MOST_TAGS} managed tags, and may have no more. Delete one."
        raise Problem("too_large", message, limit=MOST_TAGS)
    return id_


def check(of: Configuration, tag: ManagedTag) -> None:
    """A name is used once, and no tag stands below itself. Raises `conflict`, `invalid`."""
    for each in of.every(TAGS):
        if each.value.id != tag.id and each.value.name.casefold() == tag.name.casefold():
            raise Problem(
                "conflict",
                f"The managed tag {each.value.id!r} has this name. Use it, or another name.",
                field="name",
            )
    above = tag.parent
    if above == tag.id or (above and of.find(TAGS, above) is None):
        said = "A tag is not its own parent." if above == tag.id else f"There is no {above!r}."
        raise invalid("parent_id", said)
    while above:
        found = of.find(TAGS, above)
        above = found.value.parent if found else ""
        if above == tag.id:
            raise invalid("parent_id", f"{tag.parent!r} is below {tag.id!r} already.")


def close(space: Workspace, configuration: Configuration, tag: str, job: Asked) -> None:
    """Have a tag take no changes but its removal, which is a job; tags below it come up."""
    found = configuration.get(TAGS, tag)
    going = found.value.model_copy(update={"status": "Deleting", "parent": ""})
    below = [
        put(TAGS, each.value.model_copy(update={"parent": ""}), each)
        for each in configuration.every(TAGS)
        if each.value.parent == tag
    ]
    space.configure(put(TAGS, going, found), *below, redefines=[going.values], job=job)
