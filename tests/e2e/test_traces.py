"""Spans of a deployed process that is asked to end, as Cloud Run does with SIGTERM."""

import time

import httpx
import pytest

from shared.cli.processes import start
from shared.clock import SystemClock
from shared.settings import machine_environment
from tests.otlp_receiver import Receiver
from tests.platform import ORIGIN, Platform

pytestmark = pytest.mark.slow
CLOUD_RUN_WAITS = 10.0


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def served(tmp_path, receiver):
    """A running API that has just answered, and still has the spans of it."""
    platform = Platform(tmp_path, SystemClock(), traces=receiver.url)
    platform.organization()
    environment = {**machine_environment(), **platform.settings.environment()}
    function = start("api", environment, tmp_path / "functions.log")
    function.wait()
    headers = {
        "host": ORIGIN.removeprefix("http://"),
        "authorization": f"Bearer {platform.key()}",
    }
    answer = httpx.get(f"{function.address}/v1/me", headers=headers)
    assert answer.status_code == 200, (tmp_path / "functions.log").read_text()
    yield function
    if function.process.poll() is None:
        function.kill()
    platform.close()


def test_a_process_that_is_asked_to_end_sends_the_spans_it_still_has(served, receiver):
    served.ask_to_end()
    assert served.process.wait(CLOUD_RUN_WAITS) == 0
    assert {"GET /v1/me", "get_me", "documents.get_many"} <= {each.name for each in receiver.spans}


def test_a_receiver_that_never_answers_does_not_keep_a_process_from_ending(served, receiver):
    receiver.hold.set()
    asked = time.monotonic()
    served.ask_to_end()
    assert served.process.wait(CLOUD_RUN_WAITS) == 0
    assert time.monotonic() - asked < CLOUD_RUN_WAITS
    assert receiver.spans == []
