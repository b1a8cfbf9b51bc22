"""Queues that an operator paused: nothing is done, nothing piles up, nothing is lost."""

import pytest

from functions.engine.turns import KINDS as ENGINE_KINDS
from functions.tasks.jobs.subscriptions import KINDS
from shared.ports.documents import Query
from shared.ports.queue import ENGINE, EXPORTS, WORK
from shared.queries import CELLS_OF_CATALOG
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import cell, register

HOUR = 3600


@pytest.fixture
def partner(tmp_path):
    """A platform whose partner has a subscriber, with all its work still to be done."""
    platform = Platform(tmp_path / "data")
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    platform.grant("partner", "books")
    register(platform)
    yield platform
    platform.close()


def waiting(platform):
    """Every task that is due now, by its path; each is to be tried again."""
    queue, found = platform.app.queue, []
    while (taken := queue.take()) is not None:
        found.append(taken)
    for taken in found:
        queue.retry(taken)
    return [taken.job for taken in found]


def test_a_paused_queue_is_refused_its_turns_and_not_swept_into(partner):
    partner.do("pause_work")
    partner.clock.advance(HOUR)
    before = sorted(waiting(partner))
    assert before
    for _ in range(12):
        partner.clock.advance(300)
        assert partner.job("/jobs/sweep", {}).problem is None
    partner.clock.advance(HOUR)
    assert sorted(job for job in waiting(partner) if job != "/jobs/exports") == [
        job for job in before if job != "/jobs/exports"
    ]
    refused = partner.job("/jobs/followings", {"id": "partner", "generation": 1}).problem
    assert (refused.code, refused.status) == ("rate_limited", 429)


def test_what_was_paused_is_done_once_it_is_resumed(partner):
    partner.do("pause_work")
    partner.work(HOUR)
    assert cell(partner) == ("pending", None)
    partner.do("resume_work")
    partner.work(HOUR)
    partner.job("/jobs/sweep", {})
    partner.work(HOUR)
    assert cell(partner)[0] == "awaiting_subscription"


def test_exports_wait_in_a_queue_of_their_own(partner):
    queues = {kind.path: kind.queue for kind in (*KINDS, *ENGINE_KINDS)}
    assert {path for path, queue in queues.items() if queue == EXPORTS} == {
        "/jobs/exports",
        "/jobs/rebuilds",
    }
    assert {queue for path, queue in queues.items() if path.startswith("/engine/")} == {ENGINE}
    assert queues["/jobs/cells"] == WORK
    partner.do("pause_work", queue="exports")
    partner.work(HOUR)
    assert partner.app.documents.query(Query(CELLS_OF_CATALOG, equal={"catalog": "books"})).items
    partner.clock.advance(600)
    assert set(waiting(partner)) == {"/jobs/exports"}


def test_pausing_twice_says_since_when(partner):
    first = partner.do("pause_work")
    partner.clock.advance(60)
    assert partner.do("pause_work") == first
    shown = {each["queue"]: each["paused"] for each in partner.do("list_queues")}
    assert shown == {"work": True, "exports": False, "engine": False}
