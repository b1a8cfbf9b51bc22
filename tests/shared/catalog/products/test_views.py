from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from octogen_ai_sdk import models as sdk
from octogen_ai_sdk.generated import models as contract

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from shared.catalog.products.markdown import escaped, markdown
from shared.catalog.products.product import (
    Availability,
    Brand,
    Certification,
    Color,
    FreeShipping,
    Image,
    Installment,
    NamedLink,
    Price,
    Product,
    Promotion,
    Rating,
    Review,
    Shipping,
    Specification,
    Subscription,
    UnitPricing,
    Variant,
    Video,
    product_uuid,
)
from shared.catalog.products.shapes import FullView, ListItem
from shared.catalog.products.views import full_view, list_item
from tests.shared.catalog.conftest import NOW

LIST_FIELDS = (  # noqa: SIM905  in the contract's order, to be read
    "uuid catalogKey catalogDisplayName productUrl title brand currentPrice originalPrice currency "
    "imageUrl images rating inStock isActive sizes colors gender categoryPath displayMatchScore "
    "updatedAt availability availabilityDate condition"
).split()
MORE_FIELDS = (  # noqa: SIM905  in the contract's order, to be read
    "description categories tags variants details audience identifiers breadcrumbs promotions "
    "reviews videos offer mobileUrl enrichment"
).split()
FULL_FIELDS = LIST_FIELDS + MORE_FIELDS
IF_KNOWN = {"availabilityDate", "condition"}
OF_THE_ANSWER = {"catalogDisplayName", "displayMatchScore"}

BARE = Product(key="1", url="https://shop.example/1", title="Bare")
RICH = Product(
    key="PARKA",
    url="https://shop.example/parka",
    title="Parka",
    description="<p>Warm &amp; light</p>",
    description_format="html",
    brand=Brand(name="Fell", slug="fell", url="https://fell.example", description="Since 1920"),
    price=Price(amount="349", currency="EUR"),
    availability=Availability.IN_STOCK,
    availability_date=datetime(2026, 12, 24, tzinfo=UTC),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    condition="refurbished",
    mobile_url="https://m.shop.example/parka",
    mpn="ULR-21",
    highlights=("Windproof",),
    specifications=(Specification(section="Fill", name="Down", value="750 cuin"),),
    certifications=(Certification(authority="EC", name="EPREL", code="123"),),
    energy_class="A",
    energy_scale="A to G",
    is_bundle=False,
    multipack=2,
    adult=False,
    unit_pricing=UnitPricing(measure="2 ct", base="1 ct"),
    installment=Installment(months=6, amount=Price(amount="50", currency="EUR")),
    subscription=Subscription(period="month", length=12, amount=Price(amount="5", currency="EUR")),
    shipping=(
        Shipping(
            country="DE", service="Post", price=Price(amount="0", currency="EUR"), most_days=3
        ),
    ),
    free_shipping=(FreeShipping(country="DE", threshold=Price(amount="50", currency="EUR")),),
    handling_least_days=1,
    handling_most_days=2,
    return_policy="30 days",
    promotion_ids=("AUTUMN",),
    images=(Image(url="https://shop.example/1.jpg", width=10, height=20, mime_type="image/jpeg"),),
    rating=Rating(average=8.7, count=12, scale=10),
    product_type="Jackets",
    category_path=("Men", "Jackets"),
    categories=(NamedLink(name="Men", url="https://shop.example/men"),),
    breadcrumbs=(NamedLink(name="Home"),),
    tags=("winter",),
    genders=("male",),
    age_groups=("adult",),
    sizes=("M", "L"),
    colors=(Color(label="Navy", hex_code="#000080"),),
    materials=("Down",),
    fit=("regular",),
    patterns=("plain",),
    dimensions="70 cm",
    attributes={"washing": ("30 degrees",)},
    product_group_id="PARKA",
    option_axes=("Colour", "Size"),
    variants=(
        Variant(
            id="m",
            sku="P-M",
            url="https://shop.example/parka?size=m",
            gtins=("7045952345673",),
            options={"Colour": "navy", "Size": "M"},
            price=Price(amount="349", currency="EUR"),
            sale_price=Price(amount="279.00", currency="EUR"),
            sale_from=datetime(2026, 11, 20, tzinfo=UTC),
            sale_to=datetime(2026, 12, 1, tzinfo=UTC),
            condition="refurbished",
            mpn="ULR-M",
            availability=Availability.IN_STOCK,
            images=(Image(url="https://shop.example/m.jpg"),),
        ),
    ),
    promotions=(Promotion(description="Ten off", code="TEN"),),
    reviews=(
        Review(body="Good", author="A", rating=5, published_at=datetime(2026, 1, 2, tzinfo=UTC)),
    ),
    videos=(Video(url="https://shop.example/v.mp4", name="Film"),),
    updated_at=datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
)


def answered(view, order):
    """The view as it goes out, with what belongs to the answer."""
    spliced = {**view, "catalogDisplayName": "Shop", "displayMatchScore": 97}
    return {name: spliced[name] for name in order}


def assert_fits(product):
    item, full = list_item(product, "shop", NOW), full_view(product, "shop", NOW)
    for view, order, shape, models in (
        (
            item,
            [name for name in LIST_FIELDS if name not in IF_KNOWN or full[name] is not None],
            ListItem,
            (sdk.MerchantProductListItem, contract.MerchantProductListItem),
        ),
        (full, FULL_FIELDS, FullView, (sdk.MerchantProductView, contract.MerchantProductView)),
    ):
        assert list(view) == [name for name in order if name not in OF_THE_ANSWER]
        wire = answered(view, order)
        shaped = shape.model_validate(wire)
        assert shaped.model_dump(mode="json", by_alias=True, exclude_unset=True) == wire
        assert list(shaped.model_dump(by_alias=True, exclude_unset=True)) == order
        for model in models:
            known = model.model_validate(wire)
            assert known.product_url == product.url
            assert not known.model_extra or set(known.model_extra) <= set(order)
    return item, full


@pytest.mark.parametrize("product", [BARE, RICH], ids=["bare", "rich"])
def test_views_have_the_contracts_fields_in_order_and_fit_our_shapes_and_the_published_sdk(product):
    assert_fits(product)


def test_a_list_item_says_what_a_card_needs():
    item = list_item(RICH, "shop", NOW)
    assert UUID(item["uuid"]) == product_uuid("shop", "PARKA")
    assert (item["currentPrice"], item["originalPrice"], item["currency"]) == (279.0, 349.0, "EUR")
    assert item["images"] == [
        {"url": "https://shop.example/1.jpg", "width": 10, "height": 20, "mimeType": "image/jpeg"}
    ]
    assert item["imageUrl"] == "https://shop.example/1.jpg"
    assert item["rating"] == {"average": 4.35, "count": 12}
    assert item["colors"] == ["Navy"]
    assert item["gender"] == "male"
    assert item["updatedAt"] == "2026-11-21T08:30:00Z"


def test_a_full_view_says_everything():
    full = full_view(RICH, "shop", NOW)
    assert full["description"] == "Warm & light"
    assert full["colors"] == [{"label": "Navy", "hexCode": "#000080", "swatchUrl": None}]
    assert full["variants"] == [
        {
            "sku": "P-M",
            "productUrl": "https://shop.example/parka?size=m",
            "color": {"label": "Navy", "hexCode": "#000080", "swatchUrl": None},
            "size": "M",
            "inStock": True,
            "imageUrl": "https://shop.example/m.jpg",
            "id": "m",
            "options": {"Colour": "navy", "Size": "M"},
            "currentPrice": 279.0,
            "originalPrice": 349.0,
            "currency": "EUR",
            "sale": {
                "price": 279.0,
                "startsAt": "2026-11-20T00:00:00Z",
                "endsAt": "2026-12-01T00:00:00Z",
            },
            "expiresAt": None,
            "availability": "in_stock",
            "availabilityDate": None,
            "condition": "refurbished",
            "gtin": "7045952345673",
            "mpn": "ULR-M",
            "imageUrls": ["https://shop.example/m.jpg"],
            "mobileUrl": None,
        }
    ]
    assert full["identifiers"] == {
        "productId": "PARKA",
        "gtin": "7045952345673",
        "mpn": "ULR-21",
        "productGroupId": "PARKA",
    }
    assert full["enrichment"]["attributes"] == {"washing": ["30 degrees"]}
    assert full["reviews"][0]["publishedAt"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("availability", "in_stock"),
    [
        (Availability.IN_STOCK, True),
        (Availability.BACKORDER, False),
        (Availability.OUT_OF_STOCK, False),
        (Availability.UNKNOWN, None),
    ],
)
def test_in_stock_is_null_only_when_nothing_is_known(availability, in_stock):
    assert (
        list_item(BARE.model_copy(update={"availability": availability}), "a", NOW)["inStock"]
        is in_stock
    )


@pytest.mark.parametrize(
    ("genders", "gender"), [((), None), (("female",), "female"), (("female", "male"), None)]
)
def test_gender_is_null_when_unknown_or_several(genders, gender):
    assert list_item(BARE.model_copy(update={"genders": genders}), "a", NOW)["gender"] == gender


def test_the_same_key_in_another_catalog_is_another_product():
    assert list_item(BARE, "a", NOW)["uuid"] != list_item(BARE, "b", NOW)["uuid"]
    assert list_item(BARE, "a", NOW)["uuid"] == list_item(BARE, "a", NOW)["uuid"]


@pytest.mark.parametrize("name", ["bestbuy_3k", "books_10k", "luma_variants_2k", "icecat_19k"])
def test_real_products_fit(catalog_data, name):
    rows = read_feed(catalog_data / f"{name}.jsonl.gz")
    products = [row.product for row in rows if isinstance(row, Accepted)]
    for product in products[:: max(1, len(products) // 200)]:
        _, full = assert_fits(product)
        assert markdown(full).startswith("# ")


def test_every_field_of_the_shapes_is_described():
    for shape in (ListItem, FullView):
        schema = shape.model_json_schema(by_alias=True)
        for model in [schema, *schema["$defs"].values()]:
            for name, field in model["properties"].items():
                described = field.get("description") or "$ref" in field
                assert described, f"{model['title']}.{name}"


RICH_MARKDOWN = """# Parka

- **Page:** <https://shop.example/parka>
- **Brand:** Fell
- **Price:** 279.00 EUR (before: 349.00)
- **Availability:** in stock
- **Condition:** refurbished
- **Sale:** 279.00 until 2026-12-01T00:00:00Z
- **Offered until:** 2027-01-01T00:00:00Z
- **Price per:** 2 ct (compare by 1 ct)
- **Instalments:** 6 x 50.00 EUR
- **Subscription:** 5.00 EUR a month, 12 times
- **Delivery:** DE, Post, 0.00 EUR, up to 3 days
- **Free delivery from:** 50.00 EUR (DE)
- **Handling:** 1 to 2 days
- **Returns:** 30 days
- **Rating:** 4.35 of 5 (12)
- **Category:** Men \\> Jackets
- **Sizes:** M, L
- **Colors:** Navy
- **Materials:** Down
- **Fit:** regular
- **Dimensions:** 70 cm
- **Patterns:** plain
- **Highlights:** Windproof
- **Certificates:** EC EPREL 123
- **Energy class:** A (A to G)
- **Pieces:** 2
- **For:** male, adult
- **Tags:** winter
- **Offers:** Ten off (TEN)
- **Product id:** PARKA
- **GTIN:** 7045952345673
- **MPN:** ULR-21
- **Picture:** <https://shop.example/1.jpg>

## Description

Warm \\& light

## Attributes

- **Fill, Down:** 750 cuin
- **washing:** 30 degrees

## Variants

- Navy, M, SKU P-M, 279.00 EUR (before: 349.00), refurbished, in stock: <https://shop.example/parka?size=m>

## Reviews

- A, 5: Good
"""


def test_markdown_reads_well():
    assert markdown(full_view(RICH, "shop", NOW)) == RICH_MARKDOWN


HOSTILE = (
    "# Heading\n## Two\n[link](https://evil.example) ![i](x) <b>bold</b> `code` **strong** _em_\n"
    "- item\n1. one\n> quote\n---\n===\n| a | b |\n```\nfence\n```\n    indented\n"
    "https://evil.example www.evil.example me@evil.example <https://evil.example> &lt; ~~x~~ [a]: b"
)
STRUCTURE = {
    "heading_open",
    "link_open",
    "image",
    "code_inline",
    "fence",
    "code_block",
    "hr",
    "html_inline",
    "html_block",
    "blockquote_open",
    "table_open",
    "strong_open",
    "em_open",
    "ordered_list_open",
    "s_open",
}


def structure(text):
    """What Markdown makes of a text, tables, strikes and bare addresses included."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    return [
        (token.type, token.attrGet("href"))
        for token in (*tokens, *inner)
        if token.type in STRUCTURE
    ]


def product_saying(text):
    return BARE.model_copy(
        update={
            "title": text,
            "description": text,
            "brand": Brand(name=text, slug="x"),
            "tags": (text,),
            "sizes": (text,),
            "attributes": {text: (text,)},
            "variants": (Variant(id="1", sku=text, options={"Size": text, "Color": text}),),
            "reviews": (Review(body=text, author=text),),
        }
    )


def test_product_text_adds_nothing_to_the_structure_of_its_markdown():
    plain = markdown(full_view(product_saying("plain"), "a", NOW))
    hostile = markdown(full_view(product_saying(HOSTILE), "a", NOW))
    assert structure(hostile) == structure(plain)


@given(st.text(alphabet="#-+*_`~<>[]()!&|:/@.\\ 1ab\n\t=^$", max_size=60))
def test_escaped_text_shows_as_it_is(text):
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(f"x {escaped(text)}")
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == f"x {' '.join(text.split())}".strip()
    assert structure(escaped(text)) == []
