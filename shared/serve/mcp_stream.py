"""The SDK's own transport, for the few requests whose answer is a stream of events.

functions-framework runs no lifespan, so the transport's task group is opened by a task of its own
at first use, and opened anew if it ever ends.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from shared.serve.http import Headers, Scope


class StreamingTransport:
    """Serves single requests over the SDK's stateless transport."""

    def __init__(self, server: Server[Any]) -> None:
        self._server = server
        self._running: asyncio.Task[None] | None = None
        self._manager: StreamableHTTPSessionManager | None = None

    async def serve(self, scope: Scope, body: bytes, send: Any, headers: Headers) -> None:
        """Answer one request whose body was read already; `headers` are added to the answer."""
        manager = await self._open()
        replayed = iter(({"type": "http.request", "body": body, "more_body": False},))
        forever = asyncio.Event()

        async def receive() -> dict[str, Any]:
            for message in replayed:
                return message
            await forever.wait()
            return {"type": "http.disconnect"}

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        stripped = [(name, value.strip()) for name, value in scope["headers"]]
        await manager.handle_request({**scope, "headers": stripped}, receive, sending)

    async def _open(self) -> StreamableHTTPSessionManager:
        if self._manager is not None and self._running is not None and not self._running.done():
            return self._manager
        manager = StreamableHTTPSessionManager(
            app=self._server, json_response=False, stateless=True
        )
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            async with manager.run():
                ready.set_result(None)
                await asyncio.Event().wait()

        self._manager, self._running = manager, asyncio.create_task(run())
        await ready
        return manager
