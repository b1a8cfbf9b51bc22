"""Views without what says nothing: what agents see, who pay for every word.

A member that is null or empty is left out. What is left of a list item is what a choice among
products needs; the rest is a lookup away.
"""

from typing import Any, Final

CARD: Final = (
    "productUrl",
    "title",
    "brand",
    "currentPrice",
    "originalPrice",
    "currency",
    "inStock",
    "availability",
    "availabilityDate",
    "condition",
    "rating",
    "imageUrl",
    "categoryPath",
    "sizes",
    "colors",
)
"""Members of a list item that a card has."""
_SUMMARY: Final = frozenset({"reviews", "videos", "enrichment", "images", "uuid", "isActive"})
"""Members of a full view that its summary has not."""
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
_NESTED: Final = frozenset({dict, list})
_STOCK: Final = frozenset({"in_stock", "out_of_stock", "unknown"})
"""Availabilities that `inStock` says already."""


def without_empty(value: Any) -> Any:
    """A JSON value without members that are null or empty, at any depth.

    What is in a list stays in its place.
    """
    if type(value) is dict:
        bare = {}
        for name, each in value.items():
            short = without_empty(each) if type(each) in _NESTED else each
            if short or short not in _EMPTY:
                bare[name] = short
        return bare
    if type(value) is list:
        return [without_empty(each) if type(each) in _NESTED else each for each in value]
    return value


def card(item: dict[str, Any]) -> dict[str, Any]:
    """The card of a list item, or of some of its members: each is judged by itself."""
    shown: dict[str, Any] = {}
    for name in CARD:
        each = item.get(name)
        if each or each not in _EMPTY:
            shown[name] = each
    if "brand" in shown:
        shown["brand"] = {"name": shown["brand"]["name"]}
    if shown.get("availability") in _STOCK:
        del shown["availability"]
    return shown


def summary(full: dict[str, Any]) -> dict[str, Any]:
    """A full view without reviews, videos, further pictures and raw attributes."""
    return {name: each for name, each in full.items() if name not in _SUMMARY}
