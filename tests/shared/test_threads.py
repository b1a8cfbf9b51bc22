"""What an event loop hands to worker threads, and what comes back."""

import asyncio
import gc
import threading
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from shared.serve.threads import Threads

pytestmark = pytest.mark.anyio
AT_ONCE = 3
said = ContextVar("said", default="nothing")


def running():
    return {each for each in threading.enumerate() if each.name.startswith("call-")}


@contextmanager
def no_more_threads():
    """No thread can be started meanwhile: its stack would need more than there are addresses."""
    before = threading.stack_size(1 << 50)
    try:
        yield
    finally:
        threading.stack_size(before)


async def test_a_call_gives_what_the_work_gives_with_the_callers_context():
    said.set("hello")
    assert await Threads(AT_ONCE).run(said.get) == "hello"


async def test_what_the_work_raises_is_the_callers():
    def fail():
        raise KeyError("quokka")

    with pytest.raises(KeyError, match="quokka"):
        await Threads(AT_ONCE).run(fail)


async def test_calls_wait_for_each_other_only_beyond_the_most_at_once():
    threads, together = Threads(AT_ONCE), threading.Barrier(AT_ONCE, timeout=30)
    before = running()
    await asyncio.gather(*(threads.run(together.wait) for _ in range(4 * AT_ONCE)))
    assert len(running() - before) == AT_ONCE


async def test_a_call_that_was_given_up_leaves_its_thread_to_others():
    threads, go = Threads(1), threading.Event()
    waiting = asyncio.ensure_future(threads.run(go.wait))
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()
    go.set()
    assert await threads.run(lambda: "next") == "next"


async def test_threads_end_with_their_owner():
    before = running()
    threads = Threads(AT_ONCE)
    together = threading.Barrier(AT_ONCE, timeout=30)
    await asyncio.gather(*(threads.run(together.wait) for _ in range(AT_ONCE)))
    mine = running() - before
    del threads
    gc.collect()
    for each in mine:
        each.join(timeout=30)
    assert len(mine) == AT_ONCE
    assert not any(each.is_alive() for each in mine)


async def test_where_no_thread_can_be_started_the_call_fails_and_the_next_one_tries_again():
    threads = Threads(1)
    with no_more_threads(), pytest.raises(RuntimeError, match="can't start new thread"):
        await threads.run(lambda: "never")
    assert await threads.run(lambda: "now") == "now"


async def test_where_no_further_thread_can_be_started_those_that_run_serve_all():
    threads, go = Threads(AT_ONCE), threading.Event()
    first = asyncio.ensure_future(threads.run(go.wait))
    await asyncio.wait([first], timeout=0)
    with no_more_threads():
        second = asyncio.ensure_future(threads.run(lambda: "second"))
        await asyncio.wait([second], timeout=0)
    go.set()
    assert await second == "second"
    assert await threads.run(lambda: "third") == "third"
