"""Worker threads for an event loop: one future and one queue for each call.

`run_in_executor` makes two futures and takes several locks: as much as a whole empty request costs.
"""

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar
from weakref import finalize

T = TypeVar("T")
Settle = Callable[[asyncio.Future[Any], Any, BaseException | None], None]
_Job = tuple[Callable[[], Any], Context, asyncio.Future[Any], Settle]
"""What to call, in which context, whose answer it is, and who is told."""
_Jobs = SimpleQueue[_Job | None]
"""The jobs that wait; None behind the last one there will be."""


class Threads:
    """At most `most` daemon threads; another is started when all that run are busy.

    None runs before the first call, so a server may fork before it. A call that was given up by
    its task runs to its end all the same.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._busy = 0
        self._jobs: _Jobs = SimpleQueue()
        finalize(self, self._jobs.put, None)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What `work()` gives or raises, called in a thread with the caller's context."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._busy >= self._started < self._most:
            self._start()
        self._jobs.put((work, copy_context(), answer, self._settle))
        self._busy += 1
        return answer

    def _start(self) -> None:
        """One more thread. Where there can be no more, those that run have to do."""
        name = f"call-{self._started + 1}"
        try:
            threading.Thread(target=_serve, args=(self._jobs,), name=name, daemon=True).start()
        except RuntimeError:
            if not self._started:
                raise
        else:
            self._started += 1

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


def _serve(jobs: _Jobs) -> None:
    """One thread's life: job after job, until there will be no more."""
    while (job := jobs.get()) is not None:
        work, context, answer, settle = job
        result = error = None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001  it is the caller's, on the other side
            error = raised
        try:  # noqa: SIM105  a context manager is three calls more for every request
            answer.get_loop().call_soon_threadsafe(settle, answer, result, error)
        except RuntimeError:  # the loop was closed: nobody waits any more
            pass
        del job, work, context, answer, settle, result, error
    jobs.put(None)  # for the next thread
