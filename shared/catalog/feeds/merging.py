"""One product from its parent row and its variants' rows.

The parent's own words win (title, description, brand); the variants decide what a shopper can buy:
the price is the lowest of those that can be had, availability the best, sizes and colours are all
of them. A variant's title and description are not kept beside the parent's. Without a parent the
title is the first variant's, less the options at its end: "Parka - Navy, M" is "Parka".
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import chain
from typing import Any, Final, NamedTuple

from shared.catalog.feeds.reading import Json
from shared.catalog.feeds.rows import MAX_ATTRIBUTES, MAX_IMAGES, MAX_VALUES
from shared.catalog.products.offers import BEST_FIRST, GONE
from shared.catalog.products.options import is_color, is_size

_LISTS: Final = frozenset(
    {"images", "categories", "breadcrumbs", "tags", "genders", "age_groups", "sizes", "colors"}
    | {"color_families", "materials", "fit", "patterns", "promotions", "reviews", "videos"}
    | {"highlights", "specifications", "certifications", "promotion_ids"}
)
_SALE: Final = ("sale_price", "sale_from", "sale_to")
_OF_VARIANTS: Final = frozenset(
    {"price", "original_price", "availability", "availability_at", "gtins", "mpn", "expires_at"}
    | {"availability_date", "mobile_url", "addresses", *_SALE}
)
"""What a product has from its parent only, or worked out from all variants."""
_AGREED: Final = frozenset(
    {"condition", "unit_pricing", "installment", "subscription", "shipping", "free_shipping"}
    | {"handling_least_days", "handling_most_days", "return_policy", "multipack", "is_bundle"}
    | {"energy_class", "energy_scale"}
)
"""What holds of a product when its parent says so, or all variants say the same."""
_BETWEEN: Final = " ,;:/|-–—·()[]"  # noqa: RUF001  dashes as titles have them


class Merged(NamedTuple):
    """A product of several rows: its fields, and names of facts left out, for its rows differ."""

    fields: Json
    differing: list[str]


def merge(parent: Json | None, rows: list[tuple[Json, Json]]) -> Merged:
    """The product of the parent row, if any, and (product, variant) of the others."""
    if not rows:
        return Merged(without_empty(parent or {}), [])
    sources = [*([parent] if parent else []), *(product for product, _ in rows)]
    variants = [variant for _, variant in rows]
    merged = _first_of(sources, parent)
    if parent is None and merged.get("title"):
        merged["title"] = _without_options(merged["title"], variants[0]["options"].values())
    for name in _LISTS & merged.keys():
        limit = MAX_IMAGES if name == "images" else MAX_VALUES
        found = (source.get(name) or () for source in sources)
        merged[name] = _each_once(chain.from_iterable(found), limit)
    merged["attributes"] = _attributes(sources)
    agreed, differing = _agreed(parent or {}, [product for product, _ in rows])
    merged.update(agreed)
    merged.update(_offer(parent or {}, [product for product, _ in rows]))
    axes = _axes(variants)
    merged["option_axes"] = axes
    merged["variants"] = [
        {
            **variant,
            "options": {
                axis: variant["options"][axis] for axis in axes if axis in variant["options"]
            },
        }
        for variant in variants
    ]
    return Merged(without_empty(merged), differing)


def _first_of(sources: list[Json], parent: Json | None) -> Json:
    """Every single value, from the first row that has one; a variant's own only from the parent."""
    merged: Json = {}
    for source in sources:
        for name, value in source.items():
            own = name in _OF_VARIANTS and source is not parent
            if value is not None and not own:
                merged.setdefault(name, value)
    return merged


def _without_options(title: str, values: Iterable[str]) -> str:
    """The title less option values at its end, as long as a title is left."""
    left, again = title, True
    while again:
        again = False
        for value in values:
            if left.casefold().endswith(value.casefold()):
                rest = left[: -len(value)]
                if rest[-1:] in _BETWEEN and rest.strip(_BETWEEN):
                    left, again = rest.rstrip(_BETWEEN), True
    return left


def _agreed(parent: Json, rows: list[Json]) -> tuple[Json, list[str]]:
    """The parent's word, else what all variants say; and names of what they differ in."""
    found: Json = {}
    differing = []
    for name in _AGREED.intersection(set().union(parent, *rows)):
        if parent.get(name) not in (None, []):
            found[name] = parent[name]
            continue
        first = rows[0].get(name)
        if all(row.get(name) == first for row in rows):
            found[name] = first
        else:
            found[name] = None
            differing.append(name)
    return found, sorted(differing)


def _offer(parent: Json, rows: list[Json]) -> Json:
    priced = [row for row in rows if row.get("price")]
    to_be_had = [row for row in priced if row.get("availability") not in GONE]
    lowest = min(
        to_be_had or priced, key=lambda row: Decimal(row["price"]["amount"]), default=parent
    )
    known = [row for row in rows if row.get("availability")]
    best = min(known, key=lambda row: BEST_FIRST[row["availability"]], default=parent)
    return {
        "price": lowest.get("price"),
        "original_price": lowest.get("original_price"),
        **{name: lowest.get(name) if lowest is parent else None for name in _SALE},
        "availability_date": best.get("availability_date"),
        "availability": best.get("availability"),
        "availability_at": best.get("availability_at") or parent.get("availability_at"),
        "is_active": parent.get("is_active") is not False
        and any(row.get("is_active") is not False for row in rows),
    }


def _axes(variants: list[Json]) -> list[str]:
    """The options that tell variants apart, and colour and size in any case, in feed order."""
    values: dict[str, set[str]] = {}
    for variant in variants:
        for axis, value in variant["options"].items():
            values.setdefault(axis, set()).add(value)
    return [
        axis for axis, found in values.items() if len(found) > 1 or is_color(axis) or is_size(axis)
    ]


def _attributes(sources: list[Json]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for source in sources:
        for name, values in (source.get("attributes") or {}).items():
            if name in merged or len(merged) < MAX_ATTRIBUTES:
                merged[name] = _each_once([*merged.get(name, ()), *values])
    return merged


def _each_once(values: Iterable[Any], limit: int = MAX_VALUES) -> list[Any]:
    """Each value once, at its first place; pictures are the same by their address."""
    kept: dict[str, Any] = {}
    for value in values:
        is_picture = isinstance(value, dict) and "url" in value and "name" not in value
        kept.setdefault(value["url"] if is_picture else repr(value), value)
    return list(kept.values())[:limit]


def without_empty(fields: Json) -> Json:
    """The fields that say something; no and zero do."""
    return {name: value for name, value in fields.items() if value or value == 0}
