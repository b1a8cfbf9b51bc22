"""From the event loop into a worker thread and back: the one hop of a call.

Tools, and the reads in front of them, are plain functions; the loop only parses and renders.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, TypeVar

from shared import log
from shared.app import App
from shared.auth.caller import Token
from shared.auth.tokens import KeysNeeded
from shared.errors import Problem
from shared.tool import Reply, Request, Tool, invoke

THREADS: Final = 16
T = TypeVar("T")


class Runner:
    """Runs tools of one app for a host. The threads start with the first call."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._threads: ThreadPoolExecutor | None = None

    async def hop(self, work: Callable[[], T]) -> T:
        """The result of `work`, run in a worker thread with this request's context."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="call")
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: context.run(work)
        )

    async def verify(self, text: str) -> Token:
        """The verified access token. Hops only when an issuer's keys must be fetched."""
        try:
            return self.app.tokens.verify(text, wait=False)
        except KeysNeeded:
            return await self.hop(lambda: self.app.tokens.verify(text))

    async def admit(self, request: Request) -> None:
        """Pass the gate without running a tool. Raises what the gate raises."""
        await self.hop(
            lambda: self.app.gate.admit(request.credential, request.surface, lambda _: ())
        )

    async def run(self, tool: Tool[Any], request: Request, arguments: Mapping[str, Any]) -> Reply:
        """Run a tool; what nobody expected becomes `internal`, told to the log alone."""
        return await self.hop(lambda: attempt(tool, self.app, request, arguments))


def attempt(tool: Tool[Any], app: App, request: Request, arguments: Mapping[str, Any]) -> Reply:
    """`invoke`, with unexpected failures logged and turned into `internal`."""
    try:
        return invoke(tool, app, request, arguments)
    except Exception:
        log.line(
            "crash",
            level=logging.ERROR,
            tool=tool.name,
            requestId=request.request_id,
        )
        logging.getLogger("catalog_mcp").exception("unexpected failure in %s", tool.name)
        return Reply(
            problem=Problem(
                "internal",
                "Something went wrong on our side. Try again; if it stays, tell us the request id.",
                request_id=request.request_id,
            )
        )
