"""Problem details (RFC 9457): what went wrong, with every failure by its path."""

from typing import Any, Final

from pydantic.alias_generators import to_camel

from shared.errors import Problem
from shared.refusals import wrong_fields

MEDIA_TYPE: Final = b"application/problem+json"
_CODES: Final = {"invalid": "validation_error", "invalid_limit": "validation_error"}
_SAID: Final = frozenset({"errors", "field", "where"})
_TEXT: Final = {"type": "string"}
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "detail": _TEXT,
        "traceId": _TEXT,
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _TEXT},
            "description": "Messages by the path of what is wrong.",
        },
    },
    "required": ["type", "title", "detail", "traceId", "errors"],
}
"""Of an answer's body."""
STATUSES: Final = {"invalid": 400}
"""By the problem's code, where it is not the problem's own."""


def code_of(problem: Problem) -> str:
    """What callers of data are told a problem is called."""
    return _CODES.get(problem.code, problem.code)


def each_error(problem: Problem) -> list[dict[str, str]]:
    """Everything that is wrong, each with its path."""
    field = problem.details.get("field")
    alone = [] if field is None else [{"path": field, "message": problem.message}]
    return list(wrong_fields(problem.details.get("errors", alone)))


def status_of(problem: Problem) -> int:
    """The answer's status."""
    return STATUSES.get(problem.code, problem.status)


def problem_details(problem: Problem, request_id: str) -> dict[str, Any]:
    """The answer's body."""
    errors: dict[str, list[str]] = {}
    for each in each_error(problem):
        errors.setdefault(each["path"], []).append(each["message"])
    return {
        **{to_camel(name): each for name, each in problem.details.items() if name not in _SAID},
        "type": "about:blank",
        "title": code_of(problem),
        "detail": problem.message,
        "traceId": request_id,
        "errors": errors,
    }
