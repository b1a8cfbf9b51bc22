"""Views of versions that were begun before offers had times, filled up to the shapes of today.

Format 1 says nothing of it, so it is null; whether a product is in stock it does say. What a change
since then has written has all its members, and is left as it is.
"""

from typing import Any, Final

import orjson

_CARD: Final = {"availabilityDate": None, "condition": None}
_FULL: Final = {"offer": None, "mobileUrl": None}
_VARIANT: Final[dict[str, Any]] = {
    **_CARD,
    "options": {},
    "currentPrice": None,
    "originalPrice": None,
    "currency": None,
    "sale": None,
    "expiresAt": None,
    "mobileUrl": None,
    "gtin": None,
    "mpn": None,
}
_DETAILS: Final[dict[str, Any]] = {
    **dict.fromkeys(("energyClass", "energyScale", "isBundle", "multipack")),
    "highlights": [],
    "specifications": [],
    "certifications": [],
}


def item_of_today(members: bytes) -> bytes:
    """The members of a list item."""
    return orjson.dumps(_known(orjson.loads(b"{%b}" % members)))[1:-1]


def full_of_today(members: bytes) -> bytes:
    """The members of a full view."""
    view = _CARD | _FULL | _known(orjson.loads(b"{%b}" % members))
    view["variants"] = [
        _VARIANT | {"id": variant["sku"] or str(place), "imageUrls": []} | _known(variant)
        for place, variant in enumerate(view["variants"], 1)
    ]
    view["details"] = _DETAILS | view["details"]
    view["audience"] = {"adult": None} | view["audience"]
    view["identifiers"] = {"mpn": None} | view["identifiers"]
    return orjson.dumps(view)[1:-1]


def _known(view: dict[str, Any]) -> dict[str, Any]:
    return {"availability": "in_stock" if view["inStock"] else "unknown"} | view
