"""Drafts of card definitions: what they would be, worked out from the sources' schemas."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from shared.errors import Problem
from shared.pipeline.card_definitions import (
    GivenCardProperty,
    GivenSource,
    check_new,
    checked_content,
)
from shared.pipeline.configuration import Configuration
from shared.pipeline.drafts import Draft, Form, FormField, Issue, slug
from shared.pipeline.sources import SOURCES

_FIELDS: Final = (
    ("name", "Name", True),
    ("id", "Id", True),
    ("description", "Description", False),
    ("sources", "Sources", True),
    ("properties", "Properties", False),
)


def of_card(
    configuration: Configuration,
    *,
    id_: str,
    name: str,
    description: str,
    sources: Sequence[GivenSource],
    properties: Sequence[GivenCardProperty],
) -> Draft:
    """The draft of a new card definition; without properties, of all that the sources have."""
    name = name or id_.replace("-", " ").replace("_", " ").capitalize()
    id_ = id_ or slug(name)
    properties = properties or list(_proposed(configuration, sources))
    issues: list[Issue] = []
    if not name:
        issues.append(Issue(severity="error", field="name", message="Give the cards a name."))
    for field, check in (
        ("id", lambda: check_new(configuration, id_)),
        ("sources", lambda: checked_content(configuration, sources, properties)),
    ):
        try:
            check()
        except Problem as problem:
            wrong = problem.details.get("errors") or [{"path": field, "message": problem.message}]
            issues += (
                Issue(severity="error", field=each["path"], message=each["message"])
                for each in wrong
            )
    arguments: dict[str, Any] = {
        "id": id_,
        "name": name,
        "description": description,
        "sources": [each.model_dump(exclude_defaults=True) for each in sources],
        "properties": [each.model_dump(exclude_defaults=True) for each in properties],
    }
    arguments = {key: value for key, value in arguments.items() if value}
    return Draft(
        draft=arguments,
        form=Form(
            title="New card definition",
            fields=[
                FormField(name=key, label=label, required=needed, value=arguments.get(key, ""))
                for key, label, needed in _FIELDS
            ],
            submit_tool="create_card_definition",
            submit_arguments=arguments,
        ),
        issues=issues,
        ready=not issues,
    )


def _proposed(
    configuration: Configuration, sources: Sequence[GivenSource]
) -> Iterator[GivenCardProperty]:
    """All properties of the sources, each under its own id, with its type."""
    for each in sources:
        source = configuration.find(SOURCES, each.source_id)
        for id_, property_ in (source.value.properties if source else {}).items():
            if property_.type is not None and property_.state != "Deleting":
                yield GivenCardProperty(
                    id=id_,
                    name=property_.display_name,
                    source_id=each.source_id,
                    type=property_.type,
                    delimiter=property_.delimiter or "",
                )
