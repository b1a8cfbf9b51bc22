"""Reading one row: each value is cleaned and checked, and what is wrong is written down.

The values a `Reading` gives are JSON values in the shape of `Product`'s fields. A value that the
product cannot do without or that would mislead (a price, its own URL) refuses the row; anything
else that is wrong is left out with a warning, so one bad picture does not cost a sale.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from shared.catalog.feeds.rows import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_DESCRIPTION,
    MAX_IMAGES,
    MAX_KEY,
    MAX_VALUE,
    MAX_VALUES,
    Defaults,
)
from shared.catalog.products.product import Availability
from shared.catalog.products.text import clean, clean_block, clean_html, slug
from shared.catalog.products.urls import normalize_url, web_url
from shared.errors import Problem

Json = dict[str, Any]
T = TypeVar("T")

_PRICE: Final = re.compile(r"(?:([A-Za-z]{3})\s*)?(\d{1,12}(?:\.\d{1,6})?)(?:\s*([A-Za-z]{3}))?")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{2}(?!\d)")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_NAMELESS: Final = re.compile(r"/\.[A-Za-z]{2,5}(?:[?#].*)?$")
_MARKUP: Final = re.compile(r"</?(?:p|br|ul|ol|li|b|i|em|strong|div|span|h[1-6]|table)\b[^<>]*>")
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_AVAILABILITY: Final = {
    "in_stock": Availability.IN_STOCK,
    "instock": Availability.IN_STOCK,
    "limitedavailability": Availability.IN_STOCK,
    "limited_availability": Availability.IN_STOCK,
    "out_of_stock": Availability.OUT_OF_STOCK,
    "outofstock": Availability.OUT_OF_STOCK,
    "soldout": Availability.OUT_OF_STOCK,
    "sold_out": Availability.OUT_OF_STOCK,
    "preorder": Availability.PREORDER,
    "pre_order": Availability.PREORDER,
    "backorder": Availability.BACKORDER,
    "back_order": Availability.BACKORDER,
    "discontinued": Availability.DISCONTINUED,
    "unknown": Availability.UNKNOWN,
}
_GENDERS: Final = {
    **dict.fromkeys(("male", "man", "men", "mens", "men's"), "male"),
    **dict.fromkeys(("female", "woman", "women", "womens", "women's"), "female"),
    "unisex": "unisex",
}
_AGE_GROUPS: Final = ("newborn", "infant", "toddler", "kids", "adult")
_CONDITIONS: Final = ("new", "refurbished", "used")


class Reading:
    """One row while it is read: what refuses it, what was left out.

    Relative links are resolved against the product's own page once `product_url` was read.
    """

    def __init__(self, defaults: Defaults) -> None:
        self.defaults = defaults
        self._base = defaults.base_url
        self.reasons: list[str] = []
        self.warnings: list[str] = []

    def refuse(self, field: str, why: str) -> None:
        """The row cannot be taken."""
        self.reasons.append(f"{field}: {why}")

    def warn(self, field: str, what: str) -> None:
        """The row is taken with something left out or cut."""
        self.warnings.append(f"{field}: {what}")

    def identifier(self, field: str, value: object) -> str | None:
        """A key or id: text or whole number, exactly as given but for invisible characters."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = clean(value) if isinstance(value, str) else ""
        if not text:
            self.refuse(field, "missing. Every row needs one.")
        elif len(text) > MAX_KEY:
            self.refuse(field, f"longer than {MAX_KEY} characters.")
        else:
            return text
        return None

    def text(self, field: str, value: str | None, limit: int = MAX_VALUE) -> str | None:
        """One line of text, cut at the limit; None when empty."""
        text = clean(value) if value else ""
        return self._cut(field, text, limit) or None

    def description(self, value: str | None, *, declared: str | None = None) -> Json:
        """`description` and its format, `html` where it is declared or has common markup."""
        if not value:
            return {}
        if declared == "html" or (declared is None and _MARKUP.search(value)):
            text = self._cut("description", clean_html(value), MAX_DESCRIPTION)
            if len(text) == MAX_DESCRIPTION and text.rfind("<") > text.rfind(">"):
                text = text[: text.rfind("<")]
            return {"description": text, "description_format": "html"} if text else {}
        text = self._cut("description", clean_block(value), MAX_DESCRIPTION)
        return {"description": text, "description_format": "plain"} if text else {}

    def texts(self, field: str, values: Iterable[str]) -> list[str]:
        """Lines of text, each once, without empty ones."""
        kept = dict.fromkeys(text for value in values if (text := self.text(field, value)))
        return list(self._limit(field, tuple(kept), MAX_VALUES))

    def product_url(self, field: str, value: str | None, *, required: bool) -> str | None:
        """The address of a product's page; refused, or only left out, when it is none."""
        if not value or not value.strip():
            if required:
                self.refuse(field, "missing. Give the address of the product's page.")
            return None
        try:
            self._base = url = web_url(value, self.defaults.base_url)
            normalize_url(url)
            why = "names no page." if _NAMELESS.search(url) else None
        except Problem as problem:
            url, why = "", problem.message
        if why is None:
            return url
        if required:
            self.refuse(field, why)
        else:
            self.warn(field, f"left out. {why}")
        return None

    def link(self, field: str, value: str | None) -> str | None:
        """A web address that the product can do without, resolved; left out when it is none."""
        if not value or not value.strip():
            return None
        try:
            return web_url(value, self._base)
        except Problem as problem:
            self.warn(field, f"one left out. {problem.message}")
            return None

    def images(self, field: str, values: Iterable[Json]) -> list[Json]:
        """Pictures with their address (`url`) resolved, each address once."""
        kept: dict[str, Json] = {}
        for value in values:
            url = self.link(field, value["url"])
            if url:
                kept.setdefault(url, {**value, "url": url})
        return list(self._limit(field, tuple(kept.values()), MAX_IMAGES))

    def path(self, field: str, names: Iterable[str]) -> list[str]:
        """A category path: names from broad to narrow, without empty ones."""
        names = tuple(text for name in names if (text := self.text(field, name)))
        return list(self._limit(field, names, MAX_DEPTH))

    def price(self, field: str, value: object, currency: str | None) -> Json | None:
        """A price: a number with a point, its currency beside it or in `currency`.

        Refuses the row for anything else: a price that is guessed is worse than none.
        """
        text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
        if value is None or text == "":
            return None
        if _THOUSANDS.search(text):
            text = text.replace(",", "")
        match = _PRICE.fullmatch(text)
        if match is None or (match[1] and match[3]):
            self.refuse(field, 'not a price. Write a number with a point, such as "12.99 USD".')
            return None
        code = (match[1] or match[3] or currency or self.defaults.currency or "").strip().upper()
        if not _CURRENCY.fullmatch(code):
            self.refuse(field, "has no currency. Give a code of three letters, such as USD.")
            return None
        return {"amount": _amount(match[2]), "currency": code}

    def prices(self, price: Json | None, before: Json | None, field: str) -> Json:
        """`price` and `original_price`, the latter only when it is the higher one."""
        if price is None or before is None:
            return {"price": price or before}
        if price["currency"] != before["currency"]:
            self.refuse(field, "not in the currency of the price.")
        elif Decimal(before["amount"]) > Decimal(price["amount"]):
            return {"price": price, "original_price": before}
        elif Decimal(before["amount"]) < Decimal(price["amount"]):
            self.warn(field, "left out, being lower than the price.")
        return {"price": price}

    def gtins(self, field: str, values: Iterable[str]) -> list[str]:
        """GTINs of 8, 12, 13 or 14 digits with a right check digit; others are left out.

        A wrong barcode is worse than none and no reason to lose the product. Source: GS1 General
        Specifications 7.9.
        """
        kept: dict[str, None] = {}
        for value in values:
            digits = re.sub(r"[\s-]+", "", clean(value))
            if _is_gtin(digits):
                kept[digits] = None
            elif digits:
                self.warn(field, "one left out. Its length or check digit is wrong.")
        return list(self._limit(field, tuple(kept), MAX_VALUES))

    def availability(self, field: str, value: str | None) -> str | None:
        """One of `Availability`, also as schema.org or Google write it. Refuses any other."""
        if not value or not clean(value):
            return None
        name = re.sub(r"[\s-]+", "_", clean(value).rpartition("/")[2].casefold())
        known = _AVAILABILITY.get(name)
        if known is None:
            self.refuse(field, f"not one of {', '.join(Availability)}.")
        return known

    def genders(self, field: str, values: Iterable[str]) -> list[str]:
        """male, female, unisex; others are left out."""
        return self._known(field, values, _GENDERS)

    def age_groups(self, field: str, values: Iterable[str]) -> list[str]:
        """newborn, infant, toddler, kids, adult; others are left out."""
        return self._known(field, values, {name: name for name in _AGE_GROUPS})

    def condition(self, field: str, value: str | None) -> str | None:
        """new, refurbished or used; any other is left out."""
        known = self._known(field, [value or ""], {name: name for name in _CONDITIONS})
        return known[0] if known else None

    def time(self, field: str, value: str | None) -> str | None:
        """An ISO 8601 date or time as UTC; without an offset it is taken as UTC."""
        if not value or not value.strip():
            return None
        try:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            self.warn(field, "left out. Not an ISO 8601 date, such as 2026-11-21.")
            return None

    def attributes(self, values: Mapping[str, Sequence[str]], field: str = "attributes") -> Json:
        """Further attributes by name, each with its values."""
        kept = {}
        for name, listed in values.items():
            key = self.text(field, name, MAX_KEY)
            found = self.texts(f"{field}.{key}", listed)
            if key and found:
                kept[key] = found
        return dict(self._limit(field, tuple(kept.items()), MAX_ATTRIBUTES))

    def brand(self, name: str | None, url: str | None = None, about: str | None = None) -> Json:
        """`brand`, when it has a name."""
        text = self.text("brand", name)
        if not text:
            return {}
        brand = {"name": text, "slug": slug(text), "url": self.link("brand.url", url)}
        return {"brand": {**brand, "description": self.text("brand.description", about)}}

    def _known(self, field: str, values: Iterable[str], names: Mapping[str, str]) -> list[str]:
        kept: dict[str, None] = {}
        for value in values:
            name = clean(value).casefold()
            if name in names:
                kept[names[name]] = None
            elif name:
                self.warn(
                    field, f"one left out. Not one of {', '.join(sorted({*names.values()}))}."
                )
        return list(kept)

    def _cut(self, field: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.warn(field, f"cut at {limit} characters.")
        return text[:limit].rstrip()

    def _limit(self, field: str, values: Sequence[T], limit: int) -> Sequence[T]:
        if len(values) > limit:
            self.warn(field, f"only the first {limit} kept.")
        return values[:limit]


def _amount(digits: str) -> str:
    """The canonical decimal string: no leading zeros, a fraction with two digits or more."""
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction:0<2}" if fraction else "")


def _is_gtin(digits: str) -> bool:
    if len(digits) not in _GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return False
    weighted = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return weighted % 10 == 0 and digits.strip("0") != ""
