import pytest

from shared.catalog.products.product import Availability, Price

ROW = {"id": "1", "title": "Mug", "url": "https://shop.example/mug"}


EVERYTHING = {
    **ROW,
    "id": 17,
    "canonical_url": "/mugs/blue",
    "mobile_url": "https://m.shop.example/mug",
    "addresses": ["https://amp.shop.example/mug"],
    "description": "<p>Blue</p>",
    "description_format": "html",
    "language": "en",
    "brand": {"name": "Höganäs", "url": "https://h.example", "description": "Since 1909"},
    "images": ["/a.jpg", {"url": "https://img.example/b.jpg", "width": 5, "height": 6}],
    "videos": [{"url": "/v.mp4", "thumbnail_url": "/t.jpg", "name": "Film"}],
    "price": 19.9,
    "list_price": "25.00",
    "currency": "eur",
    "sale_price": 15,
    "sale_from": "2026-11-01",
    "sale_to": "2026-11-30",
    "expires": "2027-01-31",
    "price_at": "2026-11-21T10:00:00+01:00",
    "availability": "preorder",
    "availability_at": "2026-12-01",
    "availability_date": "2026-12-24",
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
    "highlights": ["Keeps warm"],
    "specifications": [{"section": "Size", "name": "Volume", "value": "0.35 l"}],
    "certifications": [{"authority": "EC", "name": "EPREL", "code": "123"}],
    "energy_class": "A",
    "energy_scale": "A to G",
    "is_bundle": False,
    "multipack": 6,
    "adult": False,
    "unit_pricing": {"measure": "350 ml", "base": "100 ml"},
    "installment": {"months": 6, "amount": 3, "downpayment": "1 EUR", "credit_type": "finance"},
    "subscription": {"period": "month", "length": 12, "amount": "2 EUR"},
    "shipping": [{"country": "DE", "service": "Post", "price": 0, "most_days": 3}],
    "free_shipping": [{"country": "DE", "threshold": 50}],
    "handling_days": {"least": 1, "most": 2},
    "return_policy": "30 days",
    "promotion_ids": ["AUTUMN"],
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
    assert product.sale_price == Price(amount="15", currency="EUR")
    assert product.sale_to.isoformat() == "2026-12-01T00:00:00+00:00"
    assert product.expires_at.isoformat() == "2027-02-01T00:00:00+00:00"
    assert product.addresses == (
        "https://shop.example/mugs/blue",
        "https://amp.shop.example/mug",
    )
    assert product.installment.downpayment == Price(amount="1", currency="EUR")
    assert product.shipping[0].price == Price(amount="0", currency="EUR")
    assert product.free_shipping[0].threshold == Price(amount="50", currency="EUR")
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
        (
            "price: has no currency. Write its code behind the number, or name it for the whole "
            "feed (--currency, such as --currency USD)."
        ),
    ),
    "long currency": (
        {"price": 1, "currency": "EURO"},
        "price: its currency is no code of ISO 4217, such as USD.",
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
    "kind": ({"kind": "bundle"}, "kind: not one of simple, configurable."),
    "unknown field": (
        {"colour": "red"},
        "colour: not a field that is known. Put further facts under attributes.",
    ),
    "rating": (
        {"rating": {"average": -1}},
        "rating.average: smaller than 0.",
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
    assert secret not in str(result.reasons)
    assert {note.value for row in result.rejected for note in row.notes} == {secret}


LEFT_OUT = {
    "a bad picture": (
        {"images": ["data:image/png;base64,AA", "https://img.example/a.jpg"]},
        "images: one left out: Only http and https URLs are taken.",
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
    "a price of zero": (
        {"price": "0.00 EUR"},
        "price: left out, being zero. Leave it empty where there is no price.",
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
    ],
)
def test_a_price_is_a_canonical_decimal_string(read, given, amount):
    result = read({**ROW, "price": given, "currency": "USD"})
    assert result.products["1"].price == Price(amount=amount, currency="USD")


def test_defaults_fill_what_the_feed_leaves_out(read):
    row = {"id": "1", "title": "Mug", "url": "/de/mug", "price": 3, "images": ["/de/m.jpg"]}
    result = read(row, base_url="https://shop.example/de/", currency="chf", language="de")
    product = result.products["1"]
    assert product.url == "https://shop.example/de/mug"
    assert product.images[0].url == "https://shop.example/de/m.jpg"
    assert product.price.currency == "CHF"
    assert product.language == "de"
