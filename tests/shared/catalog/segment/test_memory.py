"""What a served version takes of a process's memory, and does not."""

import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
import zstandard

from shared.catalog.segment.manifest import describe
from shared.catalog.segment.records import Decompressor, dictionary_of

FRAME = zstandard.ZstdCompressor().compress(b"a record")
THREADS = 8


@pytest.fixture
def dictionary():
    samples = [b"a record, one of many: %d" % n for n in range(2_000)]
    return dictionary_of(zstandard.train_dictionary(1_024, samples).as_bytes())


def test_the_checksum_of_a_large_file_needs_no_memory_for_its_bytes(tmp_path):
    (tmp_path / "records.1").write_bytes(bytes(4_000_000))
    tracemalloc.start()
    describe(tmp_path, "records.1", "serve")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64_000  # from 128 KiB on, the allocator of every thread keeps what was freed


def test_threads_that_take_turns_share_one_context(dictionary):
    decompressor, turn, all_alive = Decompressor(dictionary), Lock(), Barrier(THREADS)

    def read():
        with turn:
            content = decompressor.bytes_of(FRAME)
        all_alive.wait()
        return content, sys.getrefcount(dictionary)

    before = sys.getrefcount(dictionary)
    with ThreadPoolExecutor(THREADS) as threads:
        reading = [threads.submit(read) for _ in range(THREADS)]
        contents, references = zip(*(each.result() for each in reading), strict=True)
    assert set(contents) == {b"a record"}
    assert max(references) == before + 1
