"""What FirestoreDocuments sends over the wire, and what it makes of failures there."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from shared import queries
from shared.errors import Conflict, Problem
from shared.gcp.documents import FirestoreDocuments
from shared.ports.documents import ABSENT, Add, Check, Put, Query
from tests.contract.grpc_relay import Relay

PATHS = [f"things/{n}" for n in range(20)]
REPOSITORY = Path(__file__).parents[2]
FORKED = """
import os, sys
from shared.gcp.documents import FirestoreDocuments
from shared.ports.documents import Add
documents = FirestoreDocuments(sys.argv[1], "(default)")
child = os.fork()
documents.commit([Add("things/a", {"n": 1})])
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(documents.get("things/a").data["n"])
"""
OUTAGES = [
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
]

REFUSALS = {
    grpc.StatusCode.NOT_FOUND: "NotFound",
    grpc.StatusCode.PERMISSION_DENIED: "PermissionDenied",
    grpc.StatusCode.UNAUTHENTICATED: "Unauthenticated",
}


@pytest.fixture
def relay(firestore_emulator, firestore_project, monkeypatch):
    with Relay(firestore_emulator) as relay:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", relay.address)
        yield relay


@pytest.fixture
def documents(relay, firestore_project):
    adapter = FirestoreDocuments(firestore_project, "(default)")
    assert relay.calls == []
    yield adapter
    adapter.close()


def test_any_number_of_documents_is_read_in_one_round_trip(documents, relay):
    documents.commit([Put(path, {"n": 1}) for path in PATHS])
    relay.calls.clear()
    assert len(documents.get_many([*PATHS, "things/missing"])) == 20
    assert relay.calls == ["BatchGetDocuments"]
    documents.get("things/1")
    assert relay.calls == ["BatchGetDocuments"] * 2
    assert documents.get_many([]) == {}
    assert relay.calls == ["BatchGetDocuments"] * 2


def test_a_change_is_one_commit_and_a_page_one_query(documents, relay):
    written = [Put(PATHS[0], {}, ABSENT), Add(PATHS[1], {"n": 1}), Put("tenants/a", {})]
    documents.commit([*written, Check(PATHS[2], ABSENT)])
    documents.query(Query(queries.TENANTS))
    documents.commit([])
    assert relay.calls == ["Commit", "RunQuery"]


def test_every_call_has_a_deadline_of_seconds(documents, relay):
    documents.get("things/a")
    documents.commit([Put("things/a", {})])
    documents.query(Query(queries.TENANTS))
    assert all(0 < seconds < 5.1 for seconds in relay.seconds)


def test_a_read_that_fails_once_is_asked_again(documents, relay):
    documents.commit([Put("tenants/a", {})])
    relay.failures[:] = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL]
    assert documents.get("tenants/a") is not None
    relay.failures[:] = [grpc.StatusCode.UNAVAILABLE]
    assert len(documents.query(Query(queries.TENANTS)).items) == 1
    assert relay.calls == ["Commit", *["BatchGetDocuments"] * 3, *["RunQuery"] * 2]


@pytest.mark.parametrize("code", OUTAGES, ids=str)
@pytest.mark.parametrize("before", [True, False], ids=["lost call", "lost answer"])
def test_a_commit_of_unknown_outcome_is_unavailable_and_not_repeated(
    documents, relay, code, before
):
    documents.commit([Add("things/a", {"n": 1})])
    relay.failures[:], relay.before = [code], before
    with pytest.raises(Problem, match="unavailable"):
        documents.commit([Add("things/a", {"n": 1})])
    assert relay.calls == ["Commit", "Commit"]
    assert documents.get("things/a").data == {"n": 1 if before else 2}


@pytest.mark.parametrize("code", OUTAGES[1:3], ids=str)
def test_a_read_that_cannot_be_answered_is_unavailable(documents, relay, code):
    relay.failures[:] = [code, code]
    for ask in (lambda: documents.get("things/a"), lambda: documents.query(Query(queries.USAGE))):
        with pytest.raises(Problem, match="unavailable"):
            ask()


def test_a_read_whose_connection_was_closed_beneath_it_is_asked_again(documents, relay):
    documents.commit([Put("tenants/a", {})])
    relay.details = "Stream removed"
    relay.failures[:] = [grpc.StatusCode.UNKNOWN]
    assert documents.get("tenants/a") is not None
    relay.failures[:] = [grpc.StatusCode.UNKNOWN]
    assert len(documents.query(Query(queries.TENANTS)).items) == 1


@pytest.mark.parametrize("code", REFUSALS, ids=str)
def test_a_database_that_refuses_us_is_unavailable_and_the_line_says_why(
    documents, relay, code, logged
):
    for ask in (
        lambda: documents.get("things/a"),
        lambda: documents.query(Query(queries.USAGE)),
        lambda: documents.commit([Add("things/a", {"n": 1})]),
    ):
        relay.failures[:] = [code]
        with pytest.raises(Problem, match="unavailable") as raised:
            ask()
        assert "told to fail" not in raised.value.message
        (line,) = logged()[1]
        assert (line["message"], line["severity"]) == ("documents refused", "ERROR")
        assert line["status"] == REFUSALS[code]


def test_a_contended_commit_is_tried_again(documents, relay):
    relay.failures[:] = [grpc.StatusCode.ABORTED] * 2
    documents.commit([Add("things/a", {"n": 1}), Put("things/b", {}, ABSENT)])
    assert relay.calls == ["Commit"] * 3
    assert documents.get("things/a").data == {"n": 1}


@pytest.mark.slow
def test_contention_that_does_not_end_is_a_conflict_where_there_was_a_condition(documents, relay):
    relay.failures[:] = [grpc.StatusCode.ABORTED] * 1000
    with pytest.raises(Conflict) as raised:
        documents.commit([Add("things/a", {"n": 1}), Put("things/b", {}, ABSENT)])
    assert raised.value.path == "things/b"
    with pytest.raises(Problem, match="unavailable"):
        documents.commit([Add("things/a", {"n": 1})])


@pytest.mark.slow
def test_a_database_that_is_not_there_is_unavailable_within_seconds(monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    documents = FirestoreDocuments("test-nobody", "(default)")
    with pytest.raises(Problem, match="unavailable"):
        documents.get("things/a")
    with pytest.raises(Problem, match="unavailable"):
        documents.commit([Put("things/a", {})])
    documents.close()


def test_a_conflict_reads_again_only_to_tell_several_conditions_apart(documents, relay):
    documents.commit([Put("things/a", {})])
    relay.calls.clear()
    with pytest.raises(Conflict):
        documents.commit([Put("things/a", {}, ABSENT), Add("things/b", {"n": 1})])
    assert relay.calls == ["Commit"]
    with pytest.raises(Conflict) as raised:
        documents.commit([Put("things/b", {}, ABSENT), Put("things/a", {}, ABSENT)])
    assert raised.value.path == "things/a"
    assert relay.calls == ["Commit", "Commit", "BatchGetDocuments"]
    with pytest.raises(Conflict) as raised:
        documents.commit([Check("things/b", ABSENT), Check("things/a", ABSENT)])
    assert raised.value.path == "things/a"


@pytest.mark.parametrize(
    "make",
    [
        lambda path: Put(path, {"flags": [True] * 2500}),
        lambda path: Put(path, {"times": [datetime(1, 1, 1, tzinfo=UTC)] * 500}),
        lambda path: Put(path, {"maps": [{"n": -1}] * 330}),
        lambda path: Put(path, {"bytes": b"x" * 10_000}),
        lambda path: Add(path, {}, {f"{n:050}": None for n in range(90)}),
    ],
    ids=["flags", "times", "maps", "bytes", "names"],
)
def test_the_largest_commit_is_a_request_within_firestores_ten_mebibytes(documents, relay, make):
    """It is not passed on: the emulator takes 4 MiB."""
    writes = [make(f"things/{'x' * 500}{n:04}") for n in range(1000)]
    with pytest.raises(Problem, match="too_large") as raised:
        documents.commit(writes)
    fit = 1000 * raised.value.details["limit"] // raised.value.details["size"]
    relay.failures[:] = [grpc.StatusCode.UNAVAILABLE]
    with pytest.raises(Problem, match="unavailable"):
        documents.commit(writes[:fit])
    (request,) = relay.requests
    assert 4 << 20 < len(request) <= 10 << 20


def test_databases_of_one_project_are_apart(documents, firestore_project):
    other = FirestoreDocuments(firestore_project, "other")
    documents.commit([Put("things/a", {"in": "default"})])
    assert other.get("things/a") is None
    other.commit([Put("things/a", {"in": "other"}, ABSENT)])
    assert documents.get("things/a").data == {"in": "default"}
    other.close()


def test_a_server_may_fork_between_import_and_use(firestore_project):
    command = [sys.executable, "-c", FORKED, firestore_project]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout == "2\n"


def test_versions_keep_the_nanoseconds_apart(documents):
    documents.commit([Put("things/a", {})])
    seconds, _, nanos = documents.get("things/a").version.partition(".")
    assert seconds.isdigit()
    assert len(nanos) == 9
