"""A product as a row of the exported table (`schema`): a JSON value with a member per column."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.catalog.products.offers import (
    Offer,
    Stretch,
    offer_at,
    own_offer,
    stretches,
    variant_offers,
)
from shared.catalog.products.product import Offered, Price, Product, Stored, Variant
from shared.catalog.products.views import full_view
from shared.ports.warehouse import OFFERS, VARIANTS

Json = dict[str, Any]


def row(product: Product, catalog: str, version: int, exported_at: datetime) -> Json:
    """A product as a row: a JSON value with a member per column."""
    offer = offer_at(product, exported_at)
    shown = full_view(product, catalog, exported_at, offer)
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
        VARIANTS: [_variant(variant, exported_at) for variant in product.variants],
        **_terms(product, offer),
        OFFERS: _offers_of(product, exported_at),
        "updated_at": _time(product.updated_at),
        "catalog_version": version,
        "exported_at": _time(exported_at),
    }


def _described(product: Product) -> Json:
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
        "fit": product.fit,
        "patterns": product.patterns,
        "dimensions": product.dimensions,
        "attributes": _named(product.attributes.items(), "values"),
    }


def _terms(product: Product, offer: Offer) -> Json:
    return {
        "availability_date": _time(product.availability_date),
        **_sale(offer.of),
        "expires_at": _time(product.expires_at),
        "mobile_url": product.mobile_url,
        "highlights": product.highlights,
        "specifications": _members(product.specifications, "section", "name", "value"),
        "certifications": _members(product.certifications, "name", "authority", "code"),
        "energy_class": product.energy_class,
        "energy_scale": product.energy_scale,
        "is_bundle": product.is_bundle,
        "multipack": product.multipack,
        "adult": product.adult,
        "return_policy": product.return_policy,
        "promotion_ids": product.promotion_ids,
        "promotions": _members(product.promotions, "description", "code"),
        "video_urls": [video.url for video in product.videos],
        **_paid(product),
    }


def _paid(product: Product) -> Json:
    """What is paid beside the price, in parts, or for bringing it."""
    parts, again, unit = product.installment, product.subscription, product.unit_pricing
    handling = {"least": product.handling_least_days, "most": product.handling_most_days}
    return {
        "unit_price": unit and {"measure": unit.measure, "base": unit.base},
        "installment": parts
        and {
            "months": parts.months,
            **_money("amount", parts.amount),
            "downpayment": _amount(parts.downpayment),
            "credit_type": parts.credit_type,
        },
        "subscription": again
        and {"period": again.period, "length": again.length, **_money("amount", again.amount)},
        "shipping": [
            {
                **_money("price", one.price),
                "country": one.country,
                "region": one.region,
                "service": one.service,
                "least_days": one.least_days,
                "most_days": one.most_days,
            }
            for one in product.shipping
        ],
        "free_shipping": [
            {**_money("threshold", one.threshold), "country": one.country}
            for one in product.free_shipping
        ],
        "handling_days": None if handling == {"least": None, "most": None} else handling,
    }


def _offers_of(product: Product, since: datetime) -> list[Json]:
    """The product's offers by time; none where it has one for ever."""
    return _by_time(stretches(product, since), since)


def _offers_of_variant(variant: Variant, since: datetime) -> list[Json]:
    """The variant's own offers by time; none where it has one for ever."""
    found = [
        Stretch(begins, until, own_offer(variant, begins))
        for begins, until in variant_offers(variant)
        if until is None or until > since
    ]
    return _by_time(found, since)


def _by_time(found: Sequence[Stretch], since: datetime) -> list[Json]:
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


def _sale(of: Offered) -> Json:
    return {
        "regular_price": _amount(of.price),
        "sale_price": _amount(of.sale_price),
        "sale_from": _time(of.sale_from),
        "sale_to": _time(of.sale_to),
    }


def _variant(variant: Variant, at: datetime) -> Json:
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
        "mobile_url": variant.mobile_url,
        OFFERS: _offers_of_variant(variant, at),
    }


def _named(items: Iterable[tuple[str, Any]], member: str) -> list[Json]:
    return [{"name": name, member: value} for name, value in items]


def _members(parts: Iterable[Stored], *names: str) -> list[Json]:
    return [{name: getattr(part, name) for name in names} for part in parts]


def _money(name: str, price: Price | None) -> Json:
    return {name: _amount(price), "currency": price.currency if price else None}


def _amount(price: Price | None) -> str | None:
    return price.amount if price else None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
