"""What every Blobs adapter promises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import Problem


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "source"
        path.write_bytes(content)
        return path

    return write


def content(blobs, name, tmp_path):
    target = tmp_path / "target"
    blobs.fetch(name, target)
    return target.read_bytes()


def names(blobs, prefix):
    return [info.name for info in blobs.list(prefix)]


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_stored_file_comes_back(blobs, file, tmp_path, size):
    written = (b"\x00\xff\n\r--" * size)[:size]
    blobs.put("catalogs/books/7.seg", file(written))
    assert content(blobs, "catalogs/books/7.seg", tmp_path) == written


def test_fetch_replaces_the_target_and_leaves_nothing_beside_it(blobs, file, tmp_path):
    blobs.put("a", file(b"new"))
    target = tmp_path / "here" / "target"
    target.parent.mkdir()
    target.write_bytes(b"old and longer")
    blobs.fetch("a", target)
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_a_stored_name_stays_as_it_is(blobs, file, tmp_path):
    blobs.put("a/b", file(b"first"))
    blobs.put("a/b", file(b"second"))
    assert content(blobs, "a/b", tmp_path) == b"first"


def test_a_missing_file_is_not_found_and_leaves_no_target(blobs, tmp_path):
    with pytest.raises(Problem, match="not_found"):
        blobs.fetch("a", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_files_are_listed_by_any_prefix_in_order_of_name(blobs, file):
    stored = ["a", "a/b", "a/b/c", "a-b", "a0", "ab", "b/ü", "b/z", "b/🎁", "b/%2F", "b/x=y", "b/~"]
    for name in stored:
        blobs.put(name, file(b"x"))
    ordered = sorted(stored, key=str.encode)
    for prefix in ("", "a", "a/", "a/b", "a/b/", "b/", "b/z", "b/\u00fc", "b/x=", "zz", "a/b/c"):
        assert names(blobs, prefix) == [name for name in ordered if name.startswith(prefix)]


def test_a_listed_file_has_its_size_and_time(blobs, file):
    before = datetime.now(UTC)
    blobs.put("a", file(b"12345"))
    (info,) = blobs.list("")
    assert info.size == 5
    assert before - timedelta(seconds=2) < info.stored_at < before + timedelta(minutes=1)
    assert info.stored_at.tzinfo is UTC


def test_more_files_than_a_page_of_any_store_are_listed(blobs, file):
    source = file(b"x")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: blobs.put(f"many/{n:04}", source), range(45)))
    assert names(blobs, "many/") == [f"many/{n:04}" for n in range(45)]


def test_a_deleted_file_is_gone_and_its_name_free(blobs, file, tmp_path):
    blobs.put("a/b", file(b"first"))
    blobs.delete("a/b")
    blobs.delete("a/b")
    assert names(blobs, "") == []
    blobs.put("a/b", file(b"second"))
    assert content(blobs, "a/b", tmp_path) == b"second"


def test_of_many_writers_of_one_name_exactly_one_is_kept(blobs, tmp_path):
    def put(n):
        source = tmp_path / f"source{n}"
        source.write_bytes(bytes([n]) * 100_000)
        blobs.put("a", source)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(4)))
    kept = content(blobs, "a", tmp_path)
    assert kept == kept[:1] * 100_000


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", ".", "a/..", "../a", "a\x00b", "a\nb", "é" * 513]
)
def test_a_broken_name_is_refused_everywhere(blobs, file, tmp_path, name):
    for ask in (
        lambda: blobs.put(name, file(b"x")),
        lambda: blobs.fetch(name, tmp_path / "target"),
        lambda: blobs.delete(name),
    ):
        with pytest.raises(ValueError, match="file name"):
            ask()
