"""What has to wait for other hosts: on few threads of its own, and never many for one host.

So one slow host, or one caller who names slow hosts, delays nobody else. Work waits here without a
thread until its host is free; past the bounds it is refused at once.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from shared.errors import Problem
from shared.ports.clock import Clock
from shared.serve.threads import Threads

T = TypeVar("T")

MOST_THREADS: Final = 8
MOST_EACH_HOST: Final = 2
"""Requests that are on their way to a host at the same time."""
MOST_PLACES: Final = 64
"""Calls that wait at the same time, those without a thread included."""
MOST_EACH_CALLER: Final = 4
SECONDS_EACH_CALLER: Final = 20.0
"""How long a caller's requests may have waited in a minute, all together."""
MOST_CALLERS: Final = 10_000


class Outgoing:
    """One process's. Used by its event loop alone, so nothing is locked.

    Args:
        clock: what the budget of a caller is measured with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threads = Threads(MOST_THREADS)
        self._places = 0
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._wanted: Counter[str] = Counter()
        self._callers: Counter[str] = Counter()
        self._spent: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def run(self, host: str, caller: str, work: Callable[[], T]) -> T:
        """What `work()` gives or raises, once it is its turn to wait for this host.

        `caller`: whose budget it is; empty where nobody is to be told apart. Raises `unavailable`
        at once where too many wait already, or the caller has waited too much.
        """
        self._check(caller)
        self._places += 1
        self._wanted[host] += 1
        self._callers[caller] += 1
        free = self._hosts.setdefault(host, asyncio.Semaphore(MOST_EACH_HOST))
        try:
            await free.acquire()
        except BaseException:
            self._leave(host, caller)
            raise
        running = self._threads.run(work)
        running.add_done_callback(partial(self._done, host, caller, self._clock.elapsed()))
        return await asyncio.shield(running)  # to its end: only then the host is free

    def _done(self, host: str, caller: str, began: float, ran: object) -> None:
        del ran
        self._hosts[host].release()
        self._leave(host, caller)
        now, minute = self._clock.elapsed(), self._minute()
        before, seconds = self._spent.pop(caller, (minute, 0.0))
        kept = seconds if before == minute else 0.0
        self._spent[caller] = (minute, kept + now - began)
        while len(self._spent) > MOST_CALLERS:
            self._spent.popitem(last=False)

    def _leave(self, host: str, caller: str) -> None:
        self._places -= 1
        _less(self._callers, caller)
        if not _less(self._wanted, host):
            del self._hosts[host]

    def _check(self, caller: str) -> None:
        minute, seconds = self._spent.get(caller, (0, 0.0))
        spent = seconds if minute == self._minute() else 0.0
        full = self._places >= MOST_PLACES
        theirs = caller and (
            self._callers[caller] >= MOST_EACH_CALLER or spent >= SECONDS_EACH_CALLER
        )
        if full or theirs:
            raise Problem(
                "unavailable", "Too many wait for other servers. Try again in some seconds."
            )

    def _minute(self) -> int:
        return int(self._clock.elapsed() // 60)


def _less(counter: Counter[str], name: str) -> int:
    """One less of these; how many are left."""
    counter[name] -= 1
    left = counter[name]
    if not left:
        del counter[name]
    return left
