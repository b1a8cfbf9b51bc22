"""Things are found by what else they are called, where the catalog bears it out."""

import re

import pytest

from shared.catalog.search.names import LONGEST, other_names
from tests.bench.names import synonyms

NOUNS = """\
  1 This software and database is being provided to you
04413042 06 n 03 television_receiver 0 TV 0 telly 0 000 | an electronic device
01888411 05 n 02 ram 0 tup 0 000 | an uncastrated adult male sheep
07860331 13 n 02 soft_drink 0 fizzy-pop 0 000 | a sweet drink
03642444 06 n 01 laptop 0 000 | a portable computer
03642445 06 n 02 read/write_memory 0 random_access_memory 0 000 | a memory
"""


@pytest.fixture
def shop(catalog, product):
    return catalog(
        [
            *(product(f"tv{n}", f"TV of {30 + n} inches") for n in range(4)),
            *(product(f"s{n}", f"Speaker {n}", description="Loudspeaker, white") for n in range(3)),
            *(product(f"o{n}", f"Speaker {n} for parties") for n in range(8)),
            *(product(f"c{n}", f"Cartridge {n}") for n in range(9)),
            product("pickup", "Pickup for guitars"),
            *(product(f"shaver{n}", f"Shaver {n}") for n in range(3)),
            *(product(f"board{n}", f"Motherboard {n}") for n in range(3)),
            *(product(f"cpu{n}", f"CPU board {n}") for n in range(3)),
            *(product(f"x{n}", f"Kettle {n}") for n in range(200)),
        ]
    )


@pytest.mark.parametrize(
    ("asked", "found"), [("telly", "tv"), ("tellys", "tv"), ("electric razor", "shaver")]
)
def test_a_word_that_the_catalog_does_not_have_finds_what_else_the_thing_is_called(
    shop, asked, found
):
    assert {key.rstrip("0123456789") for key in shop.keys(asked)} == {found}


def test_another_name_is_found_where_products_have_both(shop):
    found = shop.keys("loudspeaker")
    assert set(found[:3]) == {"s0", "s1", "s2"}
    assert set(found[3:]) == {f"o{n}" for n in range(8)}


def test_a_word_that_only_in_another_sense_is_called_so_is_looked_for_as_it_is(shop):
    assert shop.keys("pickup") == ["pickup"]


def test_what_the_catalog_writes_as_one_word_is_not_called_otherwise(shop):
    assert set(shop.keys("mother board")[:3]) == {"board0", "board1", "board2"}


def test_a_language_without_a_dictionary_knows_no_other_names(catalog, product):
    german = catalog([product("1", "TV mit Fuß", language="de")])
    assert other_names(german.segment, ("telly",)) == []


def test_wordnet_names_what_is_made_or_eaten(tmp_path):
    (tmp_path / "data.noun").write_text(NOUNS)
    assert list(synonyms(tmp_path / "data.noun")) == [
        ("television receiver", "tv", "telly"),
        ("soft drink", "fizzy pop"),
    ]


def test_the_dictionary_has_names_of_one_or_two_words(request):
    lines = (request.config.rootpath / "shared/catalog/search/names.en.txt").read_text().split("\n")
    names = [name for line in lines if line[:1] not in ("#", "") for name in line.split(", ")]
    assert len(names) > 10_000
    assert all(re.fullmatch("[a-z ]+", name) and len(name.split()) <= LONGEST for name in names)
