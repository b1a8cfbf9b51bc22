"""The beginning of a model number, beside a brand, finds the model."""

import pytest

CARDS = [
    ("M9125-E512F", "Matrox graphics card"),
    ("M9125-E512X", "Other graphics card"),
    ("P690-LP", "Matrox P690 card"),
]


@pytest.fixture
def cards(catalog, product):
    return catalog([product(mpn, title=title, mpn=mpn) for mpn, title in CARDS])


@pytest.mark.parametrize("asked", ["matrox m9125e51", "Matrox M9125E512", "m9125e512 matrox"])
def test_it_comes_first_where_the_words_beside_it_are_there(cards, asked):
    assert cards.keys(asked)[0] == "M9125-E512F"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("m9125e51", "alone"),
        ("matrox m9125", "shorter than six"),
        ("matrox m9125e99", "nothing begins so"),
        ("unheard m9125e51", "no product has the word beside it"),
    ],
)
def test_it_is_no_identifier_otherwise(cards, asked, why):
    assert all(item["displayMatchScore"] < 100 for item in cards.items(asked)), why


def test_what_many_begin_with_says_nothing(catalog, product):
    many = catalog(
        [product(f"AB1234{n:03}", title="Matrox card", mpn=f"AB1234{n:03}") for n in range(30)]
    )
    assert all(item["displayMatchScore"] < 100 for item in many.items("matrox ab1234"))
