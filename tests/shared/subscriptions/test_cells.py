"""What cells say when Analytics Hub fails, when nothing changes, and when handlers race."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from shared.catalog.lease import leased
from shared.subscriptions.records import CELLS, EXPORTS
from tests.interfered import refusing
from tests.mortal import Killed
from tests.platform import product
from tests.shared.subscriptions.partner import (
    READER,
    cell,
    due,
    grant,
    partner,
    register,
    republish,
    subscribe,
    withdraw,
)


@contextmanager
def failing(platform, method, code="unavailable"):
    """Analytics Hub refuses one thing meanwhile."""
    instead = platform.app.listings.instead
    instead[method] = refusing(code, "Analytics Hub did not answer in time. Try again in a moment.")
    yield
    del instead[method]


def test_what_fails_is_retried_with_back_off_and_then_needs_attention_but_goes_on(shared):
    with failing(shared, "admit", "forbidden"):
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


def test_a_listing_that_cannot_be_asked_for_long_says_so_and_recovers(shared):
    shared.work(2)
    subscribe(shared)
    shared.work(3600)
    assert cell(shared) == ("active", None)
    with failing(shared, "subscriptions"):
        shared.work(3700)
        assert cell(shared) == ("active", None)
        shared.work(4 * 3600)
        assert cell(shared) == ("refresh_failed", "needs_attention")
    shared.work(7 * 3600)
    assert cell(shared) == ("active", None)


def test_an_unchanged_hour_costs_two_questions_and_one_write_however_many_cells(shared):
    for number in range(5):
        register(shared, f"acme-reader-{number}")
    shared.work(4 * 3600)
    writes, questions = [], []

    def counted(commit, changes):
        writes.extend(changes)
        commit(changes)

    def counting(name):
        def asked(ask, catalog):
            questions.append(name)
            return ask(catalog)

        return asked

    shared.app.documents.instead["commit"] = counted
    for name in ("members", "subscriptions"):
        shared.app.listings.instead[name] = counting(name)
    shared.work(3 * 3600)
    assert questions == ["members", "subscriptions"] * 3
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


def test_of_two_grants_that_end_each_is_taken_back_when_it_ends(shared):
    """The organization comes again at the end that is next, not at the last one."""
    shared.catalog("shoes", [product("1", url="https://shoes.example/1")])
    now = shared.clock.now()
    ends = {"books": now + timedelta(hours=5), "shoes": now + timedelta(hours=2)}
    for catalog, end in ends.items():
        shared.grant("partner", catalog, expires_at=end.isoformat())
    shared.work(5)
    for catalog in ("shoes", "books"):
        ((at, _),) = due(shared, "followings").values()
        assert at == ends[catalog]
        assert shared.app.listings.members(catalog) == [READER[1]]
        shared.work((at - shared.clock.now()).total_seconds() + 1)
        assert shared.app.listings.members(catalog) == []
    assert due(shared, "followings") == {}


def test_a_handler_that_was_overtaken_leaves_no_access_behind(shared):
    """Admission by a slow handler arrives after the withdrawal was carried out."""
    shared.work(0.3)
    listings = shared.app.listings

    def slowly(admit, catalog, principal):
        del listings.instead["admit"]
        withdraw(shared)
        shared.work(2)
        assert listings.members(catalog) == []
        admit(catalog, principal)

    withdraw(shared)
    shared.work(2)
    grant(shared)
    listings.instead["admit"] = slowly
    shared.work(5)
    assert cell(shared) == ("pending", "scope_revoked")
    assert shared.app.listings.members("books") == []


def overtaken_and_killed(platform, method, meanwhile):
    """A handler's change of the policy arrives after another's, and then the handler is killed."""
    instead = platform.app.listings.instead

    def slowly(change, catalog, principal):
        del instead[method]
        meanwhile(platform)
        platform.work(2)
        change(catalog, principal)
        raise Killed

    instead[method] = slowly
    with pytest.raises(Killed):
        platform.work(5)
    platform.work(1200)  # what it was called for comes again, and is nobody's turn any more


def test_access_an_overtaken_and_killed_handler_left_is_taken_back_within_the_hour(shared):
    shared.work(0.3)
    withdraw(shared)
    shared.work(2)
    grant(shared)
    overtaken_and_killed(shared, "admit", withdraw)
    assert cell(shared) == ("pending", "scope_revoked")
    assert shared.app.listings.members("books") == [READER[1]]
    shared.work(3600)
    assert shared.app.listings.members("books") == []
    assert cell(shared) == ("pending", "scope_revoked")


def test_access_an_overtaken_and_killed_handler_took_is_given_back_within_the_hour(shared):
    def granted_and_refreshed(platform):
        grant(platform)
        partner(
            platform,
            "refresh_bigquery_subscription_status",
            catalog_key="books",
            subscriber_principal=READER[1],
        )

    shared.work(2)
    withdraw(shared)
    overtaken_and_killed(shared, "dismiss", granted_and_refreshed)
    assert cell(shared) == ("awaiting_subscription", None)
    assert shared.app.listings.members("books") == []
    shared.work(3600)
    assert shared.app.listings.members("books") == [READER[1]]
    assert cell(shared) == ("awaiting_subscription", None)


def test_others_in_a_listings_policy_are_never_touched_whatever_the_hourly_check_finds(shared):
    shared.work(2)
    for principal in ("user:auditor@owner.example", "user:zoe@owner.example"):
        shared.app.listings.admit("books", principal)
    shared.app.listings.dismiss("books", READER[1])
    shared.work(3700)
    assert shared.app.listings.members("books") == [
        READER[1],
        "user:auditor@owner.example",
        "user:zoe@owner.example",
    ]


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
