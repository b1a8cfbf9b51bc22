"""Pages as MCP resources: listed, and read with where their pictures may come from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import mcp_types as types
import orjson
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from shared.serve.apps.negotiated import EXTENSION, PAGE
from shared.serve.apps.page import AppPage
from shared.serve.mcp_calls import REFUSALS, Refused, current
from shared.serve.run import Runner


class Pages:
    """The pages of one face.

    Args:
        pages: each tool of the face is in one of them at most.
        runner: runs the tools that say where pictures come from.
    """

    def __init__(self, pages: Sequence[AppPage], runner: Runner) -> None:
        self._by_uri = {page.uri: page for page in pages}
        self._metas: Final = {
            name: {"ui": {"resourceUri": page.uri}} for page in pages for name in page.tools
        }
        self._runner = runner

    @property
    def handlers(self) -> dict[str, Any]:
        """What the SDK's server asks for pages; nothing where there are none."""
        if not self._by_uri:
            return {}
        return {
            "on_list_resources": self.list_resources,
            "on_list_resource_templates": self.list_templates,
            "on_read_resource": self.read_resource,
        }

    @property
    def extensions(self) -> dict[str, dict[str, Any]]:
        """What the server says that it has, to clients of the later era."""
        return {EXTENSION: {}} if self._by_uri else {}

    def meta(self, tool: str) -> Mapping[str, Any] | None:
        """What a tool's description says of its page, as `_meta`; None where it has none."""
        return self._metas.get(tool)

    async def list_resources(
        self, _: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """All pages."""
        if params is not None and params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "Unknown cursor: the list of resources has one page")
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=page.uri,
                    name=page.name,
                    title=page.title,
                    description=page.description,
                    mime_type=PAGE,
                )
                for page in self._by_uri.values()
            ]
        )

    async def list_templates(
        self, _: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """None. Clients ask whoever has resources, and some take a refusal for a failure."""
        del params
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def read_resource(
        self, _: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """One page. Nothing but pictures is loaded, from the origins that this caller may see."""
        page = self._by_uri.get(params.uri)
        if page is None:
            raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": params.uri[:500]})
        origins = await self._origins(page)
        ui = {"csp": {"resourceDomains": origins}, "prefersBorder": True}
        text = types.TextResourceContents(
            uri=page.uri, mime_type=PAGE, text=page.text, meta={"ui": ui}
        )
        return types.ReadResourceResult(contents=[text])

    async def _origins(self, page: AppPage) -> list[str]:
        if page.origins is None:
            return []
        reply = await self._runner.run(page.origins, current.get().request, {})
        if reply.problem is None:
            origins: list[str] = orjson.loads(reply.body or b"{}")["origins"]
            return origins
        if reply.problem.code in REFUSALS:
            raise Refused(reply.problem)
        raise MCPError(INTERNAL_ERROR, reply.problem.message)
