"""Properties as callers give them: checked, beside those there are, and their values counted."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.errors import Problem
from shared.pipeline.sources import (
    MOST_PROPERTIES,
    Property,
    Source,
    TypeName,
    checked_type,
    invalid,
)
from shared.pipeline.workspace import Workspace
from shared.query.ast import Compare, Question
from shared.tool import Args

PROPERTY_ID: Final = r"^[A-Za-z0-9_-]{1,100}$"


class GivenProperty(Args):
    """A property; what is left out stays as it is. Ids are lower case."""

    id: Annotated[str, Field(pattern=PROPERTY_ID, description="Lower case.")]
    display_name: Annotated[str, Field(max_length=200)] = ""
    type: Annotated[Literal[TypeName, ""], Field(description="Empty: the first value decides.")] = (
        ""
    )
    delimiter: Annotated[str, Field(max_length=1, description="Of lists: , ; : | or /")] = ""
    description: Annotated[str, Field(max_length=1000)] = ""


GivenProperties = Annotated[tuple[GivenProperty, ...], Field(max_length=MOST_PROPERTIES)]


def checked_properties(
    given: Sequence[GivenProperty], before: Mapping[str, Property]
) -> dict[str, Property]:
    """The properties that are given, as they are to be. Raises `invalid` with all that is wrong."""
    made: dict[str, Property] = {}
    errors = []
    for number, each in enumerate(given):
        id_, path = each.id.lower(), f"properties[{number}]"
        if id_ in made:
            errors.append({"path": f"{path}.id", "message": f"{id_!r} comes twice."})
        after = _after(each, before.get(id_, Property()))
        wrong = checked_type(path, after.type, after.delimiter or "")
        if wrong is not None:
            errors.append({"path": wrong[0], "message": wrong[1]})
        made[id_] = after
    if errors:
        first = errors[0]
        raise Problem("invalid", f"{first['path']}: {first['message']}", errors=errors)
    if len({*before, *made}) > MOST_PROPERTIES:
        raise invalid("properties", f"A source has at most {MOST_PROPERTIES} properties.")
    return made


def _after(given: GivenProperty, before: Property) -> Property:
    named = given.model_fields_set
    update: dict[str, Any] = {
        name: getattr(given, name) for name in ("display_name", "description") if name in named
    }
    type_ = (given.type or None) if "type" in named else before.type
    if "delimiter" in named or type_ != before.type:
        update["delimiter"] = given.delimiter or None
    update["type"] = type_
    return before.model_copy(update=update)


def retyped(before: Mapping[str, Property], after: Mapping[str, Property]) -> list[str]:
    """Properties that held one type and are to hold another."""
    return [
        id_
        for id_, each in after.items()
        if (was := before.get(id_)) is not None
        and was.declared is not None
        and was.declared != each.declared
    ]


def unchanging(source: Source, id_: str) -> str:
    """A property that no job is changing, in its spelling. Raises `not_found`, `conflict`."""
    id_ = id_.lower()
    if id_ not in source.properties:
        near = get_close_matches(id_, source.properties, 3, 0.5)
        said = f" There are {', '.join(near)}." if near else ""
        raise Problem("not_found", f"The source has no property {id_!r}.{said}", near=near)
    check_unchanging(source, [id_])
    return id_


def check_unchanging(source: Source, ids: Iterable[str]) -> None:
    """Raises `conflict` for a property that a job is changing or deleting."""
    for id_ in ids:
        known = source.properties.get(id_)
        if known is not None and known.state != "Active":
            doing = "changing the type of" if known.state == "Updating" else "deleting"
            raise Problem(
                "conflict",
                f"A job is {doing} the property {id_!r}. Wait until list_jobs says it is over; if "
                "it was cancelled, revert_import takes its import_id back.",
                property=id_,
            )


def filled(space: Workspace, source: Source, ids: Sequence[str]) -> dict[str, int]:
    """How many entries hold a value of each of these properties, if any does."""
    questions = [
        Question(where=Compare(id_, kind, "exists"), limit=0)
        for id_ in ids
        if (kind := source.properties[id_].kind) is not None
    ]
    if not questions:
        return {}
    answers = space.collections.ask_each(
        space.name(source.entries), questions, space.head(source.entries)
    ).answers
    return {id_: each.total for id_, each in zip(ids, answers, strict=True) if each.total}
