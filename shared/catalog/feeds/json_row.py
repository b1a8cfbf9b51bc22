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
