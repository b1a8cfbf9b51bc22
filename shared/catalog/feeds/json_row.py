"""Our own feed's format: every field a line may have."""

import json
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictInt

from shared.catalog.products.product import (
    Certification,
    Image,
    NamedLink,
    Promotion,
    Rating,
    Review,
    Seller,
    Specification,
    UnitPricing,
    Video,
)

_EXPONENT: Final = 30


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not -_EXPONENT < number.adjusted() < _EXPONENT:
        raise ValueError("holds a number out of all proportion.")
    return number


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON. Leave the field out.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("gives a name twice. Give each field once.")
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


class InstallmentRow(BaseModel):
    """Paid in parts. Amounts are prices, such as "12.50 USD"."""

    model_config = ConfigDict(extra="forbid")

    months: Annotated[int, Field(ge=1, strict=True)]
    amount: Number
    downpayment: Number | None = None
    credit_type: str | None = None


class SubscriptionRow(BaseModel):
    """Paid again and again: every `period`, `length` times."""

    model_config = ConfigDict(extra="forbid")

    period: Literal["day", "week", "month", "year"]
    length: Annotated[int, Field(ge=1, strict=True)]
    amount: Number


class ShippingRow(BaseModel):
    """What delivery costs, and in how many days."""

    model_config = ConfigDict(extra="forbid")

    price: Number | None = None
    country: str | None = None
    region: str | None = None
    service: str | None = None
    least_days: Annotated[int, Field(ge=0, strict=True)] | None = None
    most_days: Annotated[int, Field(ge=0, strict=True)] | None = None


class FreeShippingRow(BaseModel):
    """From which order value delivery is free."""

    model_config = ConfigDict(extra="forbid")

    threshold: Number
    country: str | None = None


class HandlingRow(BaseModel):
    """Days until it leaves the house."""

    model_config = ConfigDict(extra="forbid")

    least: Annotated[int, Field(ge=0, strict=True)] | None = None
    most: Annotated[int, Field(ge=0, strict=True)] | None = None


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
    canonical_url: str | None = None
    mobile_url: str | None = None
    addresses: tuple[str, ...] = ()
    images: tuple[str | Image, ...] = ()
    videos: tuple[Video, ...] = ()
    price: Number | None = None
    list_price: Number | None = None
    sale_price: Number | None = None
    sale_from: str | None = None
    sale_to: str | None = None
    expires: str | None = None
    currency: str | None = None
    price_at: str | None = None
    availability: str | None = None
    availability_date: str | None = None
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
    highlights: tuple[str, ...] = ()
    specifications: tuple[Specification, ...] = ()
    certifications: tuple[Certification, ...] = ()
    energy_class: str | None = None
    energy_scale: str | None = None
    is_bundle: bool | None = None
    multipack: Annotated[int, Field(ge=1, strict=True)] | None = None
    adult: bool | None = None
    unit_pricing: UnitPricing | None = None
    installment: InstallmentRow | None = None
    subscription: SubscriptionRow | None = None
    shipping: tuple[ShippingRow, ...] = ()
    free_shipping: tuple[FreeShippingRow, ...] = ()
    handling_days: HandlingRow | None = None
    return_policy: str | None = None
    promotion_ids: tuple[str, ...] = ()
    attributes: dict[str, Value | tuple[Value, ...] | None] = Field(default_factory=dict)
    rating: Rating | None = None
    reviews: tuple[Review, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    seller: Seller | None = None
    popularity: Annotated[Decimal, Strict()] | StrictInt | None = None
    released: str | None = None
    updated: str | None = None


MEANINGS: Final = {
    "id": "The row's own number or name; the product key where there is no parent_id.",
    "parent_id": "The product this row is a variant of. The row's own id: it is the parent.",
    "kind": "configurable: the row only holds its variants together, and need not have a url.",
    "title": "What it is called. References and markup are read as the text they mean.",
    "description": "Text or HTML; which one is found out.",
    "description_format": "plain or html, to say which one it is.",
    "language": "BCP 47, such as de-AT.",
    "brand": "A name, or an object with name, url, description.",
    "url": "The product's page: https://… or a path that begins with /.",
    "url_derived": "Whether the URL was made up; it is taken all the same.",
    "canonical_url": "The page that all variants' pages name. A lookup finds it.",
    "mobile_url": "The page for telephones. A lookup finds it.",
    "addresses": "Further addresses of the page (AMP). A lookup finds them.",
    "images": "Addresses, or objects with url, width, height, mime_type; the main one first.",
    "videos": "Objects with url, thumbnail_url, name.",
    "price": "What it costs while no sale holds: 12.99, or '12.99 USD'. Zero is left out.",
    "list_price": "What it cost before; left out unless higher.",
    "sale_price": "What it costs while the sale holds; left out unless lower.",
    "sale_from": "From when the sale holds. ISO 8601.",
    "sale_to": "Until when; a date alone counts its day.",
    "expires": "From when it is offered no longer; a date alone counts its day.",
    "currency": "ISO 4217, of prices that name none.",
    "price_at": "When the price was looked at.",
    "availability": "See the words below.",
    "availability_date": "When a preorder or backorder can be had.",
    "availability_at": "When the availability was looked at.",
    "active": "false: kept, but not offered.",
    "condition": "See the words below.",
    "sku": "The seller's own number of a variant.",
    "gtin": "One or several GTINs with a right check digit.",
    "mpn": "The maker's part number.",
    "options": "What tells a variant from the others: {'Color': 'Red', 'Size': 'M'}.",
    "color": "The colour; several with slashes between.",
    "colors": "The colours.",
    "color_families": "Broad colours.",
    "sizes": "The sizes.",
    "gender": "male, female, unisex.",
    "age_groups": "newborn, infant, toddler, kids, adult.",
    "materials": "What it is made of.",
    "patterns": "Such as striped.",
    "fit": "How it fits.",
    "dimensions": "How large it is, as text.",
    "product_type": "The kind of product.",
    "categories": "Names from broad to narrow; or paths (lists, or 'A > B').",
    "breadcrumbs": "Objects with name, url.",
    "tags": "The seller's own words.",
    "highlights": "What the seller wants seen first.",
    "specifications": "Objects with name, value, section.",
    "certifications": "Objects with name, authority, code.",
    "energy_class": "Such as A.",
    "energy_scale": "Such as A to G.",
    "is_bundle": "A set of different products.",
    "multipack": "How many equal ones are in it.",
    "adult": "For grown-ups only.",
    "unit_pricing": "An object with measure ('750 ml') and base ('100 ml').",
    "installment": "An object with months, amount, downpayment, credit_type.",
    "subscription": "An object with period (day, week, month, year), length, amount.",
    "shipping": "Objects with price, country, region, service, least_days, most_days.",
    "free_shipping": "Objects with threshold, country.",
    "handling_days": "An object with least, most.",
    "return_policy": "The seller's name for the returns policy that applies.",
    "promotion_ids": "The seller's promotions it is in.",
    "attributes": "Anything else, by name; each is searched and a facet.",
    "rating": "An object with average, count, scale (5 if absent).",
    "reviews": "Objects with body, author, rating, published_at.",
    "promotions": "Objects with description, code.",
    "seller": "An object with name, domain, where that is not the catalog's owner.",
    "popularity": "A number, higher for more popular; browsing goes by it.",
    "released": "When it came out.",
    "updated": "When the row last changed.",
}
"""What each field of a row means, as docs/feeds.md shows it."""
