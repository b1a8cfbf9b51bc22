"""A text is only ever text, whatever it looks like."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.search.search import Question, order_of
from shared.catalog.search.words import MOST_WORDS
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import build
from shared.errors import Problem
from tests.shared.catalog.conftest import Catalog, key_of, made


@pytest.mark.parametrize(
    "asked",
    [
        'title:"kettle" AND (red OR *)',
        "kettle^5 ~2 [a TO b]",
        "+kettle -red",
        "kettle\\",
        '"kettle',
    ],
)
def test_query_syntax_is_just_text(catalog, product, asked):
    shop = catalog([product("1", "Red kettle"), product("2", "Lamp")])
    assert shop.keys(asked) == ["1"]


@pytest.mark.parametrize("asked", ["", "   ", "\n\t", None])
def test_a_blank_query_browses(catalog, product, asked):
    assert len(catalog([product("1"), product("2")]).keys(asked)) == 2


@pytest.mark.parametrize("asked", ["!!!", "\x00", "🦄", "\u202e\u200b", "…", "()", "a" * 65])
def test_a_query_without_words_matches_nothing(catalog, product, asked):
    assert catalog([product("1"), product("2")]).keys(asked) == []


def test_controls_emoji_and_right_to_left_marks_around_words_do_not_matter(catalog, product):
    shop = catalog([product("1", "Red kettle"), product("2", "قميص أحمر"), product("3", "חולצה")])
    assert shop.keys("\x00red\x1f 🦄kettle\u200f") == ["1"]
    assert shop.keys("\u202bقميص\u202c") == ["2"]
    assert shop.keys("חולצה 🦄") == ["3"]


@pytest.mark.parametrize("size", [1_001, 10_000, 1_000_000])
def test_a_query_that_is_too_long_is_refused(catalog, product, size):
    with pytest.raises(Problem) as refused:
        catalog([product("1")]).page("x " * (size // 2 + 1))
    assert refused.value.code == "invalid"
    assert refused.value.details["max"] == 1_000


def test_the_longest_query_is_answered(catalog, product):
    shop = catalog([product("1", "Red kettle")])
    assert shop.keys(("kettle " + " ".join(f"w{at}" for at in range(300)))[:1_000]) == ["1"]


def test_what_is_said_first_in_a_long_text_is_looked_for_and_the_page_says_so(catalog, product):
    first = [f"word{at}" for at in range(MOST_WORDS)]
    shop = catalog([product("1", " ".join(first)), product("2", "Lamp")])
    page = shop.page(" ".join([*first, "lamp", "lamp", "kettle"]))
    assert [key_of(orjson.loads(item)) for item in page.items] == ["1"]
    assert page.left_out == 2
    assert page.effective_query == " ".join(first)
    assert shop.page(" ".join(first * 3)).left_out == 0


def test_a_long_text_asks_the_engine_for_no_more_than_a_short_one(catalog, product):
    """Each identifier a text names is looked for with all other words: the square of its length."""
    words = [f"aa{at}" for at in range(200)]
    shop = catalog([product(word, f"Thing {word}", mpn=word) for word in words])
    order = order_of(shop.shelf, Question(query=" ".join(words)[:1_000]), shop.at)
    terms = {number: str(each.query).count("TermQuery") for number, each in enumerate(order.passes)}
    assert max(terms.values()) <= 10 * MOST_WORDS


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60))
def test_any_text_is_answered(hostile_shop, asked):
    items = hostile_shop.items(asked)
    assert len(items) <= 6
    assert all(0 <= item["displayMatchScore"] <= 100 for item in items)


@pytest.fixture(scope="module")
def hostile_shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hostile")
    titles = [
        "Red kettle",
        "½ ⑴ ⒈ kettle",
        "a b c d",
        "İstanbul \u017ftraße ﬁ",
        "x\x00y",
        "0" * 200,
    ]
    products = [made(f"k{at}", title) for at, title in enumerate(titles)]
    return Catalog(Segment(directory, build(products, "shop", directory)))


def test_product_texts_of_any_size_and_kind_are_indexed(catalog, product):
    odd = product(
        "k\n\t/é🦄" + "x" * 240,
        "🦄" * 500,
        url="https://shop.example/p/odd",
        description="<b>" + "word " * 20_000,
        attributes={"a\x1fb": ("v" * 10_000, ""), " Spaced  Name ": ("One  Two",)},
        tags=("t" * 70_000,),
    )
    shop = catalog([odd, product("2")])
    assert shop.keys("word") == ["odd"]
    assert {each.key for each in shop.segment.products()} == {odd.key, "2"}
    assert shop.segment.number_of(odd.key) is not None
