"""Drafts: what a definition would be, for a person to look at. Nothing of it is defined yet."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import WithJsonSchema

from shared.errors import Problem
from shared.pipeline.configuration import Configuration
from shared.pipeline.properties import GivenProperty, checked_properties
from shared.pipeline.sources import (
    SOURCES,
    TypeName,
    checked_languages,
    checked_relations,
)
from shared.tool import Result

_LONGEST: Final = 100


class FormField(Result):
    """A field of the form that a person is shown."""

    name: str
    label: str
    required: bool
    value: Any


class Form(Result):
    """What a person fills in, and which tool takes it."""

    title: str
    fields: list[FormField]
    submit_tool: str
    submit_arguments: dict[str, Any]


class Issue(Result):
    """Something to settle first (`error`), or to know (`note`)."""

    severity: Literal["error", "note"]
    field: str
    message: str


ReviewState = Literal["pending", "submitted", "declined", "expired"]


class ReviewShown(Result):
    """What a person did with a draft.

    `result`: what the create tool answered; `note`: why they declined it, in their words.
    """

    id: str
    state: ReviewState
    result: dict[str, Any]
    note: str


_OBJECT: Final = WithJsonSchema({"type": "object"})
"""Every client pays for a schema in every conversation, and no program goes through these."""


class Draft(Result):
    """A definition as it would be; `ready` when nothing stands in its way.

    `import_arguments`: of a draft for a file, what import_feed takes once the source is there;
    `preview`: of a segment or an endpoint, the cards it would have; `review_url`: where its person
    corrects and submits it, empty where there is no page for it.
    """

    draft: dict[str, Any]
    form: Annotated[Form, _OBJECT]
    issues: list[Issue]
    ready: bool
    import_arguments: dict[str, Any] = {}  # noqa: RUF012  pydantic copies defaults
    preview: dict[str, Any] = {}  # noqa: RUF012  pydantic copies defaults
    review_url: str = ""
    review: Annotated[ReviewShown | None, _OBJECT] = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a new source."""

    id: str
    name: str
    description: str
    properties: Sequence[GivenProperty]
    languages: Sequence[str]
    related: Sequence[str]
    samples: Sequence[Mapping[str, Any]]


def of_source(configuration: Configuration, known: Known) -> Draft:
    """The draft of a new source."""
    issues: list[Issue] = []
    name = known.name or known.id.replace("-", " ").replace("_", " ").capitalize()
    id_ = known.id or slug(name)
    given = {each.id.lower() for each in known.properties}
    worked_out = list(_worked_out(known.samples, given, issues))
    properties = [*known.properties, *worked_out]
    if not name:
        issues.append(Issue(severity="error", field="name", message="Give the source a name."))
    if configuration.find(SOURCES, id_) is not None:
        message = f"There is a data source {id_!r} already. Choose another id."
        issues.append(Issue(severity="error", field="id", message=message))
    for field, check in (
        ("languages", lambda: checked_languages(known.languages)),
        ("related_source_ids", lambda: checked_relations(configuration, id_, known.related)),
        ("properties", lambda: checked_properties(properties, {})),
    ):
        _try(check, field, issues)
    arguments = {
        "id": id_,
        "name": name,
        "description": known.description,
        "properties": [each.model_dump(exclude_defaults=True) for each in properties],
        "languages": list(known.languages),
        "related_source_ids": list(known.related),
    }
    arguments = {key: value for key, value in arguments.items() if value}
    return Draft(
        draft=arguments,
        form=Form(
            title="New data source",
            fields=[
                FormField(name=key, label=label, required=needed, value=arguments.get(key, ""))
                for key, label, needed in _FIELDS
            ],
            submit_tool="create_data_source",
            submit_arguments=arguments,
        ),
        issues=issues,
        ready=not any(issue.severity == "error" for issue in issues),
    )


Fields = Sequence[tuple[str, str, bool]]
"""Of a form: the argument, what people call it, whether it is needed."""


def reviewed(
    title: str,
    tool: str,
    fields: Fields,
    arguments: dict[str, Any],
    check: Callable[[], dict[str, Any]],
) -> Draft:
    """The draft of what a tool would create. `check` gives its preview, or says what is wrong."""
    found: dict[str, Any] = {}
    issues: list[Issue] = []
    try:
        found = check()
    except Problem as problem:
        field = problem.details.get("field", fields[0][0])
        wrong = problem.details.get("errors") or [{"path": field, "message": problem.message}]
        issues = [
            Issue(severity="error", field=each["path"], message=each["message"]) for each in wrong
        ]
    return Draft(
        draft=arguments,
        form=Form(
            title=title,
            fields=[
                FormField(name=key, label=label, required=needed, value=arguments.get(key, ""))
                for key, label, needed in fields
            ],
            submit_tool=tool,
            submit_arguments=arguments,
        ),
        issues=issues,
        ready=not issues,
        preview=found,
    )


_FIELDS: Final = (
    ("name", "Name", True),
    ("id", "Id", True),
    ("description", "Description", False),
    ("properties", "Properties", False),
    ("languages", "Languages", False),
    ("related_source_ids", "Sources with the same keys", False),
)


def slug(text: str) -> str:
    """Text as an id: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:_LONGEST]


def _try(check: Any, field: str, issues: list[Issue]) -> None:
    try:
        check()
    except Problem as problem:
        wrong = problem.details.get("errors") or [{"path": field, "message": problem.message}]
        issues.extend(
            Issue(severity="error", field=each["path"], message=each["message"]) for each in wrong
        )


def _worked_out(
    samples: Sequence[Mapping[str, Any]], given: Iterable[str], issues: list[Issue]
) -> Iterable[GivenProperty]:
    """Properties that rows show, but for those that are given and the rows' own key."""
    seen: dict[str, set[TypeName]] = {}
    for row in samples:
        for name, value in row.items():
            if value is not None:
                seen.setdefault(slug(str(name)).replace("-", "_"), set()).add(_type_of(value))
    for id_, types in seen.items():
        if not id_ or id_ == "id" or id_ in given:
            continue
        type_ = next(iter(types)) if len(types) == 1 else _wider(types)
        if len(types) > 1:
            said = f"Rows show {' and '.join(sorted(types))}; taken as {type_}."
            issues.append(Issue(severity="note", field=f"properties.{id_}", message=said))
        yield GivenProperty(id=id_, type=type_, delimiter="|" if type_ == "List" else "")


def _wider(types: set[TypeName]) -> TypeName:
    return "Decimal" if types == {"Integer", "Decimal"} else "Text"


def _type_of(value: Any) -> TypeName:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if isinstance(value, float):
        return "Decimal"
    if isinstance(value, list):
        return "List"
    return "Timestamp" if _is_time(value) else "Text"


def _is_time(value: Any) -> bool:
    """Whether a text is a full RFC 3339 time: only then is it taken for one."""
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
