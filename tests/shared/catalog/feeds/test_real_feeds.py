import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted, Rejected
from shared.catalog.products.text import plain
from shared.catalog.products.urls import normalize_url


@pytest.fixture(scope="module")
def real(catalog_data):
    """The products of a real catalog by key, its rejected rows, and the raw rows by id."""
    known = {}

    def reading(name):
        if name not in known:
            path = catalog_data / f"{name}.jsonl.gz"
            rows = list(read_feed(path))
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                raw = [json.loads(line, parse_float=Decimal) for line in lines]
            known[name] = (
                {row.product.key: row for row in rows if isinstance(row, Accepted)},
                [row for row in rows if isinstance(row, Rejected)],
                {row["id"]: row for row in raw},
            )
        return known[name]

    return reading


@pytest.mark.parametrize(
    ("name", "products"),
    [("bestbuy_3k", 3291), ("books_10k", 10_000), ("icecat_19k", 19_406)],
)
def test_every_row_of_a_flat_catalog_is_a_product_with_its_own_facts(real, name, products):
    accepted, rejected, raw = real(name)
    assert rejected == []
    assert list(accepted) == list(raw)
    assert len(accepted) == products
    for key, row in accepted.items():
        product, given = row.product, raw[key]
        assert product.title == plain(given["title"])
        assert product.brand.name == plain(given["brand"])
        assert normalize_url(product.url) == normalize_url(given["url"])
        assert len(product.images) == len(set(given["images"]))
        assert product.variants == ()
        if "price" in given:
            assert Decimal(product.price.amount) == given["price"]
            assert product.price.currency == "USD"
        else:
            assert product.price is None


def test_attributes_have_canonical_values(real):
    accepted, _, raw = real("icecat_19k")
    notebook = accepted["2101957"].product
    assert notebook.attributes["display_diagonal"] == ("17",)
    assert notebook.attributes["processor_frequency"] == ("2.13",)
    assert notebook.attributes["touchscreen"] == ("false",)
    assert notebook.attributes["display_resolution"] == ("1440 x 900",)
    assert len(notebook.attributes) == len(raw["2101957"]["attributes"])
    assert notebook.released_at == datetime(2008, 12, 19, tzinfo=UTC)


def test_only_words_for_nothing_and_a_gtin_with_a_wrong_check_digit_are_left_out_and_said(real):
    accepted, _, raw = real("icecat_19k")
    said = [(row, warning.text) for row in accepted.values() for warning in row.warnings]
    facts = [text for _, text in said if text.startswith("attributes.")]
    assert {text.partition(": ")[2] for text in facts} == {
        "left out, being a word for nothing. Leave it empty."
    }
    values = [value for row in raw.values() for value in row.get("attributes", {}).values()]
    assert len(facts) == values.count("N/A")
    ((row, text),) = [each for each in said if each[1] not in facts]
    assert text == "gtin: one left out. Its length or check digit is wrong."
    given = raw[row.product.key]["gtin"]
    assert set(row.product.gtins) == set(given) - {"85896333746"}
    assert (
        sum(len(row.product.gtins) for row in accepted.values())
        == sum(len(set(row["gtin"])) for row in raw.values()) - 1
    )


def test_category_names_from_broad_to_narrow_are_a_path(real):
    accepted, _, _ = real("bestbuy_3k")
    phone = accepted["4984700"].product
    assert phone.category_path == ("Cell Phones", "Prepaid Phones", "All Prepaid Phones")
    accepted, _, _ = real("icecat_19k")
    boards = [row.product for row in accepted.values() if "I/O module" in row.product.category_path]
    assert boards
    assert all(product.category_path == ("I/O module",) for product in boards)


def test_variants_become_one_product_each_with_all_their_forms(real):
    accepted, rejected, raw = real("luma_variants_2k")
    assert rejected == []
    assert len(accepted) == 147
    assert sum(len(row.product.variants) for row in accepted.values()) == 1847
    for key, row in accepted.items():
        product = row.product
        children = [given for given in raw.values() if given.get("parent_id") == key]
        assert product.title == plain(raw[key]["title"])
        assert [variant.id for variant in product.variants] == [child["id"] for child in children]
        assert set(product.sizes) == {size for child in children for size in child["sizes"]}
        assert {color.label for color in product.colors} == {child["color"] for child in children}
        assert Decimal(product.price.amount) == min(child["price"] for child in children)
    hoodie = accepted["MH01"].product
    assert hoodie.option_axes == ("Color", "Size")
    assert hoodie.category_path == ("Men", "Tops", "Hoodies & Sweatshirts")
    assert hoodie.categories[1].name == "Collections > Eco Friendly"
    assert hoodie.variants[0].options == {"Color": "Black", "Size": "XS"}
    assert (
        hoodie.images[0].url == "https://luma.example/media/catalog/product/m/h/mh01-gray_main.jpg"
    )


def test_a_parent_whose_address_names_no_page_gets_its_first_variants(real):
    accepted, _, raw = real("luma_variants_2k")
    assert {given["url"] for given in raw.values() if given["kind"] == "configurable"} == {
        "https://luma.example/.html"
    }
    for row in accepted.values():
        assert row.product.url == row.product.variants[0].url
        assert [warning.text for warning in row.warnings] == ["url: left out: names no page."]
