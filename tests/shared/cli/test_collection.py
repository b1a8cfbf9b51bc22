"""`catalog-mcp collection`: import, search, get, history, revert and verify, on one collection."""

import json
from random import Random

import orjson
import pytest
from click.testing import CliRunner

from shared.cli.main import main
from shared.engine.heads import CollectionName
from shared.engine.records import record_path
from shared.ports.documents import Delete, Put

NAME = CollectionName("demo", "products")
ROWS = [
    {"id": "p1", "brand": "HP", "price": 120, "title": "Laser printer", "tags": ["office"]},
    {"id": "p2", "brand": "Xerox", "price": 80.5, "title": "Ink printer", "i.pages": 12},
    {"id": "p3", "brand": "HP", "price": 40, "title": "Scanner", "m.name": {"sv": "Läsare"}},
]


@pytest.fixture
def collection(platform, tmp_path):
    """Runs a command on the collection `products` of `demo`."""
    environment = platform.settings.environment()

    def collection(command, *arguments):
        given = ["collection", command, *NAME, *map(str, arguments)]
        result = CliRunner().invoke(main, given, env=environment)
        assert "Traceback" not in result.output
        if result.exit_code:
            return json.loads(result.stderr[result.stderr.index("{") :])
        return json.loads(result.stdout)

    return collection


@pytest.fixture
def file(tmp_path):
    def file(*rows):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return path

    return file


def test_what_is_imported_is_found_counted_and_ordered(collection, file):
    imported = collection("import", file(*ROWS))
    assert (imported["changed"], imported["unchanged"], imported["revision"]) == (3, 0, 1)
    found = collection(
        "search", "--where", "s.brand=hp", "--sort", "-n.price", "--facet", "s.brand"
    )
    assert [item["id"] for item in found["items"]] == ["p1", "p3"]
    assert found["facets"] == [{"property": "s.brand", "values": {"HP": 2}}]
    assert collection("search", "--where", "n.price<=80.5", "--words", "printer")["total"] == 1
    assert collection("search", "--where", "i.pages>11")["items"][0]["id"] == "p2"
    assert collection("search", "--where", "s.title~ser pr")["total"] == 1


def test_importing_the_same_file_again_writes_nothing(collection, file):
    collection("import", file(*ROWS))
    again = collection("import", file(*ROWS))
    assert (again["changed"], again["unchanged"], again["revision"]) == (0, 3, 1)


def test_a_record_and_its_history_are_shown_and_an_import_is_undone(collection, file):
    collection("import", file(*ROWS))
    wrong = collection("import", file({"id": "p1", "price": 1}, {"id": "p4", "brand": "New"}))
    assert collection("get", "p1")["p1"]["body"]["n.price"] == 1.0
    newest, oldest = collection("history", "p1")
    assert (newest["change"], newest["before"]) == ("updated", [["n.price", None, 120.0]])
    assert oldest["change"] == "created"
    assert collection("revert", wrong["import_id"])["changed"] == 2
    assert collection("get", "p1", "p4") == {
        "p1": {
            "version": 3,
            "deleted": False,
            "body": collection("get", "p1")["p1"]["body"] | {"n.price": 120.0},
        },
        "p4": {"version": 2, "deleted": True, "body": {}},
    }
    assert collection("verify") == {"whole": True, "revision": 3, "commits": 3, "records": 3}


def test_more_rows_than_one_commit_holds_are_several_under_one_import(collection, file):
    digits = Random(7).randbytes
    rows = [{"id": str(n), "text": digits(15_000).hex()} for n in range(501)]
    imported = collection("import", file(*rows))
    assert imported["changed"] == 501
    assert imported["revision"] > 2
    assert collection("verify")["records"] == 501


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{no json", "Line 2 is not JSON"),
        (b'{"brand": "HP"}', "Line 2 is not an object with an `id`."),
        (b'{"id": "a", "brand": null}', "Line 2: 'brand' holds a value of no kind."),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing_and_names_the_line(
    collection, tmp_path, line, said
):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(orjson.dumps(ROWS[0]) + b"\n" + line + b"\n")
    assert said in collection("import", path)["message"]
    assert collection("search")["total"] == 0


def test_verify_names_the_first_record_that_is_not_what_its_commit_left(collection, file, platform):
    collection("import", file(*ROWS))
    documents = platform.app.documents
    path = record_path(NAME, "p2")
    good = documents.get(path).data
    documents.commit([Put(path, {**good, "version": 7})])
    assert collection("verify")["message"] == "The record 'p2' is not what commit 1 left."
    documents.commit([Delete(path)])
    assert "there is no record of it" in collection("verify")["message"]


def test_what_nobody_ever_wrote_is_said_to_be_unknown(collection):
    assert collection("history", "p9")["error"] == "not_found"
    assert collection("revert", "abc")["error"] == "not_found"
    assert collection("verify")["whole"]
