"""Google's product data specification, attribute by attribute: what becomes of each.

Source: support.google.com/merchants/answer/7052112. This table is what the reader goes by, and what
docs/feeds.md shows.
"""

from typing import Final, NamedTuple


class Attribute(NamedTuple):
    """One attribute.

    Attributes:
        name: Google's.
        shown: where partners see it, in the full view (`product.` left off); empty if not shown.
        searched: whether its words are searched.
        facet: the facet it can be filtered by.
        note: what is special about it; for one that is left out, why.
    """

    name: str
    shown: str = ""
    searched: bool = False
    facet: str = ""
    note: str = ""

    @property
    def is_kept(self) -> bool:
        """False for what is left out of the record."""
        return bool(self.shown or self.searched or self.note.startswith("Kept"))


_ADS: Final = "Instructs Google's ads."
_GOOGLE: Final = "Instructs Google's listings."
_OWN: Final = "The merchant's own business."
_SHIPS: Final = "For working out carrier rates, not for shoppers."
_FILE: Final = "Of the file, not of the product."


def _left_out(why: str, *names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, note=why) for name in names)


ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    Attribute(
        "id",
        "identifiers.productId, variants[].sku",
        searched=True,
        note="A row whose id is its item_group_id and that has no options is the parent.",
    ),
    Attribute("title", "title", searched=True),
    Attribute("structured_title", "title", searched=True, note="Where there is no title."),
    Attribute("description", "description", searched=True, note="HTML is read as text."),
    Attribute(
        "structured_description",
        "description",
        searched=True,
        note="Where there is no description.",
    ),
    Attribute("link", "productUrl, variants[].productUrl"),
    Attribute("canonical_link", "productUrl of a group", note="Kept; a lookup finds it."),
    Attribute("mobile_link", "mobileUrl, variants[].mobileUrl", note="A lookup finds it."),
    Attribute(
        "link_template", note="Kept; a lookup finds its address without Google's parameters."
    ),
    Attribute("mobile_link_template", note="Kept, as link_template."),
    Attribute("amp_link", note="Kept; a lookup finds it."),
    Attribute("image_link", "imageUrl, images[].url, variants[].imageUrl"),
    Attribute("additional_image_link", "images[].url"),
    Attribute("lifestyle_image_link", "images[].url"),
    Attribute("video_link", "videos[].url"),
    Attribute("virtual_model_link", "enrichment.attributes", note="As it is written."),
    Attribute(
        "price",
        "currentPrice, originalPrice, variants[].currentPrice",
        note="Price bounds. ISO 4217 codes; zero is left out.",
    ),
    Attribute("sale_price", "currentPrice, offer.sale.price", note="While its time holds."),
    Attribute(
        "sale_price_effective_date",
        "offer.sale.startsAt, offer.sale.endsAt",
        note="Judged when asked; a date alone at the end counts its day.",
    ),
    Attribute("maximum_retail_price", "enrichment.attributes", note="As it is written."),
    Attribute("availability", "availability, inStock", facet="availability"),
    Attribute("availability_date", "availabilityDate"),
    Attribute(
        "expiration_date",
        "offer.expiresAt, variants[].expiresAt",
        note="Judged when asked: then it is found no longer.",
    ),
    Attribute("unit_pricing_measure", "offer.unitPrice.measure"),
    Attribute("unit_pricing_base_measure", "offer.unitPrice.base"),
    Attribute("installment", "offer.installment"),
    Attribute("subscription_cost", "offer.subscription"),
    Attribute("loyalty_program", note="Prices for members, which only a member can use."),
    Attribute("brand", "brand", searched=True, facet="brand_name, brand_slug"),
    Attribute(
        "gtin", "identifiers.gtin, variants[].gtin", searched=True, note="With a right check digit."
    ),
    Attribute("mpn", "identifiers.mpn, variants[].mpn", searched=True, facet="mpn"),
    Attribute("condition", "condition, variants[].condition", facet="condition"),
    Attribute(
        "google_product_category",
        "categoryPath",
        searched=True,
        facet="category_path.depth_0 to 6",
        note="A number is kept under attributes.",
    ),
    Attribute(
        "product_type", "categories[].name, enrichment.type", searched=True, facet="product_type"
    ),
    Attribute(
        "color",
        "colors[], variants[].color",
        searched=True,
        facet="color",
        note="Several are separated by slashes.",
    ),
    Attribute("size", "sizes[], variants[].size", searched=True, facet="size"),
    Attribute("size_type", "details.fit[]", searched=True, facet="fit"),
    Attribute(
        "size_system",
        "enrichment.attributes",
        searched=True,
        facet="size_system",
        note="Where a product has one, size is a facet with it as well: EU 42.",
    ),
    Attribute("gender", "audience.genders[]", searched=True, facet="gender"),
    Attribute("age_group", "audience.ageGroups[]", searched=True, facet="age_groups"),
    Attribute(
        "material",
        "details.materials[]",
        searched=True,
        facet="material",
        note="Several are separated by slashes.",
    ),
    Attribute("pattern", "details.patterns[]", searched=True, facet="pattern"),
    Attribute("item_group_id", "identifiers.productGroupId", searched=True),
    *(
        Attribute(name, "details.dimensions", searched=True)
        for name in ("product_length", "product_width", "product_height")
    ),
    Attribute("product_weight", "enrichment.attributes", searched=True, facet="product_weight"),
    Attribute(
        "product_detail",
        "details.specifications[]",
        searched=True,
        facet="the attribute's name",
        note="With its section.",
    ),
    Attribute("product_highlight", "details.highlights[]", searched=True),
    Attribute("certification", "details.certifications[]", searched=True),
    Attribute("energy_efficiency_class", "details.energyClass", facet="energy_class"),
    Attribute("min_energy_efficiency_class", "details.energyScale", note="The scale's worst."),
    Attribute("max_energy_efficiency_class", "details.energyScale", note="The scale's best."),
    Attribute("multipack", "details.multipack", facet="multipack"),
    Attribute("is_bundle", "details.isBundle", facet="is_bundle"),
    Attribute("adult", "audience.adult", facet="adult"),
    Attribute("shipping", "offer.shipping[]", note="Price, place, service and days."),
    Attribute("free_shipping_threshold", "offer.freeShipping[]"),
    Attribute("min_handling_time", "offer.handlingDays.least"),
    Attribute("max_handling_time", "offer.handlingDays.most"),
    Attribute("return_policy_label", "offer.returnPolicy"),
    Attribute("promotion_id", "offer.promotionIds[]"),
    Attribute("updated", "updatedAt", note="Atom's own."),
    *_left_out("Told to Google; an identifier that is there is kept anyway.", "identifier_exists"),
    *_left_out(
        _ADS,
        "ads_grouping",
        "ads_labels",
        "ads_redirect",
        "display_ads_id",
        "display_ads_link",
        "display_ads_similar_ids",
        "display_ads_title",
        "display_ads_value",
        "short_title",
        "shopping_ads_excluded_country",
    ),
    *_left_out(
        _GOOGLE,
        "excluded_destination",
        "included_destination",
        "disclosure_date",
        "external_seller_id",
        "pause",
        "sell_on_google_quantity",
        "quantity",
    ),
    *_left_out(
        _OWN,
        "auto_pricing_min_price",
        "cost_of_goods_sold",
        "custom_label_0",
        "custom_label_1",
        "custom_label_2",
        "custom_label_3",
        "custom_label_4",
        "store_code",
        "tax",
        "tax_category",
    ),
    *_left_out(
        "Stock of single stores is not kept.",
        "pickup_method",
        "pickup_sla",
        "pickup_link_template",
        "mobile_pickup_link_template",
    ),
    *_left_out(
        _SHIPS,
        "shipping_height",
        "shipping_label",
        "shipping_length",
        "shipping_weight",
        "shipping_width",
        "local_shipping_label",
        "ships_from_country",
        "transit_time_label",
        "handling_cutoff_time",
        "shipping_transit_business_days",
        "shipping_handling_business_days",
        "minimum_order_value",
    ),
    *_left_out(
        _FILE,
        "guid",
        "pubdate",
        "pubDate",
        "author",
        "comments",
        "source",
        "enclosure",
        "published",
        "rights",
    ),
)

LEFT_OUT: Final = {each.name: each.note for each in ATTRIBUTES if not each.is_kept}
"""Attributes that are not kept, and why."""

READ: Final = frozenset(each.name for each in ATTRIBUTES if each.is_kept) - {
    *("virtual_model_link", "maximum_retail_price", "size_system", "product_weight"),
}
"""Attributes that have a place of their own in the record. Any other is kept under attributes."""
