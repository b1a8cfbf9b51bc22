"""The product record: the one stored form every feed is read into and every answer is made from.

Format 2 adds to format 1 what
holds for a time (sales, expiry) and what a shopper asks before buying; every product of format 1 is
one of format 2.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

FORMAT: Final = 2
NAMESPACE: Final = UUID("8c1d1f0e-6a52-5d0b-9a55-2f3f2a3d7c11")


class Stored(BaseModel):
    """What is kept: unknown fields refused, names in camelCase, nothing changed after reading."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True
    )


class Availability(StrEnum):
    """Whether it can be bought, in schema.org's sense."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    DISCONTINUED = "discontinued"
    UNKNOWN = "unknown"


class Price(Stored):
    """A decimal string (never a float) and its ISO 4217 currency."""

    amount: Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,6})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Brand(Stored):
    """Who makes it."""

    name: str
    slug: str
    url: str | None = None
    description: str | None = None


class Image(Stored):
    """A picture; the first of a product is its main one."""

    url: str
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    mime_type: str | None = None


class Color(Stored):
    """A colour as the feed names it."""

    label: str
    hex_code: str | None = None
    swatch_url: str | None = None


class Rating(Stored):
    """Average of `count` ratings on a scale that ends at `scale`."""

    average: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    count: Annotated[int, Field(ge=0)] = 0
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0


class NamedLink(Stored):
    """A category or a breadcrumb: its name, and where it leads if known."""

    name: str
    url: str | None = None


class Promotion(Stored):
    """An offer a shopper can use."""

    description: str
    code: str | None = None


class Review(Stored):
    """What a buyer wrote."""

    body: str
    author: str | None = None
    rating: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    published_at: AwareDatetime | None = None


class Video(Stored):
    """A film of the product."""

    url: str
    thumbnail_url: str | None = None
    name: str | None = None


class Seller(Stored):
    """Who sells it, where that is not the catalog's owner."""

    name: str
    domain: str | None = None


class UnitPricing(Stored):
    """What the price is for, and what prices are compared by: 500 ml, 100 ml."""

    measure: str
    base: str | None = None


class Installment(Stored):
    """Paid in parts: so many months, so much each."""

    months: Annotated[int, Field(ge=1)]
    amount: Price
    downpayment: Price | None = None
    credit_type: str | None = None


class Subscription(Stored):
    """Paid again and again beside the price: every `period` (week, month, year), `length` times."""

    period: str
    length: Annotated[int, Field(ge=1)]
    amount: Price


class Shipping(Stored):
    """What delivery to a place costs, and in how many days."""

    price: Price | None = None
    country: str | None = None
    region: str | None = None
    service: str | None = None
    least_days: Annotated[int, Field(ge=0)] | None = None
    most_days: Annotated[int, Field(ge=0)] | None = None


class FreeShipping(Stored):
    """From which order value delivery to a country is free."""

    threshold: Price
    country: str | None = None


class Certification(Stored):
    """A certificate or label: who gives it, which, and the class or number it says."""

    name: str
    authority: str | None = None
    code: str | None = None


class Specification(Stored):
    """A technical fact, with the section of the sheet it stands in."""

    name: str
    value: str
    section: str | None = None


class Offered(Stored):
    """What something costs and whether it can be had, of a product or a variant of its own.

    `price` holds while no sale does. A sale holds from `sale_from` until before `sale_to`; without
    either bound it is open on that side. At `expires_at` it is offered no longer. Which of all that
    holds is judged when somebody asks: see `offers`.
    """

    price: Price | None = None
    original_price: Price | None = None
    sale_price: Price | None = None
    sale_from: AwareDatetime | None = None
    sale_to: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    availability: Availability = Availability.UNKNOWN
    availability_date: AwareDatetime | None = None
    condition: Literal["new", "refurbished", "used"] | None = None
    mobile_url: str | None = None
    addresses: tuple[str, ...] = ()


class Variant(Offered):
    """One buyable form of a product: a size, a colour. `id` is the feed's own, else derived.

    `addresses` are further ones of the same page: a canonical one, one for telephones.
    """

    id: str
    sku: str | None = None
    url: str | None = None
    gtins: tuple[str, ...] = ()
    mpn: str | None = None
    options: dict[str, str] = Field(default_factory=dict)
    images: tuple[Image, ...] = ()


class Product(Offered):
    """A product of a catalog, whole. `key` is unique in the catalog, case-sensitive."""

    format: Literal[1, 2] = FORMAT
    key: Annotated[str, Field(min_length=1, max_length=256)]
    url: str
    title: Annotated[str, Field(min_length=1)]
    description: str | None = None
    description_format: Literal["plain", "html"] = "plain"
    language: str | None = None
    brand: Brand | None = None
    is_active: bool = True
    images: tuple[Image, ...] = ()
    rating: Rating | None = None
    product_type: str | None = None
    category_path: tuple[str, ...] = ()
    categories: tuple[NamedLink, ...] = ()
    breadcrumbs: tuple[NamedLink, ...] = ()
    tags: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    colors: tuple[Color, ...] = ()
    color_families: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    fit: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    dimensions: str | None = None
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    gtins: tuple[str, ...] = ()
    mpn: str | None = None
    product_group_id: str | None = None
    option_axes: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    seller: Seller | None = None
    highlights: tuple[str, ...] = ()
    specifications: tuple[Specification, ...] = ()
    certifications: tuple[Certification, ...] = ()
    energy_class: str | None = None
    energy_scale: str | None = None
    is_bundle: bool | None = None
    multipack: Annotated[int, Field(ge=1)] | None = None
    adult: bool | None = None
    unit_pricing: UnitPricing | None = None
    installment: Installment | None = None
    subscription: Subscription | None = None
    shipping: tuple[Shipping, ...] = ()
    free_shipping: tuple[FreeShipping, ...] = ()
    handling_least_days: Annotated[int, Field(ge=0)] | None = None
    handling_most_days: Annotated[int, Field(ge=0)] | None = None
    return_policy: str | None = None
    promotion_ids: tuple[str, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    reviews: tuple[Review, ...] = ()
    videos: tuple[Video, ...] = ()
    popularity: Annotated[float, Field(allow_inf_nan=False)] | None = None
    released_at: AwareDatetime | None = None
    availability_at: AwareDatetime | None = None
    price_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None

    def stored(self) -> bytes:
        """As JSON without what is left at its default; the format's version always stands in it."""
        fields = self.model_dump_json(by_alias=True, exclude_defaults=True, exclude={"format"})
        return f'{{"format":{FORMAT},{fields[1:]}'.encode()


def product_uuid(catalog: str, key: str) -> UUID:
    """The product's UUIDv5 (RFC 9562): the same across republish and rollback."""
    return uuid5(NAMESPACE, f"{catalog}/{key}")
