"""One worker at a time does a record's turns; a killed one is followed, and no ask is lost."""

import pytest

from shared import work
from shared.engine.later import SNAPSHOT, SNAPSHOT_WORK
from shared.errors import Problem
from shared.holds import LASTS, take
from tests.platform import Platform

ID = "shop:source.products"


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data")
    yield platform
    platform.close()


def ask(platform, seconds=0, seen=None):
    at = platform.clock.now() + seconds * (LASTS / LASTS.total_seconds())
    platform.app.documents.commit([work.ask(SNAPSHOT, ID, at, seen)])
    return record(platform)


def record(platform):
    return SNAPSHOT_WORK.get(platform.app.documents, ID).value


def taken(platform):
    return take(platform.app, SNAPSHOT, SNAPSHOT_WORK, ID, record(platform).generation)


def test_a_second_worker_ends_quietly_while_the_first_is_at_it(platform):
    ask(platform)
    hold = taken(platform)
    assert taken(platform.again()) is None
    assert hold.settle(None, seq=4)
    assert (record(platform).due, record(platform).holder, record(platform).seq) == (None, None, 4)
    assert taken(platform) is None


def test_what_is_asked_during_a_turn_is_done_in_another_turn_of_the_same_worker(platform):
    ask(platform)
    hold = taken(platform)
    ask(platform)
    assert taken(platform.again()) is None
    assert not hold.settle(None)
    assert hold.settle(None)
    assert record(platform).due is None


def test_a_killed_worker_is_followed_once_its_hold_ran_out(platform):
    ask(platform)
    killed = taken(platform)
    platform.clock.advance(LASTS.total_seconds() + SNAPSHOT.grace.total_seconds())
    assert work.sweep(platform.app, [SNAPSHOT]) == 1
    follower = taken(platform)
    assert follower is not None
    assert not killed.renew()
    assert killed.settle(None, seq=1)
    assert record(platform).seq == 0
    assert follower.settle(None, seq=2)
    assert record(platform).seq == 2


def test_the_sweeper_passes_over_what_somebody_is_doing(platform):
    ask(platform)
    hold = taken(platform)
    for _ in range(10):
        platform.clock.advance(20)
        assert hold.renew()
    assert work.sweep(platform.app, [SNAPSHOT]) == 0


def test_a_failure_is_tried_again_later_and_later(platform):
    ask(platform)
    dues = []
    for _ in range(3):
        taken(platform).fail(Problem("unavailable", "The store did not answer."))
        dues.append((record(platform).due - platform.clock.now()).total_seconds())
        platform.clock.advance(dues[-1])
    assert dues == [15, 30, 60]
    assert record(platform).last_error == "unavailable: The store did not answer."
    assert taken(platform).settle(None)
    assert (record(platform).attempts, record(platform).last_error) == (0, None)


def test_an_ask_that_saw_an_earlier_one_never_puts_it_off(platform):
    first = ask(platform)
    later = ask(platform, 60, seen=first.due)
    assert (later.due, later.generation) == (first.due, first.generation + 1)


def test_work_given_back_goes_on_in_another_task(platform):
    ask(platform)
    taken(platform).give_back(platform.clock.now())
    assert platform.app.queue.next_at() == platform.clock.time()
    assert taken(platform) is not None
