"""Opened versions, in a folder that several processes of a machine share."""

from concurrent.futures import ThreadPoolExecutor

from shared.catalog.opened import OpenedSegments
from tests.platform import product

VERSIONS = 9
PROCESSES = 3


def test_what_one_process_tidies_up_another_one_can_open(stocked, tmp_path):
    """Every process lets go of a version for each that it opens, and removes its files at once."""
    for number in range(2, VERSIONS + 1):
        stocked.publish("books", [product(str(n)) for n in range(number)])

    def walk(turn):
        app = stocked.again().app
        opened = OpenedSegments(app.documents, app.blobs, tmp_path, 1 << 30, unnamed_seconds=0.02)
        numbers = [1 + (turn + each) % VERSIONS for each in range(3 * VERSIONS)]
        return [(n, opened.open("books", n).manifest.product_count) for n in numbers]

    with ThreadPoolExecutor(PROCESSES) as threads:
        found = [each for walked in threads.map(walk, range(PROCESSES)) for each in walked]
    assert set(found) == {(1, 5), *((n, n) for n in range(2, VERSIONS + 1))}


def test_what_was_used_least_makes_room_and_is_fetched_again(stocked, tmp_path):
    stocked.catalog("pens", [product("1", url="https://pens.example/p/1")])
    app, most = stocked.app, 1
    opened = OpenedSegments(app.documents, app.blobs, tmp_path, most, unnamed_seconds=0)
    for last, first in (("books", "pens"), ("pens", "books"), ("books", "pens")):
        assert opened.open(last, 1).directory.exists()
        assert not any(path.is_file() for path in (tmp_path / first).rglob("*"))
