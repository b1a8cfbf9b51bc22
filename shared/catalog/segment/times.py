"""A product's record, with what of it changes with time set aside by stretches of time.

Members of the views that never change are stored as ready text, as for any product. The others
stand beside them, a set for each stretch, and the reader takes the set that holds when it is asked.
Most products have no such stretch, and their records are as they always were.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.catalog.products.offers import Stretch, is_timed, variant_offers
from shared.catalog.products.product import Product
from shared.catalog.products.views import colors_of, full_view, list_item, variant_view
from shared.catalog.segment.records import Record

Json = dict[str, Any]
Timed = list[tuple[int | None, Json]]
"""Members with the second they hold until, in order; the last ones hold for ever."""


def record_of(
    product: Product, catalog: str, found: Sequence[Stretch], claims: Mapping[str, int]
) -> Record:
    """The record of a product whose own offer has these stretches."""
    ends = [None if each.until is None else seconds(each.until) for each in found]
    items = [list_item(product, catalog, each.begins, each.offer) for each in found]
    fulls = [
        full_view(product, catalog, each.begins, each.offer, item)
        for each, item in zip(found, items, strict=True)
    ]
    item, item_times = _apart(items, ends)
    variants = _variants(product)
    elsewhere = {*item_times[0][1], *(["variants"] if variants else [])}
    if elsewhere:
        fulls = [{name: view[name] for name in view if name not in elsewhere} for view in fulls]
    full, full_times = _apart(fulls, ends)
    shared = {name: value for name, value in item.items() if full.get(name, ...) == value}
    ended = [each for each in found if not each.offer.active] if product.is_active else []
    return Record(
        shared=_members(shared),
        item=_members({name: item[name] for name in item if name not in shared}),
        full=_members({name: full[name] for name in full if name not in shared}),
        key=product.key,
        claims=claims,
        source=product.stored(),
        item_times=orjson.dumps(item_times) if item_times[0][1] else b"",
        view_times=orjson.dumps([full_times, variants]) if full_times[0][1] or variants else b"",
        expires=seconds(ended[0].begins) if ended else None,
    )


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970; never before."""
    return max(0, int((moment - _EPOCH).total_seconds()))


def _variants(product: Product) -> list[tuple[Json, Timed]]:
    """Each variant's members, and those that change with time; none where no variant does."""
    if not any(is_timed(variant) for variant in product.variants):
        return []
    colors = colors_of(product)
    found = []
    for variant in product.variants:
        offers = variant_offers(variant)
        views = [variant_view(variant, colors, begins) for begins, _ in offers]
        ends = [None if until is None else seconds(until) for _, until in offers]
        found.append(_apart(views, ends))
    return found


def _apart(views: Sequence[Json], ends: Sequence[int | None]) -> tuple[Json, Timed]:
    """The members that are the same in all views, and the others by time."""
    first = views[0]
    if len(views) == 1:
        return first, [(ends[0], {})]
    changing = [name for name in first if any(view[name] != first[name] for view in views[1:])]
    fixed = {name: first[name] for name in first if name not in changing}
    times = [
        (until, {name: view[name] for name in changing})
        for until, view in zip(ends, views, strict=True)
    ]
    return fixed, times


def _members(value: Json) -> bytes:
    return orjson.dumps(value)[1:-1]


_EPOCH = datetime.fromtimestamp(0, UTC)
