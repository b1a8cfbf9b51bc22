"""Calls of our own tools, for every way a request comes in.

A result of ours is ready bytes that need no validation or copying by the SDK: the endpoint asks
here directly. As SDK middleware this serves what comes over the SDK's own transport, which takes
plain values only.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import orjson
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic.alias_generators import to_snake

from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.near import near
from shared.serve.habits import as_meant
from shared.serve.narrowing import WHOLE, Narrowing
from shared.serve.run import Runner
from shared.spelling import Case
from shared.tool import Args, Tool

REFUSALS: Final = frozenset(
    {"unauthenticated", "forbidden", "insufficient_scope", "api_key_org_type_forbidden"}
)
"""Problems that are answered by the HTTP status, not by a tool result."""


MOST_UNKNOWN: Final = 100
"""Arguments a client may add of its own: each is compared with every name of ours."""
LONGEST_NAME: Final = 64
"""Characters of a name that may be a slip for one of ours."""


class Served(NamedTuple):
    """A request that is being served, and what its connection is narrowed to.

    `pages`: whether its client is told of the pages that show answers.
    """

    request: Request
    narrowing: Narrowing = WHOLE
    pages: bool = False


current: ContextVar[Served] = ContextVar("current")
"""The request being served; set by the endpoint, read when a tool is listed or called."""


class Refused(Exception):  # noqa: N818  carries a Problem out through the SDK
    """A call that must be answered with an HTTP status of its own."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Renderer(Protocol):
    """How a face shows results: its contract's shapes."""

    def output_schema(self, tool: Tool[Any]) -> dict[str, Any]:
        """The tool's output schema, with an object at its root."""

    def result(
        self, reply: Reply, tool: Tool[Any], request: Request, version: str
    ) -> dict[str, Any]:
        """The wire form of a tool result. Raises MCPError where the protocol wants one."""


class ToolCalls:
    """The tools of one face, as they are called.

    Args:
        tools: by name.
        tenant_argument: what names a tenant, as it is written on the wire; of tools that are about
            one, it wins over the address. None if empty.
        runner: runs them.
        renderer: how the face shows what they come to.
        server_info: what results of the later era say of the server.
        others: whether tools that are not ours are left to the SDK's further handlers.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool[Any]],
        runner: Runner,
        renderer: Renderer,
        server_info: Mapping[str, Any],
        *,
        tenant_argument: str,
        others: bool,
    ) -> None:
        self._tools = tools
        self._tenant_names = {tenant_argument, to_snake(tenant_argument)} - {""}
        self._runner = runner
        self._renderer = renderer
        self._others = others
        self._info = orjson.Fragment(orjson.dumps(server_info))
        self._meta = orjson.Fragment(orjson.dumps({SERVER_INFO_META_KEY: server_info}))

    def find(self, params: Mapping[str, Any] | None, narrowing: Narrowing) -> Tool[Any] | None:
        """The tool of ours that these params of a call name, if the connection has it."""
        name = (params or {}).get("name")
        tool = self._tools.get(name) if isinstance(name, str) else None
        return tool if tool is not None and narrowing.admits(tool) else None

    async def answer(
        self, tool: Tool[Any], params: Mapping[str, Any], request: Request, version: str
    ) -> dict[str, Any]:
        """The result of a call of one of our tools, as JSON values. Raises Refused, MCPError."""
        given = params.get("arguments")
        if given is not None and not isinstance(given, dict):
            raise MCPError(INVALID_PARAMS, "params.arguments must be an object")
        arguments, ignored = _without_unknown(tool, given or {}, request.spelling.arguments)
        if tool.tenant and not isinstance(arguments, Problem):
            request = request._replace(tenant=self._tenant(arguments) or request.tenant)
        reply = await self._runner.run(tool, request, arguments)
        if reply.waiting is not None:
            reply = await self._runner.waited(reply, reply.waiting)
        if reply.problem is not None and reply.problem.code in REFUSALS:
            raise Refused(reply.problem)
        result = self._renderer.result(reply, tool, request, version)
        modern = version in MODERN_PROTOCOL_VERSIONS
        if modern:
            result["resultType"] = "complete"
            result["_meta"] = self._meta
        if ignored:
            own = {SERVER_INFO_META_KEY: self._info} if modern else {}
            result["_meta"] = {**own, "ignored": ignored}
        return result

    def _tenant(self, arguments: Mapping[str, Any]) -> str:
        """The tenant that arguments name, in whichever spelling; empty where they name none."""
        given = (arguments.get(name) for name in self._tenant_names)
        return next(
            (text for each in given if isinstance(each, str) and (text := each.strip().lower())), ""
        )

    async def __call__(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Serve one message that came through the SDK."""
        if ctx.method == "tools/call":
            served = current.get()
            tool = self.find(ctx.params, served.narrowing)
            if tool is not None:
                ready = await self.answer(
                    tool, ctx.params or {}, served.request, ctx.protocol_version
                )
                result: dict[str, Any] = orjson.loads(orjson.dumps(ready))
                return result
            if not self._others:
                raise unknown_tool((ctx.params or {}).get("name"))
        return await call_next(ctx)


def unknown_tool(name: Any) -> MCPError:
    """What a call of a tool that is not listed is answered with."""
    return MCPError(INVALID_PARAMS, f"Unknown tool: {str(name)[:128]}")


def _without_unknown(
    tool: Tool[Any], given: dict[str, Any], case: Case
) -> tuple[dict[str, Any] | Problem, list[str]]:
    """The arguments a tool knows, and the names of the others, which its answer repeats.

    Clients add arguments of their own. One that is a near miss of ours is a mistake instead, and a
    problem: what a model meant as a filter must never be dropped.
    """
    takes: type[Args] = tool.takes_in(case)
    shown, known = _names(takes)
    if given.keys() <= known:
        return (as_meant(tool, given, case) if given else given), []
    unknown = sorted(given.keys() - known)
    if len(unknown) > MOST_UNKNOWN:
        message = f"More than {MOST_UNKNOWN} arguments are not known. Leave them out."
        return Problem("invalid", message, limit=MOST_UNKNOWN), []
    for name in unknown:
        meant = near(name, shown) if len(name) <= LONGEST_NAME else []
        if meant:
            return _near_miss(name, meant), []
    ours = {name: value for name, value in given.items() if name in known}
    return as_meant(tool, ours, case), [name[:100] for name in unknown[:20]]


@cache
def _names(takes: type[Args]) -> tuple[frozenset[str], frozenset[str]]:
    """The names of arguments as a face shows them, and all that it takes."""
    fields = takes.model_fields
    shown = frozenset(field.alias or name for name, field in fields.items())
    return shown, shown | fields.keys()


def _near_miss(name: str, meant: list[str]) -> Problem:
    names = " or ".join(meant)
    return Problem(
        "invalid",
        f"There is no argument {name[:100]!r}: did you mean {names}? Correct it and call again.",
        errors=[{"type": "extra_forbidden", "loc": [name[:100]], "msg": f"Did you mean {names}?"}],
    )
