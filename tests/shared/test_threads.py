"""What an event loop hands to worker threads, and what comes back."""

import asyncio
import gc
import threading
from contextvars import ContextVar
from pathlib import Path

import pytest

from shared.serve.threads import Threads

pytestmark = pytest.mark.anyio
AT_ONCE = 3
said = ContextVar("said", default="nothing")


def running():
    return {each for each in threading.enumerate() if each.name.startswith("call-")}


def open_files():
    gc.collect()
    return len(list(Path("/dev/fd").iterdir()))


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


async def test_threads_and_files_end_with_their_owner():
    files, before = open_files(), running()
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
    assert open_files() <= files
