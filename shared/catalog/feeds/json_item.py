"""One row of our own feed, and the product or variant that it is.

`JsonRow` is the format. `parent_id`, else `id`, is the product key; `kind: configurable` says that
a row only holds its variants together, as does a `parent_id` that is the row's own id without
options. A row with a `sku` or `options` and no variants is its own only variant. Fields that are
null count as left out.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from shared.catalog.feeds import offering
from shared.catalog.feeds.faults import reasons_of
from shared.catalog.feeds.grouping import Item, item_or_rejected
from shared.catalog.feeds.json_row import BrandRow, JsonRow, Value
from shared.catalog.feeds.json_terms import json_terms
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_TITLE, MAX_VALUES, Defaults, Rejected
from shared.catalog.products.text import clean, clean_block

_PATH: Final = " > "
_OF_VARIANT: Final = (
    *("price", "original_price", "sale_price", "sale_from", "sale_to", "expires_at", "mpn"),
    *("availability_date", "condition", "mobile_url"),
)


def json_text(value: Value) -> str:
    """The canonical text of a JSON value: 17.0 is `17`, true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def read_row(line: int, row: Mapping[str, Any], defaults: Defaults) -> Item | Rejected:
    """One row of the feed as an object: what `JsonRow` says, with exact numbers.

    `line`: where it stands, for reports.
    """
    given = {name: value for name, value in row.items() if value is not None}
    try:
        read = JsonRow.model_validate(given)
    except ValidationError as error:
        key = given.get("id", given.get("parent_id"))
        known = clean(str(key)) if isinstance(key, str | int) else None
        return Rejected(line, known, reasons_of(error, given))
    return _item(line, read, Reading(defaults))


def _item(line: int, row: JsonRow, reading: Reading) -> Item | Rejected:
    own = reading.identifier("id", row.id)
    key = own if row.parent_id is None else reading.identifier("parent_id", row.parent_id)
    options = _options(row, reading)
    is_variant = row.parent_id is not None and (own != key or bool(options))
    if is_variant and row.kind == "configurable":
        reading.refuse("kind", "a configurable product cannot itself have a parent_id.")
    holder = is_variant or row.kind == "configurable"
    url = reading.product_url("url", row.url, required=not holder)
    fields = {
        **_words(row, reading),
        **_media(row, reading),
        **_offer(row, reading),
        **_facets(row, reading),
        **json_terms(row, reading),
        "url": url,
        "mobile_url": reading.page("mobile_url", row.mobile_url),
        "addresses": _addresses(row, reading),
    }
    variant: Json = {
        "id": own,
        "sku": reading.text("sku", row.sku) or own,
        "url": url,
        "options": options,
        **{name: fields.get(name) for name in _OF_VARIANT},
        **{name: fields.get(name) or [] for name in ("gtins", "images", "addresses")},
        "availability": fields["availability"] or "unknown",
    }
    if is_variant:
        return item_or_rejected(line, key, {**fields, "product_group_id": key}, variant, reading)
    if row.sku or row.options:
        fields |= {"variants": [variant], "option_axes": [*options]}
    return item_or_rejected(line, key, fields, None, reading)


def _addresses(row: JsonRow, reading: Reading) -> list[str]:
    found = [
        reading.page("canonical_url", row.canonical_url),
        *(reading.page("addresses", address) for address in row.addresses[:MAX_VALUES]),
    ]
    return [address for address in dict.fromkeys(found) if address]


def _words(row: JsonRow, reading: Reading) -> Json:
    brand = BrandRow(name=row.brand) if isinstance(row.brand, str) else row.brand
    return {
        "title": reading.text("title", row.title, MAX_TITLE),
        **reading.description(row.description, declared=row.description_format),
        "language": reading.text("language", row.language) or reading.defaults.language,
        **(reading.brand(brand.name, brand.url, brand.description) if brand else {}),
        "mpn": reading.fact("mpn", row.mpn),
        "gtins": reading.gtins("gtin", _listed(row.gtin)),
        "attributes": reading.attributes(
            {name: _values(value) for name, value in row.attributes.items()}
        ),
        "tags": reading.texts("tags", row.tags),
        **_categories(row, reading),
        "reviews": [
            {
                "body": clean_block(review.body),
                "author": reading.text("reviews.author", review.author),
                "rating": review.rating,
                "published_at": review.published_at.isoformat() if review.published_at else None,
            }
            for review in row.reviews[:MAX_VALUES]
        ],
        "seller": row.seller
        and {
            "name": reading.text("seller.name", row.seller.name),
            "domain": reading.text("seller.domain", row.seller.domain),
        },
    }


def _media(row: JsonRow, reading: Reading) -> Json:
    images = [
        {"url": image} if isinstance(image, str) else image.model_dump() for image in row.images
    ]
    return {
        "images": reading.images("images", images),
        "videos": [
            {
                "url": link,
                "thumbnail_url": reading.link("videos.thumbnail_url", video.thumbnail_url),
                "name": reading.text("videos.name", video.name),
            }
            for video in row.videos[:MAX_VALUES]
            if (link := reading.link("videos", video.url))
        ],
    }


def _offer(row: JsonRow, reading: Reading) -> Json:
    price = offering.price(reading, "price", row.price, row.currency)
    before = offering.price(reading, "list_price", row.list_price, row.currency)
    reduced = offering.price(reading, "sale_price", row.sale_price, row.currency)
    times = offering.between(reading, "sale_from/sale_to", row.sale_from, row.sale_to)
    regular = offering.prices(reading, price, before, "list_price")
    return {
        **offering.sale(reading, regular, reduced, times),
        "expires_at": reading.time("expires", row.expires, ends=True),
        "availability_date": reading.time("availability_date", row.availability_date),
        "price_at": reading.time("price_at", row.price_at),
        "availability": offering.availability(reading, "availability", row.availability),
        "availability_at": reading.time("availability_at", row.availability_at),
        "is_active": row.active,
        "condition": offering.condition(reading, "condition", row.condition),
        "rating": row.rating and row.rating.model_dump(),
        "promotions": [
            {
                "description": reading.text("promotions.description", promotion.description),
                "code": reading.text("promotions.code", promotion.code),
            }
            for promotion in row.promotions[:MAX_VALUES]
        ],
        "popularity": None if row.popularity is None else float(row.popularity),
        "released_at": reading.time("released", row.released),
        "updated_at": reading.time("updated", row.updated),
    }


def _facets(row: JsonRow, reading: Reading) -> Json:
    labels = [*([row.color] if row.color else []), *row.colors]
    return {
        "product_type": reading.text("product_type", row.product_type),
        "genders": offering.genders(reading, "gender", _listed(row.gender)),
        "age_groups": offering.age_groups(reading, "age_groups", row.age_groups),
        "sizes": reading.texts("sizes", row.sizes),
        "colors": offering.colors(reading, "colors", labels),
        "color_families": reading.texts("color_families", row.color_families),
        "materials": reading.texts("materials", row.materials),
        "fit": reading.texts("fit", row.fit),
        "patterns": reading.texts("patterns", row.patterns),
        "dimensions": reading.text("dimensions", row.dimensions),
    }


def _options(row: JsonRow, reading: Reading) -> dict[str, str]:
    """The variant's options: as given, else its colour and its size where it has one of each."""
    given = row.options or {
        **({"Color": row.color} if row.color else {}),
        **({"Size": row.sizes[0]} if len(row.sizes) == 1 else {}),
    }
    options = {
        reading.text("options", axis): reading.fact("options", value)
        for axis, value in given.items()
    }
    return {axis: value for axis, value in options.items() if axis and value}


def _categories(row: JsonRow, reading: Reading) -> Json:
    flat = [entry for entry in row.categories if isinstance(entry, str)]
    mark = _PATH if any(_PATH in entry for entry in flat) else "/"
    if len(flat) == len(row.categories) and not any(
        _PATH in entry or entry.count("/") > 1 for entry in flat
    ):
        names = reading.path("categories", flat)
        paths = [[name] for name in names]
    else:
        paths = [
            reading.path("categories", entry.split(mark) if isinstance(entry, str) else entry)
            for entry in row.categories[:MAX_VALUES]
        ]
        names = paths[0]
    return {
        "category_path": names,
        "categories": [{"name": _PATH.join(path)} for path in paths if path],
        "breadcrumbs": [
            {"name": name, "url": reading.link("breadcrumbs", crumb.url)}
            for crumb in row.breadcrumbs[:MAX_VALUES]
            if (name := reading.text("breadcrumbs", crumb.name))
        ],
    }


def _listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _values(value: Value | tuple[Value, ...] | None) -> list[str]:
    if value is None:
        return []
    return [json_text(one) for one in (value if isinstance(value, tuple) else (value,))]
