"""Every job run twice, late, out of order, and killed at every point: the outcome is the same."""

import itertools
import shutil
from datetime import timedelta

import pytest

from shared import work
from shared.catalog.lease import leased
from shared.errors import Problem
from shared.local.documents import SqliteDocuments
from shared.local.listings import FileListings
from shared.local.queue import FileQueue
from shared.ports import Query
from shared.subscriptions.records import CELLS, EXPORTS
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import call

READER = ("acme-reader", "serviceAccount:etl@acme-reader.iam.gserviceaccount.com")


class Killed(BaseException):
    """The process ends here: nothing catches this."""


@pytest.fixture
def shared(tmp_path):
    platform = Platform(tmp_path / "data")
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    platform.grant("partner", "books")
    register(platform)
    yield platform
    platform.close()


def register(platform, project=READER[0], principal=READER[1]):
    return partner(
        platform,
        "register_bigquery_subscriber",
        request={"subscriberProjectId": project, "subscriberPrincipal": principal},
    )["subscriber"]["subscriberId"]


def partner(platform, name, **arguments):
    """Call a tool as a member of the partner organization; its value."""
    return call(platform, "partner", name, **arguments)


def cell(platform, catalog="books"):
    (found,) = partner(platform, "list_bigquery_subscribers")["cells"]
    assert found["catalogKey"] == catalog
    return found["status"], found["reasonCode"]


def due(platform, kind):
    """The records of a kind that wait for a turn: id to (due, generation)."""
    documents = platform.app.documents
    page = documents.query(Query(work.KINDS[kind], limit=1000))
    return {each.id: (each.data["due"], each.data["generation"]) for each in page.items}


def everything(platform):
    """What is true outside and what is recorded inside, without times and counters."""
    listings = platform.app.listings
    try:
        members = listings.members("books")
    except Problem:
        members = None
    return cell(platform), members, {kind: sorted(due(platform, kind)) for kind in work.KINDS}


def tasks_of(platform):
    """Take every task that is due now, in order, without doing it."""
    taken = []
    while (one := platform.app.queue.take()) is not None:
        taken.append(one)
        platform.app.queue.finish(one)
    return taken


def subscribe(platform):
    platform.app.listings.subscribe("books", READER[1], READER[0])


def withdraw(platform):
    platform.do("withdraw_grant", org="partner", catalog="books")


def grant(platform):
    platform.grant("partner", "books")


def republish(platform):
    platform.publish("books", [product("1"), product("2")])


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
        made.append(Platform(folder, **long))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("way", [twice, in_reverse, a_day_late, lost], ids=lambda w: w.__name__)
def test_however_work_is_delivered_the_outcome_is_the_same(fresh, story, way):
    assert play(fresh(), story, way) == play(fresh(), story, plainly)


class Mortal:
    """Ends the process at the n-th thing any adapter is asked to change."""

    CHANGES = (
        (SqliteDocuments, "commit"),
        (FileQueue, "add"),
        (FileListings, "keep"),
        (FileListings, "admit"),
        (FileListings, "dismiss"),
        (FileListings, "revoke"),
        (FileListings, "remove"),
    )

    def __init__(self, monkeypatch):
        self.left = None
        for adapter, name in self.CHANGES:
            for after in (False, True):
                self.wrap(monkeypatch, adapter, name, after=after)

    def wrap(self, monkeypatch, adapter, name, *, after):
        inner = getattr(adapter, name)

        def wrapped(*arguments, **named):
            if not after:
                self.tick()
            answer = inner(*arguments, **named)
            if after:
                self.tick()
            return answer

        monkeypatch.setattr(adapter, name, wrapped)

    def tick(self):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_killed_at_any_point_the_next_delivery_or_the_sweeper_finishes(fresh, monkeypatch, story):
    expected = play(fresh(), story, plainly)
    mortal = Mortal(monkeypatch)
    for point in itertools.count():
        platform = fresh()
        killed = [False]

        def dying(platform, point=point, killed=killed):
            if not killed[0]:
                mortal.left = point
            for _ in range(40):
                task = platform.app.queue.take()
                if task is None:
                    platform.clock.advance(0.2)
                    continue
                try:
                    platform.job(task.job, task.body)
                except Killed:
                    killed[0] = True
                    platform.clock.advance(601)  # it comes again when its claim has run out
                else:
                    platform.app.queue.finish(task)
            mortal.left = None
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


def test_a_change_that_was_recorded_but_never_enqueued_is_found_by_the_sweeper(shared, monkeypatch):
    def deaf(*_):
        raise Problem("unavailable", "The queue does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(FileQueue, "add", deaf)
        grant(shared)
        republish(shared)
    for _ in range(4):
        shared.clock.advance(180)
        shared.job("/jobs/sweep", {})
        shared.work(1)
    assert cell(shared) == ("awaiting_subscription", None)


def test_two_sweepers_at_once_raise_a_generation_once(shared):
    shared.work(2)
    tasks_of(shared)
    shared.clock.advance(86_400)
    before = due(shared, "listings")["books"][1]
    for _ in range(2):
        shared.job("/jobs/sweep", {})
    assert due(shared, "listings")["books"][1] == before + 1


def failing(monkeypatch, method, code="unavailable"):
    """Analytics Hub refuses one thing until told otherwise."""

    def refuse(*_):
        raise Problem(code, "Analytics Hub did not answer in time. Try again in a moment.")

    monkeypatch.setattr(FileListings, method, refuse)


def test_what_fails_is_retried_with_back_off_and_then_needs_attention_but_goes_on(
    shared, monkeypatch
):
    with monkeypatch.context() as broken:
        failing(broken, "admit", "forbidden")
        shared.work(2)
        assert cell(shared) == ("pending", None)
        gaps, last = [], None
        for _ in range(8):
            at = due(shared, "cells").popitem()[1][0]
            gaps.append((at - last).total_seconds() if last else 0)
            last = at
            shared.work((at - shared.clock.now()).total_seconds() + 0.01)
        assert [round(gap) for gap in gaps[1:7]] == [30, 60, 120, 240, 480, 960]
        assert cell(shared) == ("access_grant_failed", "needs_attention")
        kept = CELLS.find(shared.app.documents, due(shared, "cells").popitem()[0])
        assert kept.value.last_error.startswith("forbidden: ")
        assert kept.value.due - shared.clock.now() > timedelta(hours=5)
    shared.work(7 * 3600)
    assert cell(shared) == ("awaiting_subscription", None)


def test_a_listing_that_cannot_be_asked_for_long_says_so_and_recovers(shared, monkeypatch):
    shared.work(2)
    subscribe(shared)
    shared.work(3600)
    assert cell(shared) == ("active", None)
    with monkeypatch.context() as broken:
        failing(broken, "subscriptions")
        shared.work(3700)
        assert cell(shared) == ("active", None)
        shared.work(4 * 3600)
        assert cell(shared) == ("refresh_failed", "needs_attention")
    shared.work(7 * 3600)
    assert cell(shared) == ("active", None)


def test_an_unchanged_hour_costs_one_question_and_one_write_however_many_cells(shared, monkeypatch):
    for number in range(5):
        register(shared, f"acme-reader-{number}")
    shared.work(4 * 3600)
    writes, questions = [], []
    commit, ask = SqliteDocuments.commit, FileListings.subscriptions

    def counted(self, changes):
        writes.extend(changes)
        commit(self, changes)

    def asked(self, catalog):
        questions.append(catalog)
        return ask(self, catalog)

    monkeypatch.setattr(SqliteDocuments, "commit", counted)
    monkeypatch.setattr(FileListings, "subscriptions", asked)
    shared.work(3 * 3600)
    assert len(questions) == 3
    assert [write.path for write in writes] == ["listings/books"] * 3
    found = partner(shared, "list_bigquery_subscribers")["cells"]
    assert len({each["lastCheckedAt"] for each in found}) == 1
    assert len({each["nextCheckAt"] for each in found}) == 1


def test_a_subscription_that_ends_is_noticed_within_the_hour(shared):
    shared.work(2)
    name = shared.app.listings.subscribe("books", READER[1], READER[0])
    shared.work(3 * 3600)
    assert cell(shared) == ("active", None)
    shared.app.listings.unsubscribe("books", name)
    shared.work(3600)
    assert cell(shared) == ("awaiting_subscription", None)
    subscribe(shared)
    shared.work(3600)
    assert cell(shared) == ("active", None)


def test_a_handler_that_was_overtaken_leaves_no_access_behind(shared, monkeypatch):
    """Admission by a slow handler arrives after the withdrawal was carried out."""
    shared.work(0.3)
    admit = FileListings.admit

    def slowly(self, catalog, principal):
        monkeypatch.setattr(FileListings, "admit", admit)
        withdraw(shared)
        shared.work(2)
        assert self.members(catalog) == []
        admit(self, catalog, principal)

    withdraw(shared)
    shared.work(2)
    grant(shared)
    monkeypatch.setattr(FileListings, "admit", slowly)
    shared.work(5)
    assert cell(shared) == ("pending", "scope_revoked")
    assert shared.app.listings.members("books") == []


def test_a_newer_version_is_exported_even_if_an_export_was_running(shared):
    shared.work(2)
    republish(shared)
    record = EXPORTS.get(shared.app.documents, "books")
    with leased(shared.app.documents, shared.app.clock, "export:books"):
        assert shared.job("/jobs/exports", {"id": "books", "generation": record.value.generation})
        assert EXPORTS.get(shared.app.documents, "books").value.version == 1
    shared.work(60)
    assert EXPORTS.get(shared.app.documents, "books").value.version == 2


def test_records_that_do_not_exist_are_nobodys_turn(shared):
    for job in ("cells", "exports", "listings", "followings"):
        reply = shared.job(f"/jobs/{job}", {"id": "nothing", "generation": 1})
        assert reply.body == b'{"outcome":"old"}'
