"""Counters of what partners ask wait in memory, bounded, and are written a few at a time."""

import pytest

from shared.auth.demand import LONGEST, SECONDS, Asked, Demand, counted, path_of


@pytest.fixture
def demand(clock):
    return Demand(clock)


def taken(demand, org="acme"):
    """Path -> counters, of what is due."""
    return {write.path: counted(write.amounts) for write in demand.take(org)}


def test_what_was_given_back_is_taken_again_with_what_came_since(demand, clock):
    demand.count("acme", ["lamps"], ["Blue  SHADE"])
    writes = demand.take("acme")
    demand.count("acme", ["lamps"])
    demand.give_back("acme", writes)
    path = path_of("lamps", clock.now().date())
    assert taken(demand) == {path: {Asked("acme"): 2, Asked("acme", "blue shade"): 1}}
    assert taken(demand) == {}


def test_each_organizations_counters_are_its_own(demand):
    demand.count("acme", ["lamps"])
    demand.count("bolt", ["lamps"])
    ((_, found),) = taken(demand, "bolt").items()
    assert found == {Asked("bolt"): 1}


def test_of_many_catalogs_ten_are_written_at_once_and_the_rest_later(demand, clock):
    demand.count("acme", [f"c{n:02}" for n in range(25)])
    sizes = []
    for _ in range(4):
        sizes.append(len(taken(demand)))
        clock.advance(SECONDS)
    assert sizes == [10, 10, 5, 0]


def test_words_beyond_what_may_wait_are_dropped_and_calls_still_count(demand, clock):
    for number in range(1_500):
        demand.count("acme", ["lamps"], [f"word {number}"])
    found = {}
    for _ in range(20):
        for counters in taken(demand).values():
            found |= counters
        clock.advance(SECONDS)
    assert len(found) == 1_000
    assert found[Asked("acme")] == 1_500


def test_a_long_text_is_cut_and_an_empty_one_is_only_a_call(demand):
    demand.count("acme", ["lamps"], ["x" * 500, " "])
    ((_, found),) = taken(demand).items()
    assert found == {Asked("acme"): 1, Asked("acme", "x" * LONGEST): 1}


def test_a_document_may_have_fields_that_count_nothing():
    assert counted({"expiresAt": "2026-11-29", "acme|calls": 3}) == {Asked("acme"): 3}
