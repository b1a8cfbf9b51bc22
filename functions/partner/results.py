"""How the partner face shows results.

Every result is `{"result": value}`, as structured content and as the same JSON in one text block. A
documented outcome is a value too: `{"error": code, "message": what to do}`.
"""

from typing import Any, Final

import orjson
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from shared.invoke import Reply, Request
from shared.serve.schema import outline, schema
from shared.tool import Tool

RATE_LIMITED_LEGACY: Final = -32029
RATE_LIMITED_MODERN: Final = 429
"""2026-07-28 reserves -32000…-32099 for itself."""

OUTCOMES: Final = frozenset(
    {
        "answer_full",
        "catalog_not_found",
        "catalog_not_granted",
        "cursor_expired",
        "cursor_mismatch",
        "domain_not_covered",
        "invalid_limit",
        "invalid_principal",
        "invalid_product_url",
        "invalid_project",
        "product_not_found",
        "subscriber_not_found",
        "too_many_subscribers",
        "unsafe_url",
    }
)
"""The documented outcomes: values, not failures."""

_ERROR: Final = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error", "message"],
}
"""A documented outcome that is not the answer hoped for."""

_SHOWN: Final = 2
"""Levels of names that an output schema shows: every client pays for it in every conversation, and
few models ever see it. The whole is in REST's OpenAPI document."""

_NULLABLE: Final = frozenset({"nextCursor"})
"""What is said even where it is null, because that says that this was all."""

_SHORT_ALREADY: Final = "catalogs"
"""The toolset whose tools write their answers themselves, without what is null or empty."""


class PartnerRenderer:
    """Values under `result`."""

    def output_schema(self, tool: Tool[Any]) -> dict[str, Any]:
        """`{"result": value | error}`."""
        value = outline(schema(tool.output, mode="out"), _SHOWN, _NULLABLE)
        return {
            "type": "object",
            "properties": {"result": {"anyOf": [value, _ERROR]}},
            "required": ["result"],
        }

    def result(
        self, reply: Reply, tool: Tool[Any], request: Request, version: str
    ) -> dict[str, Any]:
        """A tool result; MCPError for an empty budget."""
        del request
        problem = reply.problem
        if problem is None:
            body = reply.body or b"null"
            if tool.family.toolset != _SHORT_ALREADY:
                body = orjson.dumps(_without_null(orjson.loads(body)))
            return _result(body, failed=False)
        if problem.code == "rate_limited":
            modern = version in MODERN_PROTOCOL_VERSIONS
            raise MCPError(
                RATE_LIMITED_MODERN if modern else RATE_LIMITED_LEGACY,
                "rate_limited",
                {"error": "rate_limited", "retry_after": problem.details["retry_after"]},
            )
        body = orjson.dumps({"error": problem.code, "message": problem.message})
        return _result(body, failed=problem.code not in OUTCOMES)


def _without_null(value: Any) -> Any:
    """A JSON value without members that are null. An empty list says something."""
    if isinstance(value, dict):
        return {name: _without_null(each) for name, each in value.items() if each is not None}
    return [_without_null(each) for each in value] if isinstance(value, list) else value


def _result(body: bytes, *, failed: bool) -> dict[str, Any]:
    return {
        "content": [{"type": "text", "text": body.decode()}],
        "structuredContent": {"result": orjson.Fragment(body)},
        "isError": failed,
    }
