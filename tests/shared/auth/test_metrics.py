"""Counters of tenants: written late, once, and never more than a commit takes along."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.auth.metrics import MOST_SERIES, Field, Metrics
from tests.platform import MovedClock


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture
def metrics(clock):
    return Metrics(clock)


MOST = MOST_SERIES["counter"]


def sums(writes):
    """What is counted in all, by tags."""
    found = Counter()
    for write in writes:
        for name, amount in write.amounts.items():
            field = Field.of(name)
            if field.statistic == "sum":
                found[field.tags] += amount
    return dict(found)


def test_nothing_is_written_before_ten_seconds_and_everything_after(metrics, clock):
    metrics.count("north", "mcp.tool_calls", tool="whoami")
    assert metrics.take() == ()
    clock.advance(10)
    metrics.count("north", "mcp.tool_calls", tool="whoami")
    hour, own = metrics.take()
    assert sums([hour]) == {("whoami",): 2}
    assert own.data["last"] == hour.path.rpartition(":")[2]
    assert hour.data["expiresAt"] - clock.now() > timedelta(days=89)
    assert metrics.take() == ()


def test_what_lost_is_written_later_with_what_was_counted_meanwhile(metrics, clock):
    def happens(pending):
        metrics.count("north", "queue.pending", pending, of="cards")
        metrics.count("north", "cards.projected", pending, card_definition="cards")

    happens(3)
    clock.advance(10)
    lost = metrics.take()
    happens(5)
    metrics.give_back(lost)
    hour, own = metrics.take()
    assert sums([hour]) == {("cards",): 8}
    assert [value for name, value in hour.data.items() if name.endswith("last")] == [5]
    assert own.path == "tenants/north/metrics/engine"


def test_hours_that_waited_together_are_written_together_and_the_newest_is_named(metrics, clock):
    """A process that is asked once an hour writes what it counted in two of them at once."""
    metrics.count("north", "mcp.tool_calls", tool="whoami")
    clock.advance(3600)
    metrics.count("north", "mcp.tool_calls", tool="whoami")
    clock.advance(10)
    writes = metrics.take()
    assert len({each.path for each in writes}) == len(writes) == 3
    assert sums(writes) == {("whoami",): 2}
    (own,) = [each for each in writes if "last" in each.data]
    assert own.data["last"] == f"{clock.now():%Y%m%d%H}"


def test_more_series_than_a_document_holds_are_counted_as_other(metrics, clock):
    for number in range(MOST + 5):
        metrics.count("north", "mcp.tool_errors", tool=f"t{number}", code="invalid")
    clock.advance(10)
    counted = sums(metrics.take())
    assert (len(counted), counted["other", "other"]) == (MOST + 1, 5)


def test_series_of_two_tenants_in_turn_are_bounded_apart(metrics, clock):
    for number in range(MOST + 5):
        for tenant in ("north", "south"):
            metrics.count(tenant, "mcp.tool_calls", tool=f"tool-{number}")
    clock.advance(10)
    written = []
    while writes := metrics.take():
        written += writes
    for tenant in ("north", "south"):
        counted = sums(each for each in written if tenant in each.path)
        assert (len(counted), counted["other",]) == (MOST + 1, 5)


def test_no_commit_takes_more_along_than_fits_beside_what_it_is_for(metrics, clock):
    for tenant in range(30):
        for number in range(30):
            metrics.count(f"t{tenant}", "mcp.tool_calls", tool=f"tool{number}")
    clock.advance(10)
    counted, rides = 0, 0
    while writes := metrics.take():
        rides += 1
        assert len(writes) <= 10
        assert sum(len(each.amounts) for each in writes) <= 200
        counted += sum(sums(writes).values())
    assert (counted, rides > 4) == (900, True)


def test_a_metric_that_nobody_declared_is_a_mistake_of_ours(metrics):
    with pytest.raises(KeyError):
        metrics.count("north", "mcp.calls", tool="whoami")
