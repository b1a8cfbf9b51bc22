"""A tool's arguments as the fields of a form.

They are made from the tool's own schema, so a form can ask for nothing that the tool does not take.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from shared.serve.schema import plain, schema
from shared.tool import Tool

LONGEST: Final = 48_000
"""Characters of a field that a person can edit; what is longer is created as it was drafted."""
LONGEST_LINE: Final = 200
"""Characters of a text that is typed in one line."""
HINTS: Final = {"lines": "One a line.", "json": "As JSON."}
"""What is said of a field that is typed so."""
_NOT_ASKED: Final = frozenset({"dry_run"})
_UNCHOSEN: Final = ("", "As usual")
Kind = Literal["text", "choice", "list", "json"]


class Asked(NamedTuple):
    """One argument of a tool.

    Attributes:
        kind: a text or number, one of `options`, a list of texts, or any JSON.
        options: of a choice, what is sent and what is shown.
    """

    name: str
    label: str
    hint: str
    kind: Kind
    is_required: bool
    options: tuple[tuple[str, str], ...] = ()


def asked_by(tool: Tool[Any]) -> dict[str, Asked]:
    """What a tool asks for, by name."""
    made = plain(schema(tool.takes, mode="in"))
    needed = frozenset(made.get("required", ()))
    return {
        name: _asked(name, described, needed=name in needed)
        for name, described in made["properties"].items()
        if name not in _NOT_ASKED
    }


def _asked(name: str, described: Mapping[str, Any], *, needed: bool) -> Asked:
    kind, options = _kind(described)
    hint = described.get("description", "")
    if described.get("format") == "date-time":
        hint = f"{hint} Such as 2026-12-24T08:00:00Z."
    return Asked(name, name.replace("_", " ").capitalize(), hint, kind, needed, options)


def _kind(described: Mapping[str, Any]) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    type_ = described.get("type")
    if "enum" in described:
        return "choice", (_UNCHOSEN, *((each, each) for each in described["enum"]))
    if type_ == "boolean":
        return "choice", (_UNCHOSEN, ("true", "Yes"), ("false", "No"))
    if type_ in ("string", "integer", "number"):
        return "text", ()
    if type_ == "array" and described["items"].get("type") == "string":
        return "list", ()
    return "json", ()
