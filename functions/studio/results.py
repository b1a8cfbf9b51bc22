"""How the studio shows results: the value itself, and failures with what to do about each field."""

from typing import Any, Final

import orjson

from shared import tracing
from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.serve.problem_details import code_of, each_error
from shared.serve.schema import answered
from shared.spelling import Case
from shared.tool import Tool

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
