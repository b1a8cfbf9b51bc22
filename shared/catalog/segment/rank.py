"""The order of a catalog that is looked at without a question.

What can be bought first; then a blend of how popular, how well rated and how new a product is. It
depends on the product and its offer alone, never on the rest of the catalog, so that every build
and every upsert gives a product the same place.
"""

import math
from datetime import datetime
from hashlib import blake2b
from typing import Final

from shared.catalog.products.offers import Offer
from shared.catalog.products.product import Availability, Product, Rating

_OBTAINABLE: Final = frozenset(
    {Availability.IN_STOCK, Availability.PREORDER, Availability.BACKORDER, Availability.UNKNOWN}
)
_POPULARITY_CEILING: Final = math.log1p(10_000_000)
_PRIOR_COUNT: Final = 20
_PRIOR_MEAN: Final = 0.7
_EPOCH_YEAR: Final = 2000
_YEARS: Final = 40
_STEPS: Final = (1 << 30) - 1


def browse_rank(product: Product, offer: Offer) -> int:
    """A non-negative 63-bit number, higher first, practically unique in a catalog.

    Popularity counts half (logarithmic), rating a quarter (Bayesian: few ratings say little),
    recency a fifth, having a picture and a price the rest. Equal ones are in an arbitrary order
    that stays the same. `offer`: what holds when it has this rank.
    """
    blend = (
        0.5 * _popularity(product.popularity)
        + 0.25 * _rated(product.rating)
        + 0.2 * _recency(product.released_at or product.updated_at)
        + 0.03 * bool(product.images)
        + 0.02 * bool(offer.price)
    )
    obtainable = offer.availability in _OBTAINABLE
    tie = int.from_bytes(blake2b(product.key.encode(), digest_size=4).digest(), "little")
    return (obtainable << 62) | (int(blend * _STEPS) << 32) | tie


def _popularity(popularity: float | None) -> float:
    return min(1.0, math.log1p(max(0.0, popularity or 0.0)) / _POPULARITY_CEILING)


def _rated(rating: Rating | None) -> float:
    if rating is None or rating.scale <= 0:
        return _PRIOR_MEAN
    share = min(1.0, max(0.0, rating.average / rating.scale))
    return (share * rating.count + _PRIOR_MEAN * _PRIOR_COUNT) / (rating.count + _PRIOR_COUNT)


def _recency(moment: datetime | None) -> float:
    if moment is None:
        return 0.0
    years = moment.year - _EPOCH_YEAR + moment.timetuple().tm_yday / 366
    return min(1.0, max(0.0, years / _YEARS))
