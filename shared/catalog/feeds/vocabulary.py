"""The words feeds use for availability, condition and whom it is for, and what each means here.

One table each: word, meaning, and whose word it is. A word is compared in lower case, with spaces
and hyphens as `_` or left out, and without what stands before the last slash of an address
(`https://schema.org/InStock`) or behind a prefix (`schema:InStock`).
"""

import re
from typing import Final

from shared.catalog.products.product import Availability
from shared.catalog.products.text import clean

_STOCK: Final = Availability.IN_STOCK
_OUT: Final = Availability.OUT_OF_STOCK

AVAILABILITY: Final[tuple[tuple[str, Availability, str], ...]] = (
    ("in_stock", _STOCK, "Google, Meta, Magento"),
    ("instock", _STOCK, "schema.org, WooCommerce"),
    ("instoreonly", _STOCK, "schema.org: in a shop, not by mail"),
    ("onlineonly", _STOCK, "schema.org"),
    ("limitedavailability", _STOCK, "schema.org"),
    ("limited_availability", _STOCK, "Google's guidelines"),
    ("limited_stock", _STOCK, "Shopify themes"),
    ("low_stock", _STOCK, "Shopify themes"),
    ("available", _STOCK, "Shopify"),
    ("available_for_order", _STOCK, "Google until 2014, Meta"),
    ("out_of_stock", _OUT, "Google, Meta, Magento"),
    ("outofstock", _OUT, "schema.org, WooCommerce"),
    ("soldout", _OUT, "schema.org"),
    ("sold_out", _OUT, "Shopify"),
    ("unavailable", _OUT, "Shopify"),
    ("reserved", _OUT, "schema.org: taken, not for sale now"),
    ("pending", _OUT, "Meta"),
    ("mark_as_sold", _OUT, "Meta"),
    ("preorder", Availability.PREORDER, "Google, Meta, schema.org"),
    ("pre_order", Availability.PREORDER, "WooCommerce plug-ins"),
    ("presale", Availability.PREORDER, "schema.org: before the general sale"),
    ("pre_sale", Availability.PREORDER, "as schema.org's PreSale"),
    ("backorder", Availability.BACKORDER, "Google, schema.org"),
    ("back_order", Availability.BACKORDER, "as schema.org's BackOrder"),
    ("backordered", Availability.BACKORDER, "Magento"),
    ("onbackorder", Availability.BACKORDER, "WooCommerce"),
    ("on_backorder", Availability.BACKORDER, "WooCommerce"),
    ("available_on_backorder", Availability.BACKORDER, "WooCommerce"),
    ("madetoorder", Availability.BACKORDER, "schema.org: can be ordered, is made then"),
    ("made_to_order", Availability.BACKORDER, "as schema.org's MadeToOrder"),
    ("discontinued", Availability.DISCONTINUED, "schema.org, Meta"),
    ("unknown", Availability.UNKNOWN, "ours"),
)

CONDITIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("new", "new", "Google, Meta"),
    ("newcondition", "new", "schema.org"),
    ("brand_new", "new", "eBay"),
    ("new_with_tags", "new", "eBay"),
    ("new_other", "new", "eBay"),
    ("new_with_box", "new", "eBay"),
    ("new_without_box", "new", "eBay"),
    ("new_without_tags", "new", "eBay"),
    ("new_with_defects", "new", "eBay"),
    ("refurbished", "refurbished", "Google, Meta"),
    ("refurbishedcondition", "refurbished", "schema.org"),
    ("certified_refurbished", "refurbished", "eBay"),
    ("seller_refurbished", "refurbished", "eBay"),
    ("manufacturer_refurbished", "refurbished", "eBay"),
    ("excellent_refurbished", "refurbished", "eBay"),
    ("very_good_refurbished", "refurbished", "eBay"),
    ("good_refurbished", "refurbished", "eBay"),
    ("factory_refurbished", "refurbished", "Shopify shops"),
    ("remanufactured", "refurbished", "Shopify shops"),
    ("recertified", "refurbished", "Shopify shops"),
    ("certified_pre_owned", "refurbished", "Meta's cpo, written out"),
    ("cpo", "refurbished", "Meta: certified pre-owned"),
    ("renewed", "refurbished", "Amazon"),
    ("reconditioned", "refurbished", "WooCommerce plug-ins"),
    ("used", "used", "Google, Meta"),
    ("usedcondition", "used", "schema.org"),
    ("damagedcondition", "used", "schema.org"),
    ("used_like_new", "used", "Meta"),
    ("used_good", "used", "Meta"),
    ("used_fair", "used", "Meta"),
    ("like_new", "used", "eBay"),
    ("open_box_new", "used", "Meta"),
    ("open_box", "used", "eBay"),
    ("pre_owned", "used", "eBay"),
    ("preowned", "used", "eBay"),
    ("second_hand", "used", "Shopify shops"),
)

GENDERS: Final[tuple[tuple[str, str, str], ...]] = (
    *((word, "male", "Google, Shopify") for word in ("male", "man", "men", "mens", "men's")),
    *((word, "female", "Google, Shopify") for word in ("female", "woman", "women", "womens")),
    ("women's", "female", "Shopify"),
    ("unisex", "unisex", "Google"),
)

AGE_GROUPS: Final[tuple[tuple[str, str, str], ...]] = (
    *((word, word, "Google") for word in ("newborn", "infant", "toddler", "kids", "adult")),
    ("kid", "kids", "Google until 2012"),
    ("adults", "adult", "Shopify shops"),
)

SIZE_SYSTEMS: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (word, word.upper(), "Google")
    for word in ("us", "uk", "eu", "de", "fr", "jp", "cn", "it", "br", "mex", "au")
)

_BETWEEN: Final = re.compile(r"[\s-]+")


def meanings(table: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """A table as word to meaning."""
    return {word: meaning for word, meaning, _ in table}


def word_of(value: str) -> str:
    """A value as the tables have it."""
    word = clean(value).rstrip("/").rpartition("/")[2].casefold()
    return _BETWEEN.sub("_", word.removeprefix("schema:"))
