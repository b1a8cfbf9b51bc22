"""How the studio shows results: the value itself, and failures with what to do about each field."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from shared import tracing
from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.refusals import wrong_fields
from shared.serve.schema import answered
from shared.spelling import Case
from shared.tool import Tool

_CODES: Final = {"invalid": "validation_error", "invalid_limit": "validation_error"}
_MOST_DETAILS: Final = 100
_SAID: Final = frozenset({"errors", "field"})


class StudioRenderer:
    """`structuredContent` is the value, and the text block the same JSON."""

    def output_schema(self, tool: Tool[Any]) -> dict[str, Any]:
        """The value's outline."""
        return answered(tool, Case.SNAKE)

    def result(
        self, reply: Reply, tool: Tool[Any], request: Request, version: str
    ) -> dict[str, Any]:
        """A tool result; a failure is one with `isError`."""
        del tool, version
        failed = reply.problem is not None
        body = _said(reply.problem, request) if reply.problem else reply.body or b"null"
        return {
            "content": [{"type": "text", "text": body.decode()}],
            "structuredContent": orjson.Fragment(body),
            "isError": failed,
        }


def _said(problem: Problem, request: Request) -> bytes:
    details = {name: each for name, each in problem.details.items() if name not in _SAID}
    trace = tracing.current.get()
    said: dict[str, Any] = {
        "code": code_of(problem),
        "message": problem.message,
        "details": list(each_error(problem))[:_MOST_DETAILS],
        "trace_id": trace.id if trace else request.request_id,
    }
    if "retry_after" in details:
        said["retry_after_s"] = details.pop("retry_after")
    return orjson.dumps({**details, **said}, default=str)


def code_of(problem: Problem) -> str:
    """What the studio calls it."""
    return _CODES.get(problem.code, problem.code)


def each_error(problem: Problem) -> Iterator[dict[str, str]]:
    """Everything that is wrong, each with its path."""
    field = problem.details.get("field")
    alone = [] if field is None else [{"path": field, "message": problem.message}]
    return wrong_fields(problem.details.get("errors", alone))
