"""The rate limit over four processes, on real documents: strict, and cheap in writes."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.ports.documents import Put

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
INSTANCES = 4


@pytest.fixture(params=["sqlite", "firestore"])
def spend(request):
    """Calls from every instance at once. Gives what was served, written, and in the bucket."""
    documents = request.getfixturevalue(f"{request.param}_documents")
    target = request.getfixturevalue(
        {"sqlite": "tmp_path", "firestore": "firestore_project"}[request.param]
    )
    if request.param == "sqlite":
        target /= "documents.db"
    command = [sys.executable, "-m", "tests.contract.spender", request.param, target]

    def spend(level, limit, *, seconds, pause=0.001):
        documents.get("rates/partner")  # an emulator's first answer takes its time
        plan = {"limit": limit, "seconds": seconds, "threads": 4, "pause": pause}
        with ExitStack() as stack:
            running = [
                stack.enter_context(
                    subprocess.Popen(
                        [*command, json.dumps(plan)],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                        cwd=REPOSITORY,
                    )
                )
                for _ in range(INSTANCES)
            ]
            for process in running:
                stack.callback(process.kill)
                assert process.stdout.readline() == "ready\n"
            began = time.time()
            documents.commit([Put("rates/partner", {"level": float(level), "at": began})])
            for process in running:
                process.stdin.write("go\n")
                process.stdin.flush()
            found = [json.loads(process.stdout.readline()) for process in running]
        took = max(each["ended"] for each in found) - began
        served, written = (sum(each[what] for each in found) for what in ("served", "written"))
        print(f"limit {limit}, level {level}: {served=} {written=} {took=:.2f}")
        return served, written, level + took * limit / 60

    return spend


@pytest.mark.parametrize("limit", [60, 600, 6_000])
def test_never_more_is_served_than_the_bucket_gave_and_hardly_less(spend, limit):
    served, _, given = spend(limit, limit, seconds=2)
    assert 0.8 * limit <= served <= given


def test_calls_past_a_large_limit_cost_less_than_a_write_in_twenty(spend):
    served, written, given = spend(0, 6_000, seconds=10)
    assert 0.8 * given <= served <= given
    assert written < 0.05 * served


def test_calls_below_a_large_limit_cost_less_than_a_write_in_twenty(spend):
    served, written, _ = spend(6_000, 6_000, seconds=10, pause=0.17)
    assert served > 800
    assert written < 0.05 * served
