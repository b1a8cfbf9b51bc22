"""Google Merchant Center items, whichever file they came in.

Source: Google's product data specification (support.google.com/merchants/answer/7052112). The
product key is `item_group_id`, else `id`; items of a group are its variants. What the specification
says of the product but our record has no field for is kept under attributes; what only instructs
Google, or is the merchant's own business (cost, labels, shipping set-up), is left out with a
warning.
"""

from datetime import datetime
from typing import Final

from shared.catalog.feeds.grouping import Item, item_or_rejected
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_TITLE, Defaults, Rejected

Value = str | dict[str, str]
Given = dict[str, list[Value]]
"""An item's attributes by name (without `g:`), each with its values in order; a value with parts of
its own (such as product_detail) by their names."""

_PATH: Final = ">"
_AXES: Final = {
    "color": "Color",
    "size": "Size",
    "material": "Material",
    "pattern": "Pattern",
    "gender": "Gender",
    "age_group": "Age group",
}
_LENGTHS: Final = ("product_length", "product_width", "product_height")
_READ: Final = frozenset(
    {"id", "item_group_id", "title", "structured_title", "description", "structured_description"}
    | {"link", "canonical_link", "image_link", "additional_image_link", "lifestyle_image_link"}
    | {"video_link", "price", "sale_price", "sale_price_effective_date", "availability"}
    | {"availability_date", "brand", "gtin", "mpn", "condition", "google_product_category"}
    | {"product_type", "size_type", "product_detail", "expiration_date", "updated", *_AXES}
)
_OPERATIONAL: Final = frozenset(
    {"ads_grouping", "ads_labels", "ads_redirect", "auto_pricing_min_price", "cost_of_goods_sold"}
    | {"custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4"}
    | {"disclosure_date", "display_ads_id", "display_ads_link", "display_ads_similar_ids"}
    | {"display_ads_title", "display_ads_value", "excluded_destination", "included_destination"}
    | {"external_seller_id", "free_shipping_threshold", "handling_cutoff_time", "identifier_exists"}
    | {"link_template", "mobile_link", "mobile_link_template", "local_shipping_label"}
    | {"loyalty_program", "max_handling_time", "min_handling_time", "pause", "pickup_link_template"}
    | {"mobile_pickup_link_template", "pickup_method", "pickup_sla", "promotion_id", "quantity"}
    | {"sell_on_google_quantity", "shipping", "shipping_height", "shipping_label"}
    | {"shipping_length", "shipping_transit_business_days", "shipping_handling_business_days"}
    | {"shipping_weight", "shipping_width", "ships_from_country", "store_code", "tax"}
    | {"shopping_ads_excluded_country", "tax_category", "transit_time_label", "return_policy_label"}
    # of an RSS or Atom file rather than of the product
    | {"guid", "pubDate", "author", "comments", "source", "enclosure", "published", "rights"}
)


def merchant_item(line: int, given: Given, defaults: Defaults) -> Item | Rejected:
    """One item, read and checked."""
    reading = Reading(defaults)
    own = reading.identifier("id", _first(given, "id"))
    group = _first(given, "item_group_id")
    key = reading.identifier("item_group_id", group) if group else own
    url = reading.product_url("link", _first(given, "link"), required=True)
    fields = {
        **_words(given, reading),
        **_media(given, reading),
        **_offer(given, reading),
        **_facets(given, reading),
        "url": url,
    }
    for name in sorted(given.keys() & _OPERATIONAL):
        reading.warn(name, "left out. It is not a fact of the product.")
    if not group:
        return item_or_rejected(line, key, fields, None, reading)
    variant = {
        "id": own,
        "sku": own,
        "url": url,
        "options": {
            axis: value
            for name, axis in _AXES.items()
            if (value := reading.text(name, _first(given, name)))
        },
        **{name: fields.get(name) for name in ("price", "original_price", "mpn")},
        **{name: fields.get(name) or [] for name in ("gtins", "images")},
        "availability": fields["availability"] or "unknown",
    }
    page = reading.product_url("canonical_link", _first(given, "canonical_link"), required=False)
    product = {**fields, "url": page or url, "product_group_id": key}
    return item_or_rejected(line, key, product, variant, reading)


def _words(given: Given, reading: Reading) -> Json:
    title = _first(given, "title") or _part(given, "structured_title", "content")
    about = _first(given, "description") or _part(given, "structured_description", "content")
    return {
        "title": reading.text("title", title, MAX_TITLE),
        **reading.description(about),
        "language": reading.defaults.language,
        **reading.brand(_first(given, "brand")),
        "gtins": reading.gtins("gtin", _texts(given, "gtin")),
        "mpn": reading.text("mpn", _first(given, "mpn")),
        "attributes": reading.attributes(_attributes(given, reading)),
        "updated_at": reading.time("updated", _first(given, "updated")),
    }


def _media(given: Given, reading: Reading) -> Json:
    pictures = ("image_link", "additional_image_link", "lifestyle_image_link")
    images = [{"url": url} for name in pictures for url in _texts(given, name)]
    films = [reading.link("video_link", url) for url in _texts(given, "video_link")]
    return {
        "images": reading.images("image_link", images),
        "videos": [{"url": url} for url in films if url],
    }


def _offer(given: Given, reading: Reading) -> Json:
    regular = reading.price("price", _first(given, "price"), None)
    sale = reading.price("sale_price", _first(given, "sale_price"), None)
    on_sale = sale and _in_period(reading, _first(given, "sale_price_effective_date"))
    expired = _expired(reading, _first(given, "expiration_date"))
    availability = reading.availability("availability", _first(given, "availability"))
    return {
        **(reading.prices(sale, regular, "price") if on_sale else {"price": regular}),
        "availability": "discontinued" if expired else availability,
        "availability_at": reading.time("availability_date", _first(given, "availability_date")),
        "is_active": not expired,
        "condition": reading.condition("condition", _first(given, "condition")),
    }


def _expired(reading: Reading, date: str | None) -> bool:
    expires, now = reading.time("expiration_date", date), reading.defaults.now
    if expires and now is None:
        reading.warn("expiration_date", "not looked at, the time now not being given.")
    return bool(expires and now and datetime.fromisoformat(expires) <= now)


def _in_period(reading: Reading, period: str | None) -> bool:
    """Whether a sale price counts now: `start/end` in ISO 8601, or no period at all."""
    if not period or not period.strip():
        return True
    field, now = "sale_price_effective_date", reading.defaults.now
    if now is None:
        reading.warn("sale_price", "left out, for it has a period and the time now is not given.")
        return False
    start, slash, end = period.partition("/")
    times = [reading.time(field, part) for part in (start, end)]
    if not slash or None in times:
        reading.warn(
            "sale_price", "left out, for its period is not two times with a slash between."
        )
        return False
    first, last = (datetime.fromisoformat(time) for time in times if time)
    return first <= now < last


def _facets(given: Given, reading: Reading) -> Json:
    types = [
        reading.path("product_type", path.split(_PATH)) for path in _texts(given, "product_type")
    ]
    named = _first(given, "google_product_category") or ""
    taxonomy = reading.path("google_product_category", named.split(_PATH))
    if len(taxonomy) == 1 and taxonomy[0].isdigit():
        taxonomy = []
    types = [path for path in types if path]
    color = reading.text("color", _first(given, "color"))
    material = _first(given, "material") or ""
    lengths = [reading.text(name, _first(given, name)) for name in _LENGTHS]
    return {
        "product_type": types[0][-1] if types else None,
        "category_path": taxonomy or (types[0] if types else []),
        "categories": [{"name": " > ".join(path)} for path in types],
        "genders": reading.genders("gender", _texts(given, "gender")),
        "age_groups": reading.age_groups("age_group", _texts(given, "age_group")),
        "sizes": reading.texts("size", _texts(given, "size")),
        "colors": [{"label": color}] if color else [],
        "materials": reading.texts("material", material.split("/")),
        "patterns": reading.texts("pattern", _texts(given, "pattern")),
        "fit": reading.texts("size_type", _texts(given, "size_type")),
        "dimensions": " x ".join(part for part in lengths if part) or None,
    }


def _attributes(given: Given, reading: Reading) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for name, values in given.items():
        if name not in _READ and name not in _OPERATIONAL:
            kept.setdefault(name, []).extend(_flat(value) for value in values)
    category = _first(given, "google_product_category") or ""
    if category.strip().isdigit():
        kept["google_product_category"] = [category]
    if "item_group_id" not in given and (page := _first(given, "canonical_link")):
        kept["canonical_link"] = [page]
    for detail in given.get("product_detail", ()):
        parts = detail if isinstance(detail, dict) else {}
        if called := parts.get("attribute_name"):
            kept.setdefault(called, []).append(parts.get("attribute_value", ""))
        else:
            reading.warn("product_detail", "one left out. It needs section, name and value.")
    return kept


def _flat(value: Value) -> str:
    if isinstance(value, str):
        return value
    return "; ".join(f"{name}: {part}" for name, part in value.items())


def _texts(given: Given, name: str) -> list[str]:
    return [value for value in given.get(name, ()) if isinstance(value, str)]


def _first(given: Given, name: str) -> str | None:
    return next(iter(_texts(given, name)), None)


def _part(given: Given, name: str, part: str) -> str | None:
    return next((value.get(part) for value in given.get(name, ()) if isinstance(value, dict)), None)
