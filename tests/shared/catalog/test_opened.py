"""Opened segments: versions of catalogs, in the folder that tests/shared/indexes tries out."""

import pytest

from shared.catalog.opened import SOURCES, opened_segments
from shared.errors import Problem
from shared.indexes.folders import remove


def test_a_version_of_a_catalog_is_held_with_the_products_it_was_built_from(stocked, tmp_path):
    opened = stocked.app.once(opened_segments)
    held = opened.hold("books", 1, tmp_path / "held", also=SOURCES)
    remove(opened.open("books", 1).directory.parent)
    assert [each.key for each in held.products()] == ["1", "2", "3", "4", "5"]


def test_a_version_that_is_no_longer_kept_is_a_cursor_that_expired(stocked):
    with pytest.raises(Problem) as refused:
        stocked.app.once(opened_segments).open("books", 7)
    assert refused.value.code == "cursor_expired"
