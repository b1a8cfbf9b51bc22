"""A damaged file is noticed before it answers anything."""

import pytest

from shared.catalog.segment.reader import Segment
from shared.errors import Problem
from shared.indexes.files import damaged


@pytest.fixture
def version(catalog, applied, product):
    first = catalog([product(str(at), f"Kettle number {at}") for at in range(100)])
    return applied(first, [product("100")], ["5"]).segment


def test_a_whole_version_is_not_damaged(version):
    assert damaged(version.directory, version.manifest.files) == ()


def test_a_changed_byte_in_any_file_is_found_by_its_checksum(version):
    for file in version.manifest.files:
        if file.size:
            path = version.directory / file.name
            whole = path.read_bytes()
            path.unlink()
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            assert damaged(version.directory, version.manifest.files) == (file,)
            path.write_bytes(whole)


def test_a_version_with_a_file_cut_short_or_missing_does_not_open(version):
    for file in version.manifest.files:
        if file.size and file.role != "source":
            path = version.directory / file.name
            whole = path.read_bytes()
            path.unlink()
            for rest in (None, whole[:-1]):
                if rest is not None:
                    path.write_bytes(rest)
                with pytest.raises(Problem) as refused:
                    Segment(version.directory, version.manifest)
                assert refused.value.code == "unavailable"
                assert damaged(version.directory, version.manifest.served) == (file,)
            path.write_bytes(whole)
    assert Segment(version.directory, version.manifest).number_of("100") is not None


def test_serving_needs_no_source_files_and_reading_products_says_so(version):
    for file in version.manifest.files:
        if file.role == "source":
            (version.directory / file.name).unlink()
    segment = Segment(version.directory, version.manifest)
    assert segment.number_of("1") is not None
    assert damaged(version.directory, version.manifest.served) == ()
    with pytest.raises(Problem) as refused:
        list(segment.products())
    assert refused.value.code == "unavailable"
