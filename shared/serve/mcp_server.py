"""The MCP server of one face: its tools described and called, on the SDK's low-level server.

The SDK keeps the protocol (versions, validation, both eras); here are only the list of tools and
which calls are ours (`mcp_calls`).
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from shared.auth.faces import Face
from shared.serve.apps.page import AppPage
from shared.serve.apps.resources import Pages
from shared.serve.mcp_calls import Renderer, ToolCalls, current, unknown_tool
from shared.serve.narrowing import toolset_of
from shared.serve.run import Runner
from shared.serve.schema import plain, schema
from shared.spelling import Case
from shared.tool import Effect, Family, Tool

LIST_SECONDS: Final = 300
_LISTED: Final = CacheHint(ttl_ms=LIST_SECONDS * 1000, scope="private")


class ToolServer(NamedTuple):
    """What a face serves: its calls, and the SDK's server for everything else.

    Attributes:
        toolsets: what a connection can be narrowed to.
        lists_alike: whether the list of tools is ours, and so the same for every caller.
        has_pages: whether clients can show pages of it.
    """

    server: Server[Any]
    calls: ToolCalls
    toolsets: frozenset[str]
    lists_alike: bool
    has_pages: bool = False


def tool_server(
    face: Face,
    *,
    name: str,
    version: str,
    instructions: str,
    families: Sequence[Family],
    runner: Runner,
    renderer: Renderer,
    pages: Sequence[AppPage] = (),
    **handlers: Any,
) -> ToolServer:
    """The server of a face.

    Clients that can show `pages` beside the answers of the tools they name. `handlers` are
    further handlers of the SDK's low-level Server (`on_list_resources`, …). With an `on_call_tool`
    or `on_list_tools` among them, tools we do not know are left to those.
    """
    tools = {tool.name: tool for family in families for tool in family.tools}
    lists_alike = "on_list_tools" not in handlers
    shown = Pages(pages, runner)
    handlers.setdefault("on_list_tools", _lister(tools.values(), face, renderer, shown))
    handlers = {**shown.handlers, **handlers}
    others = "on_call_tool" in handlers
    handlers.setdefault("on_call_tool", _nothing)
    server: Server[Any] = Server(
        name,
        title=face.title,
        version=version,
        instructions=instructions,
        get_tool_input_schema=handlers.pop("get_tool_input_schema", lambda _: None),
        cache_hints={
            "tools/list": _LISTED,
            "resources/list": _LISTED,
            "resources/templates/list": _LISTED,
            "resources/read": _LISTED,
            "server/discover": CacheHint(ttl_ms=3_600_000, scope="public"),
        },
        **handlers,
    )
    calls = ToolCalls(
        tools,
        runner,
        renderer,
        server.server_info_stamp,
        tenant_argument=face.tenant_argument,
        others=others,
    )
    server.middleware[:] = [calls]
    server.extensions = shown.extensions
    toolsets = frozenset(toolset_of(family) for family in families if not family.always)
    return ToolServer(server, calls, toolsets, lists_alike, has_pages=bool(pages))


def _describe(tool: Tool[Any], face: Face, renderer: Renderer) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=_input_schema(tool, face.spelling.arguments),
        output_schema=renderer.output_schema(tool),
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.effect is Effect.READ,
            destructive_hint=tool.effect is Effect.DESTROY,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )


def _input_schema(tool: Tool[Any], case: Case) -> dict[str, Any]:
    """What it takes. Clients may add arguments of their own, which are ignored and named."""
    changes = tool.effect is not Effect.READ
    made = plain(schema(tool.takes_in(case), mode="in"), null=changes)
    made.pop("description", None)
    made.setdefault("properties", {})
    return made


Lister = Callable[
    [ServerRequestContext[Any, Any], types.PaginatedRequestParams | None],
    Awaitable[types.ListToolsResult],
]


def _lister(tools: Collection[Tool[Any]], face: Face, renderer: Renderer, pages: Pages) -> Lister:
    """Describes the tools when they are first asked for: a cold start need not wait for it."""

    @cache
    def described(*, with_pages: bool) -> dict[Tool[Any], types.Tool]:
        if not with_pages:
            return {tool: _describe(tool, face, renderer) for tool in tools}
        bare = described(with_pages=False)
        return {
            tool: each.model_copy(update={"meta": pages.meta(tool.name)})
            for tool, each in bare.items()
        }

    async def list_tools(
        _: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        if params is not None and params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "Unknown cursor: the list of tools has one page")
        served = current.get()
        admits = served.narrowing.admits
        found = described(with_pages=served.pages)
        shown = [listed for tool, listed in found.items() if admits(tool)]
        return types.ListToolsResult(tools=shown)

    return list_tools


async def _nothing(
    _: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
) -> types.CallToolResult:
    raise unknown_tool(params.name)
