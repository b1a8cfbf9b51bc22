"""What every Documents adapter promises."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared import queries
from shared.errors import Conflict, Problem
from shared.ports.documents import ABSENT, Add, Delete, Put, Query, Shape

WRITERS = 8
EVERY_TYPE = {
    "null": None,
    "yes": True,
    "no": False,
    "one": 1,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "whole float": 1.0,
    "float": 0.1,
    "tiny": 5e-324,
    "text": "Grüße, 日本 🎁 \x00 \u2028",
    "empty": "",
    "bytes": bytes(range(256)),
    "no bytes": b"",
    "time": datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC),
    "early": datetime(1, 1, 1, tzinfo=UTC),
    "late": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "list": [1, "two", None, {"three": [3.0]}, b"4", datetime(2026, 1, 1, tzinfo=UTC)],
    "empty list": [],
    "map": {"a.b": {"c`d": [{"e/f": 1}]}, "ü": True, " ": 0},
    "empty map": {},
    "$time": "not a time",
    "$bytes": {"$bytes": "AAAA", "$$x": b"\x00"},
    "dollar": {"$time": 1},
}


def types_of(value):
    if isinstance(value, dict):
        return {key: types_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [types_of(item) for item in value]
    return type(value)


def test_every_value_comes_back_as_it_went_in(documents):
    documents.commit([Put("things/a", EVERY_TYPE)])
    read = documents.get("things/a").data
    assert read == EVERY_TYPE
    assert types_of(read) == types_of(EVERY_TYPE)
    assert read["time"].tzinfo is UTC


def test_times_of_other_zones_come_back_as_utc_and_tuples_as_lists(documents):
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    documents.commit([Put("things/a", {"at": there, "pair": (1, 2)})])
    read = documents.get("things/a").data
    assert read == {"at": datetime(2026, 1, 1, tzinfo=UTC), "pair": [1, 2]}
    assert read["at"].tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        2**63,
        -(2**63) - 1,
        datetime(2026, 1, 1),  # noqa: DTZ001  what is refused
        [[1]],
        [(1,)],
        {"": 1},
        {1: 1},
        {"__name__": 1},
        "\ud800",
        {1, 2},
        bytearray(b"x"),
        object(),
    ],
    ids=lambda value: f"{type(value).__name__} {value!r:.40}".partition(" at 0x")[0],
)
def test_a_value_that_would_not_come_back_the_same_is_refused(documents, value):
    with pytest.raises(ValueError, match=r".+"):
        documents.commit([Put("things/ok", {}), Put("things/a", {"value": value})])
    assert documents.get_many(["things/ok", "things/a"]) == {}


def test_twenty_levels_are_taken_and_more_are_refused(documents):
    def levels(count):
        return {"down": levels(count - 1)} if count else "bottom"

    documents.commit([Put("things/a", levels(20))])
    assert documents.get("things/a").data == levels(20)
    with pytest.raises(ValueError, match="depth"):
        documents.commit([Put("things/a", levels(22))])


def test_a_document_of_a_mebibyte_is_taken_and_a_larger_one_is_too_large(documents):
    overhead = len("things") + 1 + len("a") + 1 + 16 + 32 + len("b") + 1 + len("s") + 1
    largest = {"b": b"x" * 500_000, "s": "é" * ((1_048_575 - overhead - 500_000) // 2)}
    field = {"b": b"x" * (1_048_576 - 89)}
    documents.commit([Put("things/a", largest), Put("things/b", field)])
    assert documents.get("things/a").data == largest
    assert documents.get("things/b").data == field
    for path, data in (
        ("things/a", {**largest, "b": b"x" * 500_002}),
        ("things/b", {"b": field["b"] + b"x"}),
    ):
        with pytest.raises(Problem, match="too_large"):
            documents.commit([Put(path, data)])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "things",
        "things/",
        "/a",
        "/things/a",
        "things/a/",
        "things//a/b",
        "things/a/parts",
        "things/.",
        "things/..",
        "things/__a__",
        "things/" + "é" * 751,
    ],
)
def test_a_broken_path_is_refused_everywhere(documents, path):
    for ask in (
        lambda: documents.get(path),
        lambda: documents.get_many(["things/a", path]),
        lambda: documents.commit([Put(path, {})]),
        lambda: documents.commit([Add(path, {"n": 1})]),
        lambda: documents.commit([Delete(path)]),
    ):
        with pytest.raises(ValueError, match=r"id"):
            ask()


def test_ids_may_hold_anything_else(documents):
    paths = [f"things/{name}" for name in ("a b", "ä", "a:b@c", "%2F", "x" * 1500, "__a", "...")]
    documents.commit([Put(path, {"path": path}) for path in paths])
    assert {path: found.data["path"] for path, found in documents.get_many(paths).items()} == {
        path: path for path in paths
    }


def test_a_missing_document_is_none(documents):
    assert documents.get("things/a") is None
    assert documents.get_many(["things/a", "things/b"]) == {}
    assert documents.get_many([]) == {}


def test_many_are_read_by_path_and_a_repeated_path_is_fine(documents):
    documents.commit([Put("things/a", {"n": 1}), Put("things/a/parts/b", {"n": 2})])
    found = documents.get_many(["things/a", "things/a/parts/b", "things/c", "things/a"])
    assert {path: (item.path, item.id, item.data) for path, item in found.items()} == {
        "things/a": ("things/a", "a", {"n": 1}),
        "things/a/parts/b": ("things/a/parts/b", "b", {"n": 2}),
    }
    assert found["things/a"] == documents.get("things/a")


@pytest.mark.parametrize("amount", [1, 31, 32, 33, 70])
def test_any_number_is_read_at_once_and_what_is_not_there_is_left_out(documents, amount):
    documents.commit([Put(f"things/{n}", {"n": n}) for n in range(0, amount, 2)])
    found = documents.get_many([f"things/{n}" for n in range(amount)])
    assert {path: item.data["n"] for path, item in found.items()} == {
        f"things/{n}": n for n in range(0, amount, 2)
    }


def test_a_put_replaces_the_whole_document(documents):
    documents.commit([Put("things/a", {"old": 1, "both": 1})])
    documents.commit([Put("things/a", {"both": 2})])
    assert documents.get("things/a").data == {"both": 2}


def test_an_empty_document_exists(documents):
    documents.commit([Put("things/a", {})])
    assert documents.get("things/a").data == {}


def test_a_version_differs_after_every_change_and_never_comes_back(documents):
    seen = []
    for n in range(4):
        documents.commit([Put("things/a", {"n": n})])
        seen.append(documents.get("things/a").version)
        documents.commit([Add("things/a", {"n": 1})])
        seen.append(documents.get("things/a").version)
        documents.commit([Delete("things/a")])
    assert len(set(seen)) == len(seen)
    assert all(isinstance(version, str) for version in seen)


def test_a_version_stays_while_only_others_change_or_nothing_does(documents):
    documents.commit([Put("things/a", {"n": 1, "m": {"x": 1, "y": 2}})])
    version = documents.get("things/a").version
    documents.commit([Put("things/b", {"n": 1})])
    documents.commit([Put("things/a", {"m": {"y": 2, "x": 1}, "n": 1}, if_version=version)])
    documents.commit([Add("things/a", {"n": 0})])
    assert documents.get("things/a").version == version


def test_a_document_is_created_only_when_absent(documents):
    documents.commit([Put("things/a", {"by": "first"}, if_version=ABSENT)])
    with pytest.raises(Conflict) as raised:
        documents.commit([Put("things/a", {"by": "second"}, if_version=ABSENT)])
    assert raised.value.path == "things/a"
    assert documents.get("things/a").data == {"by": "first"}


def test_only_the_version_that_was_read_is_replaced(documents):
    documents.commit([Put("things/a", {"n": 1})])
    first = documents.get("things/a").version
    documents.commit([Put("things/a", {"n": 2}, if_version=first)])
    with pytest.raises(Conflict):
        documents.commit([Put("things/a", {"n": 3}, if_version=first)])
    with pytest.raises(Conflict):
        documents.commit([Delete("things/a", if_version=first)])
    assert documents.get("things/a").data == {"n": 2}
    documents.commit([Delete("things/a", if_version=documents.get("things/a").version)])
    assert documents.get("things/a") is None


def test_a_version_of_a_deleted_document_conflicts(documents):
    documents.commit([Put("things/a", {"n": 1})])
    version = documents.get("things/a").version
    documents.commit([Delete("things/a")])
    for write in (Put("things/a", {"n": 1}, if_version=version), Delete("things/a", version)):
        with pytest.raises(Conflict):
            documents.commit([write])
    documents.commit([Put("things/a", {"n": 1})])
    with pytest.raises(Conflict):
        documents.commit([Put("things/a", {"n": 2}, if_version=version)])


def test_deleting_what_is_missing_is_fine(documents):
    documents.commit([Delete("things/a")])
    assert documents.get("things/a") is None


def test_one_failing_precondition_leaves_nothing_and_is_named(documents):
    documents.commit([Put("things/a", {"n": 1}), Put("things/b", {"n": 1})])
    version = documents.get("things/a").version
    with pytest.raises(Conflict) as raised:
        documents.commit(
            [
                Put("things/new", {"n": 1}, if_version=ABSENT),
                Put("things/a", {"n": 2}, if_version=version),
                Put("things/b", {"n": 2}, if_version=ABSENT),
                Add("things/count", {"n": 1}),
                Delete("things/a/parts/x"),
            ]
        )
    assert raised.value.path == "things/b"
    found = documents.get_many(["things/a", "things/b", "things/new", "things/count"])
    assert {path: item.data for path, item in found.items()} == {
        "things/a": {"n": 1},
        "things/b": {"n": 1},
    }


def test_add_creates_adds_and_sets(documents):
    documents.commit([Add("things/a", {"n": 2, "m.x": -1}, {"by": "x", "t.u": {"v": 1}})])
    assert documents.get("things/a").data == {"n": 2, "m.x": -1, "by": "x", "t.u": {"v": 1}}
    documents.commit([Add("things/a", {"n": 3}, {"t.u": {"w": 2}, "`": 1})])
    assert documents.get("things/a").data == {
        "n": 5,
        "m.x": -1,
        "by": "x",
        "t.u": {"w": 2},
        "`": 1,
    }


def test_add_of_nothing_creates_an_empty_document(documents):
    documents.commit([Add("things/a", {})])
    assert documents.get("things/a").data == {}


def test_add_saturates_and_starts_over_from_what_is_no_number(documents):
    top = 2**63 - 1
    before = {"high": top, "low": -top, "text": "x", "float": 0.5, "flag": True}
    documents.commit([Put("things/a", before)])
    documents.commit([Add("things/a", {"high": 9, "low": -9, "text": 1, "float": 1, "flag": 1})])
    after = documents.get("things/a").data
    assert after == {"high": top, "low": -(2**63), "text": 1, "float": 1.5, "flag": 1}
    assert types_of(after) == {"high": int, "low": int, "text": int, "float": float, "flag": int}


def test_adds_of_many_writers_lose_nothing(documents):
    def write(_):
        for _ in range(10):
            documents.commit([Add("things/a", {"n": 1})])

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert documents.get("things/a").data == {"n": WRITERS * 10}


def test_one_of_many_creators_wins(documents):
    def create(who):
        try:
            documents.commit([Put("things/a", {"by": who}, if_version=ABSENT)])
        except Conflict:
            return None
        return who

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = [who for who in pool.map(create, range(WRITERS)) if who is not None]
    assert [documents.get("things/a").data["by"]] == winners


def test_an_expired_document_is_still_returned(documents):
    past = datetime(2020, 1, 1, tzinfo=UTC)
    documents.commit([Put("sessions/a", {"expiresAt": past, "principal": "p", "createdAt": past})])
    assert documents.get("sessions/a").data["expiresAt"] == past
    question = Query(queries.SESSIONS_OF_PRINCIPAL, equal={"principal": "p"})
    assert [item.id for item in documents.query(question).items] == ["a"]


def test_an_undeclared_shape_is_refused(documents):
    for shape in (Shape("api_keys"), Shape("tenants", order=("-__name__",))):
        with pytest.raises(ValueError, match="declared"):
            documents.query(Query(shape))
