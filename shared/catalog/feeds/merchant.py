"""Google Merchant Center items, whichever file they came in.

Source: Google's product data specification (support.google.com/merchants/answer/7052112); what
becomes of each attribute stands in `attributes`. The product key is `item_group_id`, else `id`;
items of a group are its variants, but for one whose id is the group's and that has no options: that
is the parent.
"""

from typing import Final

from shared.catalog.feeds import offering
from shared.catalog.feeds.addresses import without_template
from shared.catalog.feeds.attributes import LEFT_OUT, READ
from shared.catalog.feeds.given import Given, content, first, texts
from shared.catalog.feeds.grouping import Item, item_or_rejected
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_TITLE, MAX_VALUES, Defaults, Rejected
from shared.catalog.feeds.terms import terms

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
_HIDDEN: Final = {"status": ("archived", "draft"), "visibility": ("hidden", "staging")}
"""Meta's columns that say a product is not offered."""
_ELSEWHERE: Final = READ.union(LEFT_OUT, _HIDDEN)
"""Columns that are no further attributes."""
OF_VARIANT: Final = (
    *("price", "original_price", "sale_price", "sale_from", "sale_to", "expires_at", "mpn"),
    *("availability_date", "condition", "mobile_url"),
)
"""Single facts that a variant has of its own."""


def merchant_item(line: int, given: Given, defaults: Defaults) -> Item | Rejected:
    """One item, read and checked."""
    reading = Reading(defaults)
    own = reading.identifier("id", first(given, "id"))
    group = first(given, "item_group_id")
    key = reading.identifier("item_group_id", group) if group else own
    url = reading.product_url("link", first(given, "link"), required=True)
    page = reading.page("canonical_link", first(given, "canonical_link"))
    fields = {
        **_words(given, reading),
        **_media(given, reading),
        **_offer(given, reading),
        **_facets(given, reading),
        **terms(given, reading),
        "url": url,
        "mobile_url": reading.page("mobile_link", first(given, "mobile_link")),
        "addresses": _addresses(given, reading),
    }
    for name in given:
        if name in LEFT_OUT:
            reading.leave_out(name)
    options = {
        axis: value
        for name, axis in _AXES.items()
        if name in given and (value := reading.fact(name, first(given, name)))
    }
    if not group:
        fields["addresses"] = [*([page] if page else []), *fields["addresses"]]
        return item_or_rejected(line, key, fields, None, reading)
    product = {**fields, "url": page or url, "product_group_id": key}
    if own == key and not options:
        return item_or_rejected(line, key, product, None, reading)
    variant = {
        "id": own,
        "sku": own,
        "url": url,
        "options": options,
        **{name: fields.get(name) for name in OF_VARIANT},
        **{name: fields.get(name) or [] for name in ("gtins", "images", "addresses")},
        "availability": fields["availability"] or "unknown",
    }
    return item_or_rejected(line, key, product, variant, reading)


def _words(given: Given, reading: Reading) -> Json:
    title = first(given, "title") or content(given, "structured_title")
    about = first(given, "description") or content(given, "structured_description")
    return {
        "title": reading.text("title", title, MAX_TITLE),
        **reading.description(about),
        "language": reading.defaults.language,
        **reading.brand(first(given, "brand")),
        "gtins": reading.gtins("gtin", texts(given, "gtin")),
        "mpn": reading.fact("mpn", first(given, "mpn")),
        "attributes": reading.attributes(_attributes(given, reading)),
        "updated_at": reading.time("updated", first(given, "updated")),
    }


def _media(given: Given, reading: Reading) -> Json:
    pictures = ("image_link", "additional_image_link", "lifestyle_image_link")
    images = [image for name in pictures for image in reading.images(name, _urls(given, name))]
    films = [reading.link("video_link", url) for url in texts(given, "video_link")]
    return {
        "images": list({image["url"]: image for image in images}.values()),
        "videos": [{"url": url} for url in films if url],
    }


def _urls(given: Given, name: str) -> list[Json]:
    return [{"url": url} for url in texts(given, name)]


def _addresses(given: Given, reading: Reading) -> list[str]:
    """Further addresses of the page, which a lookup finds it by."""
    found = [reading.page(name, first(given, name)) for name in ("amp_link", "amphtml")]
    for name in ("link_template", "mobile_link_template"):
        template = first(given, name)
        plain = without_template(template) if template else None
        if template and plain is None:
            reading.warn(name, "left out. Its address holds more than parameters.", template)
        found.append(reading.page(name, plain))
    return [address for address in dict.fromkeys(found) if address]


def _offer(given: Given, reading: Reading) -> Json:
    regular = offering.price(reading, "price", first(given, "price"))
    reduced = offering.price(reading, "sale_price", first(given, "sale_price"))
    field = "sale_price_effective_date"
    times = offering.period(reading, field, first(given, field)) if reduced else None
    hidden = any(
        (first(given, name) or "").strip().casefold() in words for name, words in _HIDDEN.items()
    )
    date = first(given, "availability_date")
    return {
        **offering.sale(reading, {"price": regular}, reduced, times),
        "expires_at": reading.time("expiration_date", first(given, "expiration_date"), ends=True),
        "availability": offering.availability(
            reading, "availability", first(given, "availability")
        ),
        "availability_date": reading.time("availability_date", date),
        "condition": offering.condition(reading, "condition", first(given, "condition")),
        "is_active": not hidden,
    }


def _facets(given: Given, reading: Reading) -> Json:
    types = [
        reading.path("product_type", path.split(_PATH)) for path in texts(given, "product_type")
    ]
    named = first(given, "google_product_category") or ""
    taxonomy = reading.path("google_product_category", named.split(_PATH))
    if len(taxonomy) == 1 and taxonomy[0].isdigit():
        taxonomy = []
    types = [path for path in types if path]
    material = first(given, "material") or ""
    lengths = [reading.text(name, first(given, name)) for name in _LENGTHS]
    return {
        "product_type": types[0][-1] if types else None,
        "category_path": taxonomy or (types[0] if types else []),
        "categories": [{"name": " > ".join(path)} for path in types],
        "genders": offering.genders(reading, "gender", texts(given, "gender")),
        "age_groups": offering.age_groups(reading, "age_group", texts(given, "age_group")),
        "sizes": reading.texts("size", texts(given, "size")),
        "colors": offering.colors(reading, "color", texts(given, "color")[:1]),
        "materials": reading.texts("material", material.split("/")),
        "patterns": reading.texts("pattern", texts(given, "pattern")),
        "fit": reading.texts("size_type", texts(given, "size_type")),
        "dimensions": " x ".join(part for part in lengths if part) or None,
    }


def _attributes(given: Given, reading: Reading) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for name in given:
        if name not in _ELSEWHERE:
            kept.setdefault(name, []).extend(texts(given, name)[:MAX_VALUES])
    if "size_system" in kept:
        kept["size_system"] = offering.size_system(reading, "size_system", kept["size_system"])
    category = first(given, "google_product_category") or ""
    if category.strip().isdigit():
        kept["google_product_category"] = [category]
    return kept
