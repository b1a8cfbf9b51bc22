from datetime import UTC, datetime

import orjson
import pytest

from shared.catalog.feeds import rows
from shared.catalog.products.product import Availability, Price
from shared.errors import Problem

SHOP = {"base_url": "https://shop.example", "currency": "EUR"}


def page(*products):
    return orjson.dumps({"products": products})


def product(number=1, **change):
    return {
        "id": number,
        "title": "Hat",
        "handle": f"hat-{number}",
        "variants": [{"id": number * 10, "price": "5.00", "option1": "Default Title"}],
        "options": [{"name": "Title", "values": ["Default Title"]}],
        **change,
    }


def test_pages_are_read_whole(sample):
    result = sample("shopify.json", **SHOP)
    beanie = result.products["8100000000001"]
    assert beanie.url == "https://shop.example/products/merino-beanie"
    assert beanie.description_format == "html"
    assert beanie.brand.slug == "loch-loom"
    assert beanie.product_type == "Hats"
    assert beanie.tags == ("winter", "wool")
    assert beanie.option_axes == ("Color", "Size")
    assert (beanie.images[0].width, beanie.images[0].height) == (1200, 1600)
    assert beanie.released_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    small, large = beanie.variants
    assert small.id == "43000000000001"
    assert small.url == "https://shop.example/products/merino-beanie?variant=43000000000001"
    assert small.original_price == Price(amount="40", currency="EUR")
    assert small.options == {"Color": "Moss", "Size": "S"}
    assert small.availability is Availability.OUT_OF_STOCK
    assert large.sku is None


def test_the_price_is_of_a_variant_that_can_be_had(sample):
    beanie = sample("shopify.json", **SHOP).products["8100000000001"]
    assert beanie.price == Price(amount="34.50", currency="EUR")
    assert beanie.original_price is None
    assert beanie.availability is Availability.IN_STOCK


def test_a_product_without_options_has_one_variant_and_a_draft_is_not_active(sample):
    result = sample("shopify.json", **SHOP)
    card = result.products["8100000000002"]
    assert card.option_axes == ()
    assert [variant.sku for variant in card.variants] == ["GC"]
    assert card.tags == ("gift", "digital")
    assert card.is_active is False
    assert "metafields_note" in [name for row in result.accepted for name in row.left_out]


def test_what_cannot_be_taken_is_a_rejected_row(sample):
    result = sample("shopify.json", **SHOP)
    rejected = {(row.line, row.reasons[0].partition(".")[0]) for row in result.rejected}
    assert rejected == {
        (3, "id: row 1 already has this product key"),
        (4, "variant 1: price: not a price"),
        (5, "variant 1: price: not a price"),
        (5, "variants: none of them can be taken"),
    }
    assert result.products["8100000000003"].price.amount == "18"


def test_a_variant_id_twice_is_rejected_and_variants_are_bounded(read):
    variants = [{"id": n, "price": "1"} for n in range(1, rows.MAX_VARIANTS + 2)]
    result = read(page(product(1, variants=[{"id": 5, "price": "1"}] * 2)), **SHOP)
    assert result.reasons == ["variant 2: id: a variant of this product has it already."]
    result = read(page(product(2, variants=variants)), **SHOP)
    assert len(result.products["2"].variants) == rows.MAX_VARIANTS
    assert len(result.rejected) == 1


@pytest.mark.parametrize("spaces", [0, 70_000])
def test_products_are_decoded_across_chunks_of_the_file(read, spaces):
    gap = b" " * spaces + b"\n"
    pages = [
        page(*(product(n * 50 + m, body_html="x" * 2_000) for m in range(50))) for n in range(4)
    ]
    result = read(gap.join(pages) + gap, kind="shopify", **SHOP)
    assert result.rejected == []
    assert len(result.products) == 200


def test_a_product_that_does_not_fit_is_a_rejected_row(read):
    result = read(page({"id": 7, "title": 3}, product(8)), **SHOP)
    assert [(row.line, row.key) for row in result.rejected] == [(1, "7")]
    assert result.reasons == [
        "title: not a text. Write it in quotes.",
        "handle: missing. It is needed.",
    ]
    assert list(result.products) == ["8"]


BROKEN = {
    "cut off": page(product())[:-20],
    "cut off within a product": page(product())[:30],
    "another key": b'{"products": [], "next": 1}',
    "not a list": b'{"products": {}}',
    "no products": b'{"items": []}',
    "something after": page(product()) + b"x",
    "a product that is a number": b'{"products": [1]}',
    "nested without end": b'{"products": [{"a":' + b"[" * 200_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_page_gives_nothing_and_says_so(read, content):
    with pytest.raises(Problem) as refused:
        read(content, kind="shopify", **SHOP)
    assert refused.value.code == "invalid"


def test_the_shops_address_and_currency_are_needed(read):
    with pytest.raises(Problem) as refused:
        read(page(product()))
    assert "base URL" in refused.value.message
    result = read(page(product()), base_url="https://shop.example")
    assert result.reasons[0].startswith("variant 1: price: has no currency.")


def test_an_empty_page_is_an_empty_feed(read):
    assert read(page(), **SHOP) == ([], [])
