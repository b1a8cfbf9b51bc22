"""What was wrong with a form that was sent, in words, at the fields it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import Problem


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
        """A problem, at the fields it is about."""
        fields = {
            str(part): _in_words(each)
            for each in reversed(_errors(problem))
            for part in each["loc"]
            if part in typed
        }
        if problem.code in _FIELD_OF_CODE:
            fields = {_FIELD_OF_CODE[problem.code]: problem.message}
        if not fields and problem.details.get("field") in typed:
            fields = {problem.details["field"]: problem.message}
        return cls(form, typed, fields, "" if fields else problem.message, problem.code)


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


def _in_words(error: Mapping[str, Any]) -> str:
    words = _IN_WORDS.get(error["type"])
    return str(error["msg"]) if words is None else words.format(**error.get("ctx", {}))


def _errors(problem: Problem) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = problem.details.get("errors", ())
    return found
