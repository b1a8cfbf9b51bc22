"""A draft as the fields of a plain form, and what a person made of them as arguments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import orjson

from shared.serve.forms import HINTS, LONGEST, LONGEST_LINE, Asked, asked_by
from shared.serve.habits import of_text
from shared.serve.pages.web import Params
from shared.tool import Tool

MOST_BODY: Final = 1_000_000
"""Bytes of a form that was sent."""
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
    asked = asked_by(tool)
    named = {each["name"]: each for each in draft["form"]["fields"]}
    order = [*named, *(name for name in asked if name not in named)]
    return [
        _field(asked[name], named.get(name), draft["draft"].get(name))
        for name in order
        if name in asked
    ]


def _field(asked: Asked, named: Mapping[str, Any] | None, value: Any) -> Field:
    kind = _kind(asked, value)
    return Field(
        name=asked.name,
        label=named["label"] if named else asked.label,
        hint=" ".join(filter(None, (asked.hint, HINTS.get(kind)))),
        kind=kind,
        is_required=asked.is_required or bool(named and named["required"]),
        is_main=named is not None,
        value=value,
        text=_text(kind, value),
        options=asked.options,
    )


def _kind(asked: Asked, value: Any) -> Kind:
    if asked.kind == "choice":
        return "choice"
    if asked.kind == "text":
        text = str(value or "")
        long = len(text) > LONGEST_LINE or "\n" in text or "\r" in text
        return _editable("paragraph" if long else "line", text)
    if asked.kind == "list" and _fits_lines(value):
        return _editable("lines", _text("lines", value))
    return _editable("json", _text("json", value))


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
