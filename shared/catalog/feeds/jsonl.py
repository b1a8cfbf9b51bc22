"""Our own feed: one JSON object a line. A `parent_id` makes the row a variant of that product.

`JsonRow` is the format. `parent_id`, else `id`, is the product key; `kind: configurable` says that
a row only holds its variants together. A row with a `sku` or `options` and no variants is its own
only variant. Fields that are null count as left out.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictInt, ValidationError

from shared.catalog.feeds.grouping import Item, item_or_rejected, reasons_of
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_ROW, MAX_TITLE, MAX_VALUES, Defaults, Rejected
from shared.catalog.feeds.source import Source
from shared.catalog.products.product import (
    Image,
    NamedLink,
    Promotion,
    Rating,
    Review,
    Seller,
    Video,
)
from shared.catalog.products.text import clean, clean_block

_EXPONENT: Final = 30
_PATH: Final = " > "


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not -_EXPONENT < number.adjusted() < _EXPONENT:
        raise ValueError("number out of proportion")
    return number


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is given twice")
    return fields


JSON: Final = json.JSONDecoder(
    parse_float=_decimal, parse_constant=_constant, object_pairs_hook=_object
)
"""JSON with exact numbers (int, Decimal). Raises ValueError for anything JSON is not, for a name
given twice in one object, and for a number out of all proportion; RecursionError for deep nesting.
"""

Id = str | StrictInt
Number = StrictInt | Annotated[Decimal, Strict()] | str
Value = str | bool | int | Decimal


class BrandRow(BaseModel):
    """A brand with more than its name."""

    model_config = ConfigDict(extra="forbid")

    name: str
    url: str | None = None
    description: str | None = None


class JsonRow(BaseModel):
    """One line of the feed: every field it may have."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    parent_id: Id | None = None
    kind: Literal["simple", "configurable"] | None = None
    title: str | None = None
    description: str | None = None
    description_format: Literal["plain", "html"] | None = None
    language: str | None = None
    brand: str | BrandRow | None = None
    url: str | None = None
    url_derived: Annotated[
        bool | None, Field(description="Whether the URL was made up; it is taken all the same.")
    ] = None
    images: tuple[str | Image, ...] = ()
    videos: tuple[Video, ...] = ()
    price: Number | None = None
    list_price: Number | None = None
    currency: str | None = None
    price_at: str | None = None
    availability: str | None = None
    availability_at: str | None = None
    active: bool = True
    condition: str | None = None
    sku: str | None = None
    gtin: str | tuple[str, ...] = ()
    mpn: str | None = None
    options: dict[str, str] = Field(default_factory=dict)
    color: str | None = None
    colors: tuple[str, ...] = ()
    color_families: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    gender: str | tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    fit: tuple[str, ...] = ()
    dimensions: str | None = None
    product_type: str | None = None
    categories: Annotated[
        tuple[str | tuple[str, ...], ...],
        Field(
            description="Names from broad to narrow; or paths, when an entry is a list, has ' > ' "
            "in it, or two slashes or more."
        ),
    ] = ()
    breadcrumbs: tuple[NamedLink, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: dict[str, Value | tuple[Value, ...] | None] = Field(default_factory=dict)
    rating: Rating | None = None
    reviews: tuple[Review, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    seller: Seller | None = None
    popularity: Annotated[Decimal, Strict()] | StrictInt | None = None
    released: str | None = None
    updated: str | None = None


def read_json_lines(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every row of the feed; blank lines are passed over."""
    for line, raw in source.lines():
        if raw is None:
            yield Rejected(line, None, (f"row: longer than {MAX_ROW} bytes.",))
        elif raw.strip():
            yield _read(line, raw, defaults)


def json_text(value: Value) -> str:
    """The canonical text of a JSON value: 17.0 is `17`, true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _read(line: int, raw: bytes, defaults: Defaults) -> Item | Rejected:
    try:
        parsed = JSON.decode(raw.decode())
    except UnicodeDecodeError:
        return Rejected(line, None, ("row: not valid UTF-8.",))
    except (ValueError, RecursionError):
        return Rejected(line, None, ("row: not a valid JSON object.",))
    if not isinstance(parsed, dict):
        return Rejected(line, None, ("row: not a JSON object.",))
    given = {name: value for name, value in parsed.items() if value is not None}
    try:
        row = JsonRow.model_validate(given)
    except ValidationError as error:
        key = given.get("parent_id", given.get("id"))
        known = clean(str(key)) if isinstance(key, str | int) else None
        return Rejected(line, known, reasons_of(error, given))
    return _item(line, row, Reading(defaults))


def _item(line: int, row: JsonRow, reading: Reading) -> Item | Rejected:
    own = reading.identifier("id", row.id)
    key = own if row.parent_id is None else reading.identifier("parent_id", row.parent_id)
    is_variant = row.parent_id is not None
    if is_variant and row.kind == "configurable":
        reading.refuse("kind", "a configurable product cannot itself have a parent_id.")
    holder = is_variant or row.kind == "configurable"
    url = reading.product_url("url", row.url, required=not holder)
    fields = {
        **_words(row, reading),
        **_media(row, reading),
        **_offer(row, reading),
        **_facets(row, reading),
        "url": url,
    }
    variant: Json = {
        "id": own,
        "sku": reading.text("sku", row.sku) or own,
        "url": url,
        "options": _options(row, reading),
        **{name: fields.get(name) for name in ("price", "original_price", "mpn")},
        **{name: fields.get(name) or [] for name in ("gtins", "images")},
        "availability": fields["availability"] or "unknown",
    }
    if is_variant:
        return item_or_rejected(line, key, {**fields, "product_group_id": key}, variant, reading)
    if row.sku or row.options:
        fields |= {"variants": [variant], "option_axes": [*variant["options"]]}
    return item_or_rejected(line, key, fields, None, reading)


def _words(row: JsonRow, reading: Reading) -> Json:
    brand = BrandRow(name=row.brand) if isinstance(row.brand, str) else row.brand
    return {
        "title": reading.text("title", row.title, MAX_TITLE),
        **reading.description(row.description, declared=row.description_format or "plain"),
        "language": reading.text("language", row.language) or reading.defaults.language,
        **(reading.brand(brand.name, brand.url, brand.description) if brand else {}),
        "mpn": reading.text("mpn", row.mpn),
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
    price = reading.price("price", row.price, row.currency)
    before = reading.price("list_price", row.list_price, row.currency)
    return {
        **reading.prices(price, before, "list_price"),
        "price_at": reading.time("price_at", row.price_at),
        "availability": reading.availability("availability", row.availability),
        "availability_at": reading.time("availability_at", row.availability_at),
        "is_active": row.active,
        "condition": reading.condition("condition", row.condition),
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
    colors = reading.texts("colors", [*([row.color] if row.color else []), *row.colors])
    return {
        "product_type": reading.text("product_type", row.product_type),
        "genders": reading.genders("gender", _listed(row.gender)),
        "age_groups": reading.age_groups("age_groups", row.age_groups),
        "sizes": reading.texts("sizes", row.sizes),
        "colors": [{"label": label} for label in colors],
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
        reading.text("options", axis): reading.text("options", value)
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
