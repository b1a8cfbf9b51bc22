"""Prices as feeds write them: a number with a point, and an ISO 4217 currency.

A price that would have to be guessed is refused: `1.234 EUR` may be a thousand or one. Currencies
and how many decimals each has are those of ISO 4217 (the `iso4217` package).
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from iso4217 import Currency

_PRICE: Final = re.compile(
    r"(?:([A-Za-z]{3})\s*)?(\d{1,12}(?:\.\d{1,6})?)(?:\s*([A-Za-z]{3}))?",
    re.ASCII,
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{2}(?!\d)")
_DECIMALS: Final = {each.code: each.exponent for each in Currency if each.exponent is not None}
"""Decimals by currency. Codes without any (gold, test codes, no currency) are no money here."""


class NoPrice(ValueError):  # noqa: N818  what it says
    """A text that is no price; the message is a sentence for the feed's owner."""


def money(value: object, currency: str | None) -> dict[str, str] | None:
    """`amount` and `currency` of a price as it is written; None for an empty one.

    `currency` is for a number without one. Raises NoPrice. Zero is a price here: what it means is
    for the caller to say.
    """
    if value is None:
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if text == "":
        return None
    amount, code = _read(text, currency)
    return {"amount": amount, "currency": code}


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has the currency."""
    return code in _DECIMALS


@lru_cache(maxsize=1024)  # a feed's prices and what delivery costs come again and again
def _read(text: str, currency: str | None) -> tuple[str, str]:
    """Amount and currency."""
    if "," in text and _THOUSANDS.search(text):
        text = text.replace(",", "")
    match = _PRICE.fullmatch(text)
    if match is None or (match[1] and match[3]):
        raise NoPrice('not a price. Write a number with a point, such as "12.99 USD".')
    code = (match[1] or match[3] or currency or "").strip().upper()
    if not code:
        raise NoPrice(
            "has no currency. Write its code behind the number, or name it for the whole feed "
            "(--currency, such as --currency USD)."
        )
    if code not in _DECIMALS:
        raise NoPrice("its currency is no code of ISO 4217, such as USD.")
    amount = _amount(match[2])
    decimals = len(amount.partition(".")[2].rstrip("0"))
    if decimals > _DECIMALS[code]:
        raise NoPrice(
            f"has more decimals than {code}, which has {_DECIMALS[code]}. Write thousands without "
            "a point, and decimals behind one."
        )
    return amount, code


def _amount(digits: str) -> str:
    """The canonical decimal string: no leading zeros, a fraction with two digits or more."""
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction:0<2}" if fraction else "")
