"""Reading what a shopper asks before buying: delivery, instalments, unit prices, labels, details.

Google writes such values in parts: as elements of their own in XML, separated by colons in text
(`country:region:service:price`). Both come here.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from shared.catalog.feeds import offering
from shared.catalog.feeds.given import Given, Value, first, flat, texts
from shared.catalog.feeds.money import NoPrice, money
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_VALUES

Read = Callable[[Given, str, Reading], Any]
"""Reads an attribute that is given, by its name."""

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
    return {
        field: read(given, name, reading)
        for name, (field, read) in _FIELDS.items()
        if name in given
    }


def _each(read: Callable[[Value, Reading], Json | None]) -> Read:
    """Reads each value of an attribute; what is none is left out."""

    def every(given: Given, name: str, reading: Reading) -> list[Json]:
        kept = [one for value in given[name] if (one := read(value, reading))]
        return list(reading.limit(name, kept, MAX_VALUES))

    return every


def _text(given: Given, name: str, reading: Reading) -> str | None:
    return reading.text(name, first(given, name))


def _texts(given: Given, name: str, reading: Reading) -> list[str]:
    return reading.texts(name, texts(given, name))


def _whole(given: Given, name: str, reading: Reading) -> int | None:
    return reading.whole(name, first(given, name))


def _count(given: Given, name: str, reading: Reading) -> int | None:
    return reading.whole(name, first(given, name), 1)


def _yes(given: Given, name: str, reading: Reading) -> bool | None:
    return reading.yes(name, first(given, name))


def _unit_pricing(given: Given, name: str, reading: Reading) -> Json | None:
    measure = _text(given, name, reading)
    base = _text(given, "unit_pricing_base_measure", reading)
    return {"measure": measure, "base": base} if measure else None


def _scale(given: Given, _: str, reading: Reading) -> str | None:
    ends = [_text(given, f"{end}_energy_efficiency_class", reading) for end in ("min", "max")]
    return " to ".join(end for end in ends if end) or None


def _parts(name: str, value: Value) -> dict[str, str]:
    """The parts of a value, by name; empty ones left out."""
    if isinstance(value, str):
        value = dict(zip(_PREFIXES[name], value.split(":"), strict=False))
    return {part: text.strip() for part, text in value.items() if text.strip()}


def _installment(given: Given, _: str, reading: Reading) -> Json | None:
    for value in given["installment"]:
        parts = _parts("installment", value)
        months = reading.whole("installment", parts.get("months"), 1)
        amount = offering.amount(reading, "installment", parts.get("amount"))
        if months and amount:
            down = offering.amount(reading, "installment", parts.get("downpayment"))
            kind = reading.text("installment", parts.get("credit_type"))
            return {"months": months, "amount": amount, "downpayment": down, "credit_type": kind}
        reading.warn("installment", "left out. It needs months and an amount.", flat(value))
    return None


def _subscription(given: Given, _: str, reading: Reading) -> Json | None:
    for value in given["subscription_cost"]:
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


_FIELDS: Final[dict[str, tuple[str, Read]]] = {
    "unit_pricing_measure": ("unit_pricing", _unit_pricing),
    "installment": ("installment", _installment),
    "subscription_cost": ("subscription", _subscription),
    "shipping": ("shipping", _each(_shipping)),
    "free_shipping_threshold": ("free_shipping", _each(_free_shipping)),
    "min_handling_time": ("handling_least_days", _whole),
    "max_handling_time": ("handling_most_days", _whole),
    "return_policy_label": ("return_policy", _text),
    "promotion_id": ("promotion_ids", _texts),
    "product_highlight": ("highlights", _texts),
    "product_detail": ("specifications", _each(_specification)),
    "certification": ("certifications", _each(_certification)),
    "energy_efficiency_class": ("energy_class", _text),
    "min_energy_efficiency_class": ("energy_scale", _scale),
    "max_energy_efficiency_class": ("energy_scale", _scale),
    "is_bundle": ("is_bundle", _yes),
    "multipack": ("multipack", _count),
    "adult": ("adult", _yes),
}
"""Which field an attribute fills, and what reads it. Most items have few of them."""
