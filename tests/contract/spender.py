"""A process that calls as an instance does: `python -m tests.contract.spender ADAPTER TARGET PLAN`.

PLAN is JSON: a `limit` of calls a minute, `seconds` to call for, `threads` that do, and the `pause`
of each between calls. Prints one line when it is ready, waits for one line, works, prints what came
of it.
"""

import json
import sys
import threading
import time
from contextlib import suppress

from shared.auth.caller import Caller
from shared.auth.rate import RateLimiter
from shared.auth.usage import Usage
from shared.clock import SystemClock
from shared.errors import Problem
from tests.contract.writer import ADAPTERS

CALLER = Caller("rest", "key", "partner", "catalog_partner", "key", None, None)


class Counting:
    """Documents that count how many documents they write."""

    def __init__(self, documents):
        self.get = documents.get
        self.close = documents.close
        self.written = 0
        self._commit = documents.commit

    def commit(self, writes):
        self._commit(writes)
        self.written += len(writes)


def spend(documents, plan):
    counting = Counting(documents)
    clock = SystemClock()
    usage = Usage(clock)
    limiter = RateLimiter(counting, clock, usage)
    end = time.monotonic() + plan["seconds"]
    wait = threading.Event().wait
    served = []

    def calls():
        mine = 0
        while time.monotonic() < end:
            with suppress(Problem):  # `unavailable` is an answer too, and serves nothing
                mine += limiter.draw("partner", plan["limit"]).retry_after is None
            usage.count(CALLER, "search_products", "ok")
            wait(plan["pause"])
        served.append(mine)

    began = time.time()
    threads = [threading.Thread(target=calls) for _ in range(plan["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(served) == len(threads)
    return {
        "began": began,
        "ended": time.time(),
        "served": sum(served),
        "written": counting.written,
    }


if __name__ == "__main__":
    _, adapter, target, plan = sys.argv
    built = ADAPTERS[adapter](target)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(spend(built, json.loads(plan))), flush=True)
    built.close()
