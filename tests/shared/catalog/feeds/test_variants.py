"""Variants of our own feed, and how they become one product with their parent."""

import random

from shared.catalog.feeds import rows
from shared.catalog.products.product import Availability, Price

ROW = {"id": "1", "title": "Mug", "url": "https://shop.example/mug"}


def variant(number, **change):
    return {
        "id": f"v{number}",
        "parent_id": "P",
        "url": f"https://shop.example/p/{number}",
        "price": f"{number}.00 EUR",
        "color": "Red",
        "sizes": [str(number)],
        **change,
    }


PARENT = {"id": "P", "kind": "configurable", "title": "Shirt", "url": "https://shop.example/p"}


def test_variants_meet_their_parent_wherever_they_stand(read):
    feed = [PARENT, *(variant(n) for n in range(1, 30)), ROW]
    random.Random(7).shuffle(feed)
    result = read(*feed)
    assert result.rejected == []
    assert set(result.products) == {"P", "1"}
    shirt = result.products["P"]
    assert {one.id for one in shirt.variants} == {f"v{n}" for n in range(1, 30)}
    assert shirt.price == Price(amount="1", currency="EUR")
    assert shirt.url == "https://shop.example/p"


def test_a_row_with_a_number_of_its_own_and_no_variants_is_its_only_variant(read):
    result = read({**ROW, "sku": "M-1", "options": {"Glaze": "matt"}, "gtin": "4006381333931"})
    mug = result.products["1"]
    assert [(one.id, one.sku, one.options) for one in mug.variants] == [
        ("1", "M-1", {"Glaze": "matt"})
    ]
    assert mug.option_axes == ("Glaze",)
    assert mug.variants[0].gtins == mug.gtins == ("4006381333931",)


def test_products_come_in_the_order_they_first_appear(read):
    result = read({**ROW, "id": "z"}, variant(1, title="Shirt"), {**ROW, "id": "a"}, variant(2))
    assert list(result.products) == ["z", "P", "a"]
    assert [row.line for row in result.accepted] == [1, 2, 3]


def test_the_price_is_the_lowest_that_can_be_had_and_stock_the_best(read):
    result = read(
        PARENT,
        variant(1, availability="out_of_stock"),
        variant(2, availability="preorder", availability_at="2027-01-01"),
        variant(3, availability="backorder", list_price="9 EUR"),
    )
    shirt = result.products["P"]
    assert shirt.price.amount == "2"
    assert shirt.availability is Availability.PREORDER
    assert shirt.availability_at.year == 2027


def test_orphans_make_a_product_of_their_own_named_without_their_options(read):
    result = read(
        variant(1, title="Oak Shirt - Red, 1", description="<b>a</b>", active=False),
        variant(2, title="Oak Shirt - Red, 2"),
    )
    shirt = result.products["P"]
    assert shirt.title == "Oak Shirt"
    assert shirt.url == "https://shop.example/p/1"
    assert shirt.is_active
    assert shirt.option_axes == ("Color", "Size")


def test_what_variants_agree_in_is_the_products_and_what_they_differ_in_is_left_out_and_said(read):
    group = [
        orphan(n, return_policy="30 days", unit_pricing={"measure": f"{n} l", "base": "1 l"})
        for n in (1, 2)
    ]
    result = read(*group)
    (product,) = result.products.values()
    assert (product.return_policy, product.unit_pricing) == ("30 days", None)
    (warning,) = result.warnings
    assert warning.startswith("unit_pricing: left out, for the variants differ in it")
    parent = {**orphan(3), "id": "G", "kind": "configurable", "unit_pricing": {"measure": "2 l"}}
    del parent["parent_id"], parent["options"]
    result = read(parent, *group)
    assert (result.products["G"].unit_pricing.measure, result.warnings) == ("2 l", [])


def orphan(number, **fields):
    """A variant of a group that has no parent."""
    return {
        "id": f"v{number}",
        "parent_id": "G",
        "title": "Oil",
        "url": f"https://shop.example/oil?size={number}",
        "options": {"Size": str(number)},
        **fields,
    }


def test_options_that_do_not_tell_variants_apart_are_no_axes(read):
    result = read(
        PARENT,
        variant(1, options={"Length": "30", "Lining": "wool", "Colour": "red"}),
        variant(2, options={"Length": "32", "Lining": "wool", "Colour": "red"}),
    )
    shirt = result.products["P"]
    assert shirt.option_axes == ("Length", "Colour")
    assert shirt.variants[0].options == {"Length": "30", "Colour": "red"}


def test_a_second_row_with_a_key_is_rejected_and_names_the_first(read):
    result = read(ROW, {**ROW, "title": "Other"}, PARENT, variant(1), variant(1), PARENT)
    assert result.products["1"].title == "Mug"
    assert [(row.line, row.key, *row.reasons) for row in result.rejected] == [
        (2, "1", "id: row 1 already has this product key. Keys must be unique."),
        (5, "v1", "id: row 4 is already this variant of the product."),
        (6, "P", "id: row 3 already has this product key. Keys must be unique."),
    ]


def test_keys_differ_by_case(read):
    assert set(read({**ROW, "id": "a"}, {**ROW, "id": "A"}).products) == {"a", "A"}


def test_a_variant_in_another_currency_is_rejected(read):
    result = read(PARENT, variant(1), variant(2, price="2.00 USD"))
    assert result.reasons == ["price: not in the currency of row 2, the same product."]
    assert len(result.products["P"].variants) == 1


def test_variants_beyond_the_limit_are_rejected_rows(read):
    result = read(PARENT, *(variant(n) for n in range(rows.MAX_VARIANTS + 2)))
    assert len(result.products["P"].variants) == rows.MAX_VARIANTS
    assert [row.line for row in result.rejected] == [rows.MAX_VARIANTS + 2, rows.MAX_VARIANTS + 3]


def test_every_warning_of_a_product_is_kept_with_its_own_row(read):
    result = read(PARENT, *(variant(n, gtin="1") for n in range(1, 81)))
    warnings = result.accepted[0].warnings
    assert [(each.line, each.key) for each in warnings] == [(n + 1, f"v{n}") for n in range(1, 81)]
