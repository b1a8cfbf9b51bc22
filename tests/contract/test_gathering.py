"""What reads of several threads have in common, and what they never share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from time import monotonic
from traceback import TracebackException

import pytest
from google.api_core.exceptions import (
    DeadlineExceeded,
    PermissionDenied,
    RetryError,
    ServiceUnavailable,
)

from shared.gcp.gathering import AT_ONCE, MOST, Gathering


class Held:
    """Documents whose reads begin when they are asked for, and end when they are let go."""

    def __init__(self):
        self.stored = {}
        self.asked = []
        self.began = Semaphore(0)
        self.go_on = Event()
        self.failure = None

    def read(self, names):
        self.asked.append(set(names))
        now = {name: self.stored[name] for name in names if name in self.stored}
        self.began.release()
        assert self.go_on.wait(30)
        if self.failure is not None:
            raise self.failure
        return now


@pytest.fixture
def held():
    return Held()


@pytest.fixture
def gathering(held):
    return Gathering(held.read)


@pytest.fixture
def threads(held):
    with ThreadPoolExecutor(64) as pool:
        yield pool
        held.go_on.set()


def all_on_their_way(held, gathering, threads):
    """As many reads as there may be at once, begun and not ended."""
    first = [threads.submit(gathering, [f"first/{n}"]) for n in range(AT_ONCE)]
    for _ in first:
        assert held.began.acquire(timeout=30)
    return first


def waiting(gathering, names):
    """Until the batch that gathers has these names."""
    end = monotonic() + 30
    while (batch := gathering._open) is None or not batch.names >= set(names):
        assert monotonic() < end, "these names never gathered"


def test_a_read_alone_begins_at_once(held, gathering):
    held.go_on.set()
    held.stored = {"a/1": 1}
    assert gathering(["a/1", "a/2"]) == {"a/1": 1}
    assert held.asked == [{"a/1", "a/2"}]


def test_what_gathers_meanwhile_is_asked_together_and_each_gets_only_its_own(
    held, gathering, threads
):
    held.stored = {f"a/{n}": n for n in range(20)} | {"shared/1": "s"}
    first = all_on_their_way(held, gathering, threads)
    later = [threads.submit(gathering, [f"a/{n}", "shared/1"]) for n in range(20)]
    waiting(gathering, [f"a/{n}" for n in range(20)])
    held.go_on.set()
    assert [each.result(30) for each in later] == [
        {f"a/{n}": n, "shared/1": "s"} for n in range(20)
    ]
    assert [each.result(30) for each in first] == [{}] * AT_ONCE
    assert len(held.asked) == AT_ONCE + 1


def test_a_read_is_not_answered_with_what_was_read_before_it_began(held, gathering, threads):
    held.stored = {"a/1": "old"}
    first = [threads.submit(gathering, ["a/1"])]
    assert held.began.acquire(timeout=30)
    held.stored = {"a/1": "new"}
    second = threads.submit(gathering, ["a/1"])
    held.go_on.set()
    assert second.result(30) == {"a/1": "new"}
    assert first[0].result(30) == {"a/1": "old"}


def test_a_failure_reaches_everybody_who_waited_and_nobody_after(held, gathering, threads):
    first = all_on_their_way(held, gathering, threads)
    later = [threads.submit(gathering, [f"a/{n}"]) for n in range(5)]
    waiting(gathering, [f"a/{n}" for n in range(5)])
    held.failure = DeadlineExceeded("no")
    held.go_on.set()
    for each in first + later:
        with pytest.raises(DeadlineExceeded, match="no"):
            each.result(30)
    held.failure = None
    held.stored = {"a/1": 1}
    assert gathering(["a/1"]) == {"a/1": 1}


@pytest.mark.parametrize(
    "failure",
    [
        PermissionDenied("no", errors=["e"], details=["d"], response="r"),
        RetryError("no", ServiceUnavailable("down")),
    ],
)
def test_a_failure_says_the_same_to_all_who_waited_and_shows_none_of_them_another(
    held, gathering, threads, failure
):
    def caller(n):
        credential = f"credential of {n}"
        return gathering([f"a/{n}"]), credential

    all_on_their_way(held, gathering, threads)
    later = [threads.submit(caller, n) for n in range(5)]
    waiting(gathering, [f"a/{n}" for n in range(5)])
    held.failure = failure
    held.go_on.set()
    failures = [each.exception(30) for each in later]
    for n, each in enumerate(failures):
        assert (type(each), str(each)) == (type(failure), str(failure))
        assert vars(each) == vars(failure)
        shown = "".join(TracebackException.from_exception(each, capture_locals=True).format())
        assert [m for m in range(5) if f"credential of {m}" in shown] == [n]


def test_a_read_that_was_given_up_answers_nobody_with_nothing(held, gathering, threads):
    first = all_on_their_way(held, gathering, threads)
    asks = threads.submit(gathering, ["a/1"])
    waiting(gathering, ["a/1"])
    follows = threads.submit(gathering, ["a/2"])
    waiting(gathering, ["a/1", "a/2"])
    held.failure = KeyboardInterrupt()
    held.go_on.set()
    for each in [*first, asks]:
        with pytest.raises(KeyboardInterrupt):
            each.result(30)
    with pytest.raises(ServiceUnavailable, match="given up"):
        follows.result(30)


def test_a_call_names_no_more_than_it_may(held, gathering, threads):
    first = all_on_their_way(held, gathering, threads)
    later = [
        threads.submit(gathering, [f"{part}/{n}" for n in range(MOST // 2 + 1)]) for part in "ab"
    ]
    held.go_on.set()
    assert [each.result(30) for each in first + later] == [{}] * (AT_ONCE + 2)
    assert max(map(len, held.asked)) <= MOST
