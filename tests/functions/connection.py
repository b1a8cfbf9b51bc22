"""Calls of a face's tools over MCP, as tests make them."""

from importlib import import_module

import httpx

from tests.platform import LEGACY, ORIGIN, message


class Connection:
    """A client of one tenant's address."""

    def __init__(self, platform, face, tenant, token):
        endpoint = import_module(f"functions.{face}.main").endpoint
        transport = httpx.ASGITransport(endpoint(platform.app), raise_app_exceptions=True)
        accept = "application/json, text/event-stream"
        headers = {"authorization": f"Bearer {token}", "accept": accept, **LEGACY}
        self._client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers=headers, timeout=60
        )
        self._path = f"/{face}/{tenant}/mcp" if tenant else f"/{face}/mcp"

    async def post(self, method, params=None):
        return await self._client.post(self._path, json=message(method, params))

    async def call(self, tool, **arguments):
        """The value that a tool answers with; fails where it does not."""
        value, failed = await self.tried(tool, **arguments)
        assert not failed, value
        return value

    async def refused(self, tool, **arguments):
        """The failure that a tool answers with."""
        value, failed = await self.tried(tool, **arguments)
        assert failed, value
        return value

    async def forbidden(self, tool, **arguments):
        """What is said to somebody who may not call a tool."""
        answer = await self.post("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 403, answer.text
        return answer.json()["detail"]

    async def tried(self, tool, **arguments):
        answer = await self.post("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        return result["structuredContent"], result["isError"]

    async def close(self):
        await self._client.aclose()
