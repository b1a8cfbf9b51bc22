"""From the event loop into a worker thread and back: the one hop of a call.

Tools, and the reads in front of them, are plain functions; the loop only parses and renders.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from shared import log
from shared.app import App
from shared.auth.caller import Token
from shared.auth.faces import Face
from shared.auth.gate import Admitted
from shared.auth.tokens import KeysNeeded
from shared.errors import Problem
from shared.identity.joining import joined
from shared.invoke import Arguments, Asked, Crashed, Reply, Request, Waiting, invoke_each
from shared.serve.outgoing import Outgoing
from shared.serve.threads import Threads
from shared.tool import Tool
from shared.tracing import Tracer
from shared.waits import MustWait, not_waiting

MOST_THREADS: Final = 16
FIRST_LOOK: Final = 0.1
"""Seconds before a caller that waits is told anew; twice that the next time, up to LAST_LOOK."""
LAST_LOOK: Final = 1.0
T = TypeVar("T")


class Runner:
    """Runs tools of one app for a host. The threads start with the first call."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._threads = Threads(MOST_THREADS)
        self._outgoing = Outgoing(app.clock)

    async def hop(self, work: Callable[[], T], caller: str = "") -> T:
        """The result of `work`, run in a worker thread with this request's context.

        Where it has to wait for another host it is run again among those that wait, so it keeps
        nothing before. `caller`: whose budget for waiting it is. Raises `unavailable` where too
        many wait already.
        """
        try:
            return await self._threads.run(partial(not_waiting, work))
        except MustWait as must:
            return await self._outgoing.run(must.host, caller, work)

    async def verify(self, text: str, face: Face) -> Token:
        """The token, verified for a face. Hops only when an issuer's keys must be fetched."""
        try:
            return self.app.tokens.verify(text, face, wait=False)
        except KeysNeeded:
            return await self.hop(lambda: self.app.tokens.verify(text, face))

    def admit(self, request: Request) -> Awaitable[None]:
        """Pass the gate without running a tool. Raises what the gate raises."""
        return self._threads.run(partial(_admit, self.app, request))

    async def waited(self, reply: Reply, waiting: Waiting) -> Reply:
        """The last reply, or the one after so many seconds. No thread is kept meanwhile."""
        loop = asyncio.get_running_loop()
        end, pause = loop.time() + waiting.seconds, FIRST_LOOK
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(pause, left))
            try:
                body, is_last = await self._threads.run(waiting.look)
            except Problem as problem:  # what was started goes on; the caller may ask again
                problem.drop_traceback()
                break
            reply = reply._replace(body=body)
            if is_last:
                break
            pause = min(2 * pause, LAST_LOOK)
        return reply

    def run(self, tool: Tool[Any], request: Request, arguments: Arguments) -> Awaitable[Reply]:
        """Run a tool; what nobody expected becomes `internal`, told to the log alone."""
        work = partial(attempt, tool, self.app, request, arguments)
        tracer = self.app.tracer
        return self._threads.run(
            work if tracer is None else partial(_recorded, tracer, tool.name, request, work)
        )


def attempt(tool: Tool[Any], app: App, request: Request, arguments: Arguments) -> Reply:
    """`invoke`, with unexpected failures logged and turned into `internal`."""
    asked = Asked(tool, arguments, case=request.spelling.arguments)
    return attempt_each((asked,), app, request)[0]


def attempt_each(asked: Sequence[Asked[Any]], app: App, request: Request) -> list[Reply]:
    """`invoke_each` in the same way; one that failed unexpectedly fails all of them."""
    try:
        replies = invoke_each(asked, app, request)
        problem = replies[0].problem
        if problem is not None and joined(app, request, problem):
            replies = invoke_each(asked, app, request)
    except Crashed as crashed:
        log.crash(crashed.tool, requestId=request.request_id, surface=request.surface)
        failed = Reply(problem=internal(request.request_id), budget=crashed.budget)
        return [failed] * len(asked)
    for reply in replies:
        if reply.problem is not None:
            reply.problem.drop_traceback()
    return replies


def _recorded(tracer: Tracer, name: str, request: Request, work: Callable[[], Reply]) -> Reply:
    """`attempt` inside a span that says which tool ran and what came of it."""
    with tracer.inside(name) as span:
        reply = work()
        span.note("outcome", reply.problem.code if reply.problem else "ok")
        span.note("surface", request.surface)
        return reply


def internal(request_id: str) -> Problem:
    """What a caller is told of a failure nobody expected."""
    return Problem(
        "internal",
        "Something went wrong on our side. Try again; if it stays, tell us the request id.",
        request_id=request_id,
    )


def _admit(app: App, request: Request) -> None:
    def admitted() -> Admitted:
        return app.gate.admit(request.credential, request.surface, lambda _: (), request.tenant)

    try:
        tenancy = admitted().tenancy
    except Problem as problem:
        if not joined(app, request, problem):
            raise
        tenancy = admitted().tenancy
    if isinstance(tenancy, Problem):
        raise tenancy
