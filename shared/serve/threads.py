"""Worker threads for an event loop, with as little between the two as there can be.

`run_in_executor` makes two futures and takes several locks for every call: as much as a whole empty
request costs. A thread waits for a byte in a pipe rather than for a lock: writing one gives up the
interpreter's lock, so the thread that wakes need not fall asleep again at once, waiting for that.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from contextvars import Context, copy_context
from typing import Any, Final, TypeVar
from weakref import finalize

T = TypeVar("T")
Settle = Callable[[asyncio.Future[Any], Any, BaseException | None], None]
_A_JOB: Final = b"\0"


_Job = tuple[Callable[[], Any], Context, asyncio.Future[Any], Settle]
"""What to call, in which context, whose answer it is, and who is told."""


class _Line:
    """The jobs that wait, and a byte in a pipe for each. Ends with who adds to it."""

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.reads, self._writes = os.pipe()
        finalize(self, _close, self.reads, self._writes)

    def add(self, job: _Job) -> None:
        self.jobs.append(job)
        os.write(self._writes, _A_JOB)


class Threads:
    """At most `most` daemon threads; another is started when all that run are busy.

    None runs before the first call, so a server may fork before it. A call that was given up by
    its task runs to its end all the same.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._busy = 0
        self._line: _Line | None = None

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What `work()` gives or raises, called in a thread with the caller's context."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        line = self._line = self._line or _Line()
        if self._busy >= self._started < self._most:
            self._start(line)
        line.add((work, copy_context(), answer, self._settle))
        self._busy += 1
        return answer

    def _start(self, line: _Line) -> None:
        """One more thread. Where there can be no more, those that run have to do."""
        with ExitStack() as undo:
            try:
                mine = os.dup(line.reads)
                undo.callback(os.close, mine)
                threading.Thread(
                    target=_serve,
                    args=(line.jobs, mine),
                    name=f"call-{self._started + 1}",
                    daemon=True,
                ).start()
            except (OSError, RuntimeError):
                if not self._started:
                    raise
            else:
                undo.pop_all()
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


def _serve(jobs: deque[_Job], reads: int) -> None:
    """One thread's life: a byte, a job, until there will be no more."""
    while os.read(reads, len(_A_JOB)):
        work, context, answer, settle = jobs.popleft()
        result = error = None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001  it is the caller's, on the other side
            error = raised
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            answer.get_loop().call_soon_threadsafe(settle, answer, result, error)
        del work, context, answer, settle, result, error
    os.close(reads)


def _close(*files: int) -> None:
    for file in files:
        os.close(file)
