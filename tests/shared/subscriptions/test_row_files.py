"""A version's rows in files of a size that a load takes."""

import gzip

import pytest

from shared.subscriptions.row_files import written

ROWS = [b"%04d" % number for number in range(10)]


@pytest.mark.parametrize(
    ("most", "sizes"),
    [(1_000, [10]), (50, [10]), (49, [9, 1]), (20, [4, 4, 2]), (1, [1] * 10)],
)
def test_each_file_has_what_fits_and_together_they_have_all(tmp_path, most, sizes):
    files = written(ROWS, tmp_path, most)
    found = [gzip.decompress(file.read_bytes()).splitlines() for file in files]
    assert [len(lines) for lines in found] == sizes
    assert [line for lines in found for line in lines] == ROWS


def test_without_rows_there_is_one_empty_file(tmp_path):
    (file,) = written([], tmp_path)
    assert gzip.decompress(file.read_bytes()) == b""
