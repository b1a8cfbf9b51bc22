"""Reading what a shopper asks before buying: delivery, instalments, unit prices, labels, details.

Google writes such values in parts: as elements of their own in XML, separated by colons in text
(`country:region:service:price`). Both come here.
"""

import re
from collections.abc import Callable
from typing import Final

from shared.catalog.feeds import offering
from shared.catalog.feeds.given import Given, Value, first, flat, texts
from shared.catalog.feeds.money import NoPrice, money
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_VALUES

_PLACE: Final = ("country", "region", "service")
_DAYS: Final = ("min_handling_time", "max_handling_time", "min_transit_time", "max_transit_time")
_LEAST: Final = ("min_handling_time", "min_transit_time")
_MOST: Final = ("max_handling_time", "max_transit_time")
_PERIODS: Final = ("day", "week", "month", "year")
_DETAIL: Final = ("section_name", "attribute_name", "attribute_value")
_DIGIT: Final = re.compile(r"\d")
_PREFIXES: Final = {
    "installment": ("months", "amount", "downpayment", "credit_type"),
    "subscription_cost": ("period", "period_length", "amount"),
    "free_shipping_threshold": ("country", "price_threshold"),
    "certification": (
        "certification_authority",
        "certification_name",
        "certification_code",
    ),
}


def terms(given: Given, reading: Reading) -> Json:
    """The fields of a product that these attributes fill."""
    measure = reading.text("unit_pricing_measure", first(given, "unit_pricing_measure"))
    base = reading.text("unit_pricing_base_measure", first(given, "unit_pricing_base_measure"))
    scale = [
        reading.text(name, first(given, name))
        for name in ("min_energy_efficiency_class", "max_energy_efficiency_class")
    ]
    return {
        "unit_pricing": {"measure": measure, "base": base} if measure else None,
        "installment": _installment(given, reading),
        "subscription": _subscription(given, reading),
        "shipping": _each(given, "shipping", reading, _shipping),
        "free_shipping": _each(given, "free_shipping_threshold", reading, _free_shipping),
        "handling_least_days": _whole(given, "min_handling_time", reading),
        "handling_most_days": _whole(given, "max_handling_time", reading),
        "return_policy": reading.text("return_policy_label", first(given, "return_policy_label")),
        "promotion_ids": reading.texts("promotion_id", texts(given, "promotion_id")),
        "highlights": reading.texts("product_highlight", texts(given, "product_highlight")),
        "specifications": _each(given, "product_detail", reading, _specification),
        "certifications": _each(given, "certification", reading, _certification),
        "energy_class": reading.text(
            "energy_efficiency_class", first(given, "energy_efficiency_class")
        ),
        "energy_scale": " to ".join(part for part in scale if part) or None,
        "is_bundle": reading.yes("is_bundle", first(given, "is_bundle")),
        "multipack": reading.whole("multipack", first(given, "multipack"), 1),
        "adult": reading.yes("adult", first(given, "adult")),
    }


def _each(
    given: Given, name: str, reading: Reading, read: Callable[[Value, Reading], Json | None]
) -> list[Json]:
    if name not in given:
        return []
    found = (read(value, reading) for value in given[name])
    kept = [one for one in found if one]
    return list(reading.limit(name, kept, MAX_VALUES))


def _parts(name: str, value: Value) -> dict[str, str]:
    """The parts of a value, by name; empty ones left out."""
    if isinstance(value, str):
        value = dict(zip(_PREFIXES[name], value.split(":"), strict=False))
    return {part: text.strip() for part, text in value.items() if text.strip()}


def _installment(given: Given, reading: Reading) -> Json | None:
    for value in given.get("installment", ()):
        parts = _parts("installment", value)
        months = reading.whole("installment", parts.get("months"), 1)
        amount = offering.amount(reading, "installment", parts.get("amount"))
        if months and amount:
            down = offering.amount(reading, "installment", parts.get("downpayment"))
            kind = reading.text("installment", parts.get("credit_type"))
            return {"months": months, "amount": amount, "downpayment": down, "credit_type": kind}
        reading.warn("installment", "left out. It needs months and an amount.", flat(value))
    return None


def _subscription(given: Given, reading: Reading) -> Json | None:
    for value in given.get("subscription_cost", ()):
        parts = _parts("subscription_cost", value)
        period = parts.get("period", "").casefold()
        length = reading.whole("subscription_cost", parts.get("period_length"), 1)
        amount = offering.amount(reading, "subscription_cost", parts.get("amount"))
        if period in _PERIODS and length and amount:
            return {"period": period, "length": length, "amount": amount}
        reading.warn(
            "subscription_cost",
            "left out. It needs a period (week, month, year), how many, and an amount.",
            flat(value),
        )
    return None


def _shipping(value: Value, reading: Reading) -> Json | None:
    parts = value if isinstance(value, dict) else _colons(value, reading.defaults.currency)
    price = offering.amount(reading, "shipping", parts.get("price"))
    place = {name: reading.text("shipping", parts.get(name)) for name in _PLACE}
    days = {name: reading.whole("shipping", parts.get(name)) for name in _DAYS}
    least = [day for name in _LEAST if (day := days[name]) is not None]
    most = [day for name in _MOST if (day := days[name]) is not None]
    if price is None and not any(place.values()):
        return None
    return {
        "price": price,
        **place,
        "least_days": sum(least) if least else None,
        "most_days": sum(most) if most else None,
    }


def _colons(value: str, currency: str | None) -> dict[str, str]:
    """`country:region:service:price:days…`, of which region and service may be missing."""
    parts = [part.strip() for part in value.split(":")]
    at = next((at for at, part in enumerate(parts) if _is_money(part, currency)), len(parts))
    before, after = parts[:at], parts[at + 1 :]
    found = {"price": parts[at] if at < len(parts) else ""}
    found |= dict(zip(_PLACE, before, strict=False))
    found |= dict(zip(_DAYS, after, strict=False))
    return found


def _is_money(part: str, currency: str | None) -> bool:
    if not _DIGIT.search(part):
        return False
    try:
        return money(part, currency) is not None
    except NoPrice:
        return False


def _free_shipping(value: Value, reading: Reading) -> Json | None:
    parts = _parts("free_shipping_threshold", value)
    threshold = offering.amount(reading, "free_shipping_threshold", parts.get("price_threshold"))
    country = reading.text("free_shipping_threshold", parts.get("country"))
    return {"threshold": threshold, "country": country} if threshold else None


def _certification(value: Value, reading: Reading) -> Json | None:
    parts = _parts("certification", value)
    names = _PREFIXES["certification"]
    authority, name, code = (reading.text("certification", parts.get(each)) for each in names)
    return {"name": name, "authority": authority, "code": code} if name else None


def _specification(value: Value, reading: Reading) -> Json | None:
    parts = value if isinstance(value, dict) else {}
    section, name, text = (reading.text("product_detail", parts.get(each)) for each in _DETAIL)
    if name and text:
        return {"section": section, "name": name, "value": text}
    reading.warn("product_detail", "one left out. It needs section, name and value.", flat(value))
    return None


def _whole(given: Given, name: str, reading: Reading) -> int | None:
    return reading.whole(name, first(given, name))
