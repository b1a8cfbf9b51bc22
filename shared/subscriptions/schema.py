"""The exported table, version 1: its columns. `rows` makes a product a row of it.

Columns are only ever added to a version; anything else is a new version, with a table, a view and a
listing of its own beside this one. Names are BigQuery's habit (snake case); values are the ones
partners get over MCP and REST, with prices exact and everything the feed said kept.
"""

from typing import Final

from shared.ports.warehouse import OFFERS, VARIANTS, Column


def _text(name: str, description: str) -> Column:
    return Column(name, "string", description)


def _texts(name: str, description: str) -> Column:
    return Column(name, "string", description, repeated=True)


_IMAGES: Final = Column(
    "images",
    "record",
    "Pictures, the main one first.",
    repeated=True,
    fields=(
        _text("url", "Where the picture is."),
        Column("width", "integer", "Width in pixels."),
        Column("height", "integer", "Height in pixels."),
    ),
)

_SALE: Final = (
    Column("regular_price", "decimal", "What it costs while no sale holds."),
    Column("sale_price", "decimal", "What it costs while the sale holds."),
    Column("sale_from", "time", "From when the sale holds; null: already."),
    Column("sale_to", "time", "Until before when the sale holds; null: for ever."),
)

_OFFERS: Final = Column(
    OFFERS,
    "record",
    "What it costs and whether it is offered, by time: what the view shows is the one of now. "
    "None where nothing changes.",
    repeated=True,
    fields=(
        Column("begins_at", "time", "From when it holds."),
        Column("ends_at", "time", "Until before when; null: for ever."),
        Column("current_price", "decimal", "What it costs then."),
        Column("original_price", "decimal", "What it cost before, if reduced."),
        _text("availability", "Whether it can be had then."),
        Column("is_active", "boolean", "Whether it is offered then."),
    ),
)

COLUMNS: Final = (
    _text("uuid", "The product's id: the same across republish and rollback."),
    _text("catalog_key", "The catalog it is in."),
    _text("product_key", "The product's key in the catalog."),
    _text("product_url", "The product's page."),
    _text("title", "What it is called."),
    _text("description", "What the seller says, as plain text."),
    _text("language", "The language of its texts (BCP 47)."),
    Column(
        "brand",
        "record",
        "Who makes it.",
        fields=(_text("name", "As the catalog names it."), _text("slug", "For comparing.")),
    ),
    Column("current_price", "decimal", "What it costs now; the lowest where variants differ."),
    Column("original_price", "decimal", "What it cost before, if reduced."),
    _text("currency", "ISO 4217 currency of the prices."),
    _text("availability", "in_stock, out_of_stock, preorder, backorder, discontinued or unknown."),
    Column("is_active", "boolean", "Whether the catalog offers it now."),
    _text("condition", "new, refurbished or used."),
    _text("image_url", "The main picture."),
    _IMAGES,
    Column(
        "rating",
        "record",
        "What buyers gave it.",
        fields=(
            Column("average", "number", "Average, on a scale that ends at 5."),
            Column("count", "integer", "How many ratings."),
        ),
    ),
    _text("product_type", "The kind of product."),
    _texts("category_path", "Its category, the broadest first."),
    _texts("tags", "The seller's own words for it."),
    _texts("genders", "male, female or unisex."),
    _texts("age_groups", "Such as infant, toddler, kids, adult."),
    _texts("sizes", "The sizes it comes in."),
    _texts("colors", "The colours it comes in."),
    _texts("color_families", "Broad colours, such as Blue."),
    _texts("materials", "What it is made of."),
    Column(
        "attributes",
        "record",
        "Further attributes of the feed.",
        repeated=True,
        fields=(_text("name", "The attribute."), _texts("values", "Its values.")),
    ),
    _texts("gtins", "GTINs (EAN, UPC, ISBN-13)."),
    _text("mpn", "The maker's part number."),
    _text("product_group_id", "The feed's group of variants."),
    _text("seller", "Who sells it, where that is not the catalog's owner."),
    Column(
        VARIANTS,
        "record",
        "Its buyable forms.",
        repeated=True,
        fields=(
            _text("id", "The variant's id in the product."),
            _text("sku", "The seller's own number."),
            _text("product_url", "The page that shows it."),
            Column("price", "decimal", "What it costs now."),
            Column("original_price", "decimal", "What it cost before, if reduced."),
            _text("currency", "ISO 4217 currency of the prices."),
            _text("availability", "As the product's."),
            _texts("gtins", "GTINs."),
            _text("mpn", "The maker's part number."),
            Column(
                "options",
                "record",
                "What tells it from the others.",
                repeated=True,
                fields=(_text("name", "Such as Size."), _text("value", "Such as M.")),
            ),
            _text("image_url", "A picture of it."),
            _text("condition", "new, refurbished or used."),
            Column("availability_date", "time", "When a preorder or backorder can be had."),
            *_SALE,
            Column("expires_at", "time", "When it is offered no longer."),
            _texts("image_urls", "All its pictures, the main one first."),
            _text("mobile_url", "Its page for telephones."),
            _OFFERS,
        ),
    ),
    Column("updated_at", "time", "When the feed last changed it."),
    Column("catalog_version", "integer", "The version of the catalog this row is of."),
    Column("exported_at", "time", "When this table was loaded."),
    Column("availability_date", "time", "When a preorder or backorder can be had."),
    *_SALE,
    Column("expires_at", "time", "When it is offered no longer."),
    _text("mobile_url", "Its page for telephones."),
    _texts("highlights", "What the seller wants seen first."),
    Column(
        "specifications",
        "record",
        "Technical facts, by section.",
        repeated=True,
        fields=(
            _text("section", "The part of the sheet it stands in."),
            _text("name", "What is said."),
            _text("value", "What it is."),
        ),
    ),
    _text("energy_class", "Energy class, such as A."),
    Column("is_bundle", "boolean", "A set of different products."),
    Column("multipack", "integer", "How many equal ones are in it."),
    Column("adult", "boolean", "For grown-ups only."),
    _text("return_policy", "The seller's name for the returns policy that applies."),
    _texts("promotion_ids", "The seller's promotions it is in."),
    _OFFERS,
    Column(
        "unit_price",
        "record",
        "What the price is for, and what prices are compared by.",
        fields=(_text("measure", "Such as 750 ml."), _text("base", "Such as 100 ml.")),
    ),
    Column(
        "installment",
        "record",
        "Paid in parts.",
        fields=(
            Column("months", "integer", "How many."),
            Column("amount", "decimal", "How much each."),
            _text("currency", "ISO 4217 currency of the amounts."),
            Column("downpayment", "decimal", "How much at once."),
            _text("credit_type", "The kind of credit."),
        ),
    ),
    Column(
        "subscription",
        "record",
        "Paid again and again.",
        fields=(
            _text("period", "day, week, month or year."),
            Column("length", "integer", "How many periods."),
            Column("amount", "decimal", "How much each."),
            _text("currency", "ISO 4217 currency of the amount."),
        ),
    ),
    Column(
        "shipping",
        "record",
        "What delivery costs, and how long it takes.",
        repeated=True,
        fields=(
            Column("price", "decimal", "What it costs; 0: free; null: not said."),
            _text("currency", "ISO 4217 currency of the price."),
            _text("country", "Where to."),
            _text("region", "The part of the country."),
            _text("service", "Which service."),
            Column("least_days", "integer", "In how many days at the earliest."),
            Column("most_days", "integer", "In how many days at the latest."),
        ),
    ),
    Column(
        "free_shipping",
        "record",
        "From which order value delivery is free.",
        repeated=True,
        fields=(
            Column("threshold", "decimal", "The order value."),
            _text("currency", "ISO 4217 currency of the order value."),
            _text("country", "Where to."),
        ),
    ),
    Column(
        "handling_days",
        "record",
        "Days until it leaves the house.",
        fields=(
            Column("least", "integer", "At the earliest."),
            Column("most", "integer", "At the latest."),
        ),
    ),
    Column(
        "certifications",
        "record",
        "Certificates and labels.",
        repeated=True,
        fields=(
            _text("name", "Which."),
            _text("authority", "Who gives it."),
            _text("code", "The class or number it says."),
        ),
    ),
    _text("energy_scale", "The scale of its energy class, such as A to G."),
    _texts("fit", "How it fits."),
    _texts("patterns", "Such as striped."),
    _text("dimensions", "How large it is."),
    Column(
        "promotions",
        "record",
        "Offers a shopper can use.",
        repeated=True,
        fields=(_text("description", "What is offered."), _text("code", "What to type for it.")),
    ),
    _texts("video_urls", "Films of it."),
)
