"""The value that somebody means, of those that there are."""

import random
from datetime import UTC, datetime

import pytest

from shared.pipeline.canonical import closest
from shared.query.answers import Counted
from tests.slips import slipped

COUNTS = {
    "Adidas": 40, "Adias Health": 2, "ADIDAS Originals": 9, "Puma": 30, "Nike": 55, "Reebok": 12,
    "New Balance": 20, "Citroën": 3, "StarTech.com": 50, "Kingston Technology": 25,
    "Kensington": 60, "Iron Grey": 11, "Iron grey": 6, "Black": 500, "Black,Red": 70,
    "Multicolour": 40, "Transparent": 15, "Turquoise": 4, "資生堂": 2, "Samsung": 80, "Sandberg": 5,
}  # fmt: skip
THERE = [Counted(value, count) for value, count in COUNTS.items()]


def found(query, limit=3, there=THERE):
    return [match.value for match in closest(query, there, limit)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("adiBas", "Adidas"),
        ("ADIDAS", "Adidas"),
        ("  new  balance ", "New Balance"),
        ("citroen", "Citroën"),
        ("startech com", "StarTech.com"),
        ("kingston", "Kingston Technology"),
        ("kingston tecnology", "Kingston Technology"),
        ("technology", "Kingston Technology"),
        ("trans", "Transparent"),
        ("turqoise", "Turquoise"),
        ("multicolor", "Multicolour"),
        ("資生", "資生堂"),
        ("iron grey", "Iron Grey"),  # what more records have
        ("Iron grey", "Iron grey"),  # what is exactly so
        ("blakc", "Black"),
    ],
)
def test_what_is_typed_finds_what_is_meant(typed, meant):
    assert found(typed, 1) == [meant]


def test_a_score_is_one_for_the_same_but_case_and_accents_and_less_for_all_else():
    scores = {match.value: match.score for match in closest("iron grey", THERE, 20)}
    assert (scores["Iron Grey"], scores["Iron grey"]) == (1.0, 1.0)
    assert [match.value for match in closest("iron gray", THERE, 20) if match.score == 1] == []
    (adidas, *_) = closest("adiBas", THERE, 1)
    assert (adidas.count, adidas.score) == (40, 0.833)


def test_nothing_asked_lists_the_most_frequent_and_nothing_alike_finds_nothing():
    assert found("", 2) == ["Black", "Samsung"]
    assert found("   ", 2) == ["Black", "Samsung"]
    assert found("zzzzqqqq") == []
    assert found("x", there=[]) == []


def test_numbers_truths_and_times_are_found_as_they_are_typed():
    at = datetime(2026, 1, 2, tzinfo=UTC)
    there = [Counted(each, 1) for each in (12.5, 40.0, 7, True, at)]
    assert found("12.5", 1, there) == [12.5]
    assert found("40", 1, there) == [40.0]
    assert found("true", 1, there) == [True]
    assert found("2026-01-02", 1, there) == [at]


def test_of_a_hundred_values_with_one_slip_at_least_ninety_five_come_first():
    chance, values = random.Random(2026), sorted(COUNTS)
    right = 0
    for _ in range(100):
        meant = chance.choice(values)
        right += found(slipped(chance, meant, 1, values), 1)[0].casefold() == meant.casefold()
    assert right >= 95
