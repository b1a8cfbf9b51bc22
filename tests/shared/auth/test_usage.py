"""Counters and who was seen: written along with leases, seldom, and never lost on the way."""

from datetime import timedelta

import pytest

from shared.auth import activity
from shared.auth.caller import Caller
from shared.auth.rate import RateLimiter
from shared.auth.usage import Usage
from shared.errors import Conflict, Problem
from tests.counting import CountingDocuments

CALLER = Caller("mcp", "ada", "org", "catalog_partner", "member", frozenset(), "client-1")


@pytest.fixture
def counted(documents, clock):
    usage = Usage(clock)
    return usage, RateLimiter(documents, clock, usage)


def called(counted, amount=1, outcome="ok", limit=6_000):
    usage, limiter = counted
    for _ in range(amount):
        usage.see(CALLER)
        limiter.draw("org", limit)
        usage.count(CALLER, "search_products", outcome)


def usage_writes(documents):
    return [paths for paths in documents.commits if any(p.startswith("usage/") for p in paths)]


def test_counters_ride_on_renewals_at_most_every_ten_seconds(counted, documents, clock):
    for _ in range(400):
        called(counted, 10)
        clock.advance(0.1)
    assert all("rates/org" in paths for paths in documents.commits)
    assert len(documents.commits) < 0.05 * 4_000
    assert 4 <= len(usage_writes(documents)) <= 5
    clock.advance(10)
    called(counted)
    found = documents.get(f"usage/org:{clock.now():%Y%m%d}").data
    assert found["org"] == "org"
    assert found["mcp__search_products__ok"] == 4_000


def test_activity_says_who_was_last_seen_when_and_what_went_wrong(counted, documents, clock):
    called(counted, outcome="catalog_not_granted")
    failed = clock.now()
    clock.advance(10)
    called(counted)
    kept = "activity/org:client-5704de18fc6045e4"  # such names stay: they are in the store
    assert activity.path_of("org", activity.client("client-1")) == kept
    assert documents.get(kept).data == {
        "org": "org",
        "seenAt": clock.now(),
        "error": "catalog_not_granted",
        "errorAt": failed,
        "expiresAt": clock.now() + timedelta(days=365),
    }


def test_a_client_is_seen_though_it_never_calls_again(counted, documents, clock):
    called(counted)
    seen = documents.get(activity.path_of("org", activity.client("client-1")))
    assert seen.data["seenAt"] == clock.now()


def activity_writes(documents):
    found = [[p for p in paths if p.startswith("activity/")] for paths in documents.commits]
    return [paths for paths in found if paths]


def test_who_goes_on_calling_is_written_once_a_minute(counted, documents, clock):
    for _ in range(1_250):
        called(counted)
        clock.advance(0.1)
    assert len(activity_writes(documents)) == 3
    called(counted, outcome="invalid")
    for _ in range(2):
        clock.advance(10)
        called(counted)
    assert len(activity_writes(documents)) == 4
    seen = documents.get(activity.path_of("org", activity.client("client-1"))).data
    assert seen["error"] == "invalid"


def test_thousands_of_clients_are_all_remembered_and_no_renewal_grows_with_them(
    counted, documents, clock
):
    usage, limiter = counted
    clients = [f"https://client.example/{number}" for number in range(2_500)]
    for client in clients:
        caller = CALLER._replace(client=client)
        usage.see(caller)
        limiter.draw("org", 6_000)
        usage.count(caller, "search_products", "ok")
        clock.advance(0.1)
    for _ in range(4):
        clock.advance(10)
        called(counted)
    assert max(map(len, documents.commits)) <= 2 + 100
    paths = [activity.path_of("org", activity.client(client)) for client in clients]
    assert len(documents.get_many(paths)) == len(clients)


def test_counts_that_could_not_be_written_are_written_later(documents, clock):
    usage = Usage(clock)
    called((usage, RateLimiter(documents, clock, usage)), 5)
    clock.advance(10)

    class Refusing(CountingDocuments):
        """A bucket that everybody wants."""

        def commit(self, writes):
            raise Conflict(writes[0].path)

    refusing = RateLimiter(Refusing(documents.inner), clock, usage)
    with pytest.raises(Problem, match="same moment"):
        refusing.draw("org", 6_000)
    called((usage, RateLimiter(documents, clock, usage)))
    assert documents.get(f"usage/org:{clock.now():%Y%m%d}").data["mcp__search_products__ok"] == 5


def test_counters_of_a_small_organization_are_written_no_oftener(counted, documents):
    """It renews its lease with every other call, and all of them at one moment."""
    called(counted, 20, limit=60)
    assert len(documents.commits) == 10
    assert len(usage_writes(documents)) == 1
    assert len(activity_writes(documents)) == 1


@pytest.mark.parametrize("back", [1, 30, 3_600, 86_400])
def test_who_calls_after_the_clock_went_back_is_seen_at_once(counted, documents, clock, back):
    called(counted)
    clock.advance(-back)
    called(counted, 250)
    seen = documents.get(activity.path_of("org", activity.client("client-1")))
    assert seen.data["seenAt"] == clock.now()


def test_counting_goes_on_after_the_clock_went_back(counted, documents, clock):
    called(counted)
    clock.advance(10)
    called(counted)
    clock.advance(-3_600)
    called(counted, 400)
    total = documents.get(f"usage/org:{clock.now():%Y%m%d}").data["mcp__search_products__ok"]
    assert total > 1
