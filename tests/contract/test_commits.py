"""What one commit takes, and what it may depend on without changing it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.errors import Conflict, Problem
from shared.ports.documents import ABSENT, Add, Check, Delete, Put

WRITERS = 8
MIB = 1 << 20


def test_all_writes_of_a_commit_are_applied(documents):
    paths = [f"things/{n:03}" for n in range(1000)]

    def there():
        hundreds = [paths[start : start + 100] for start in range(0, 1000, 100)]
        return [path for hundred in hundreds for path in documents.get_many(hundred)]

    documents.commit([Put(path, {"n": 1}) for path in paths])
    documents.commit([])
    assert sorted(there()) == paths
    documents.commit([Delete(path) for path in paths[1:]])
    assert there() == paths[:1]


@pytest.mark.parametrize(
    "writes",
    [
        [Put(f"things/{n}", {}) for n in range(1000)],
        [Check(f"things/{n}", ABSENT) for n in range(1000)],
        [Put("things/a", {}), Delete("things/a")],
        [Put("things/a", {}), Check("things/a", ABSENT)],
        [Delete("things/a", if_version=ABSENT)],
        [Check("things/a", None)],
        [Check("things", ABSENT)],
        [Add("things/a", {"n": 1}, {"n": 2})],
        [Add("things/a", {"n": 1.5})],
        [Add("things/a", {"n": True})],
        [Add("things/a", {"n": 2**63})],
        [Add("things/a", {"": 1})],
        [Add("things/a", {f"n{n}": 1 for n in range(501)})],
        [Add(f"things/{n}", {"a": 1, "b": 1}) for n in range(251)],
    ],
    ids=[
        *("1001", "1001 with checks", "twice", "checked and written", "delete absent"),
        *("check nothing", "check no document", "both", "float", "bool", "65 bits", "no name"),
        *("501 amounts", "502 amounts"),
    ],
)
def test_a_malformed_commit_is_refused_whole(documents, writes):
    with pytest.raises(ValueError, match=r".+"):
        documents.commit([Put("things/ok", {}), *writes])
    assert documents.get("things/ok") is None


def test_five_hundred_amounts_are_added_at_once(documents):
    writes = [Add("things/a", {f"n{n}": n for n in range(250)})]
    documents.commit([*writes, *(Add(f"things/{n}", {"n": n}) for n in range(250))])
    assert documents.get("things/a").data == {f"n{n}": n for n in range(250)}
    assert documents.get("things/249").data == {"n": 249}


def test_what_was_checked_is_neither_written_nor_given_a_new_version(documents):
    documents.commit([Put("things/a", {"n": 1, "m": {"x": b"1"}})])
    before = documents.get("things/a")
    checks = [Check("things/a", before.version), Check("things/missing", ABSENT)]
    documents.commit([*checks, Put("things/b", {"n": 2})])
    documents.commit(checks)
    found = documents.get_many(["things/a", "things/b", "things/missing"])
    assert found["things/a"] == before
    assert found["things/b"].data == {"n": 2}
    assert "things/missing" not in found
    documents.commit([Put("things/a", {"n": 2}, if_version=before.version)])


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("case", ["changed", "deleted", "made anew", "there", "never there"])
def test_a_check_that_does_not_hold_leaves_nothing_and_is_named(documents, case, position):
    documents.commit([Put("things/a", {"n": 1}), Put("things/other", {"n": 1})])
    read = documents.get_many(["things/a", "things/other"])
    check = Check("things/a", read["things/a"].version)
    if case == "there":
        check = Check("things/a", ABSENT)
    elif case == "never there":
        check = Check("things/missing", read["things/a"].version)
    elif case == "changed":
        documents.commit([Put("things/a", {"n": 2})])
    else:
        documents.commit([Delete("things/a")])
        if case == "made anew":
            documents.commit([Put("things/a", {"n": 1})])
    now = documents.get_many(["things/a", "things/missing"])
    writes = [
        Put("things/other", {"n": 2}, if_version=read["things/other"].version),
        Put("things/new", {}, if_version=ABSENT),
        Add("things/count", {"n": 1}),
        Delete("things/a/parts/x"),
    ]
    writes.insert(position * len(writes), check)
    with pytest.raises(Conflict) as raised:
        documents.commit(writes)
    assert raised.value.path == check.path
    assert documents.get_many(["things/a", "things/missing"]) == now
    assert documents.get("things/other") == read["things/other"]
    assert documents.get_many(["things/new", "things/count"]) == {}


def test_a_check_alone_says_whether_it_still_holds(documents):
    documents.commit([Check("things/a", ABSENT)])
    documents.commit([Put("things/a", {})])
    with pytest.raises(Conflict):
        documents.commit([Check("things/a", ABSENT)])
    documents.commit([Check("things/a", documents.get("things/a").version)])
    assert documents.get("things/a").data == {}


def test_of_writers_that_check_what_the_others_write_only_one_wins(documents):
    paths = [f"things/{n}" for n in range(WRITERS)]
    documents.commit([Put(path, {"taken": False}) for path in paths[::2]])
    ready = Barrier(WRITERS)

    def take(mine):
        read = documents.get_many(paths)
        versions = {path: read[path].version if path in read else ABSENT for path in paths}
        checks = [Check(path, versions[path]) for path in paths if path != mine]
        ready.wait(30)
        try:
            documents.commit([*checks, Put(mine, {"taken": True}, if_version=versions[mine])])
        except Conflict:
            return None
        return mine

    with ThreadPoolExecutor(WRITERS) as pool:
        winners = [mine for mine in pool.map(take, paths) if mine is not None]
    found = documents.get_many(paths).values()
    assert [item.path for item in found if item.data["taken"]] == winners
    assert len(winners) == 1


def test_writes_past_nine_mebibytes_together_are_too_large_and_say_by_how_much(documents):
    half = {"b": b"x" * (MIB // 2)}
    documents.commit([Put("things/small", {"n": 1})])
    with pytest.raises(Problem, match="too_large") as raised:
        documents.commit([Put("things/small", {}), *(Put(f"things/{n}", half) for n in range(18))])
    assert raised.value.details["limit"] == 9 * MIB
    assert 9 * MIB < raised.value.details["size"] < 9 * MIB + 1000
    assert documents.get("things/small").data == {"n": 1}
    assert documents.get_many([f"things/{n}" for n in range(18)]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("write", ["put", "add"])
@pytest.mark.parametrize("name", ["flags", "numbers", "texts"])
def test_small_values_count_for_what_is_sent_of_them(documents, name, write):
    values = {"flags": True, "numbers": 7, "texts": ""}
    data = {"list": [values[name]] * 100_000}
    make = {"put": Put, "add": lambda path, data: Add(path, {"n": 1}, data)}[write]
    with pytest.raises(Problem, match="too_large") as raised:
        documents.commit([make(f"things/{n}", data) for n in range(24)])
    assert raised.value.details["size"] > 24 * 100_000 * 4
    assert documents.get("things/0") is None
