"""How the admin face shows results: one envelope around each value, also where something failed."""

from typing import Any, Final

import orjson
from pydantic.alias_generators import to_camel

from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.refusals import wrong_fields
from shared.serve.schema import answered
from shared.tool import Tool

_MOST_DETAILS: Final = 100
_ENVELOPE: Final = {
    "isSuccess": {"type": "boolean"},
    "errorMessage": {"type": "string"},
    "tenantId": {"type": "string"},
}
_NO_TENANT: Final = (
    "No tenant ID specified. Provide a 'tenantId' parameter or use the /{tenantId}/mcp endpoint. "
    "list_tenants lists your tenants."
)
_NO_ACCESS: Final = (
    "You have no access to the tenant {tenant!r}, or there is none. list_tenants lists yours; "
    "authenticate asks somebody of its organization to let you in."
)


class AdminRenderer:
    """`{isSuccess, tenantId, …}` with the value's own members, or `{isSuccess, errorMessage, …}`.

    A failure is a tool result with `isError` besides, because that is where clients look.
    """

    def output_schema(self, tool: Tool[Any]) -> dict[str, Any]:
        """The value's members beside the envelope's; only `isSuccess` is there in any case."""
        made = answered(tool)
        made["properties"] = {**_ENVELOPE, **made.get("properties", {})}
        made["required"] = ["isSuccess"]
        return made

    def result(
        self, reply: Reply, tool: Tool[Any], request: Request, version: str
    ) -> dict[str, Any]:
        """A tool result; structured content and text are the same."""
        del version
        if reply.problem is not None:
            body = orjson.dumps(_failure(reply.problem, request), default=str)
        else:
            body = _success(reply.body or b"{}", request.tenant if tool.tenant else "")
        return {
            "content": [{"type": "text", "text": body.decode()}],
            "structuredContent": orjson.Fragment(body),
            "isError": reply.problem is not None,
        }


def _success(value: bytes, tenant: str) -> bytes:
    """The value, an object, with the envelope's members in front of its own."""
    head = orjson.dumps({"isSuccess": True} | ({"tenantId": tenant} if tenant else {}))
    return head if value == b"{}" else b"%b,%b" % (head[:-1], value[1:])


def _failure(problem: Problem, request: Request) -> dict[str, Any]:
    details = dict(problem.details)
    if "field" in details:
        path = to_camel(str(details.pop("field")))
        details.setdefault("errors", [{"path": path, "message": problem.message}])
    wrong = list(wrong_fields(details.pop("errors", ())))[:_MOST_DETAILS]
    said: dict[str, Any] = {
        "isSuccess": False,
        "errorMessage": _message(problem, request),
        "errorCode": problem.code,
    }
    if wrong:
        said["details"] = wrong
    return {**{to_camel(name): value for name, value in details.items()}, **said}


def _message(problem: Problem, request: Request) -> str:
    if problem.code == "tenant_required":
        return _NO_TENANT
    if problem.code == "tenant_not_found" and request.tenant:
        return _NO_ACCESS.format(tenant=request.tenant[:100])
    return problem.message
