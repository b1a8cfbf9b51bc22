"""Versions of a segment: built whole, built on one another, never changed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.catalog.products.urls import lookup_forms
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.indexes.files import damaged, link
from shared.indexes.folders import temporary_folder
from tests.shared.catalog.conftest import AT

URL = "https://shop.example/new/{}"


def page_of(segment, url):
    found = segment.lookup(lookup_forms(url), AT)
    return found and segment.claims(found.number)[0]


def test_a_product_is_found_by_its_url_and_by_those_of_its_variants(clothes):
    products, catalog = clothes
    for product in products:
        assert page_of(catalog.segment, product.url) == product.key
        for variant in product.variants:
            assert page_of(catalog.segment, variant.url) == product.key


def test_a_url_nobody_claims_is_not_found(catalog, product):
    assert page_of(catalog([product("1")]).segment, "https://shop.example/p/2") is None


def test_a_url_two_products_own_goes_to_the_lower_key(catalog, product):
    url = "https://shop.example/both"
    segment = catalog([product("b", url=url), product("a", url=url), product("c", url=url)]).segment
    assert page_of(segment, url) == "a"


def test_a_url_two_products_own_goes_to_the_lower_key_across_generations(catalog, applied, product):
    url = "https://shop.example/both"
    first = catalog([product("b", url=url), product("d")])
    assert page_of(applied(first, [product("a", url=url)]).segment, url) == "a"
    assert page_of(applied(first, [product("c", url=url)]).segment, url) == "b"


def test_a_changed_product_is_found_by_its_new_words_and_url_only(catalog, applied, product):
    before = catalog([product("1", "Green kettle"), product("2", "Blue kettle")])
    moved = product("1", "Red toaster", url="https://shop.example/new/1")
    after = applied(before, [moved])
    assert page_of(after.segment, "https://shop.example/p/1") is None
    assert page_of(after.segment, "https://shop.example/new/1") == "1"
    assert after.keys("kettle") == ["2"]
    assert after.keys("toaster") == ["1"]
    assert after.segment.manifest.product_count == 2


def test_the_version_before_keeps_answering_as_it_did(catalog, applied, product):
    before = catalog([product("1", "Green kettle"), product("2", "Blue kettle")])
    applied(before, [product("1", "Red toaster")], ["2"])
    again = Segment(before.segment.directory, before.segment.manifest)
    for segment in (before.segment, again):
        assert page_of(segment, "https://shop.example/p/2") == "2"
    assert sorted(before.keys("kettle")) == ["1", "2"]
    assert before.keys("toaster") == []


def test_a_deleted_product_is_gone(catalog, applied, product):
    after = applied(catalog([product("1"), product("2")]), deletes=["1", "unknown"])
    assert page_of(after.segment, "https://shop.example/p/1") is None
    assert after.segment.number_of("1") is None
    assert after.keys() == ["2"]
    assert [each.key for each in after.segment.products()] == ["2"]
    assert after.segment.manifest.product_count == 1


def test_a_url_that_moves_to_another_product_follows_it(catalog, applied, product):
    url = "https://shop.example/p/1"
    after = applied(catalog([product("1"), product("9")]), [product("9", url=url)], ["1"])
    assert page_of(after.segment, url) == "9"


def test_an_inactive_product_is_kept_but_not_found_until_it_is_active_again(
    catalog, applied, product
):
    sleeping = catalog([product("1", is_active=False), product("2")])
    assert page_of(sleeping.segment, "https://shop.example/p/1") is None
    assert sleeping.keys() == ["2"]
    assert sleeping.segment.manifest.product_count == 1
    assert {each.key for each in sleeping.segment.products()} == {"1", "2"}
    awake = applied(sleeping, [product("1")])
    assert page_of(awake.segment, "https://shop.example/p/1") == "1"
    assert sorted(awake.keys()) == ["1", "2"]


def test_a_catalog_may_be_empty_and_grow(catalog, applied, product):
    empty = catalog([])
    assert empty.keys() == []
    assert empty.segment.manifest.product_count == 0
    assert applied(empty, [product("1")]).keys() == ["1"]


def test_two_products_with_one_key_are_refused(catalog, product):
    with pytest.raises(ValueError, match="same key"):
        catalog([product("1"), product("1", url="https://shop.example/other")])


def test_two_versions_built_on_the_same_parent_do_not_disturb_each_other(catalog, applied, product):
    parent = catalog([product(str(at)) for at in range(20)])
    left = applied(parent, deletes=["1", "2"])
    right = applied(parent, deletes=["3"])
    names = {file.name: file.sha256 for file in left.segment.manifest.files}
    same = [f for f in right.segment.manifest.files if names.get(f.name) not in (None, f.sha256)]
    assert same, "the case is not met: no file of the two has one name and two contents"
    again = Segment(left.segment.directory, left.segment.manifest)
    assert again.number_of("1") is None
    assert again.number_of("3") is not None
    assert len(right.keys()) == 19


def test_a_version_opens_from_files_kept_under_their_digests(catalog, applied, product, tmp_path):
    version = applied(catalog([product("1"), product("2")]), [product("3")], ["1"])
    manifest = Manifest.model_validate_json(version.segment.manifest.model_dump_json(by_alias=True))
    store = tmp_path / "store"
    store.mkdir()
    for file in manifest.files:
        if file.role != "source":
            (store / file.sha256).write_bytes((version.segment.directory / file.name).read_bytes())
    link(manifest.files, store, tmp_path / "opened", by_digest=True)
    segment = Segment(tmp_path / "opened", manifest)
    assert page_of(segment, "https://shop.example/p/3") == "3"
    assert page_of(segment, "https://shop.example/p/1") is None


def test_a_version_opens_from_files_on_another_filesystem(catalog, product):
    version = catalog([product("1")]).segment
    memory = Path("/dev/shm")
    with temporary_folder(memory if memory.is_dir() else None) as elsewhere:
        link(version.manifest.files, version.directory, elsewhere)
        assert damaged(elsewhere, version.manifest.files) == ()
        assert Segment(elsewhere, version.manifest).number_of("1") is not None


def test_a_version_may_be_linked_and_opened_by_many_at_once(catalog, product, tmp_path):
    version = catalog([product(str(at)) for at in range(5)]).segment

    def opened(_):
        link(version.manifest.files, version.directory, tmp_path / "shared")
        return Segment(tmp_path / "shared", version.manifest).active_number_of("3", AT)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(opened, range(64))) == {version.active_number_of("3", AT)}


def test_a_catalog_is_worn_when_more_than_a_tenth_of_its_records_are_dead(
    catalog, applied, product
):
    version = catalog([product(str(at)) for at in range(40)])
    assert not applied(version, deletes=["1", "2"]).segment.manifest.worn
    assert applied(version, deletes=map(str, range(8))).segment.manifest.worn


def test_many_small_generations_answer_as_one(catalog, applied, product):
    version = catalog([product(str(at), f"Kettle {at}") for at in range(30)])
    for at in range(20):
        version = applied(version, [product(str(at), f"Toaster {at}", url=URL.format(at))], ["29"])
    assert sorted(version.keys("toaster", 100), key=int) == [str(at) for at in range(20)]
    assert sorted(version.keys("kettle", 100), key=int) == [str(at) for at in range(20, 29)]
    for at in range(20):
        assert page_of(version.segment, URL.format(at)) == str(at)
        assert page_of(version.segment, f"https://shop.example/p/{at}") is None


def test_a_product_can_be_read_back_whole(clothes, applied):
    products, version = clothes
    changed = applied(version, [products[0].model_copy(update={"title": "Changed"})])
    assert changed.segment.product(products[0].key).title == "Changed"
    assert changed.segment.product(products[1].key) == products[1]
    assert changed.segment.product("nobody's") is None


def test_a_directory_in_use_is_not_built_in(catalog, product, tmp_path):
    version = catalog([product("1")]).segment
    with pytest.raises(ValueError, match="in use"):
        build([], "shop", version.directory)
    with pytest.raises(ValueError, match="in use"):
        apply(version, [], [], version.directory)


def test_the_products_of_a_version_build_the_same_catalog_again(clothes, catalog, applied):
    products, version = clothes
    changed = applied(version, [products[0].model_copy(update={"title": "Changed"})], ["MH02"])
    rebuilt = catalog(changed.segment.products(), "clothes")
    assert len(rebuilt.segment.manifest.generations) == 1
    assert {each.key: each for each in rebuilt.segment.products()} == {
        each.key: each for each in changed.segment.products()
    }
    assert rebuilt.items(limit=100) == changed.items(limit=100)


def test_a_segment_answers_many_threads_at_once(warehouse):
    products, catalog = warehouse
    queries = [product.title for product in products[::150]]
    expected = [catalog.keys(query) for query in queries]

    def ask(at):
        product = products[at * 150]
        assert page_of(catalog.segment, product.url) == product.key
        return catalog.keys(queries[at])

    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            assert list(pool.map(ask, range(len(queries)))) == expected


def test_building_leaves_nothing_but_the_files_it_names(catalog, product):
    directory: Path = catalog([product("1")]).segment.directory
    manifest = catalog([product("1")]).segment.manifest
    visible = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    assert len(visible) == len(manifest.files) + 1
    assert "meta.json" in visible


def test_what_answers_equally_well_stands_in_browse_order_whichever_change_it_came_with(
    catalog, applied, product
):
    kettles = [product(str(at), "Kettle", popularity=at) for at in range(30)]
    version = catalog(kettles[20:])
    for at in range(20):
        version = applied(version, [kettles[at]])
    assert version.segment.searcher.num_segments > 1
    assert version.keys("kettle") == [str(at) for at in reversed(range(30))]
    assert version.keys("kettle") == catalog(kettles).keys("kettle")
