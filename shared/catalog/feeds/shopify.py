"""Shopify's `products.json`: pages of products, see `shopify_pages`.

Source: a storefront's `/products.json` and the Admin API's product resource. The product key is the
product's id. URLs are made of the shop's address and the handle, a variant's with `?variant=`; the
currency is a parameter too, for Shopify names none. A row is a variant. Weights and stock counts
are not kept; whether a variant can be had is worked out from its inventory where `available` does
not say it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from shared.catalog.feeds import offering
from shared.catalog.feeds.faults import reasons_of
from shared.catalog.feeds.grouping import Item, item_or_rejected
from shared.catalog.feeds.json_row import Id, Number
from shared.catalog.feeds.merging import merge
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import (
    MAX_TITLE,
    MAX_VARIANTS,
    Defaults,
    Note,
    Rejected,
    Said,
)
from shared.catalog.feeds.shopify_pages import FULL, Pages
from shared.catalog.feeds.source import Source
from shared.catalog.products.options import is_color, is_size
from shared.errors import Problem

_NO_OPTION: Final = "Default Title"
_KNOWN: Final = frozenset(
    {"admin_graphql_api_id", "created_at", "image", "published_scope", "template_suffix"}
)
_KNOWN_OF_VARIANT: Final = frozenset(
    {"admin_graphql_api_id", "created_at", "fulfillment_service", "grams", "image_id", "title"}
    | {"inventory_item_id"}
    | {"old_inventory_quantity", "position", "product_id", "requires_shipping", "tax_code"}
    | {"taxable", "updated_at", "weight", "weight_unit", "presentment_prices"}
)


def _split_tags(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value or []


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow")


class ShopifyImage(_Loose):
    """A picture, of the product or of a variant."""

    src: str
    width: int | None = None
    height: int | None = None


class ShopifyOption(_Loose):
    """An axis that variants differ by; its place is that of the variants' `option1` to 3."""

    name: str
    position: int = 0


class ShopifyVariant(_Loose):
    """A variant as Shopify gives it."""

    id: Id
    sku: str | None = None
    barcode: str | None = None
    price: Number | None = None
    compare_at_price: Number | None = None
    available: bool | None = None
    inventory_management: str | None = None
    inventory_policy: str | None = None
    inventory_quantity: int | None = None
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    featured_image: ShopifyImage | None = None


class ShopifyCategory(_Loose):
    """A place in Shopify's own taxonomy."""

    full_name: str | None = None


class ShopifyProduct(_Loose):
    """A product as Shopify gives it."""

    id: Id
    title: str
    handle: str
    body_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    category: ShopifyCategory | None = None
    tags: Annotated[list[str], BeforeValidator(_split_tags)] = []
    status: str = "active"
    published_at: str | None = None
    updated_at: str | None = None
    options: list[ShopifyOption] = []
    variants: list[dict[str, Any]] = []
    images: list[ShopifyImage] = []


def read_shopify(source: Source, defaults: Defaults) -> Iterator[Item | Rejected | Said]:
    """Every product of the pages; a variant that cannot be taken is a rejected row of its own.

    Raises `invalid` where a page as a whole is not JSON of this kind.
    """
    if defaults.base_url is None:
        raise Problem("invalid", "A Shopify feed needs the shop's address. Give its base URL.")
    pages = Pages(source)
    for number, given in enumerate(pages, 1):
        try:
            product = ShopifyProduct.model_validate(given)
        except ValidationError as error:
            yield Rejected(number, _key(given), reasons_of(error, given), _variants(given))
        else:
            yield from _product(number, product, defaults)
    if len(pages.sizes) == 1 and pages.sizes[0] in FULL:
        yield Said(
            f"The feed has exactly {pages.sizes[0]} products, which is one full page. Are there "
            "more? Fetch every page (&page=2 and so on) and publish them together.",
            warns=True,
            full_page=pages.sizes[0],
        )


def _variants(given: Json) -> int:
    """How many rows a product is that cannot be read."""
    variants = given.get("variants")
    return max(1, len(variants)) if isinstance(variants, list) else 1


def _product(line: int, given: ShopifyProduct, defaults: Defaults) -> Iterator[Item | Rejected]:
    reading = Reading(defaults)
    key = reading.identifier("id", given.id)
    fields = _fields(given, reading)
    rows: dict[str, tuple[Json, Json]] = {}
    for place, raw in enumerate(given.variants, 1):
        of_variant = Reading(defaults)
        of_variant.base = reading.base
        row = _variant(of_variant, raw, given.options, fields["url"] or "")
        own = row[1]["id"] if row else None
        if own in rows:
            of_variant.refuse("id", "a variant of this product has it already.", own)
        elif len(rows) == MAX_VARIANTS:
            of_variant.refuse("id", f"the product has {MAX_VARIANTS} variants, which is the most.")
        if row is None or of_variant.reasons:
            yield Rejected(line, own or key, _of_variant(of_variant.reasons, place))
        else:
            rows[row[1]["id"]] = row
            reading.warnings += _of_variant(of_variant.warnings, place)
            reading.left_out += of_variant.left_out
    if given.variants and not rows:
        reading.refuse("variants", "none of them can be taken.")
    item = item_or_rejected(line, key, merge(fields, list(rows.values())).fields, None, reading)
    yield replace(item, rows=len(rows) if given.variants else 1)


def _of_variant(notes: list[Note], place: int) -> tuple[Note, ...]:
    return tuple(note._replace(field=f"variant {place}: {note.field}") for note in notes)


def _fields(given: ShopifyProduct, reading: Reading) -> Json:
    handle = quote(given.handle.strip(), safe="%") or None
    url = reading.product_url("handle", handle and f"/products/{handle}", required=True)
    category = (given.category and given.category.full_name) or given.product_type or ""
    _leave_out_unknown(reading, given, _KNOWN)
    return {
        "title": reading.text("title", given.title, MAX_TITLE),
        **reading.description(given.body_html, declared="html"),
        "language": reading.defaults.language,
        "url": url,
        **reading.brand(given.vendor),
        "product_type": reading.text("product_type", given.product_type),
        "category_path": reading.path("category", category.split(" > ")),
        "tags": reading.texts("tags", given.tags),
        "images": reading.images("images", map(_image, given.images)),
        "is_active": given.status == "active" and not _unpublished(given),
        "released_at": reading.time("published_at", given.published_at),
        "updated_at": reading.time("updated_at", given.updated_at),
    }


def _variant(
    reading: Reading, raw: dict[str, Any], axes: list[ShopifyOption], url: str
) -> tuple[Json, Json] | None:
    """What the variant says of the product, and the variant; None when it cannot be read."""
    try:
        given = ShopifyVariant.model_validate(raw)
    except ValidationError as error:
        reading.reasons.extend(reasons_of(error, raw))
        return None
    own = reading.identifier("id", given.id)
    options = _options(reading, given, axes)
    price = offering.price(reading, "price", given.price)
    before = offering.price(reading, "compare_at_price", given.compare_at_price)
    stock = _stock(given)
    images = [_image(given.featured_image)] if given.featured_image else []
    offer = (
        offering.prices(reading, price, before, "compare_at_price") if price else {"price": None}
    )
    variant = {
        "id": own,
        "sku": reading.text("sku", given.sku),
        "url": f"{url}?variant={own}",
        **offer,
        "gtins": reading.gtins("barcode", [given.barcode] if given.barcode else []),
        "options": options,
        "availability": stock,
        "images": reading.images("featured_image", images),
    }
    _leave_out_unknown(reading, given, _KNOWN_OF_VARIANT)
    product = {
        **offer,
        "availability": stock,
        "images": variant["images"],
        "sizes": [value for axis, value in options.items() if is_size(axis)],
        "colors": offering.colors(
            reading, "options", [value for axis, value in options.items() if is_color(axis)]
        ),
    }
    return product, variant


def _stock(given: ShopifyVariant) -> str:
    """What `available` says, else the inventory: untracked or sold on, it can be had."""
    if given.available is not None:
        return "in_stock" if given.available else "out_of_stock"
    named = given.model_fields_set
    if "inventory_management" in named and not given.inventory_management:
        return "in_stock"
    if (given.inventory_policy or "").casefold() == "continue":
        return "in_stock"
    if given.inventory_quantity is None:
        return "unknown"
    return "in_stock" if given.inventory_quantity > 0 else "out_of_stock"


def _options(reading: Reading, given: ShopifyVariant, axes: list[ShopifyOption]) -> dict[str, str]:
    chosen = (given.option1, given.option2, given.option3)
    ordered = sorted(axes, key=lambda axis: axis.position)
    options = {}
    for axis, value in zip(ordered, chosen, strict=False):
        name, text = reading.text("options", axis.name), reading.text("options", value)
        if name and text and text != _NO_OPTION:
            options[name] = text
    return options


def _image(image: ShopifyImage) -> Json:
    sizes = {"width": image.width, "height": image.height}
    return {"url": image.src, **{name: size for name, size in sizes.items() if size and size > 0}}


def _unpublished(given: ShopifyProduct) -> bool:
    return "published_at" in given.model_fields_set and given.published_at is None


def _leave_out_unknown(reading: Reading, given: _Loose, known: frozenset[str]) -> None:
    for name in (given.model_extra or {}).keys() - known:
        reading.leave_out(name)


def _key(given: Json) -> str | None:
    found = given.get("id")
    return str(found) if isinstance(found, int | str) else None
