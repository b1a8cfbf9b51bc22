"""The MCP server of one face: its tools described and called, on the SDK's low-level server.

The SDK keeps the protocol (versions, validation, both eras); here are only the list, the call and
how a reply becomes a tool result.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import mcp_types as types
import orjson
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.serve.run import Runner
from shared.serve.schema import schema
from shared.tool import Effect, Family, Tool

LIST_SECONDS: Final = 300
REFUSALS: Final = frozenset(
    {"unauthenticated", "forbidden", "insufficient_scope", "api_key_org_type_forbidden"}
)
"""Problems that are answered by the HTTP status, not by a tool result."""

current: ContextVar[Request] = ContextVar("current")
"""The request being served; set by the endpoint, read when a tool is called."""


class Refused(Exception):  # noqa: N818  carries a Problem out through the SDK
    """A call that must be answered with an HTTP status of its own."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Renderer(Protocol):
    """How a face shows results: its contract's shapes."""

    def output_schema(self, tool: Tool[Any]) -> dict[str, Any]:
        """The tool's output schema, with an object at its root."""

    def result(self, reply: Reply, version: str) -> dict[str, Any]:
        """The wire form of a tool result. Raises MCPError where the contract wants one."""


class ToolCalls:
    """Calls of our own tools, for every way a request comes in.

    A result of ours is ready bytes that need no validation or copying by the SDK: the endpoint asks
    here directly. As SDK middleware this serves what comes over the SDK's own transport, which
    takes plain values only.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool[Any]],
        runner: Runner,
        renderer: Renderer,
        server_info: Mapping[str, Any],
        *,
        others: bool,
    ) -> None:
        self._tools = tools
        self._runner = runner
        self._renderer = renderer
        self._others = others
        self._meta = orjson.Fragment(orjson.dumps({SERVER_INFO_META_KEY: server_info}))

    def knows(self, params: Mapping[str, Any] | None) -> bool:
        """Whether these are the params of a call of one of our tools."""
        name = (params or {}).get("name")
        return isinstance(name, str) and name in self._tools

    async def answer(self, params: Mapping[str, Any], version: str) -> dict[str, Any]:
        """The result of a call of one of our tools, as JSON values. Raises Refused, MCPError."""
        arguments = params.get("arguments")
        if arguments is not None and not isinstance(arguments, dict):
            raise MCPError(INVALID_PARAMS, "params.arguments must be an object")
        tool = self._tools[params["name"]]
        reply = await self._runner.run(tool, current.get(), arguments or {})
        if reply.problem is not None and reply.problem.code in REFUSALS:
            raise Refused(reply.problem)
        result = self._renderer.result(reply, version)
        if version in MODERN_PROTOCOL_VERSIONS:
            result["resultType"] = "complete"
            result["_meta"] = self._meta
        return result

    async def __call__(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Serve one message that came through the SDK."""
        if ctx.method == "tools/call":
            if self.knows(ctx.params):
                ready = await self.answer(ctx.params or {}, ctx.protocol_version)
                result: dict[str, Any] = orjson.loads(orjson.dumps(ready))
                return result
            if not self._others:
                name = str((ctx.params or {}).get("name"))
                raise MCPError(INVALID_PARAMS, f"Unknown tool: {name[:128]}")
        return await call_next(ctx)


class Face(NamedTuple):
    """What a face serves: its calls, and the SDK's server for everything else."""

    server: Server[Any]
    calls: ToolCalls


def build_face(
    *,
    name: str,
    title: str,
    version: str,
    instructions: str,
    families: Sequence[Family],
    runner: Runner,
    renderer: Renderer,
    **handlers: Any,
) -> Face:
    """A face.

    `handlers` are further handlers of the SDK's low-level Server (`on_list_resources`, …). With an
    `on_call_tool` or `on_list_tools` among them, tools we do not know are left to those.
    """
    tools = {tool.name: tool for family in families for tool in family.tools}
    handlers.setdefault("on_list_tools", _lister(tools.values(), renderer))
    others = "on_call_tool" in handlers
    handlers.setdefault("on_call_tool", _nothing)
    server: Server[Any] = Server(
        name,
        title=title,
        version=version,
        instructions=instructions,
        get_tool_input_schema=handlers.pop("get_tool_input_schema", lambda _: None),
        cache_hints={
            "tools/list": CacheHint(ttl_ms=LIST_SECONDS * 1000, scope="private"),
            "server/discover": CacheHint(ttl_ms=3_600_000, scope="public"),
        },
        **handlers,
    )
    calls = ToolCalls(tools, runner, renderer, server.server_info_stamp, others=others)
    server.middleware[:] = [calls]
    return Face(server, calls)


def _describe(tool: Tool[Any], renderer: Renderer) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=_input_schema(tool),
        output_schema=renderer.output_schema(tool),
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.effect is Effect.READ,
            destructive_hint=tool.effect is Effect.DESTROY,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )


def _input_schema(tool: Tool[Any]) -> dict[str, Any]:
    made = schema(tool.takes, mode="in")
    made.pop("description", None)
    made.pop("title", None)
    made.setdefault("properties", {})
    return made


Lister = Callable[
    [ServerRequestContext[Any, Any], types.PaginatedRequestParams | None],
    Awaitable[types.ListToolsResult],
]


def _lister(tools: Iterable[Tool[Any]], renderer: Renderer) -> Lister:
    """Describes the tools when they are first asked for: a cold start need not wait for it."""

    @cache
    def described() -> list[types.Tool]:
        return [_describe(tool, renderer) for tool in tools]

    async def list_tools(
        _: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        if params is not None and params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "Unknown cursor: the list of tools has one page")
        return types.ListToolsResult(tools=described())

    return list_tools


async def _nothing(
    _: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
) -> types.CallToolResult:
    raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name[:128]}")
