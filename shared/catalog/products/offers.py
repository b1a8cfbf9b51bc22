"""What a product costs, and whether it can be had, at a moment.

Sales and expiry are facts of the record, each with its times; nothing is frozen when a catalog is
published. A product whose offer changes at known moments has stretches of time, in each of which
everything about its offer stays the same.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from shared.catalog.products.product import Availability, Offered, Price, Product, Variant

GONE: Final = (Availability.OUT_OF_STOCK, Availability.DISCONTINUED)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_BEST_FIRST: Final = (
    Availability.IN_STOCK,
    Availability.PREORDER,
    Availability.BACKORDER,
    Availability.UNKNOWN,
    Availability.OUT_OF_STOCK,
    Availability.DISCONTINUED,
)
BEST_FIRST: Final = {availability: place for place, availability in enumerate(_BEST_FIRST)}
"""Place of each availability, the one a shopper likes best first."""


class Offer(NamedTuple):
    """What holds at a moment.

    Attributes:
        price: what it costs.
        original: what it cost before, if reduced.
        of: the product or variant whose price that is: its sale may be running or to come.
        availability: whether it can be had.
        active: whether it is offered at all.
    """

    price: Price | None
    original: Price | None
    of: Offered
    availability: Availability
    active: bool


class Stretch(NamedTuple):
    """A time in which the offer stays the same; `until` is its first moment after, None: never."""

    begins: datetime
    until: datetime | None
    offer: Offer


def own_offer(of: Offered, at: datetime) -> Offer:
    """The offer of a variant, or of a product without looking at its variants."""
    expired = of.expires_at is not None and of.expires_at <= at
    price, original = of.price, of.original_price
    if of.sale_price is not None and _holds(of, at):
        price, original = of.sale_price, of.original_price or of.price
    availability = Availability.DISCONTINUED if expired else of.availability
    return Offer(price, original, of, availability, not expired)


def offer_at(product: Product, at: datetime) -> Offer:
    """The offer of a product: the lowest price of the variants that can be had, the best stock."""
    own = own_offer(product, at)
    active = product.is_active and own.active
    if not any(map(is_timed, product.variants)):
        return own if active is own.active else own._replace(active=active)
    offers = [own_offer(variant, at) for variant in product.variants]
    priced = [offer for offer in offers if offer.price is not None]
    to_be_had = [offer for offer in priced if offer.availability not in GONE]
    lowest = min(to_be_had or priced, key=_amount, default=own)
    best = min((offer.availability for offer in offers), key=BEST_FIRST.__getitem__)
    active = active and any(offer.active for offer in offers)
    return lowest._replace(availability=best, active=active)


def stretches(product: Product, since: datetime | None = None) -> list[Stretch]:
    """The times in which the product's own offer stays the same, in order.

    One, unless it has a sale or an expiry with a time. What ended before `since` is left out.
    """
    return _joined(product, _moments((product, *product.variants)), since)


def variant_offers(variant: Variant) -> list[tuple[datetime, datetime | None]]:
    """The times in which a variant's offer stays the same, in order."""
    moments = _moments((variant,))
    return list(zip((_ALWAYS, *moments), (*moments, None), strict=True))


def is_timed(owner: Offered) -> bool:
    """Whether anything about its own offer changes with time."""
    return owner.sale_price is not None or owner.expires_at is not None


def _joined(product: Product, moments: Sequence[datetime], since: datetime | None) -> list[Stretch]:
    found: list[Stretch] = []
    ends: list[datetime | None] = [*moments, None]
    for begin, end in zip((_ALWAYS, *moments), ends, strict=True):
        if since is not None and end is not None and end <= since:
            continue
        offer = offer_at(product, begin)
        if found and found[-1].offer == offer:
            found[-1] = found[-1]._replace(until=end)
        else:
            found.append(Stretch(begin, end, offer))
    return found


def _moments(owners: Sequence[Offered]) -> list[datetime]:
    return sorted({moment for owner in owners for moment in _times(owner)})


def _times(owner: Offered) -> Iterator[datetime]:
    if owner.sale_price is not None:
        yield from (moment for moment in (owner.sale_from, owner.sale_to) if moment is not None)
    if owner.expires_at is not None:
        yield owner.expires_at


def _holds(of: Offered, at: datetime) -> bool:
    started = of.sale_from is None or of.sale_from <= at
    return started and (of.sale_to is None or at < of.sale_to)


def _amount(offer: Offer) -> Decimal:
    return Decimal(offer.price.amount) if offer.price else Decimal(0)
