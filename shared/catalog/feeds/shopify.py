"""Shopify's `products.json`: one page of products or several, one after the other.

Source: a storefront's `/products.json` and the Admin API's product resource. The product key is the
product's id. URLs are made of the shop's address and the handle, a variant's with `?variant=`; the
currency is a parameter too, for Shopify names none. Weights and stock counts are not kept.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from shared.catalog.feeds.grouping import Item, item_or_rejected, reasons_of
from shared.catalog.feeds.jsonl import JSON, Id, Number
from shared.catalog.feeds.merging import merge
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_ROW, MAX_TITLE, MAX_VARIANTS, Defaults, Rejected
from shared.catalog.feeds.source import Source
from shared.catalog.products.options import is_color, is_size
from shared.errors import Problem

_CHUNK: Final = 64 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NO_OPTION: Final = "Default Title"
_KNOWN: Final = frozenset(
    {"admin_graphql_api_id", "created_at", "image", "published_scope", "template_suffix"}
)
_KNOWN_OF_VARIANT: Final = frozenset(
    {"admin_graphql_api_id", "created_at", "fulfillment_service", "grams", "image_id", "title"}
    | {"inventory_item_id", "inventory_management", "inventory_policy", "inventory_quantity"}
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


def read_shopify(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every product of the pages; a variant that cannot be taken is a rejected row of its own.

    Raises `invalid` where a page as a whole is not JSON of this kind.
    """
    if defaults.base_url is None:
        raise Problem("invalid", "A Shopify feed needs the shop's address. Give its base URL.")
    for number, given in enumerate(_Pages(source), 1):
        try:
            product = ShopifyProduct.model_validate(given)
        except ValidationError as error:
            yield Rejected(number, _key(given), reasons_of(error, given))
        else:
            yield from _product(number, product, defaults)


def _product(line: int, given: ShopifyProduct, defaults: Defaults) -> Iterator[Item | Rejected]:
    reading = Reading(defaults)
    key = reading.identifier("id", given.id)
    fields = _fields(given, reading)
    rows: dict[str, tuple[Json, Json]] = {}
    for place, raw in enumerate(given.variants, 1):
        of_variant = Reading(defaults)
        row = _variant(of_variant, raw, given.options, fields["url"] or "")
        own = row[1]["id"] if row else None
        if own in rows:
            of_variant.refuse("id", "a variant of this product has it already.")
        elif len(rows) == MAX_VARIANTS:
            of_variant.refuse("id", f"the product has {MAX_VARIANTS} variants, which is the most.")
        if row is None or of_variant.reasons:
            reasons = tuple(f"variant {place}: {reason}" for reason in of_variant.reasons)
            yield Rejected(line, key, reasons)
        else:
            rows[row[1]["id"]] = row
            reading.warnings += [f"variant: {warning}" for warning in of_variant.warnings]
    if given.variants and not rows:
        reading.refuse("variants", "none of them can be taken.")
    yield item_or_rejected(line, key, merge(fields, list(rows.values())), None, reading)


def _fields(given: ShopifyProduct, reading: Reading) -> Json:
    handle = quote(given.handle.strip(), safe="%") or None
    url = reading.product_url("handle", handle and f"/products/{handle}", required=True)
    category = (given.category and given.category.full_name) or given.product_type or ""
    _warn_of_unknown(reading, given, _KNOWN)
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
    price = reading.price("price", given.price, None)
    before = reading.price("compare_at_price", given.compare_at_price, None)
    stock = {True: "in_stock", False: "out_of_stock", None: "unknown"}[given.available]
    images = [_image(given.featured_image)] if given.featured_image else []
    offer = reading.prices(price, before, "compare_at_price") if price else {"price": None}
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
    _warn_of_unknown(reading, given, _KNOWN_OF_VARIANT)
    product = {
        **offer,
        "availability": stock,
        "images": variant["images"],
        "sizes": [value for axis, value in options.items() if is_size(axis)],
        "colors": [{"label": value} for axis, value in options.items() if is_color(axis)],
    }
    return product, variant


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


def _warn_of_unknown(reading: Reading, given: _Loose, known: frozenset[str]) -> None:
    for name in sorted((given.model_extra or {}).keys() - known):
        reading.warn(name, "left out. It is not a field that is known of Shopify.")


def _key(given: Json) -> str | None:
    found = given.get("id")
    return str(found) if isinstance(found, int | str) else None


class _Pages:
    """The products of `{"products": […]}` documents, decoded one at a time."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._count = 0

    def __iter__(self) -> Iterator[Json]:
        while self._next():
            for token in ("{", '"products"', ":", "["):
                self._take(token)
            while self._next() != "]":
                yield self._object()
                if self._next() != "]":
                    self._take(",")
            self._take("]")
            self._take("}")

    def _next(self) -> str:
        """The next character that is not white space; none at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _take(self, token: str) -> None:
        self._next()
        while len(self._text) - self._at < len(token) and self._more():
            pass
        if not self._text.startswith(token, self._at):
            raise self._broken()
        self._at += len(token)

    def _object(self) -> Json:
        self._count += 1
        if self._next() != "{":
            raise self._broken()
        while True:
            try:
                value, self._at = JSON.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                if len(self._text) - self._at > MAX_ROW or not self._more():
                    raise self._broken() from None
            else:
                return dict(value)

    def _more(self) -> bool:
        left = self._text[self._at :]
        data = self._source.read(max(_CHUNK, len(left)))
        try:
            read = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            raise self._broken() from None
        self._text, self._at = left + read, 0
        return bool(data)

    def _broken(self) -> Problem:
        return Problem(
            "invalid",
            f"The feed is not pages of Shopify products in JSON: it breaks off at or after product "
            f"{self._count}. Nothing of it was read; mend it and upload again.",
        )
