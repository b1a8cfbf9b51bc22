"""Small generations become one, and nothing that is answered changes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.catalog.products.urls import lookup_forms
from shared.catalog.search.search import Question
from shared.catalog.segment.compaction import compact
from shared.catalog.segment.manifest import MOST_GENERATIONS, Generation
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.errors import Problem
from tests.shared.catalog.conftest import AT, Catalog, made, walk

WORDS = ("kettle", "toaster", "lamp")
KEYS = "abcdef"
PAGES = range(4)


def generations(*living):
    return tuple(Generation(number=at, records=each) for at, each in enumerate(living))


def gathered(manifest, *living):
    return [each.living for each in manifest(generations(*living)).gathered]


@pytest.fixture
def manifest(catalog):
    whole = catalog([]).segment.manifest
    return lambda found: whole.model_copy(update={"generations": found})


def test_few_generations_stay_as_they_are(manifest):
    assert gathered(manifest, *[100] * MOST_GENERATIONS) == []


def test_the_newest_that_are_not_much_larger_than_what_is_newer_become_one(manifest):
    assert gathered(manifest, 9000, 500, 500, 40, 30, 1, 1, 1, 1) == [1, 1, 1, 1]
    assert gathered(manifest, 9000, 500, 500, 5, 3, 1, 1, 1, 1) == [5, 3, 1, 1, 1, 1]
    assert gathered(manifest, *[1] * (MOST_GENERATIONS + 1)) == [1] * MOST_GENERATIONS


def test_at_least_two_become_one_and_never_what_was_built_whole(manifest):
    tall = [3**at for at in range(MOST_GENERATIONS, -1, -1)]
    assert gathered(manifest, *tall) == [3, 1]
    assert gathered(manifest, 1, *[9] * MOST_GENERATIONS) == [9] * MOST_GENERATIONS


def test_a_record_is_copied_about_as_often_as_the_number_of_records_doubles(manifest):
    """512 batches of one record each: what a day of small changes does."""
    sizes, copied = [10_000], 0
    for _ in range(512):
        sizes.append(1)
        merged = gathered(manifest, *sizes)
        if merged:
            sizes[-len(merged) :] = [sum(merged)]
            copied += sum(merged)
        assert len(sizes) <= MOST_GENERATIONS
    assert copied <= 512 * 9


def test_what_was_merged_has_its_files_and_no_others(catalog, applied, product, tmp_path):
    version = catalog([product(str(at)) for at in range(30)])
    for at in range(3):
        version = applied(version, [product("1", f"Kettle {at}")])
    after = compact(version.segment, version.segment.manifest.generations[1:], tmp_path / "merged")
    assert [(each.number, each.first, each.living) for each in after.generations] == [
        (0, None, 29), (3, 1, 1)
    ]  # fmt: skip
    names = {file.name for file in after.files if file.role != "index"}
    assert {name.partition(".")[2] for name in names} == {"", "0", "3"}
    there = {path.name for path in (tmp_path / "merged").iterdir()}
    assert {file.name for file in after.files} <= there <= names | there
    assert Catalog(Segment(tmp_path / "merged", after)).keys("kettle") == ["1"]


def test_without_the_source_files_it_took_nothing_is_merged(catalog, applied, product, tmp_path):
    version = applied(applied(catalog([product("1")]), [product("2")]), [product("3")]).segment
    (version.directory / "sources.2").unlink()
    with pytest.raises(Problem) as refused:
        compact(version, version.manifest.generations[1:], tmp_path / "merged")
    assert refused.value.code == "unavailable"


CHANGE = st.tuples(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.tuples(st.sampled_from(WORDS), st.sampled_from(PAGES), st.booleans()),
        max_size=4,
    ),
    st.sets(st.sampled_from(KEYS), max_size=2),
    st.integers(0, 3),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(CHANGE, min_size=1, max_size=7))
def test_any_history_of_changes_and_merges_answers_as_a_whole_build_of_what_is_left(
    tmp_path_factory, history
):
    """And a merge changes no answer to the least score."""
    root = tmp_path_factory.mktemp("history")
    model: dict[str, tuple[str, int, bool]] = {}
    merged = Segment(root / "0", build([], "shop", root / "0"))
    for step, (upserts, deletes, merge) in enumerate(history, 1):
        for key in deletes:
            model.pop(key, None)
        model.update(upserts)
        merged = _changed(merged, upserts, deletes, root / f"{step}")
        newest = merged.manifest.generations[1:][-merge:] if merge else ()
        if newest:
            before, merged = merged, _merged(merged, newest, root / f"{step}merged")
            assert _answers(merged) == _answers(before)
    left = [_product(key, *each) for key, each in sorted(model.items())]
    whole = Segment(root / "whole", build(left, "shop", root / "whole"))
    _same_as(merged, model)
    assert _walked(merged) == _walked(whole)
    assert [*map(_unscored, _answers(merged))] == [*map(_unscored, _answers(whole))]
    assert merged.titles([*_numbers(merged)]).tolist() == whole.titles([*_numbers(whole)]).tolist()
    one = _merged(merged, merged.manifest.generations[1:], root / "one")
    assert {*_words_of(one)} == {*_words_of(whole)}


def _changed(segment, upserts, deletes, directory):
    products = [_product(key, *each) for key, each in upserts.items()]
    return Segment(directory, apply(segment, products, deletes, directory))


def _merged(segment, generations, directory):
    return Segment(directory, compact(segment, generations, directory))


def _product(key, word, page, active):
    return made(key, f"{word} {key}", url=f"https://shop.example/{page}", is_active=active)


def _same_as(segment, model):
    active = {key: each for key, each in model.items() if each[2]}
    assert segment.manifest.product_count == len(active)
    assert {each.key for each in segment.products()} == set(model)
    for page in PAGES:
        owners = [key for key, each in active.items() if each[1] == page]
        found = segment.lookup(lookup_forms(f"https://shop.example/{page}"), AT)
        assert (found and segment.claims(found.number)[0]) == min(owners, default=None)
    for key in KEYS:
        assert (segment.number_of(key) is not None) == (key in model)
        assert (segment.active_number_of(key, AT) is not None) == (key in active)
    for word in WORDS:
        assert segment.together([word]) == sum(each[0] == word for each in active.values())


def _walked(segment, **asked):
    return walk(lambda _: [Catalog(segment).shelf], Question(**asked), limit=2)


def _answers(segment):
    """Walks through what is asked, one of it misspelt."""
    asked = (None, *WORDS, "ketle", "kettle lamp")
    return [_walked(segment, query=query) for query in asked]


def _unscored(items):
    """Items without their scores, in any order: frequencies count what is dead until it is gone."""
    plain = [{**item, "displayMatchScore": None} for item in items]
    return sorted(plain, key=lambda item: item["title"])


def _numbers(segment):
    return [number for key in KEYS if (number := segment.number_of(key)) is not None]


def _words_of(segment):
    for lexicon in segment.lexicons:
        for word in WORDS:
            yield from ((near, count) for _, near, count in lexicon.near(word, 0))
