"""From the stored product to what partners see: a list item, or the full view.

The shapes themselves are in `shared.catalog.products.shapes`. Both are JSON values without
`catalogDisplayName` and `displayMatchScore`, which belong to an answer and not to a product. What
an offer is depends on the moment it is asked for, `at`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from shared.catalog.products.offers import Offer, offer_at, own_offer
from shared.catalog.products.options import color_option, size_option
from shared.catalog.products.product import (
    Availability,
    Color,
    Image,
    NamedLink,
    Product,
    Rating,
    Stored,
    Variant,
    product_uuid,
)
from shared.catalog.products.terms_view import number, sale_view, terms_view, time_text
from shared.catalog.products.text import html_text

_GENDERS: Final = ("male", "female", "unisex")


def list_item(
    product: Product, catalog_key: str, at: datetime, offer: Offer | None = None
) -> dict[str, Any]:
    """The list item of a product of this catalog, as its offer is at a moment.

    Members of `_further` that say nothing are left out: a list has many items. `offer` is that of
    then, where it is known already.
    """
    offer = offer or offer_at(product, at)
    further = _further(product)
    currency = offer.price or offer.original
    return {
        "uuid": str(product_uuid(catalog_key, product.key)),
        "catalogKey": catalog_key,
        "productUrl": product.url,
        "title": product.title,
        "brand": _wire(product.brand, ("name", "slug", "url", "description")),
        "currentPrice": number(offer.price),
        "originalPrice": number(offer.original),
        "currency": currency.currency if currency else None,
        "imageUrl": product.images[0].url if product.images else None,
        "images": [_image(image) for image in product.images],
        "rating": _rating(product.rating),
        "inStock": _in_stock(offer.availability),
        "isActive": offer.active,
        "sizes": list(product.sizes),
        "colors": [color.label for color in product.colors],
        "gender": _gender(product),
        "categoryPath": list(product.category_path),
        "updatedAt": time_text(product.updated_at),
        "availability": offer.availability,
        **{name: further[name] for name in further if further[name] is not None},
    }


def full_view(
    product: Product,
    catalog_key: str,
    at: datetime,
    offer: Offer | None = None,
    item: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The full view of a product of this catalog, as its offer is at a moment.

    `offer` and `item`, its list item, are those of then, where they are known already.
    """
    offer = offer or offer_at(product, at)
    colors = colors_of(product)
    return {
        **(item or list_item(product, catalog_key, at, offer)),
        **_further(product),
        "colors": list(colors.values()),
        "description": plain_description(product),
        "categories": _links(product.categories),
        "tags": list(product.tags),
        "variants": [variant_view(variant, colors, at) for variant in product.variants],
        "details": _details(product),
        "audience": {
            "genders": list(product.genders),
            "ageGroups": list(product.age_groups),
            "adult": product.adult,
        },
        "identifiers": _identifiers(product),
        "breadcrumbs": _links(product.breadcrumbs),
        "promotions": [_wire(one, ("description", "code")) for one in product.promotions],
        "reviews": [
            {
                "author": review.author,
                "rating": review.rating,
                "body": review.body,
                "publishedAt": time_text(review.published_at),
            }
            for review in product.reviews
        ],
        "videos": [
            {"url": video.url, "thumbnailUrl": video.thumbnail_url, "name": video.name}
            for video in product.videos
        ],
        "offer": terms_view(product, offer, at),
        "mobileUrl": product.mobile_url,
        "enrichment": _enrichment(product),
    }


def colors_of(product: Product) -> dict[str, dict[str, Any]]:
    """The product's colours as partners see them, by label in lower case."""
    return {color.label.casefold(): _color(color) for color in product.colors}


def _further(product: Product) -> dict[str, Any]:
    return {
        "availabilityDate": time_text(product.availability_date),
        "condition": product.condition,
    }


def _details(product: Product) -> dict[str, Any]:
    return {
        "materials": list(product.materials),
        "fit": list(product.fit),
        "dimensions": product.dimensions,
        "patterns": list(product.patterns),
        "highlights": list(product.highlights),
        "specifications": [
            _wire(one, ("section", "name", "value")) for one in product.specifications
        ],
        "certifications": [
            _wire(one, ("name", "authority", "code")) for one in product.certifications
        ],
        "energyClass": product.energy_class,
        "energyScale": product.energy_scale,
        "isBundle": product.is_bundle,
        "multipack": product.multipack,
    }


def _identifiers(product: Product) -> dict[str, Any]:
    return {
        "productId": product.key,
        "gtin": _gtin(product),
        "mpn": product.mpn,
        "productGroupId": product.product_group_id,
    }


def _gtin(product: Product) -> str | None:
    """The product's own, or that of its only variant."""
    gtins = product.gtins or (product.variants[0].gtins if len(product.variants) == 1 else ())
    return gtins[0] if gtins else None


def _wire(part: Stored | None, names: tuple[str, ...]) -> dict[str, Any] | None:
    return None if part is None else {name: getattr(part, name) for name in names}


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


def plain_description(product: Product) -> str | None:
    """The description as text."""
    text = product.description
    return html_text(text) if text and product.description_format == "html" else text


def _links(links: Iterable[NamedLink]) -> list[dict[str, Any]]:
    return [{"name": link.name, "url": link.url} for link in links]


def _color(color: Color) -> dict[str, Any]:
    return {"label": color.label, "hexCode": color.hex_code, "swatchUrl": color.swatch_url}


def variant_view(
    variant: Variant, colors: dict[str, dict[str, Any]], at: datetime
) -> dict[str, Any]:
    """A variant as it is at a moment; `colors`: `colors_of` its product."""
    label = color_option(variant.options)
    offer = own_offer(variant, at)
    currency = offer.price or offer.original
    return {
        "sku": variant.sku,
        "productUrl": variant.url,
        "color": (colors.get(label.casefold()) or _color(Color(label=label))) if label else None,
        "size": size_option(variant.options),
        "inStock": _in_stock(offer.availability),
        "imageUrl": variant.images[0].url if variant.images else None,
        "id": variant.id,
        "options": variant.options,
        "currentPrice": number(offer.price),
        "originalPrice": number(offer.original),
        "currency": currency.currency if currency else None,
        "sale": sale_view(variant, at),
        "expiresAt": time_text(variant.expires_at),
        "availability": offer.availability,
        "availabilityDate": time_text(variant.availability_date),
        "condition": variant.condition,
        "gtin": variant.gtins[0] if variant.gtins else None,
        "mpn": variant.mpn,
        "imageUrls": [image.url for image in variant.images],
        "mobileUrl": variant.mobile_url,
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
