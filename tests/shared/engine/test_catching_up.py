"""Before a question is asked, what was committed since is included, within a budget."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

from shared.engine.catching_up import AT_ONCE, Budget, Following, Gap
from shared.engine.searchable import Commit
from shared.errors import Problem
from tests.shared.engine.conftest import BEGIN, row


class Log:
    """Commits of some records each; reads are counted, and it may have lost its beginning."""

    def __init__(self):
        self.commits = []
        self.reads = []
        self.begins = 1

    def add(self, records=1, size=100):
        seq = len(self.commits) + 1
        rows = [row(f"{seq}-{at}", {"i.p": seq}) for at in range(records)]
        self.commits.append(Commit(seq, BEGIN + timedelta(seconds=seq), rows, size))
        return seq

    def read_tail(self, after, most):
        self.reads.append((after, most))
        found = [each for each in self.commits[after:] if each.seq >= self.begins]
        return found[: min(most, AT_ONCE)]


@pytest.fixture
def log():
    return Log()


def test_what_was_committed_is_included_and_nothing_is_read_twice(log, replica):
    following = Following(replica, log.read_tail)
    for _ in range(30):
        head = log.add()
    fresh = following.catch_up(head)
    assert (fresh.revision, fresh.head, fresh.behind) == (30, 30, 0)
    assert log.reads == [(0, 20), (20, 10)]
    assert following.catch_up(head).behind == 0
    assert len(log.reads) == 2
    assert len(replica.bodies(["1-0", "30-0"])) == 2


@pytest.mark.parametrize("budget", [Budget(records=1), Budget(bytes=1), Budget(seconds=0.0)])
def test_one_that_is_always_over_budget_advances_with_each_question(log, replica, budget):
    following = Following(replica, log.read_tail)
    revisions = []
    for _ in range(5):
        head = log.add(records=1_100)
    while replica.seq < head:
        fresh = following.catch_up(head, budget)
        assert fresh.behind == head - fresh.revision
        revisions.append(fresh.revision)
    assert revisions == [1, 2, 3, 4, 5]


def test_a_budget_of_time_ends_between_two_parts_of_the_work(log, replica):
    ticks = count()
    following = Following(replica, log.read_tail, clock=lambda: next(ticks) * 0.15)
    for _ in range(10):
        head = log.add(records=1_100)
    assert following.catch_up(head, Budget(records=10_000)).revision == 3
    assert following.catch_up(head, budget=None).revision == 10


def test_a_log_that_begins_later_is_told(log, replica):
    following = Following(replica, log.read_tail)
    for _ in range(3):
        head = log.add()
    log.begins = 2
    with pytest.raises(Gap):
        following.catch_up(head)
    log.begins = 9
    with pytest.raises(Problem) as gap:
        following.catch_up(head)
    assert (gap.value.code, gap.value.details["reason"]) == ("unavailable", "log_gap")


def test_many_who_ask_at_once_catch_up_once(log, replica):
    following = Following(replica, log.read_tail)
    for _ in range(12):
        head = log.add(records=30)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: following.catch_up(head), range(16)))
    assert {fresh.behind for fresh in found} == {0}
    assert len(log.reads) == 1
    assert replica.replayed == 360
