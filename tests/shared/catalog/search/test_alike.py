"""What says the same of products is found whichever way it is said."""

import pytest


@pytest.fixture
def clothes(catalog, product):
    return catalog(
        [
            *(product(f"w{n}", f"Running shorts for women {n}") for n in range(12)),
            product("m", "Running shorts for men"),
            product("tee", "Cotton tee"),
            product("t-shirt", "Cotton T-shirt"),
            product("tshirt", "Cotton tshirt"),
            product("pants", "Track pants", sizes=("30", "32")),
            product("others", "Track pants", sizes=("34", "36")),
        ]
    )


@pytest.mark.parametrize("asked", ["ladies shorts", "women's shorts", "female running shorts"])
def test_for_whom_it_is(clothes, asked):
    assert set(clothes.keys(asked)[:12]) == {f"w{n}" for n in range(12)}


@pytest.mark.parametrize("asked", ["t-shirt", "tshirt", "tee", "T shirts", "cotton tees"])
def test_a_t_shirt(clothes, asked):
    assert set(clothes.keys(asked)[:3]) == {"tee", "t-shirt", "tshirt"}


def test_a_size_that_is_a_number(clothes):
    assert clothes.keys("track pants size 32")[0] == "pants"


@pytest.mark.parametrize(
    "asked", ["ssd 16gb", "ssd 16 gb", "SSD 16 gigabyte", "ssd 16GB", "16 gigabytes ssd"]
)
def test_an_amount_with_its_unit(catalog, product, asked):
    shop = catalog(
        [
            product("joined", "SSD 16GB"),
            product("apart", "SSD 16 GB"),
            product("other", "SSD 32 GB"),
        ]
    )
    assert set(shop.keys(asked)[:2]) == {"joined", "apart"}


def test_words_between_numbers_are_no_unit(catalog, product):
    shop = catalog([product("hub", "7 in 1 hub"), product("screen", "7 inch screen hub 1")])
    assert shop.keys("7 in 1 hub")[0] == "hub"


def test_a_word_that_a_catalog_has_is_looked_for_as_it_is(catalog, product):
    books = catalog([product("1", "The ladies of the lake"), product("2", "Women of the lake")])
    assert books.keys("ladies lake") == ["1", "2"]
    assert [item["displayMatchScore"] > 50 for item in books.items("ladies lake")] == [True, False]
