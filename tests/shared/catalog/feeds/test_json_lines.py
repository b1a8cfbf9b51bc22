import random

import pytest

from shared.catalog.feeds import rows
from shared.catalog.products.product import Availability, Price

ROW = {"id": "1", "title": "Mug", "url": "https://shop.example/mug"}


EVERYTHING = {
    **ROW,
    "id": 17,
    "description": "<p>Blue</p>",
    "description_format": "html",
    "language": "en",
    "brand": {"name": "Höganäs", "url": "https://h.example", "description": "Since 1909"},
    "images": ["/a.jpg", {"url": "https://img.example/b.jpg", "width": 5, "height": 6}],
    "videos": [{"url": "/v.mp4", "thumbnail_url": "/t.jpg", "name": "Film"}],
    "price": 19.9,
    "list_price": "25.00",
    "currency": "eur",
    "price_at": "2026-11-21T10:00:00+01:00",
    "availability": "preorder",
    "availability_at": "2026-12-01",
    "active": False,
    "condition": "new",
    "gtin": "4006381333931",
    "mpn": "M-1",
    "color": "Blue",
    "color_families": ["Blue"],
    "sizes": ["L"],
    "gender": "women",
    "age_groups": ["adult"],
    "materials": ["Clay"],
    "patterns": ["plain"],
    "fit": ["wide"],
    "dimensions": "9 x 9 cm",
    "product_type": "Mugs",
    "categories": [["Home", "Kitchen/Bath"], ["Gifts"]],
    "breadcrumbs": [{"name": "Home", "url": "https://shop.example/"}],
    "tags": ["gift", "gift"],
    "attributes": {"volume": 0.350, "dishwasher": True, "parts": ["a", 2], "none": None},
    "rating": {"average": 9.1, "count": 4, "scale": 10},
    "reviews": [{"body": "Good\n\n\n\nmug", "author": "A", "rating": 5}],
    "promotions": [{"description": "Ten off", "code": "TEN"}],
    "seller": {"name": "Keramik AB", "domain": "keramik.example"},
    "popularity": 3.5,
    "released": "2020-01-02",
    "updated": "2026-11-20T00:00:00Z",
}


def test_a_row_says_everything_a_product_can_hold(read):
    result = read(EVERYTHING)
    assert result.rejected == []
    assert result.warnings == []
    product = result.products["17"]
    assert product.price == Price(amount="19.90", currency="EUR")
    assert product.original_price == Price(amount="25", currency="EUR")
    assert product.availability is Availability.PREORDER
    assert product.brand.slug == "hoganas"
    assert product.category_path == ("Home", "Kitchen/Bath")
    assert product.attributes == {
        "volume": ("0.35",),
        "dishwasher": ("true",),
        "parts": ("a", "2"),
    }
    assert product.images[0].url == "https://shop.example/a.jpg"
    assert (product.images[1].width, product.images[1].height) == (5, 6)
    assert product.videos[0].thumbnail_url == "https://shop.example/t.jpg"
    assert product.genders == ("female",)
    assert product.tags == ("gift",)
    assert product.reviews[0].body == "Good\n\nmug"
    assert product.price_at.isoformat() == "2026-11-21T09:00:00+00:00"
    empty = {
        name for name in type(product).model_fields if getattr(product, name) in (None, (), {})
    }
    assert empty == {"product_group_id", "option_axes", "variants"}


REFUSED = {
    "id": ({"id": ""}, "id: missing. Every row needs one."),
    "id type": ({"id": True}, "id: not a value this field can have."),
    "long id": ({"id": "x" * 257}, "id: longer than 256 characters."),
    "title": ({"title": " \u200b "}, "title: missing. It is needed."),
    "url": ({"url": None}, "url: missing. Give the address of the product's page."),
    "relative url": ({"url": "/mug"}, "url: Give the full address, beginning with https://."),
    "private url": (
        {"url": "http://10.0.0.1/x"},
        "url: The URL's host is not on the public internet.",
    ),
    "price": (
        {"price": "12,50", "currency": "EUR"},
        'price: not a price. Write a number with a point, such as "12.99 USD".',
    ),
    "negative price": (
        {"price": -1, "currency": "EUR"},
        'price: not a price. Write a number with a point, such as "12.99 USD".',
    ),
    "currency": (
        {"price": 1},
        "price: has no currency. Give a code of three letters, such as USD.",
    ),
    "long currency": (
        {"price": 1, "currency": "EURO"},
        "price: has no currency. Give a code of three letters, such as USD.",
    ),
    "two currencies": (
        {"price": "1 EUR", "list_price": "2 USD"},
        "list_price: not in the currency of the price.",
    ),
    "availability": (
        {"availability": "maybe"},
        f"availability: not one of {', '.join(Availability)}.",
    ),
    "price type": ({"price": True}, "price: not a value this field can have."),
    "picture": ({"images": [{"href": "x"}]}, "images.0.url: missing. It is needed."),
    "attribute": (
        {"attributes": {"a": {"b": 1}}},
        "attributes.a: not a value this field can have.",
    ),
    "kind": ({"kind": "bundle"}, "kind: input should be 'simple' or 'configurable'."),
    "unknown field": (
        {"colour": "red"},
        "colour: not a field that is known. Put further facts under attributes.",
    ),
    "rating": (
        {"rating": {"average": -1}},
        "rating.average: input should be greater than or equal to 0.",
    ),
    "configurable variant": (
        {"parent_id": "2", "kind": "configurable"},
        "kind: a configurable product cannot itself have a parent_id.",
    ),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_row_is_refused_for_its(read, change, reason):
    result = read({**ROW, **change})
    assert result.accepted == []
    assert reason in result.reasons
    assert all(len(row.reasons) < 5 for row in result.rejected)


BROKEN = {
    "not JSON": b"{nope}\n",
    "not an object": b"[1]\n",
    "a name twice": b'{"id":"1","title":"a","title":"b","url":"https://shop.example/a"}\n',
    "NaN": b'{"id":"1","title":"a","url":"https://shop.example/a","price":NaN}\n',
    "a number out of proportion": b'{"id":"1","popularity":1e999999999}\n',
    "a number too long to be one": b'{"id":' + b"9" * 5000 + b"}\n",
    "not UTF-8": b'{"id":"\xff"}\n',
    "nested without end": b'{"attributes":' + b"[" * 200_000 + b"}\n",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_a_rejected_row_and_the_next_is_read(read, line):
    result = read(line, {**ROW, "id": "2"}, kind="jsonl")
    assert [row.line for row in result.rejected] == [1]
    assert list(result.products) == ["2"]
    assert result.accepted[0].line == 2


def test_reasons_never_repeat_the_refused_value(read):
    secret = "sk-live-123"
    result = read(
        {**ROW, "price": secret, "availability": secret, "kind": secret, "rating": secret}
    )
    assert result.rejected
    assert secret not in str(result.rejected)


LEFT_OUT = {
    "a bad picture": (
        {"images": ["data:image/png;base64,AA", "https://img.example/a.jpg"]},
        "images: one left out. Only http and https URLs are taken.",
    ),
    "a wrong gtin": (
        {"gtin": ["4006381333930"]},
        "gtin: one left out. Its length or check digit is wrong.",
    ),
    "a gtin of zeros": (
        {"gtin": ["00000000"]},
        "gtin: one left out. Its length or check digit is wrong.",
    ),
    "a lower list price": (
        {"price": "5 EUR", "list_price": "4 EUR"},
        "list_price: left out, being lower than the price.",
    ),
    "a date that is none": (
        {"released": "last year"},
        "released: left out. Not an ISO 8601 date, such as 2026-11-21.",
    ),
    "a date before time": (
        {"released": "0001-01-01T00:00:00+14:00"},
        "released: left out. Not an ISO 8601 date, such as 2026-11-21.",
    ),
    "an unknown gender": (
        {"gender": "x"},
        "gender: one left out. Not one of female, male, unisex.",
    ),
    "a long title": ({"title": "x" * 1001}, "title: cut at 1000 characters."),
    "a long description": ({"description": "x" * 50_001}, "description: cut at 50000 characters."),
    "many sizes": (
        {"sizes": [str(n) for n in range(201)]},
        "sizes: only the first 200 kept.",
    ),
    "many attributes": (
        {"attributes": {str(n): n for n in range(1001)}},
        "attributes: only the first 1000 kept.",
    ),
}


@pytest.mark.parametrize(("change", "warning"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_row_is_taken_and_warned_of(read, change, warning):
    result = read({**ROW, **change})
    assert result.rejected == []
    assert result.warnings == [warning]


def test_html_is_cut_before_an_open_tag(read):
    html = "x" * 49_990 + '<a href="https://shop.example/long">y</a>'
    result = read({**ROW, "description": html, "description_format": "html"})
    assert result.products["1"].description == "x" * 49_990


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        (12, "12"),
        (12.5, "12.50"),
        ("12.990 usd", "12.99"),
        ("USD 0012.9", "12.90"),
        ("1,299.00 USD", "1299"),
        ("0", "0"),
        ("0.001", "0.001"),
    ],
)
def test_a_price_is_a_canonical_decimal_string(read, given, amount):
    result = read({**ROW, "price": given, "currency": "USD"})
    assert result.products["1"].price == Price(amount=amount, currency="USD")


def test_defaults_fill_what_the_feed_leaves_out(read):
    row = {"id": "1", "title": "Mug", "url": "mug", "price": 3, "images": ["m.jpg"]}
    result = read(row, base_url="https://shop.example/de/", currency="chf", language="de")
    product = result.products["1"]
    assert product.url == "https://shop.example/de/mug"
    assert product.images[0].url == "https://shop.example/de/m.jpg"
    assert product.price.currency == "CHF"
    assert product.language == "de"


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
        (5, "P", "id: row 4 is already this variant of the product."),
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


def test_warnings_of_one_product_are_bounded_and_counted(read):
    result = read(PARENT, *(variant(n, gtin="1") for n in range(80)))
    warnings = result.accepted[0].warnings
    assert len(warnings) == rows.MAX_WARNINGS
    assert warnings[-1].text == "row: 31 more warnings."
