from datetime import UTC, datetime, timedelta

import pytest

from shared.catalog.products.offers import offer_at, own_offer
from shared.catalog.products.product import Availability, Price, Specification

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def rss(*items):
    """An RSS feed of items, each given as the XML of its attributes."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">'
        f"<channel>{inner}</channel></rss>"
    )


def item(number="1", **more):
    """The XML of one item's attributes."""
    given = {
        "id": number,
        "title": "Mug",
        "link": f"https://shop.example/{number}",
        "price": "12.99 USD",
        "availability": "in_stock",
        **more,
    }
    return "".join(f"<g:{name}>{value}</g:{name}>" for name, value in given.items() if value)


def test_an_rss_feed_is_read_whole(sample):
    result = sample("merchant_rss.xml", now=NOW)
    assert set(result.products) == {"FF-PARKA", "FF-MUG"}
    parka = result.products["FF-PARKA"]
    assert parka.title == "Ulriken Down Parka"
    assert parka.url == "https://www.fjordfell.example/jackets/ulriken"
    assert parka.description_format == "html"
    offer = offer_at(parka, NOW)
    assert offer.price == Price(amount="279", currency="EUR")
    assert offer.original == Price(amount="349", currency="EUR")
    assert parka.product_type == "Down"
    assert parka.category_path == (
        "Apparel & Accessories",
        "Clothing",
        "Outerwear",
        "Coats & Jackets",
    )
    assert parka.categories[0].name == "Men > Jackets > Down"
    assert parka.materials == ("Nylon", "Down")
    assert (parka.sizes, parka.genders, parka.age_groups) == (("M", "L"), ("male",), ("adult",))
    assert parka.attributes == {
        "size_system": ("EU",),
        "down_origin": ("Norway",),
    }
    assert parka.highlights == ("Windproof", "Packs into its own pocket")
    assert parka.specifications == (
        Specification(section="Care", name="Washing", value="30 degrees"),
    )
    navy_m, navy_l = parka.variants
    assert navy_m.options == {"Color": "Navy", "Size": "M"}
    assert navy_m.images[2].url == "https://www.fjordfell.example/img/ulriken-hood.jpg"
    assert navy_m.gtins == ()
    assert navy_l.gtins == ("7045952345673",)
    assert navy_l.availability is Availability.PREORDER


def test_what_is_the_merchants_own_business_is_left_out_and_said(sample):
    result = sample("merchant_rss.xml", now=NOW)
    gtin, shipping = result.warnings
    assert gtin == "gtin: one left out. Its length or check digit is wrong."
    assert shipping.startswith("shipping: left out, for the variants differ in it")
    left_out = [name for row in result.accepted for name in row.left_out]
    assert sorted(left_out) == ["cost_of_goods_sold", "custom_label_0"]


def test_an_item_that_cannot_be_sold_is_a_rejected_row_with_every_reason(sample):
    (row,) = sample("merchant_rss.xml", now=NOW).rejected
    assert (row.line, row.key) == (4, "FF-SOCKS")
    assert [reason.partition(":")[0] for reason in row.reasons] == ["link", "price", "availability"]


def test_an_item_without_a_group_is_a_product_without_variants(sample):
    mug = sample("merchant_rss.xml", now=NOW).products["FF-MUG"]
    assert mug.variants == ()
    assert mug.availability is Availability.OUT_OF_STOCK
    assert mug.dimensions == "9 cm x 9 cm x 8 cm"
    assert mug.attributes["google_product_category"] == ("2169",)
    assert mug.category_path == ()


def test_an_atom_feed_is_read_whole(sample):
    result = sample("merchant_atom.xml")
    coffee = result.products["KH-100"]
    assert coffee.title == "Espresso „Donau“ 500 g"
    assert coffee.url == "https://shop.kaffeehaus.example/kaffee/donau"
    assert coffee.description.startswith("Kräftig")
    assert coffee.availability is Availability.IN_STOCK
    assert coffee.updated_at == datetime(2026, 11, 19, 9, 30, tzinfo=UTC)


def test_a_tab_separated_feed_is_read_as_google_documents_it(sample):
    result = sample("merchant.tsv")
    assert list(result.products) == ["PAN-12", "LID-1"]
    pan = result.products["PAN-12"]
    assert pan.title == '12" Teflon Frying Pan'
    assert pan.description == "Even heat.\nOven safe to 260 °C."
    assert [image.url for image in pan.images] == [
        "https://pans.example/12.jpg",
        "https://pans.example/12b.jpg",
        "https://pans.example/12c.jpg",
    ]
    assert pan.gtins == ("036000291452",)
    assert pan.category_path == ("Home, Kitchen", "Pans")
    assert pan.attributes == {}
    assert pan.highlights == ("Non-stick", "Light, yet strong")
    assert pan.multipack == 2
    assert {one.name: one.value for one in pan.specifications} == {
        "Coating": "Teflon, two layers",
        "Diameter": "12 in",
    }
    assert [(row.line, row.reasons) for row in result.rejected] == [
        (5, ("row: text stands behind a quote that closes. Double quotes that are text.",))
    ]
    assert [row.line for row in result.accepted] == [2, 6]


TSV = "id\ttitle\tlink\tprice\n"


def test_a_quote_without_end_costs_only_its_own_row(read):
    lines = [f"{n}\tMug {n}\thttps://shop.example/{n}\t1 USD\n" for n in range(2, 9)]
    result = read(TSV, '1\t"Mug\thttps://shop.example/1\t1 USD\n', *lines)
    assert [row.line for row in result.rejected] == [2]
    assert len(result.accepted) == 7


def test_values_without_a_column_and_bytes_without_meaning_are_rejected_rows(read):
    good = "3\tMug\thttps://shop.example/3\t1 USD\n"
    result = read(
        TSV,
        "1\tMug\thttps://shop.example/1\t1 USD\textra\n",
        b"2\tM\xfcg\thttps://shop.example/2\t1 USD\n",
        good.replace("Mug", "Müg, Größe 1"),
        "4\tShort\n",
    )
    assert result.reasons == [
        "row: column 5 has a value and the header no name for it.",
        "row: not valid UTF-8.",
        "link: missing. Give the address of the product's page.",
    ]
    assert list(result.products) == ["3"]


def test_header_names_are_taken_as_spreadsheets_write_them(read):
    result = read("G:ID\tTitle\tLink\tImage Link\n1\tMug\thttps://shop.example/1\t/1.jpg\n")
    assert result.products["1"].images[0].url == "https://shop.example/1.jpg"


@pytest.mark.parametrize(
    ("period", "price", "warned"),
    [
        ("", "9", False),
        ("2026-11-01T00:00+0100/2026-12-01T00:00+0100", "9", False),
        ("2026-11-01T00:00+0100 / 2026-12-01T00:00+0100", "9", False),
        ("2026-11-01/2026-11-20", "12.99", False),
        ("2026-11-01/2026-11-21", "9", False),
        ("2026-11-01T00:00Z/", "9", False),
        ("2026-12-01T00:00Z/2026-12-31T00:00Z", "12.99", False),
        ("2026-10-01T00:00Z/2026-11-21T00:00Z", "12.99", False),
        ("2026-12-31T00:00Z/2026-10-01T00:00Z", "12.99", True),
        ("/", "12.99", True),
        ("11/01/2026 - 12/01/2026", "12.99", True),
        ("this week", "12.99", True),
    ],
)
def test_a_sale_price_counts_within_its_period(read, period, price, warned):
    result = read(rss(item(sale_price="9.00 USD", sale_price_effective_date=period)))
    assert offer_at(result.products["1"], NOW).price.amount == price
    assert bool(result.warnings) is warned


@pytest.mark.parametrize(
    ("sale", "warned"), [("12.99 USD", False), ("15 USD", True), ("0.00 USD", True)]
)
def test_a_sale_price_that_is_none_is_left_out(read, sale, warned):
    result = read(rss(item(sale_price=sale)))
    offer = offer_at(result.products["1"], NOW)
    assert (offer.price.amount, offer.original) == ("12.99", None)
    assert bool(result.warnings) is warned


def test_a_sale_price_without_a_price_is_the_price(read):
    product = read(rss(item(price="", sale_price="9.00 USD"))).products["1"]
    assert (product.price.amount, product.original_price) == ("9", None)


def test_an_expired_item_is_not_active_and_its_variant_cannot_be_had(read):
    feed = rss(
        item("1", expiration_date="2026-11-20"),
        item("2", expiration_date="2026-11-20", item_group_id="G", size="M"),
        item("3", expiration_date="2027-11-20", item_group_id="G", size="L"),
    )
    products = read(feed).products
    assert offer_at(products["1"], NOW - timedelta(seconds=1)).active is True
    assert offer_at(products["1"], NOW).active is False
    assert offer_at(products["G"], NOW).active is True
    assert [own_offer(variant, NOW).availability for variant in products["G"].variants] == [
        Availability.DISCONTINUED,
        Availability.IN_STOCK,
    ]


def test_titles_written_by_machines_and_markup_in_a_description_are_read(read):
    feed = rss(
        item(
            title="",
            structured_title="<g:digital_source_type>x</g:digital_source_type>"
            "<g:content>Made up</g:content>",
            description="Two <i>words</i> here",
        )
    )
    product = read(feed).products["1"]
    assert product.title == "Made up"
    assert "words" in product.description


def test_google_attributes_win_over_plain_ones(read):
    feed = rss(item() + "<title>Plain</title><link>https://shop.example/plain</link>")
    product = read(feed).products["1"]
    assert (product.title, product.url) == ("Mug", "https://shop.example/1")
