"""Reading what a row says of its offer: prices, sales and their time, stock, condition.

Nothing here judges a time: a sale that is over or to come is kept as it is, and whoever asks is
answered by the clock of then.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from shared.catalog.feeds import vocabulary
from shared.catalog.feeds.money import NoPrice, money
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.products.product import Availability

_AVAILABILITY: Final = {word: meaning for word, meaning, _ in vocabulary.AVAILABILITY}
_CONDITIONS: Final = vocabulary.meanings(vocabulary.CONDITIONS)
_GENDERS: Final = vocabulary.meanings(vocabulary.GENDERS)
_AGE_GROUPS: Final = vocabulary.meanings(vocabulary.AGE_GROUPS)
_SIZE_SYSTEMS: Final = vocabulary.meanings(vocabulary.SIZE_SYSTEMS)
_COLORS: Final = re.compile(r"\s*/\s*")
Times = tuple[str | None, str | None]
"""From when until when, as ISO 8601 in UTC; None: open on that side."""

_NO_TIME: Final = "left out, for its {} is not two times with a slash between, the earlier first."
_ZERO: Final = "left out, being zero. Leave it empty where there is no price."


def price(reading: Reading, field: str, value: object, currency: str | None = None) -> Json | None:
    """A price that a shopper would pay. Refuses the row for what is no price; zero is left out."""
    try:
        found = money(value, currency or reading.defaults.currency)
    except NoPrice as why:
        reading.refuse(field, str(why), value)
        return None
    if found is not None and not Decimal(found["amount"]):
        reading.warn(field, _ZERO, value)
        return None
    return found


def amount(reading: Reading, field: str, value: object, currency: str | None = None) -> Json | None:
    """An amount beside the price (delivery, an instalment), maybe zero; left out if it is none."""
    try:
        return money(value, currency or reading.defaults.currency)
    except NoPrice as why:
        reading.warn(field, f"left out. {str(why)[:1].upper()}{str(why)[1:]}", value)
        return None


def prices(reading: Reading, now: Json | None, before: Json | None, field: str) -> Json:
    """`price` and `original_price`, the latter only when it is the higher one.

    `field`: what the feed calls the price before.
    """
    if now is None or before is None:
        return {"price": now or before}
    if now["currency"] != before["currency"]:
        reading.refuse(field, "not in the currency of the price.", before["currency"])
    elif Decimal(before["amount"]) > Decimal(now["amount"]):
        return {"price": now, "original_price": before}
    elif Decimal(before["amount"]) < Decimal(now["amount"]):
        reading.warn(field, "left out, being lower than the price.", before["amount"])
    return {"price": now}


def sale(reading: Reading, regular: Json, given: Json | None, times: Times | None) -> Json:
    """The offer with a sale price: `regular` is what `prices` gave, `times` when the sale holds.

    A sale that always holds is the price; one whose time cannot be read is left out.
    """
    price = regular.get("price")
    if given is None or times is None:
        return regular
    if price is not None and price["currency"] != given["currency"]:
        reading.refuse("sale_price", "not in the currency of the price.", given["currency"])
        return regular
    if price is not None and Decimal(given["amount"]) >= Decimal(price["amount"]):
        if given["amount"] != price["amount"]:
            reading.warn("sale_price", "left out, being above the price.", given["amount"])
        return regular
    if times == (None, None):
        return {"price": given, "original_price": regular.get("original_price") or price}
    return {**regular, "sale_price": given, "sale_from": times[0], "sale_to": times[1]}


def period(reading: Reading, field: str, value: str | None) -> Times | None:
    """The two ends of `start/end` in ISO 8601; None, with a warning, for what is no period."""
    start, slash, end = (value or "").partition("/")
    if not slash and start.strip():
        reading.warn("sale_price", _NO_TIME.format(field), value)
        return None
    if slash and not start.strip() and not end.strip():
        reading.warn("sale_price", _NO_TIME.format(field), value)
        return None
    return between(reading, field, start, end)


def between(reading: Reading, field: str, start: str | None, end: str | None) -> Times | None:
    """When a sale holds: from a time until another, each of which may be missing.

    A date alone at the end counts its day. None, with a warning, for what is no time.
    """
    warned = len(reading.warnings)
    times = (reading.time(field, start), reading.time(field, end, ends=True))
    ordered = None in times or str(times[0]) < str(times[1])
    if ordered and len(reading.warnings) == warned:
        return times
    del reading.warnings[warned:]
    reading.warn("sale_price", _NO_TIME.format(field), f"{start or ''}/{end or ''}")
    return None


def availability(reading: Reading, field: str, value: str | None) -> str | None:
    """One of `Availability`, in any of the words of `vocabulary`. Refuses any other."""
    word = vocabulary.word_of(value) if value else ""
    if not word:
        return None
    known = _AVAILABILITY.get(word) or _AVAILABILITY.get(word.replace("_", ""))
    if known is None:
        reading.refuse(field, f"not one of {', '.join(Availability)}.", value)
    return known


def condition(reading: Reading, field: str, value: str | None) -> str | None:
    """new, refurbished or used; any other is left out."""
    known = _known(reading, field, [value or ""], _CONDITIONS)
    return known[0] if known else None


def genders(reading: Reading, field: str, values: Iterable[str]) -> list[str]:
    """male, female, unisex; others are left out."""
    return _known(reading, field, values, _GENDERS)


def age_groups(reading: Reading, field: str, values: Iterable[str]) -> list[str]:
    """newborn, infant, toddler, kids, adult; others are left out."""
    return _known(reading, field, values, _AGE_GROUPS)


def size_system(reading: Reading, field: str, values: Iterable[str]) -> list[str]:
    """US, UK, EU, DE, FR, JP, CN, IT, BR, MEX, AU; others are left out."""
    return _known(reading, field, values, _SIZE_SYSTEMS)


def colors(reading: Reading, field: str, values: Iterable[str]) -> list[Json]:
    """Colours; several in one value are separated by slashes, as Google has it."""
    each = (part for value in reading.texts(field, values) for part in _COLORS.split(value))
    return [{"label": label} for label in reading.texts(field, each)]


def _known(reading: Reading, field: str, values: Iterable[str], names: dict[str, str]) -> list[str]:
    kept: dict[str, None] = {}
    for value in values:
        word = vocabulary.word_of(value)
        if meaning := names.get(word) or names.get(word.replace("_", "")):
            kept[meaning] = None
        elif word:
            wanted = ", ".join(sorted({*names.values()}))
            reading.warn(field, f"one left out. Not one of {wanted}.", value)
    return list(kept)
