"""Every job run twice, late, out of order, and killed at every point: the outcome is the same."""

import itertools
import shutil

import pytest

from functions.tasks.jobs.subscriptions import KINDS
from shared.errors import Problem
from shared.ports.queue import Task
from tests.interfered import refusing
from tests.mortal import Killed, MortalApp
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import (
    cell,
    due,
    grant,
    register,
    republish,
    subscribe,
    withdraw,
)


def everything(platform):
    """What is true outside and what is recorded inside, without times and counters."""
    listings = platform.app.listings
    try:
        members = listings.members("books")
    except Problem:
        members = None
    return (
        cell(platform),
        members,
        {each.collection: sorted(due(platform, each.collection)) for each in KINDS},
    )


def tasks_of(platform):
    """Take every task that is due now, in order, without doing it."""
    taken = []
    while (one := platform.app.queue.take()) is not None:
        taken.append(one)
        platform.app.queue.finish(one)
    return taken


def take_down(platform):
    platform.do("withdraw_catalog", catalog="books")


STORIES = {
    "registered": (),
    "subscribed": (subscribe,),
    "withdrawn": (subscribe, withdraw),
    "granted again": (withdraw, grant),
    "republished": (subscribe, republish),
    "catalog withdrawn": (subscribe, take_down),
}


def play(platform, story, work_through, *, only_last=False):
    """Do a story's steps, with the work after each done in the given way; what came of it."""
    ways = [plainly if only_last else work_through] * len(STORIES[story])
    for step, way in zip((lambda _: None, *STORIES[story]), (*ways, work_through), strict=True):
        step(platform)
        platform.clock.advance(6)
        way(platform)
    platform.work(2 * 3600)
    return everything(platform)


def plainly(platform):
    platform.work(2)


def twice(platform):
    platform.clock.advance(1)
    for _ in range(6):
        for task in tasks_of(platform):
            for _ in range(2):
                assert platform.job(task.job, task.body).problem is None
        platform.clock.advance(0.2)


def in_reverse(platform):
    platform.clock.advance(1)
    for _ in range(8):
        for task in reversed(tasks_of(platform)):
            assert platform.job(task.job, task.body).problem is None
        platform.clock.advance(0.2)


def a_day_late(platform):
    platform.clock.advance(86_400)
    platform.work(2)


def lost(platform):
    """The queue forgets everything; only the sweeper is left."""
    for _ in range(8):
        platform.clock.advance(180)
        tasks_of(platform)
        platform.job("/jobs/sweep", {})
        for task in tasks_of(platform):
            assert platform.job(task.job, task.body).problem is None


@pytest.fixture
def fresh(tmp_path):
    """Makes platforms that are alike: one catalog is published and granted, a reader registered."""
    long = {"export_fresh_for": 100 * 86_400}
    first = Platform(tmp_path / "first", **long)
    first.organization("partner")
    first.catalog("books", [product("1")])
    first.grant("partner", "books")
    register(first)
    first.close()
    made = []

    def make():
        folder = tmp_path / f"copy-{len(made)}"
        shutil.copytree(tmp_path / "first", folder)
        made.append(Platform(folder, app=MortalApp, **long))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("way", [twice, in_reverse, a_day_late, lost], ids=lambda w: w.__name__)
def test_however_work_is_delivered_the_outcome_is_the_same(fresh, story, way):
    assert play(fresh(), story, way) == play(fresh(), story, plainly)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_killed_at_any_point_the_next_delivery_or_the_sweeper_finishes(fresh, story):
    expected = play(fresh(), story, plainly)
    for point in itertools.count():
        platform = fresh()
        killed = [False]

        def dying(platform, point=point, killed=killed):
            life = platform.app.life
            if not killed[0]:
                life.left = point
            for _ in range(40):
                task = platform.app.queue.take()
                if task is None:
                    platform.clock.advance(0.2)
                    continue
                try:
                    platform.job(task.job, task.body)
                except Killed:
                    killed[0], life.left = True, None
                    platform.clock.advance(601)  # it comes again when its claim has run out
                else:
                    platform.app.queue.finish(task)
            life.left = None
            for _ in range(3):
                platform.clock.advance(130)
                platform.job("/jobs/sweep", {})
                platform.work(130)

        found = play(platform, story, dying, only_last=True)
        assert found == expected, f"killed at change {point}"
        platform.close()
        if not killed[0]:
            break
    assert point > 1


def test_a_change_that_was_recorded_but_never_enqueued_is_found_by_the_sweeper(shared):
    instead = shared.app.queue.instead
    instead["add"] = refusing("unavailable", "The queue does not answer.")
    grant(shared)
    republish(shared)
    del instead["add"]
    for _ in range(4):
        shared.clock.advance(180)
        shared.job("/jobs/sweep", {})
        shared.work(1)
    assert cell(shared) == ("awaiting_subscription", None)


def test_a_task_that_comes_again_after_its_turn_does_nothing(shared):
    shared.clock.advance(1)
    taken = [task for _ in range(3) for task in tasks_of(shared) if not run(shared, task)]
    cells = [task for task in taken if task.job == "/jobs/cells"]
    assert cells
    written = []
    shared.app.documents.instead["commit"] = lambda _, writes: written.extend(writes)
    for task in cells:
        assert shared.job(task.job, task.body).body == b'{"outcome":"old"}'
    assert written == []


def run(platform, task):
    return platform.job(task.job, task.body).problem


def test_a_task_the_sweeper_overtook_takes_the_turn_whose_time_has_come(shared):
    """In a queue that is far behind, every task would be overtaken before it is sent."""
    shared.work(2)
    waiting = tasks_of_kind(shared, "listings")
    for _ in range(3):
        shared.clock.advance(3600)
        shared.job("/jobs/sweep", {})
    before = due(shared, "listings")["books"]
    for task in waiting:
        run(shared, task)
    after = due(shared, "listings")["books"]
    assert (before[0] <= shared.clock.now(), after[0] > shared.clock.now()) == (True, True)


def tasks_of_kind(platform, kind):
    """Tasks for the turns that wait, as they were handed over."""
    return [
        Task(id_, f"/jobs/{kind}", {"id": id_, "generation": generation}, at)
        for id_, (at, generation) in due(platform, kind).items()
    ]


def test_cells_that_begin_together_begin_a_tenth_of_a_second_apart(shared):
    for number in range(4):
        shared.catalog(f"c{number}", [product("1", url=f"https://c{number}.example/1")])
    shared.work(60)
    tasks_of(shared)
    for number in range(4):
        shared.grant("partner", f"c{number}")
    (following,) = tasks_of_kind(shared, "followings")
    run(shared, following)
    now = shared.clock.now()
    begun = sorted((at - now).total_seconds() for at, _ in due(shared, "cells").values())
    assert [round(at, 1) for at in begun[:4]] == [0.0, 0.1, 0.2, 0.3]


def test_two_sweepers_at_once_raise_a_generation_once(shared):
    shared.work(2)
    tasks_of(shared)
    shared.clock.advance(86_400)
    before = due(shared, "listings")["books"][1]
    for _ in range(2):
        shared.job("/jobs/sweep", {})
    assert due(shared, "listings")["books"][1] == before + 1
