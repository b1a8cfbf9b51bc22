"""From the stored product to what partners see: a list item, or the full view.

The shapes themselves are in `shared.catalog.products.shapes`. Both are JSON values in the shapes'
field order, without `catalogDisplayName` and `displayMatchScore`, which belong to an answer and not
to a product.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from shared.catalog.products.options import color_option, size_option
from shared.catalog.products.product import (
    Availability,
    Color,
    Image,
    NamedLink,
    Price,
    Product,
    Rating,
    Stored,
    Variant,
    product_uuid,
)
from shared.catalog.products.text import html_text

_GENDERS: Final = ("male", "female", "unisex")


def list_item(product: Product, catalog_key: str) -> dict[str, Any]:
    """The list item of a product of this catalog."""
    price, original = product.price, product.original_price
    currency = price or original
    return {
        "uuid": str(product_uuid(catalog_key, product.key)),
        "catalogKey": catalog_key,
        "productUrl": product.url,
        "title": product.title,
        "brand": _wire(product.brand, ("name", "slug", "url", "description")),
        "currentPrice": _number(price),
        "originalPrice": _number(original),
        "currency": currency.currency if currency else None,
        "imageUrl": product.images[0].url if product.images else None,
        "images": [_image(image) for image in product.images],
        "rating": _rating(product.rating),
        "inStock": _in_stock(product.availability),
        "isActive": product.is_active,
        "sizes": list(product.sizes),
        "colors": [color.label for color in product.colors],
        "gender": _gender(product),
        "categoryPath": list(product.category_path),
        "updatedAt": _time(product.updated_at),
    }


def full_view(product: Product, catalog_key: str) -> dict[str, Any]:
    """The full view of a product of this catalog."""
    colors = {color.label.casefold(): _color(color) for color in product.colors}
    return {
        **list_item(product, catalog_key),
        "colors": list(colors.values()),
        "description": _description(product),
        "categories": _links(product.categories),
        "tags": list(product.tags),
        "variants": [_variant(variant, colors) for variant in product.variants],
        "details": {
            "materials": list(product.materials),
            "fit": list(product.fit),
            "dimensions": product.dimensions,
            "patterns": list(product.patterns),
        },
        "audience": {"genders": list(product.genders), "ageGroups": list(product.age_groups)},
        "identifiers": {
            "productId": product.key,
            "gtin": _gtin(product),
            "productGroupId": product.product_group_id,
        },
        "breadcrumbs": _links(product.breadcrumbs),
        "promotions": [_wire(one, ("description", "code")) for one in product.promotions],
        "reviews": [
            {
                "author": review.author,
                "rating": review.rating,
                "body": review.body,
                "publishedAt": _time(review.published_at),
            }
            for review in product.reviews
        ],
        "videos": [
            {"url": video.url, "thumbnailUrl": video.thumbnail_url, "name": video.name}
            for video in product.videos
        ],
        "enrichment": _enrichment(product),
    }


def _gtin(product: Product) -> str | None:
    """The product's own, or that of its only variant."""
    gtins = product.gtins or (product.variants[0].gtins if len(product.variants) == 1 else ())
    return gtins[0] if gtins else None


def _wire(part: Stored | None, names: tuple[str, ...]) -> dict[str, Any] | None:
    return None if part is None else {name: getattr(part, name) for name in names}


def _number(price: Price | None) -> float | None:
    return None if price is None else float(price.amount)


def _image(image: Image) -> dict[str, Any]:
    return {
        "url": image.url,
        "width": image.width,
        "height": image.height,
        "mimeType": image.mime_type,
    }


def _rating(rating: Rating | None) -> dict[str, Any] | None:
    if rating is None:
        return None
    return {"average": round(rating.average * 5 / rating.scale, 2), "count": rating.count}


def _in_stock(availability: Availability) -> bool | None:
    if availability is Availability.UNKNOWN:
        return None
    return availability is Availability.IN_STOCK


def _gender(product: Product) -> str | None:
    known = [gender for gender in product.genders if gender in _GENDERS]
    return known[0] if len(known) == 1 else None


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _description(product: Product) -> str | None:
    text = product.description
    return html_text(text) if text and product.description_format == "html" else text


def _links(links: Iterable[NamedLink]) -> list[dict[str, Any]]:
    return [{"name": link.name, "url": link.url} for link in links]


def _color(color: Color) -> dict[str, Any]:
    return {"label": color.label, "hexCode": color.hex_code, "swatchUrl": color.swatch_url}


def _variant(variant: Variant, colors: dict[str, dict[str, Any]]) -> dict[str, Any]:
    label = color_option(variant.options)
    return {
        "sku": variant.sku,
        "productUrl": variant.url,
        "color": colors.get(label.casefold(), _color(Color(label=label))) if label else None,
        "size": size_option(variant.options),
        "inStock": _in_stock(variant.availability),
        "imageUrl": variant.images[0].url if variant.images else None,
    }


def _enrichment(product: Product) -> dict[str, Any] | None:
    if not (product.product_type or product.color_families or product.attributes):
        return None
    return {
        "type": product.product_type,
        "gender": _gender(product),
        "age_groups": list(product.age_groups),
        "color_family": list(product.color_families),
        "attributes": {name: list(values) for name, values in product.attributes.items()},
    }
