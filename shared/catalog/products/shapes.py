"""The shapes partners see, as models: for output schemas, OpenAPI and typed faces.

The published SDK reads them. A field is always present: null where a value is not known, `[]` where
there is none. Only those with a default here may be left out.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A part of an answer; names in camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class BrandView(Shape):
    """Who makes the product."""

    name: Annotated[str, Field(description="The brand as the catalog names it.")]
    slug: Annotated[str, Field(description="The brand's name for the brand_slug facet.")]
    url: Annotated[str | None, Field(description="The brand's own page.")]
    description: Annotated[str | None, Field(description="What the catalog says of the brand.")]


class ImageView(Shape):
    """A picture of the product."""

    url: Annotated[str, Field(description="Where the picture is.")]
    width: Annotated[int | None, Field(description="Width in pixels.")]
    height: Annotated[int | None, Field(description="Height in pixels.")]
    mime_type: Annotated[str | None, Field(description="Media type, such as image/jpeg.")]


class RatingView(Shape):
    """What buyers gave it."""

    average: Annotated[float, Field(description="Average rating, on a scale that ends at 5.")]
    count: Annotated[int, Field(description="How many ratings the average is of.")]


class LinkView(Shape):
    """A named place in the shop."""

    name: Annotated[str, Field(description="Its name.")]
    url: Annotated[str | None, Field(description="Its page.")]


class ColorView(Shape):
    """A colour."""

    label: Annotated[str, Field(description="The colour as the catalog names it.")]
    hex_code: Annotated[str | None, Field(description="As #rrggbb.")]
    swatch_url: Annotated[str | None, Field(description="A picture of the colour.")]


class SaleView(Shape):
    """A sale price, running or to come."""

    price: Annotated[float, Field(description="What it costs while the sale holds.")]
    starts_at: Annotated[datetime | None, Field(description="When it begins; null: it has.")]
    ends_at: Annotated[datetime | None, Field(description="When it is over; null: not known.")]


Availability = Literal[
    "in_stock", "out_of_stock", "preorder", "backorder", "discontinued", "unknown"
]
Condition = Literal["new", "refurbished", "used"]


class VariantView(Shape):
    """One buyable form of the product."""

    sku: Annotated[str | None, Field(description="The seller's own number of the variant.")]
    product_url: Annotated[str | None, Field(description="The page that shows the variant.")]
    color: Annotated[ColorView | None, Field(description="The variant's colour.")]
    size: Annotated[str | None, Field(description="The variant's size.")]
    in_stock: Annotated[bool | None, Field(description="In stock now; null when not known.")]
    image_url: Annotated[str | None, Field(description="A picture of the variant.")]
    id: Annotated[str, Field(description="The variant's id in the product.")]
    options: Annotated[
        dict[str, str], Field(description="What tells it from the others, such as Size: M.")
    ]
    current_price: Annotated[float | None, Field(description="What the variant costs now.")]
    original_price: Annotated[float | None, Field(description="What it cost before, if reduced.")]
    currency: Annotated[str | None, Field(description="ISO 4217 currency of its prices.")]
    sale: Annotated[SaleView | None, Field(description="Its sale, running or to come.")]
    expires_at: Annotated[datetime | None, Field(description="When it is offered no longer.")]
    availability: Annotated[Availability, Field(description="As the product's availability.")]
    availability_date: Annotated[
        datetime | None, Field(description="When a preorder or backorder can be had.")
    ]
    condition: Annotated[Condition | None, Field(description="The variant's condition.")]
    gtin: Annotated[str | None, Field(description="Its GTIN (EAN, UPC, ISBN-13).")]
    mpn: Annotated[str | None, Field(description="Its maker's part number.")]
    image_urls: Annotated[list[str], Field(description="All its pictures, the main one first.")]
    mobile_url: Annotated[str | None, Field(description="Its page for telephones.")]


class SpecificationView(Shape):
    """A technical fact."""

    section: Annotated[str | None, Field(description="The part of the sheet it stands in.")]
    name: Annotated[str, Field(description="What is said.")]
    value: Annotated[str, Field(description="What it is.")]


class CertificationView(Shape):
    """A certificate or label."""

    name: Annotated[str, Field(description="Which one, such as EPREL.")]
    authority: Annotated[str | None, Field(description="Who gives it.")]
    code: Annotated[str | None, Field(description="Its number or class.")]


class UnitPriceView(Shape):
    """For comparing prices by amount."""

    measure: Annotated[str, Field(description="How much the price is for, such as 750 ml.")]
    base: Annotated[str | None, Field(description="What prices are compared by, such as 100 ml.")]


class InstallmentView(Shape):
    """Paid in parts."""

    months: Annotated[int, Field(description="How many payments.")]
    amount: Annotated[float, Field(description="Each payment.")]
    downpayment: Annotated[float | None, Field(description="Paid at once beside them.")]
    currency: Annotated[str, Field(description="ISO 4217 currency.")]
    credit_type: Annotated[str | None, Field(description="finance or lease.")]


class SubscriptionView(Shape):
    """Paid again and again beside the price."""

    period: Annotated[str, Field(description="day, week, month or year.")]
    length: Annotated[int, Field(description="How many periods it is signed for.")]
    amount: Annotated[float, Field(description="What each period costs.")]
    currency: Annotated[str, Field(description="ISO 4217 currency.")]


class ShippingView(Shape):
    """What delivery costs."""

    price: Annotated[float | None, Field(description="What it costs; 0 is free.")]
    currency: Annotated[str | None, Field(description="ISO 4217 currency.")]
    country: Annotated[str | None, Field(description="Where to (ISO 3166).")]
    region: Annotated[str | None, Field(description="Which part of the country.")]
    service: Annotated[str | None, Field(description="Which service, such as Express.")]
    least_days: Annotated[int | None, Field(description="Days at best.")]
    most_days: Annotated[int | None, Field(description="Days at worst.")]


class FreeShippingView(Shape):
    """From which order value delivery is free."""

    threshold: Annotated[float, Field(description="The order value.")]
    currency: Annotated[str, Field(description="ISO 4217 currency.")]
    country: Annotated[str | None, Field(description="Where to (ISO 3166).")]


class HandlingView(Shape):
    """Days until it leaves the house."""

    least: Annotated[int | None, Field(description="At best.")]
    most: Annotated[int | None, Field(description="At worst.")]


class OfferView(Shape):
    """On what terms it is sold."""

    sale: Annotated[SaleView | None, Field(description="The sale, running or to come.")]
    expires_at: Annotated[datetime | None, Field(description="When it is offered no longer.")]
    unit_price: Annotated[UnitPriceView | None, Field(description="For comparing by amount.")]
    installment: Annotated[InstallmentView | None, Field(description="Paid in parts.")]
    subscription: Annotated[SubscriptionView | None, Field(description="Paid periodically.")]
    shipping: Annotated[list[ShippingView], Field(description="What delivery costs, by place.")]
    free_shipping: Annotated[
        list[FreeShippingView], Field(description="From which order value delivery is free.")
    ]
    handling_days: Annotated[
        HandlingView | None, Field(description="Days until it leaves the house.")
    ]
    return_policy: Annotated[
        str | None, Field(description="The seller's name for the returns policy that applies.")
    ]
    promotion_ids: Annotated[list[str], Field(description="The seller's promotions it is in.")]


class DetailsView(Shape):
    """What it is like."""

    highlights: Annotated[list[str], Field(description="What the seller wants seen first.")]
    specifications: Annotated[
        list[SpecificationView], Field(description="Technical facts, by section.")
    ]
    certifications: Annotated[
        list[CertificationView], Field(description="Certificates and labels.")
    ]
    energy_class: Annotated[str | None, Field(description="Energy class, such as A.")]
    energy_scale: Annotated[str | None, Field(description="The classes it is one of.")]
    is_bundle: Annotated[bool | None, Field(description="A set of different products.")]
    multipack: Annotated[int | None, Field(description="How many equal ones are in it.")]

    materials: Annotated[list[str], Field(description="What it is made of.")]
    fit: Annotated[list[str], Field(description="How it fits.")]
    dimensions: Annotated[str | None, Field(description="How large it is, in the feed's words.")]
    patterns: Annotated[list[str], Field(description="Patterns, such as striped.")]


class AudienceView(Shape):
    """Whom it is for."""

    genders: Annotated[list[str], Field(description="male, female or unisex.")]
    age_groups: Annotated[list[str], Field(description="Such as infant, toddler, kids, adult.")]
    adult: Annotated[bool | None, Field(description="For grown-ups only.")]


class IdentifiersView(Shape):
    """What it is known by."""

    product_id: Annotated[str, Field(description="The product's key in the catalog.")]
    gtin: Annotated[str | None, Field(description="GTIN (EAN, UPC, ISBN-13) of the product.")]
    mpn: Annotated[str | None, Field(description="The maker's part number.")]
    product_group_id: Annotated[str | None, Field(description="The feed's group of variants.")]


class PromotionView(Shape):
    """An offer a shopper can use."""

    description: Annotated[str, Field(description="What is offered.")]
    code: Annotated[str | None, Field(description="The code to enter at checkout.")]


class ReviewView(Shape):
    """What a buyer wrote."""

    author: Annotated[str | None, Field(description="The name the buyer gave.")]
    rating: Annotated[float | None, Field(description="The buyer's rating.")]
    body: Annotated[str, Field(description="The buyer's text.")]
    published_at: Annotated[datetime | None, Field(description="When it was published (UTC).")]


class VideoView(Shape):
    """A film of the product."""

    url: Annotated[str, Field(description="Where the film is.")]
    thumbnail_url: Annotated[str | None, Field(description="A still picture of it.")]
    name: Annotated[str | None, Field(description="Its title.")]


class EnrichmentView(BaseModel):
    """What is known of the product beyond the named fields; names as the published SDK has them."""

    type: Annotated[str | None, Field(description="The kind of product.")]
    gender: Annotated[str | None, Field(description="As the list item's gender.")]
    age_groups: Annotated[list[str], Field(description="As audience.ageGroups.")]
    color_family: Annotated[list[str], Field(description="Broad colours, such as Blue.")]
    attributes: Annotated[
        dict[str, list[str]], Field(description="Further attributes of the feed, by name.")
    ]


class _Card(Shape):
    """The fields that a list item and a full view share."""

    uuid: Annotated[str, Field(description="The product's id: the same across republish.")]
    catalog_key: Annotated[str, Field(description="The catalog it is in.")]
    catalog_display_name: Annotated[str | None, Field(description="That catalog's name.")] = None
    product_url: Annotated[str, Field(description="The product's page.")]
    title: Annotated[str, Field(description="What it is called.")]
    brand: Annotated[BrandView | None, Field(description="Who makes it.")]
    current_price: Annotated[
        float | None, Field(description="What it costs now; the lowest where variants differ.")
    ]
    original_price: Annotated[float | None, Field(description="What it cost before, if reduced.")]
    currency: Annotated[str | None, Field(description="ISO 4217 currency of the prices.")]
    image_url: Annotated[str | None, Field(description="The main picture.")]
    images: Annotated[list[ImageView], Field(description="All pictures, the main one first.")]
    rating: Annotated[RatingView | None, Field(description="What buyers gave it.")]
    in_stock: Annotated[
        bool | None, Field(description="Whether any variant is in stock; null when not known.")
    ]
    is_active: Annotated[bool, Field(description="Whether the catalog offers it now.")]
    sizes: Annotated[list[str], Field(description="The sizes it comes in.")]


class ListItem(_Card):
    """A product in a list."""

    colors: Annotated[list[str], Field(description="The colours it comes in.")]
    gender: Annotated[
        Literal["male", "female", "unisex"] | None,
        Field(description="Whom it is for; null when not known or several."),
    ]
    category_path: Annotated[list[str], Field(description="Its category, the broadest first.")]
    display_match_score: Annotated[
        int | None,
        Field(ge=0, le=100, description="How well it matches, within this answer; 100 is best."),
    ] = None
    updated_at: Annotated[datetime | None, Field(description="When the feed last changed it.")]
    availability: Annotated[
        Availability, Field(description="The best of its variants': preorder is not in stock.")
    ]
    availability_date: Annotated[
        datetime | None, Field(description="When a preorder or backorder can be had, if known.")
    ] = None
    condition: Annotated[
        Condition | None, Field(description="Left out when not known or several.")
    ] = None


class FullView(_Card):
    """A product, whole."""

    colors: Annotated[list[ColorView], Field(description="The colours it comes in.")]
    gender: Annotated[
        Literal["male", "female", "unisex"] | None,
        Field(description="Whom it is for; null when not known or several."),
    ]
    category_path: Annotated[list[str], Field(description="Its category, the broadest first.")]
    display_match_score: Annotated[
        int | None, Field(ge=0, le=100, description="Null: a lookup has no score.")
    ] = None
    updated_at: Annotated[datetime | None, Field(description="When the feed last changed it.")]
    availability: Annotated[
        Availability, Field(description="The best of its variants': preorder is not in stock.")
    ]
    availability_date: Annotated[
        datetime | None, Field(description="When a preorder or backorder can be had.")
    ]
    condition: Annotated[
        Condition | None, Field(description="Its condition; null when not known or several.")
    ]
    description: Annotated[str | None, Field(description="What the seller says, as plain text.")]
    categories: Annotated[list[LinkView], Field(description="Categories it is listed under.")]
    tags: Annotated[list[str], Field(description="The seller's own words for it.")]
    variants: Annotated[list[VariantView], Field(description="Its buyable forms.")]
    details: Annotated[DetailsView, Field(description="What it is like.")]
    audience: Annotated[AudienceView, Field(description="Whom it is for.")]
    identifiers: Annotated[IdentifiersView, Field(description="What it is known by.")]
    breadcrumbs: Annotated[list[LinkView], Field(description="The way to it through the shop.")]
    promotions: Annotated[list[PromotionView], Field(description="Offers a shopper can use.")]
    reviews: Annotated[list[ReviewView], Field(description="What buyers wrote.")]
    videos: Annotated[list[VideoView], Field(description="Films of it.")]
    offer: Annotated[
        OfferView | None, Field(description="On what terms it is sold; null when none is known.")
    ]
    mobile_url: Annotated[str | None, Field(description="Its page for telephones.")]
    enrichment: Annotated[EnrichmentView | None, Field(description="Further attributes.")]
