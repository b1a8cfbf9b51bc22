"""A tool's arguments as fields of a plain form, and what a person made of them as arguments.

The form is made from the tool's own schema, so it can ask for nothing that the tool does not take.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import orjson

from shared.serve.habits import of_text
from shared.serve.pages.web import Params
from shared.serve.schema import plain, schema
from shared.tool import Tool

LONGEST: Final = 48_000
"""Characters of a field that a person can edit; what is longer is created as it was drafted."""
MOST_BODY: Final = 1_000_000
"""Bytes of a form that was sent."""
_NOT_ASKED: Final = frozenset({"dry_run"})
_HINTS: Final = {"lines": "One a line.", "json": "As JSON."}
_A_LINE: Final = 200
Kind = Literal["line", "paragraph", "lines", "choice", "json", "kept"]


class Field(NamedTuple):
    """One argument of the tool.

    Attributes:
        kind: how it is typed: a line, a paragraph, a list with one a line, a choice, JSON; or
            `kept`, for what is too long to be edited and stays as it was drafted.
        value: what was drafted.
        text: the same as it is shown.
        options: of a choice, what is sent and what is shown.
        is_main: whether the draft names it among what a person should look at.
    """

    name: str
    label: str
    hint: str
    kind: Kind
    is_required: bool
    is_main: bool
    value: Any
    text: str
    options: tuple[tuple[str, str], ...] = ()


def fields_of(tool: Tool[Any], draft: Mapping[str, Any]) -> list[Field]:
    """The fields of a draft for a tool: first those that the draft names, then the others."""
    made = plain(schema(tool.takes, mode="in"))
    described, needed = made["properties"], set(made.get("required", ()))
    named = {each["name"]: each for each in draft["form"]["fields"]}
    order = [*named, *(name for name in described if name not in named)]
    return [
        _field(name, described[name], named.get(name), draft["draft"].get(name), name in needed)
        for name in order
        if name in described and name not in _NOT_ASKED
    ]


def _field(
    name: str,
    described: Mapping[str, Any],
    named: Mapping[str, Any] | None,
    value: Any,
    needed: bool,  # noqa: FBT001  one of the facts of a field
) -> Field:
    kind, options = _kind(described, value)
    hint = " ".join(filter(None, (described.get("description"), _HINTS.get(kind))))
    if described.get("format") == "date-time":
        hint = f"{hint} Such as 2026-12-24T08:00:00Z."
    return Field(
        name=name,
        label=named["label"] if named else name.replace("_", " ").capitalize(),
        hint=hint,
        kind=kind,
        is_required=needed or bool(named and named["required"]),
        is_main=named is not None,
        value=value,
        text=_text(kind, value),
        options=options,
    )


def _kind(described: Mapping[str, Any], value: Any) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    type_ = described.get("type")
    if "enum" in described:
        return "choice", (("", "As usual"), *((each, each) for each in described["enum"]))
    if type_ == "boolean":
        return "choice", (("", "As usual"), ("true", "Yes"), ("false", "No"))
    if type_ in ("string", "integer", "number"):
        text = str(value or "")
        long = len(text) > _A_LINE or "\n" in text or "\r" in text
        return _editable("paragraph" if long else "line", text), ()
    if type_ == "array" and described["items"].get("type") == "string" and _fits_lines(value):
        return _editable("lines", _text("lines", value)), ()
    return _editable("json", _text("json", value)), ()


def _fits_lines(value: Any) -> bool:
    """Whether a list can be written one a line and read again as the same."""
    return all(isinstance(each, str) and each.split() and _is_bare(each) for each in value or ())


def _is_bare(text: str) -> bool:
    return text == text.strip() and len(text.splitlines()) == 1


def _editable(kind: Kind, text: str) -> Kind:
    return kind if len(text) <= LONGEST else "kept"


def _text(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind == "lines":
        return "\n".join(value)
    if kind in ("json", "kept") and not isinstance(value, str):
        return _json(value)
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _json(value: Any) -> str:
    """JSON for people: of a list each element on a line of its own."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join("  " + orjson.dumps(each).decode() for each in value) + "\n]"
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


class Read(NamedTuple):
    """A form that was sent: what was typed, the arguments it makes, and what is no argument."""

    typed: dict[str, str]
    arguments: dict[str, Any]
    wrong: dict[str, str]


def read(tool: Tool[Any], fields: Sequence[Field], form: Params) -> Read:
    """The arguments that a form makes; what is empty is left out."""
    typed, arguments, wrong = {}, {}, {}
    for each in fields:
        if each.kind == "kept":
            arguments[each.name] = each.value
            continue
        text = (form.get(each.name) or "").replace("\r\n", "\n").strip()
        typed[each.name] = text
        if not text:
            if each.is_required:
                wrong[each.name] = "This is needed."
            continue
        try:
            arguments[each.name] = _READ.get(each.kind, str)(text)
        except orjson.JSONDecodeError as error:
            wrong[each.name] = (
                f"This is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
            )
    return Read(typed, of_text(tool, arguments), wrong)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


_READ: Final[Mapping[str, Callable[[str], Any]]] = {"lines": _lines, "json": orjson.loads}


def facts(preview: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    """What a draft would have, in words and numbers."""
    return [(name.replace("_", " ").capitalize(), each) for name, each in preview.items()]
