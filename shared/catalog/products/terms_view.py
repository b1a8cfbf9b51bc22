"""On what terms a product is sold, as partners see it: its sale, delivery, instalments."""

from datetime import UTC, datetime
from typing import Any, Final

from shared.catalog.products.offers import Offer
from shared.catalog.products.product import Offered, Price, Product

View = dict[str, Any]
_NONE: Final[View] = {
    **dict.fromkeys(("sale", "expiresAt", "unitPrice", "installment", "subscription")),
    "shipping": [],
    "freeShipping": [],
    "handlingDays": None,
    "returnPolicy": None,
    "promotionIds": [],
}


def terms_view(product: Product, offer: Offer, at: datetime) -> View | None:
    """The terms; None when none is known. The sale is of what the price shown in `offer` is of."""
    handling = (product.handling_least_days, product.handling_most_days)
    unit = product.unit_pricing
    return _unless_empty(
        {
            "sale": sale_view(offer.of, at),
            "expiresAt": time_text(product.expires_at),
            "unitPrice": {"measure": unit.measure, "base": unit.base} if unit else None,
            "installment": _installment(product),
            "subscription": _subscription(product),
            "shipping": [
                {
                    **_money("price", one.price),
                    "country": one.country,
                    "region": one.region,
                    "service": one.service,
                    "leastDays": one.least_days,
                    "mostDays": one.most_days,
                }
                for one in product.shipping
            ],
            "freeShipping": [
                {**_money("threshold", one.threshold), "country": one.country}
                for one in product.free_shipping
            ],
            "handlingDays": None
            if handling == (None, None)
            else {"least": handling[0], "most": handling[1]},
            "returnPolicy": product.return_policy,
            "promotionIds": list(product.promotion_ids),
        }
    )


def with_own(terms: View | None, variant: View) -> View | None:
    """A product's terms with the sale and the end of the variant that was asked for."""
    return _unless_empty(
        {
            **(_NONE if terms is None else terms),
            "sale": variant.get("sale"),  # records of an earlier release have fewer members
            "expiresAt": variant.get("expiresAt") or (terms or {}).get("expiresAt"),
        }
    )


def sale_view(of: Offered, at: datetime) -> View | None:
    """A sale that is running or to come; one that is over is nobody's business."""
    if of.sale_price is None or (of.sale_to is not None and of.sale_to <= at):
        return None
    return {
        "price": number(of.sale_price),
        "startsAt": time_text(of.sale_from),
        "endsAt": time_text(of.sale_to),
    }


def number(price: Price | None) -> float | None:
    """An amount as JSON shows it."""
    return None if price is None else float(price.amount)


def time_text(moment: datetime | None) -> str | None:
    """A moment as JSON shows it: ISO 8601, UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _unless_empty(view: View) -> View | None:
    return view if any(value not in (None, []) for value in view.values()) else None


def _installment(product: Product) -> View | None:
    given = product.installment
    if given is None:
        return None
    return {
        "months": given.months,
        **_money("amount", given.amount),
        "downpayment": number(given.downpayment),
        "creditType": given.credit_type,
    }


def _subscription(product: Product) -> View | None:
    given = product.subscription
    if given is None:
        return None
    return {"period": given.period, "length": given.length, **_money("amount", given.amount)}


def _money(name: str, price: Price | None) -> View:
    return {name: number(price), "currency": price.currency if price else None}
