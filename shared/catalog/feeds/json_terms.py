"""What a row of our own feed says of delivery, instalments, unit prices, labels, details."""

from typing import Any

from shared.catalog.feeds import offering
from shared.catalog.feeds.json_row import JsonRow, Number
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_VALUES


def json_terms(row: JsonRow, reading: Reading) -> Json:
    """The fields of a product that these fields of the row fill."""
    handling = row.handling_days
    return {
        "unit_pricing": row.unit_pricing and _lines(reading, "unit_pricing", row.unit_pricing),
        "installment": _installment(row, reading),
        "subscription": _subscription(row, reading),
        "shipping": [
            {**_lines(reading, "shipping", each), "price": _amount(row, reading, each.price)}
            for each in row.shipping[:MAX_VALUES]
        ],
        "free_shipping": [
            {"threshold": amount, "country": reading.text("free_shipping", each.country)}
            for each in row.free_shipping[:MAX_VALUES]
            if (amount := _amount(row, reading, each.threshold, "free_shipping"))
        ],
        "handling_least_days": handling.least if handling else None,
        "handling_most_days": handling.most if handling else None,
        "return_policy": reading.text("return_policy", row.return_policy),
        "promotion_ids": reading.texts("promotion_ids", row.promotion_ids),
        "highlights": reading.texts("highlights", row.highlights),
        "specifications": [
            _lines(reading, "specifications", each) for each in row.specifications[:MAX_VALUES]
        ],
        "certifications": [
            _lines(reading, "certifications", each) for each in row.certifications[:MAX_VALUES]
        ],
        "energy_class": reading.text("energy_class", row.energy_class),
        "energy_scale": reading.text("energy_scale", row.energy_scale),
        "is_bundle": row.is_bundle,
        "multipack": row.multipack,
        "adult": row.adult,
    }


def _installment(row: JsonRow, reading: Reading) -> Json | None:
    given = row.installment
    amount = given and _amount(row, reading, given.amount, "installment")
    if given is None or amount is None:
        return None
    return {
        "months": given.months,
        "amount": amount,
        "downpayment": _amount(row, reading, given.downpayment, "installment"),
        "credit_type": reading.text("installment", given.credit_type),
    }


def _subscription(row: JsonRow, reading: Reading) -> Json | None:
    given = row.subscription
    amount = given and _amount(row, reading, given.amount, "subscription")
    if given is None or amount is None:
        return None
    return {"period": given.period, "length": given.length, "amount": amount}


def _amount(
    row: JsonRow, reading: Reading, value: Number | None, field: str = "shipping"
) -> Json | None:
    return offering.amount(reading, field, value, row.currency)


def _lines(reading: Reading, field: str, given: Any) -> Json:
    """An object's texts, each a clean line."""
    return {
        name: reading.text(field, value) if isinstance(value, str) else value
        for name, value in given.model_dump().items()
    }
