"""The exported table, version 1: its columns, and a product as a row of it.

Columns are only ever added to a version; anything else is a new version, with a table, a view and a
listing of its own beside this one. Names are BigQuery's habit (snake case); values are the ones
partners get over MCP and REST, with prices exact and everything the feed said kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from shared.catalog.products.offers import Offer, offer_at, own_offer, stretches
from shared.catalog.products.product import Offered, Price, Product, Variant
from shared.catalog.products.views import full_view
from shared.ports.warehouse import OFFERS, Column


def _text(name: str, description: str) -> Column:
    return Column(name, "string", description)


def _texts(name: str, description: str) -> Column:
    return Column(name, "string", description, repeated=True)


_IMAGES: Final = Column(
    "images",
    "record",
    "Pictures, the main one first.",
    repeated=True,
    fields=(
        _text("url", "Where the picture is."),
        Column("width", "integer", "Width in pixels."),
        Column("height", "integer", "Height in pixels."),
    ),
)

_SALE: Final = (
    Column("regular_price", "decimal", "What it costs while no sale holds."),
    Column("sale_price", "decimal", "What it costs while the sale holds."),
    Column("sale_from", "time", "From when the sale holds; null: already."),
    Column("sale_to", "time", "Until before when the sale holds; null: for ever."),
)

COLUMNS: Final = (
    _text("uuid", "The product's id: the same across republish and rollback."),
    _text("catalog_key", "The catalog it is in."),
    _text("product_key", "The product's key in the catalog."),
    _text("product_url", "The product's page."),
    _text("title", "What it is called."),
    _text("description", "What the seller says, as plain text."),
    _text("language", "The language of its texts (BCP 47)."),
    Column(
        "brand",
        "record",
        "Who makes it.",
        fields=(_text("name", "As the catalog names it."), _text("slug", "For comparing.")),
    ),
    Column("current_price", "decimal", "What it costs now; the lowest where variants differ."),
    Column("original_price", "decimal", "What it cost before, if reduced."),
    _text("currency", "ISO 4217 currency of the prices."),
    _text("availability", "in_stock, out_of_stock, preorder, backorder, discontinued or unknown."),
    Column("is_active", "boolean", "Whether the catalog offers it now."),
    _text("condition", "new, refurbished or used."),
    _text("image_url", "The main picture."),
    _IMAGES,
    Column(
        "rating",
        "record",
        "What buyers gave it.",
        fields=(
            Column("average", "number", "Average, on a scale that ends at 5."),
            Column("count", "integer", "How many ratings."),
        ),
    ),
    _text("product_type", "The kind of product."),
    _texts("category_path", "Its category, the broadest first."),
    _texts("tags", "The seller's own words for it."),
    _texts("genders", "male, female or unisex."),
    _texts("age_groups", "Such as infant, toddler, kids, adult."),
    _texts("sizes", "The sizes it comes in."),
    _texts("colors", "The colours it comes in."),
    _texts("color_families", "Broad colours, such as Blue."),
    _texts("materials", "What it is made of."),
    Column(
        "attributes",
        "record",
        "Further attributes of the feed.",
        repeated=True,
        fields=(_text("name", "The attribute."), _texts("values", "Its values.")),
    ),
    _texts("gtins", "GTINs (EAN, UPC, ISBN-13)."),
    _text("mpn", "The maker's part number."),
    _text("product_group_id", "The feed's group of variants."),
    _text("seller", "Who sells it, where that is not the catalog's owner."),
    Column(
        "variants",
        "record",
        "Its buyable forms.",
        repeated=True,
        fields=(
            _text("id", "The variant's id in the product."),
            _text("sku", "The seller's own number."),
            _text("product_url", "The page that shows it."),
            Column("price", "decimal", "What it costs now."),
            Column("original_price", "decimal", "What it cost before, if reduced."),
            _text("currency", "ISO 4217 currency of the prices."),
            _text("availability", "As the product's."),
            _texts("gtins", "GTINs."),
            _text("mpn", "The maker's part number."),
            Column(
                "options",
                "record",
                "What tells it from the others.",
                repeated=True,
                fields=(_text("name", "Such as Size."), _text("value", "Such as M.")),
            ),
            _text("image_url", "A picture of it."),
            _text("condition", "new, refurbished or used."),
            Column("availability_date", "time", "When a preorder or backorder can be had."),
            *_SALE,
            Column("expires_at", "time", "When it is offered no longer."),
            _texts("image_urls", "All its pictures, the main one first."),
        ),
    ),
    Column("updated_at", "time", "When the feed last changed it."),
    Column("catalog_version", "integer", "The version of the catalog this row is of."),
    Column("exported_at", "time", "When this table was loaded."),
    Column("availability_date", "time", "When a preorder or backorder can be had."),
    *_SALE,
    Column("expires_at", "time", "When it is offered no longer."),
    _text("mobile_url", "Its page for telephones."),
    _texts("highlights", "What the seller wants seen first."),
    Column(
        "specifications",
        "record",
        "Technical facts, by section.",
        repeated=True,
        fields=(
            _text("section", "The part of the sheet it stands in."),
            _text("name", "What is said."),
            _text("value", "What it is."),
        ),
    ),
    _text("energy_class", "Energy class, such as A."),
    Column("is_bundle", "boolean", "A set of different products."),
    Column("multipack", "integer", "How many equal ones are in it."),
    Column("adult", "boolean", "For grown-ups only."),
    _text("return_policy", "The seller's name for the returns policy that applies."),
    _texts("promotion_ids", "The seller's promotions it is in."),
    Column(
        OFFERS,
        "record",
        "What it costs and whether it is offered, by time: what the view shows is the one of now.",
        repeated=True,
        fields=(
            Column("begins_at", "time", "From when it holds."),
            Column("ends_at", "time", "Until before when; null: for ever."),
            Column("current_price", "decimal", "What it costs then."),
            Column("original_price", "decimal", "What it cost before, if reduced."),
            _text("availability", "Whether it can be had then."),
            Column("is_active", "boolean", "Whether it is offered then."),
        ),
    ),
)


def row(product: Product, catalog: str, version: int, exported_at: datetime) -> dict[str, Any]:
    """A product as a row: a JSON value with a member per column."""
    shown = full_view(product, catalog, exported_at)
    offer = offer_at(product, exported_at)
    return {
        "uuid": shown["uuid"],
        "catalog_key": catalog,
        "product_key": product.key,
        "product_url": product.url,
        "title": product.title,
        "description": shown["description"],
        "language": product.language,
        "brand": {"name": product.brand.name, "slug": product.brand.slug}
        if product.brand
        else None,
        "current_price": _amount(offer.price),
        "original_price": _amount(offer.original),
        "currency": shown["currency"],
        "availability": offer.availability,
        "is_active": offer.active,
        "condition": product.condition,
        "image_url": shown["imageUrl"],
        "images": [
            {"url": image.url, "width": image.width, "height": image.height}
            for image in product.images
        ],
        "rating": shown["rating"],
        **_described(product),
        "gtins": product.gtins,
        "mpn": product.mpn,
        "product_group_id": product.product_group_id,
        "seller": product.seller.name if product.seller else None,
        "variants": [_variant(variant, exported_at) for variant in product.variants],
        **_terms(product, offer),
        OFFERS: _offers(product, exported_at),
        "updated_at": _time(product.updated_at),
        "catalog_version": version,
        "exported_at": _time(exported_at),
    }


def _described(product: Product) -> dict[str, Any]:
    return {
        "product_type": product.product_type,
        "category_path": product.category_path,
        "tags": product.tags,
        "genders": product.genders,
        "age_groups": product.age_groups,
        "sizes": product.sizes,
        "colors": [color.label for color in product.colors],
        "color_families": product.color_families,
        "materials": product.materials,
        "attributes": _named(product.attributes.items(), "values"),
    }


def _terms(product: Product, offer: Offer) -> dict[str, Any]:
    return {
        "availability_date": _time(product.availability_date),
        **_sale(offer.of),
        "expires_at": _time(product.expires_at),
        "mobile_url": product.mobile_url,
        "highlights": product.highlights,
        "specifications": [
            {"section": one.section, "name": one.name, "value": one.value}
            for one in product.specifications
        ],
        "energy_class": product.energy_class,
        "is_bundle": product.is_bundle,
        "multipack": product.multipack,
        "adult": product.adult,
        "return_policy": product.return_policy,
        "promotion_ids": product.promotion_ids,
    }


def _offers(product: Product, since: datetime) -> list[dict[str, Any]]:
    """Its offers by time; none where it has one for ever."""
    found = stretches(product, since)
    if len(found) == 1:
        return []
    return [
        {
            "begins_at": _time(max(since, each.begins)),
            "ends_at": _time(each.until),
            "current_price": _amount(each.offer.price),
            "original_price": _amount(each.offer.original),
            "availability": each.offer.availability,
            "is_active": each.offer.active,
        }
        for each in found
    ]


def _sale(of: Offered) -> dict[str, Any]:
    return {
        "regular_price": _amount(of.price),
        "sale_price": _amount(of.sale_price),
        "sale_from": _time(of.sale_from),
        "sale_to": _time(of.sale_to),
    }


def _variant(variant: Variant, at: datetime) -> dict[str, Any]:
    offer = own_offer(variant, at)
    price = offer.price or offer.original
    return {
        "id": variant.id,
        "sku": variant.sku,
        "product_url": variant.url,
        "price": _amount(offer.price),
        "original_price": _amount(offer.original),
        "currency": price.currency if price else None,
        "availability": offer.availability,
        "gtins": variant.gtins,
        "mpn": variant.mpn,
        "options": _named(variant.options.items(), "value"),
        "image_url": variant.images[0].url if variant.images else None,
        "condition": variant.condition,
        "availability_date": _time(variant.availability_date),
        **_sale(variant),
        "expires_at": _time(variant.expires_at),
        "image_urls": [image.url for image in variant.images],
    }


def _named(items: Iterable[tuple[str, Any]], member: str) -> list[dict[str, Any]]:
    return [{"name": name, member: value} for name, value in items]


def _amount(price: Price | None) -> str | None:
    return price.amount if price else None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
