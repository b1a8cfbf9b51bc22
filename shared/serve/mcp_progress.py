"""Progress of a call on its own answer: server-sent events, once there is some to tell.

A call that tells no progress, or is refused, is answered with plain JSON (Streamable HTTP).
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

import orjson

from shared.serve.http import Headers
from shared.serve.mcp_messages import STREAM, event

_HEADERS: Final = (
    (b"content-type", STREAM.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
)


class ProgressStream:
    """The answer of one call that may tell its progress.

    Args:
        token: the client's progress token.
        send: ASGI's.
        headers: of the answer.
    """

    def __init__(self, token: int | str, send: Any, headers: Headers) -> None:
        self._token = token
        self._send = send
        self._headers = (*_HEADERS, *headers)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._said = ("", 0)
        self._before = 0
        self._sent = 0
        self.has_begun = False

    def tell(self, doing: str, done: int, total: int | None = None) -> None:
        """Note what the call does now; the newest note counts. From any thread."""
        del total
        self._loop.call_soon_threadsafe(self._note, doing, done)

    async def until(self, work: Awaitable[bytes]) -> bytes:
        """What `work` comes to, having sent what was told meanwhile."""
        running = asyncio.ensure_future(work)
        try:
            while not running.done():
                news = asyncio.ensure_future(self._news.wait())
                await asyncio.wait((running, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                if self._news.is_set() and not running.done():
                    await self._notify()
            answer = await running
            if self._news.is_set():
                await self._notify()
            return answer
        finally:
            running.cancel()

    async def finish(self, answer: bytes) -> None:
        """Send the answer as the last event."""
        await self._event(answer, more=False)

    def _note(self, doing: str, done: int) -> None:
        """Each piece of work counts from nothing; what a client sees only grows (MCP, progress)."""
        if doing != self._said[0]:
            self._before += self._said[1]
        self._said = (doing, done)
        self._news.set()

    async def _notify(self) -> None:
        self._news.clear()
        doing, done = self._said
        reached = self._before + done
        if reached <= self._sent:
            return
        self._sent = reached
        params = {
            "progressToken": self._token,
            "progress": reached,
            "message": f"{doing}: {done}",
        }
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
        await self._event(orjson.dumps(note), more=True)

    async def _event(self, data: bytes, *, more: bool) -> None:
        if not self.has_begun:
            self.has_begun = True
            start = {"type": "http.response.start", "status": 200, "headers": [*self._headers]}
            await self._send(start)
        body = event(data)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
