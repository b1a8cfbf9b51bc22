"""Opened versions of an index, in a folder that several processes of a machine share.

The index here is the simplest there can be: a text, in one file that answers and one it came from.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import Problem
from shared.indexes.files import damaged, describe
from shared.indexes.folders import remove
from shared.indexes.opened import Opened
from shared.local.blobs import FolderBlobs

VERSIONS = 9
PROCESSES = 3


def the_source(manifest):
    return manifest[2:]


class Texts:
    """`indexes.opened.Kind`: indexes that are texts. Their store and their manifests, too."""

    def __init__(self, folder):
        self.folder = folder
        self.blobs = FolderBlobs(folder / "blobs")
        self.manifests = {}

    def add(self, name, number, text):
        written = self.folder / f"{name}{number}"
        written.mkdir()
        for file, content in (("text", text), ("title", f"Text {number}"), ("source", text * 2)):
            (written / file).write_text(content)
            self.blobs.put(self.stored(name, described := describe(written, file)), written / file)
            self.manifests.setdefault((name, number), []).append(described)

    def manifest(self, name, number):
        if (name, number) not in self.manifests:
            raise Problem("not_found", "There is no such text.")
        return self.manifests[name, number]

    def files(self, manifest):
        return manifest[:2]

    def stored(self, name, file):
        return f"{name}/{file.sha256}"

    def opened(self, directory, _):
        return Text(directory, (directory / "text").read_text())


class Text:
    def __init__(self, directory, text):
        self.directory = directory
        self.text = text


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


@pytest.fixture
def texts(tmp_path):
    texts = Texts(tmp_path)
    texts.add("books", 1, "In the beginning.")
    return texts


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def opened(texts, cache, befalls=None, most=1 << 30, **options):
    blobs = texts.blobs if befalls is None else CountedBlobs(texts.blobs, befalls)
    return Opened(texts, blobs, cache, most, **options), blobs


def spoil(path, times=0):
    path.write_bytes(b"spoiled")


def test_a_version_is_opened_once_and_served_from_then_on(texts, cache):
    open_texts, blobs = opened(texts, cache, lambda *_: None)
    assert open_texts.open("books", 1) is open_texts.open("books", 1)
    assert set(blobs.fetched.values()) == {1}


def test_a_version_that_is_gone_is_what_its_kind_says_it_is(texts, cache):
    open_texts, _ = opened(texts, cache)
    with pytest.raises(Problem, match="no such text"):
        open_texts.open("books", 2)


def test_what_one_process_tidies_up_another_one_can_open(texts, cache):
    """Every process lets go of a version for each that it opens, and removes its files at once."""
    for number in range(2, VERSIONS + 1):
        texts.add("books", number, f"Chapter {number}.")

    def walk(turn):
        open_texts, _ = opened(texts, cache, unnamed_seconds=0.02)
        numbers = [1 + (turn + each) % VERSIONS for each in range(3 * VERSIONS)]
        return [(n, open_texts.open("books", n).text) for n in numbers]

    with ThreadPoolExecutor(PROCESSES) as threads:
        found = [each for walked in threads.map(walk, range(PROCESSES)) for each in walked]
    chapters = {(n, f"Chapter {n}.") for n in range(2, VERSIONS + 1)}
    assert set(found) == {(1, "In the beginning."), *chapters}


def test_a_folder_that_is_there_and_is_none_when_looked_at_again_is_tried_again(texts, cache):
    """What another process does between the two looks, as a link to nowhere does for ever."""
    (cache / "books").mkdir(parents=True)
    (cache / "books" / "1").symlink_to(cache / "nowhere")
    open_texts, _ = opened(texts, cache)
    with pytest.raises(Problem, match="went away while it was opened"):
        open_texts.open("books", 1)


def test_what_was_used_least_makes_room_and_is_fetched_again(texts, cache):
    texts.add("pens", 1, "Fine.")
    open_texts, _ = opened(texts, cache, most=30)
    for last, first in (("books", "pens"), ("pens", "books"), ("books", "pens")):
        assert open_texts.open(last, 1).directory.exists()
        assert not any(path.is_file() for path in (cache / first).rglob("*"))


def lying(cache):
    """Bytes of the files that lie in a cache, whole or half, under however many names."""
    files = [path.stat() for path in cache.rglob("*") if path.is_file()]
    return sum({each.st_ino: each.st_size for each in files}.values())


def test_room_is_made_before_a_version_is_fetched_and_not_after(texts, cache):
    for number in range(2, VERSIONS + 1):
        texts.add("books", number, f"Chapter {number}.")
    seen = []
    open_texts, _ = opened(texts, cache, lambda *_: seen.append(lying(cache)), most=45)
    for number in [*range(1, VERSIONS + 1)] * 2:
        assert open_texts.open("books", number).text
        assert lying(cache) <= 45
    assert max(seen) <= 45


def test_a_version_larger_than_all_there_is_never_comes_and_the_others_are_served(
    texts, cache, logged
):
    texts.add("long", 1, "Once upon a time. " * 10)
    open_texts, blobs = opened(texts, cache, lambda *_: None, most=60)
    assert open_texts.open("books", 1).text
    for _ in range(2):
        with pytest.raises(Problem, match="larger than what serves it can hold"):
            open_texts.open("long", 1)
    assert open_texts.open("books", 1).text
    assert set(blobs.fetched.values()) == {1}
    assert {line["message"] for line in logged()[1]} == {"index too large"}


def test_two_that_come_at_once_do_not_take_each_others_room(texts, cache):
    texts.add("pens", 1, "Fine points, in four colours.")
    refused = []

    def meanwhile(*_):
        if refused:
            return
        refused.append(None)
        with pytest.raises(Problem, match="no room here at the moment") as raised:
            open_texts.open("pens", 1)
        refused.append(raised.value.code)

    open_texts, _ = opened(texts, cache, meanwhile, most=40)
    assert open_texts.open("books", 1).text
    assert refused[1:] == ["unavailable"]
    assert open_texts.open("pens", 1).text


def test_a_file_that_lies_damaged_in_the_store_is_fetched_twice_and_said_to_be_damaged(
    texts, cache
):
    open_texts, blobs = opened(texts, cache, spoil)
    with pytest.raises(Problem, match="came damaged") as refused:
        open_texts.open("books", 1)
    assert refused.value.code == "unavailable"
    assert set(blobs.fetched.values()) == {2}


def test_a_file_that_came_damaged_once_is_whole_the_second_time(texts, cache):
    open_texts, blobs = opened(texts, cache, lambda path, times: times == 1 and spoil(path))
    assert open_texts.open("books", 1).text == "In the beginning."
    assert set(blobs.fetched.values()) == {2}


def test_a_file_that_keeps_vanishing_is_fetched_more_often_than_a_damaged_one(texts, cache):
    open_texts, blobs = opened(texts, cache, lambda path, times: times < 4 and path.unlink())
    assert open_texts.open("books", 1).text == "In the beginning."
    assert set(blobs.fetched.values()) == {4}


def test_a_download_that_another_process_tidies_up_on_its_way_begins_again(texts, cache):
    def tidied_up(path, times):
        if times == 1:
            raise FileNotFoundError(path)

    open_texts, _ = opened(texts, cache, tidied_up)
    assert open_texts.open("books", 1).text == "In the beginning."


@pytest.mark.parametrize("sources", [False, True])
def test_a_version_is_held_whole_after_its_folder_and_its_files_were_tidied_up(
    texts, cache, tmp_path, sources
):
    open_texts, _ = opened(texts, cache)
    remove(open_texts.open("books", 1).directory.parent)
    also = the_source if sources else lambda _: ()
    held = open_texts.hold("books", 1, tmp_path / "held", also=also)
    needed = texts.manifest("books", 1)[: 3 if sources else 2]
    assert damaged(held.directory, needed) == ()
    assert (held.directory / "source").exists() is sources


def test_what_another_process_tidies_up_never_reaches_a_version_that_is_held(
    texts, cache, tmp_path
):
    open_texts, _ = opened(texts, cache)
    held = open_texts.hold("books", 1, tmp_path / "held", also=the_source)
    remove(cache)
    assert damaged(held.directory, texts.manifest("books", 1)) == ()


def test_what_vanishes_while_a_version_is_being_held_is_brought_again(texts, cache, tmp_path):
    open_texts, blobs = opened(texts, cache, lambda path, times: times in (2, 3) and path.unlink())
    remove(open_texts.open("books", 1).directory.parent)
    held = open_texts.hold("books", 1, tmp_path / "held")
    assert held.text == "In the beginning."
    assert set(blobs.fetched.values()) == {4}


def test_a_source_file_that_comes_damaged_is_not_built_from(texts, cache, tmp_path):
    source = texts.manifest("books", 1)[-1].sha256
    open_texts, _ = opened(texts, cache, lambda path, _: path.name == source and spoil(path))
    assert open_texts.open("books", 1).text == "In the beginning."
    with pytest.raises(Problem, match="came damaged"):
        open_texts.hold("books", 1, tmp_path / "held", also=the_source)
