"""Opened versions, in a folder that several processes of a machine share."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.catalog.opened import OpenedSegments, opened_segments
from shared.errors import Problem
from shared.indexes.files import damaged
from shared.indexes.folders import remove
from tests.platform import product

VERSIONS = 9
PROCESSES = 3


class CountedBlobs:
    """`ports.Blobs` of another adapter: how often each was fetched, and what befell it then.

    `befalls` gets the fetched file and how many times it was fetched, this one included.
    """

    def __init__(self, blobs, befalls):
        self._blobs = blobs
        self._befalls = befalls
        self.fetched = Counter()

    def put(self, name, source):
        self._blobs.put(name, source)

    def fetch(self, name, target):
        self._blobs.fetch(name, target)
        self.fetched[name] += 1
        self._befalls(target, self.fetched[name])

    def list(self, prefix):
        return self._blobs.list(prefix)

    def delete(self, name):
        self._blobs.delete(name)


def spoil(path, times=0):
    path.write_bytes(b"spoiled")


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


def test_a_file_that_lies_damaged_in_the_store_is_fetched_twice_and_said_to_be_damaged(
    stocked, tmp_path
):
    app = stocked.app
    blobs = CountedBlobs(app.blobs, spoil)
    opened = OpenedSegments(app.documents, blobs, tmp_path, 1 << 30)
    with pytest.raises(Problem, match="came damaged") as refused:
        opened.open("books", 1)
    assert refused.value.code == "unavailable"
    assert set(blobs.fetched.values()) == {2}


def test_a_file_that_came_damaged_once_is_whole_the_second_time(stocked, tmp_path):
    app = stocked.app
    blobs = CountedBlobs(app.blobs, lambda path, times: times == 1 and spoil(path))
    opened = OpenedSegments(app.documents, blobs, tmp_path, 1 << 30)
    assert opened.open("books", 1).manifest.product_count == 5
    assert set(blobs.fetched.values()) == {2}


def test_a_file_that_keeps_vanishing_is_fetched_more_often_than_a_damaged_one(stocked, tmp_path):
    app = stocked.app
    blobs = CountedBlobs(app.blobs, lambda path, times: times < 4 and path.unlink())
    opened = OpenedSegments(app.documents, blobs, tmp_path, 1 << 30)
    assert opened.open("books", 1).manifest.product_count == 5
    assert set(blobs.fetched.values()) == {4}


def test_a_download_that_another_process_tidies_up_on_its_way_begins_again(stocked, tmp_path):
    def tidied_up(path, times):
        if times == 1:
            raise FileNotFoundError(path)

    app = stocked.app
    blobs = CountedBlobs(app.blobs, tidied_up)
    opened = OpenedSegments(app.documents, blobs, tmp_path, 1 << 30)
    assert opened.open("books", 1).manifest.product_count == 5


@pytest.mark.parametrize("sources", [False, True])
def test_a_version_is_held_whole_after_its_folder_and_its_files_were_tidied_up(
    stocked, tmp_path, sources
):
    app, cache = stocked.app, tmp_path / "cache"
    opened = OpenedSegments(app.documents, app.blobs, cache, 1 << 30)
    remove(opened.open("books", 1).directory.parent)
    held = opened.hold("books", 1, tmp_path / "held", sources=sources)
    assert damaged(held.directory, held.manifest.needed(sources=sources)) == ()


def test_what_another_process_tidies_up_never_reaches_a_version_that_is_held(stocked, tmp_path):
    app, cache = stocked.app, tmp_path / "cache"
    opened = OpenedSegments(app.documents, app.blobs, cache, 1 << 30)
    held = opened.hold("books", 1, tmp_path / "held", sources=True)
    remove(cache)
    assert [each.key for each in held.products()] == ["1", "2", "3", "4", "5"]


def test_what_vanishes_while_a_version_is_being_held_is_brought_again(stocked, tmp_path):
    app, cache = stocked.app, tmp_path / "cache"
    blobs = CountedBlobs(app.blobs, lambda path, times: times in (2, 3) and path.unlink())
    opened = OpenedSegments(app.documents, blobs, cache, 1 << 30)
    remove(opened.open("books", 1).directory.parent)
    held = opened.hold("books", 1, tmp_path / "held")
    assert damaged(held.directory, held.manifest.needed()) == ()
    assert set(blobs.fetched.values()) == {4}


def test_a_source_file_that_comes_damaged_is_not_built_from(stocked, tmp_path):
    app, cache = stocked.app, tmp_path / "cache"
    sources = {
        file.sha256
        for file in stocked.app.once(opened_segments).open("books", 1).manifest.files
        if file.role == "source"
    }
    blobs = CountedBlobs(app.blobs, lambda path, _: path.name in sources and spoil(path))
    opened = OpenedSegments(app.documents, blobs, cache, 1 << 30)
    with pytest.raises(Problem, match="came damaged"):
        opened.hold("books", 1, tmp_path / "held", sources=True)
