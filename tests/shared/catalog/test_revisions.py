"""A revision of its source that a catalog serves already is not published again."""

import pytest

from shared.catalog.heads import Head, head_path
from tests.platform import product


@pytest.fixture
def served(stocked):
    """`books`, made from the tenth state of a shop."""
    stocked.publish("books", [product("1"), product("2")], source_revision="shop:10")
    return stocked


def head(platform):
    return Head.of(platform.app.documents.get(head_path("books")))


@pytest.mark.parametrize("operation", ["publish_catalog", "upsert_products"])
@pytest.mark.parametrize("revision", ["shop:10", "shop:9", "shop:0"])
def test_what_is_served_already_or_is_older_changes_nothing(served, operation, revision):
    before = head(served)
    report = served.publish("books", [product("3")], operation, source_revision=revision)
    assert (report["changed"], report["version"], report["accepted"]) == (False, 2, 0)
    assert head(served) == before


@pytest.mark.parametrize("operation", ["publish_catalog", "upsert_products"])
@pytest.mark.parametrize("revision", ["shop:11", "shop:100", "store:10", "shop", "shop:x", None])
def test_what_is_newer_or_cannot_be_compared_is_published(served, operation, revision):
    options = {} if revision is None else {"source_revision": revision}
    report = served.publish("books", [product("3")], operation, **options)
    assert (report["changed"], report["version"]) == (True, 3)
    assert head(served).source_revision == revision


def test_a_revision_that_has_no_number_is_compared_as_it_is(stocked):
    for revision, changed in (("2026-11-21", True), ("2026-11-21", False), ("2026-11-20", True)):
        report = stocked.publish("books", [product("1")], source_revision=revision)
        assert report["changed"] is changed


def test_after_a_rollback_what_was_rolled_back_can_be_published_again(served):
    served.publish("books", [product("3")], source_revision="shop:11")
    served.do("roll_back_catalog", catalog="books", version=2)
    report = served.publish("books", [product("3")], source_revision="shop:11")
    assert (report["changed"], report["version"]) == (True, 4)
