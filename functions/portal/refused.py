"""What was wrong with a form that was sent, in words, at the fields it is about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import Problem
from shared.refusals import path_of


@dataclass(frozen=True)
class Refused:
    """What was typed into a form, and why it was not taken: by field, and for the whole form.

    `form` says which form of a page it was.
    """

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    code: str = ""

    def of(self, form: str) -> "Refused":
        """This, if it is about that form; else nothing typed, nothing wrong."""
        return self if self.form == form else NOTHING_REFUSED

    @classmethod
    def because(cls, form: str, typed: Mapping[str, str], problem: Problem) -> "Refused":
        """A problem, at the fields it is about; what is about none is said of the whole form."""
        placed: dict[str, list[str]] = {}
        for each in _errors(problem):
            name, words = _at_field(each, typed)
            placed.setdefault(name, []).append(words)
        whole = placed.pop("", ())
        fields = {name: " ".join(words[:_MOST_SAID]) for name, words in placed.items()}
        if problem.code in _FIELD_OF_CODE:
            fields = {_FIELD_OF_CODE[problem.code]: problem.message}
        if not fields and problem.details.get("field") in typed:
            fields = {problem.details["field"]: problem.message}
        message = " ".join(whole[:_MOST_SAID]) if fields else problem.message
        return cls(form, typed, fields, message, problem.code)


_MOST_SAID: Final = 5
"""How much of what is wrong with one field is said at once."""
_FIELD_OF_CODE: Final = {
    "invalid_project": "subscriberProjectId",
    "invalid_principal": "subscriberPrincipal",
}
"""Problems that are about one field without naming it."""
NOTHING_REFUSED: Final = Refused()
NOTHING_FOUND: Final[Mapping[str, Any]] = {"items": (), "nextCursor": None}
"""What a search that was refused found."""

_IN_WORDS: Final = {
    "missing": "This is needed.",
    "string_too_short": "This is needed.",
    "string_too_long": "At most {max_length} characters.",
    "string_pattern_mismatch": "This does not have the right form.",
    "int_parsing": "This is not a whole number.",
    "float_type": "This is not a number.",
    "datetime_from_date_parsing": "This is not a date.",
}
"""What a form says of an argument that does not fit, by pydantic's type of error."""


def _at_field(error: Mapping[str, Any], typed: Mapping[str, str]) -> tuple[str, str]:
    """The field that an error is about, empty for none; and what is wrong, with the place in it."""
    if "loc" in error:
        at = next((n for n, part in enumerate(error["loc"]) if part in typed), None)
        if at is not None and at == len(error["loc"]) - 1:
            return error["loc"][at], _in_words(error)
        error = {"path": path_of(error["loc"][at or 0 :]), "message": _in_words(error)}
    name = re.split(r"[.\[]", error["path"], maxsplit=1)[0]
    inside = error["path"] != name
    words = f"{error['path']}: {error['message']}" if inside else str(error["message"])
    return (name if name in typed else ""), words


def _in_words(error: Mapping[str, Any]) -> str:
    words = _IN_WORDS.get(error["type"])
    return str(error["msg"]) if words is None else words.format(**error.get("ctx", {}))


def _errors(problem: Problem) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = problem.details.get("errors", ())
    return found
