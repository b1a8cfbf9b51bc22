"""What StorageBlobs makes of failures on the wire."""

import pytest

from shared.errors import Problem
from shared.gcp.blobs import RETRY, StorageBlobs

LARGE = bytes(range(256)) * 40_000  # more than the 8 MiB that go up in one request


@pytest.fixture
def blobs(storage_blobs):
    return storage_blobs


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


def test_a_large_file_goes_up_in_a_resumable_session(blobs, storage_server, file, tmp_path):
    file.write_bytes(LARGE)
    blobs.put("a", file)
    blobs.put("a", file)
    blobs.fetch("a", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == LARGE
    assert storage_server.requests == ["POST resumable", "PUT resumable", "POST resumable", "GET"]


@pytest.mark.slow
def test_a_call_that_fails_once_is_repeated(blobs, storage_server, file, tmp_path):
    storage_server.faults[:] = [503]
    blobs.put("a", file)
    storage_server.faults[:] = [503]
    blobs.fetch("a", tmp_path / "target")
    storage_server.faults[:] = [503]
    assert [info.name for info in blobs.list("")] == ["a"]
    storage_server.faults[:] = [503]
    blobs.delete("a")
    assert storage_server.objects == {}
    assert len(storage_server.requests) == 8


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_file_whose_answer_was_lost_is_stored_once(blobs, storage_server, file, content):
    file.write_bytes(content)
    storage_server.faults[:] = ["lost"] if content == b"small" else [None, "lost"]
    blobs.put("a", file)
    ((_, stored),) = storage_server.objects.values()
    assert stored == content


def test_a_download_that_is_cut_off_is_resumed(blobs, storage_server, file, tmp_path):
    file.write_bytes(LARGE)
    blobs.put("a", file)
    storage_server.faults[:] = ["cut"]
    blobs.fetch("a", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == LARGE


def test_a_download_with_a_wrong_byte_is_refused_and_leaves_the_target(
    blobs, storage_server, file, tmp_path
):
    blobs.put("a", file)
    target = tmp_path / "here" / "target"
    target.parent.mkdir()
    target.write_bytes(b"before")
    storage_server.faults[:] = ["flip"]
    with pytest.raises(Problem, match="unavailable"):
        blobs.fetch("a", target)
    assert target.read_bytes() == b"before"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.usefixtures("blobs")
def test_a_store_that_stays_down_is_unavailable(storage_server, file, tmp_path):
    blobs = StorageBlobs("test-bucket", RETRY.with_timeout(0.05))
    storage_server.faults[:] = [503] * 100
    for ask in (
        lambda: blobs.put("a", file),
        lambda: blobs.fetch("a", tmp_path / "target"),
        lambda: list(blobs.list("")),
        lambda: blobs.delete("a"),
    ):
        with pytest.raises(Problem, match="unavailable"):
            ask()
    blobs.close()
