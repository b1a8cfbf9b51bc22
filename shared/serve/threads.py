"""Worker threads for an event loop, with as little between the two as there can be.

`run_in_executor` makes two futures and takes several locks for every call: as much as a whole empty
request costs.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    context: Context
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Threads:
    """At most `most` daemon threads; another is started when all that run are busy.

    None runs before the first call, so a server may fork before it. A call that was given up by
    its task runs to its end all the same.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._busy = 0
        self._jobs: SimpleQueue[_Job] = SimpleQueue()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work()` gives or raises, called in a thread with the caller's context."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._busy += 1
        if self._busy > self._started < self._most:
            self._started += 1
            threading.Thread(target=self._serve, name=f"call-{self._started}", daemon=True).start()
        self._jobs.put(_Job(work, copy_context(), loop, answer))
        return await answer

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            result = error = None
            try:
                result = job.context.run(job.work)
            except BaseException as raised:  # noqa: BLE001  it is the caller's, on the other side
                error = raised
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                job.loop.call_soon_threadsafe(self._settle, job.answer, result, error)
            del job, result, error

    def _settle(
        self, answer: asyncio.Future[Any], result: Any, error: BaseException | None
    ) -> None:
        self._busy -= 1
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)
