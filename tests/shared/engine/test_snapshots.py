"""Snapshots: taken when there is something to take, opened cold, never half there."""

import secrets

import pytest

from shared.engine import snapshots
from shared.engine.collections import collections
from shared.engine.heads import CollectionName
from shared.engine.later import MANY, SNAPSHOT_WORK, work_id
from shared.engine.log import entry_path
from shared.engine.prepare import Edit
from shared.engine.wanted import Author, Part, Wanted
from shared.errors import Problem
from shared.ports.documents import Delete
from shared.query.ast import Question
from tests.mortal import Killed, mortal
from tests.platform import Platform

BOTH_STORES = True
NAME = CollectionName("shop", "source.products")
DAY = 86_400


class Shop(Platform):
    """A platform and one collection of it."""

    def commit(self, *edits, name=NAME):
        wanted = Wanted((Part(name, edits),), Author("ada", "tests", "r"), secrets.token_hex(6))
        return collections(self.app).commit(wanted)

    def fill(self, first, count):
        return self.commit(*(Edit(f"k{n}", {"i.n": n}) for n in range(first, first + count)))

    def ask(self, **question):
        return collections(self.app).ask(NAME, Question(**{"limit": 200} | question))

    def keys(self):
        return sorted(item.key for item in self.ask().answer.items)

    def empty(self, **options):
        """Another instance, which has nothing yet."""
        cache = self.folder / secrets.token_hex(4)
        return Shop(
            self.folder, self.clock, **{**self.given, "cache": cache, "app": self.kind, **options}
        )

    @property
    def snapshot(self):
        return SNAPSHOT_WORK.get(self.app.documents, work_id(NAME)).value

    @property
    def blobs(self):
        return [blob.name for blob in self.app.blobs.list("tenants/")]

    def forget_log(self):
        head = collections(self.app).head(NAME)
        paths = [entry_path(NAME, seq) for seq in range(1, head.seq + 1)]
        self.app.documents.commit([Delete(path) for path in paths])


@pytest.fixture
def shop(tmp_path, stores):
    shop = Shop(tmp_path / "data", **stores)
    yield shop
    shop.close()


@pytest.fixture
def cold(shop):
    cold = shop.empty()
    yield cold
    cold.close()


def test_many_changes_are_stored_at_once_and_opened_without_the_log(shop, cold):
    shop.fill(0, MANY)
    shop.work()
    assert (shop.snapshot.seq, shop.snapshot.changes, shop.snapshot.due) == (1, MANY, None)
    shop.forget_log()
    assert cold.ask().answer.total == MANY


def test_few_changes_are_stored_a_day_after_the_first_of_them(shop):
    shop.fill(0, 3)
    shop.work(DAY / 2)
    shop.fill(3, 3)
    assert shop.snapshot.seq == 0
    shop.work(DAY / 2 + 60)
    assert (shop.snapshot.seq, shop.snapshot.changes) == (2, 6)


def test_a_day_without_a_change_writes_nothing(shop):
    shop.fill(0, MANY)
    shop.work()
    before = shop.snapshot
    assert shop.work(2 * DAY) == 0
    assert shop.snapshot == before
    assert shop.commit(Edit("k0", {"i.n": 0})).asked == {}


def test_a_snapshot_in_a_cold_instance_equals_a_replica_that_followed(shop, cold):
    shop.fill(0, MANY)
    shop.work()
    shop.commit(Edit("k1", combine="delete"), Edit("k2", {"i.n": -2}))
    shop.fill(MANY, MANY)
    shop.work()
    assert cold.ask().answer.items == shop.ask().answer.items
    assert cold.keys() == shop.keys()


def test_an_instance_far_behind_goes_on_from_a_newer_snapshot(shop, cold):
    shop.fill(0, 1)
    assert cold.keys() == ["k0"]
    for n in range(25):
        shop.fill(1 + 200 * n, 200)
    shop.work()
    asked = cold.ask()
    assert asked.freshness.behind
    again = cold.ask()
    assert (again.freshness.behind, again.answer.total) == (0, 5_001)


def test_old_snapshots_and_their_files_go_and_the_newest_two_stay(shop):
    for n in range(4):
        shop.fill(MANY * n, MANY)
        shop.work(2 * DAY)
    stored = [
        each.value.opened()
        for seq in range(1, 5)
        if (each := snapshots.of(NAME).find(shop.app.documents, snapshots.snapshot_id(seq)))
    ]
    assert [manifest.seq for manifest in stored] == [3, 4]
    files = {snapshots.file_name(NAME, file) for manifest in stored for file in manifest.files}
    assert set(shop.blobs) == files


def test_where_the_log_is_gone_a_turn_builds_the_replica_from_the_records(shop, cold):
    shop.fill(0, 20)
    shop.commit(Edit("k3", combine="delete"), Edit("k4", {"i.n": 44}))
    shop.forget_log()
    with pytest.raises(Problem) as refused:
        cold.ask()
    assert (refused.value.code, refused.value.details["reason"]) == ("unavailable", "log_gap")
    cold.work()
    assert len(cold.keys()) == 19
    expected = {item.key: item for item in collections(shop.app).every(NAME)}
    assert {item.key: item for item in cold.ask().answer.items} == expected
    assert expected["k4"].body == {"i.n": 44}
    cold.commit(Edit("k5", {"i.n": 55}))
    assert {item.key: item.body for item in cold.ask().answer.items}["k5"] == {"i.n": 55}


@pytest.mark.slow
def test_killed_at_any_change_the_snapshot_is_the_old_or_the_new_one_and_is_finished_later(shop):
    shop.fill(0, MANY)
    shop.work()
    shop.fill(MANY, MANY)
    taken = shop.app.queue.take()
    shop.app.queue.finish(taken)
    deaths = 0
    while True:
        dying = shop.empty(app=mortal(shop.kind))
        dying.app.life.left = deaths
        try:
            dying.job(taken.job, taken.body)
            break
        except Killed:
            deaths += 1
        finally:
            dying.app.life.left = None
            dying.close()
        cold = shop.empty()
        assert cold.ask(limit=0).answer.total == 2 * MANY
        cold.close()
        shop.clock.advance(60)
    assert deaths > 10
    assert shop.snapshot.seq == 2
    assert shop.app.documents.get(SNAPSHOT_WORK.path(work_id(NAME))).data.get("due") is None
