"""Feeds of products as rows: a product is a row, and each of its variants one of another source."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted, Rejected, Said
from shared.catalog.products.product import Offered, Product
from shared.pipeline.row import Reading, Row

_SAID: Final = 3
_NAMES: Final = ("url", "label", "name")
"""What stands for an object in a list, the first that it has and the only fact that matters."""
_INSTEAD: Final = frozenset({"key", "variants", "format", "id", "options", "attributes", "rating"})


def product_rows(path: Path, reading: Reading, most: int) -> Iterator[Row]:
    """The rows of a feed. Raises `invalid` where it is none."""
    told = read_feed(
        path,
        kind=reading.kind or None,
        base_url=reading.base_url or None,
        currency=reading.currency or None,
        most=most,
    )
    owners: dict[str, str] = {}
    for each in told:
        match each:
            case Said():
                if each.warns and each.what not in reading.notes:
                    reading.notes.append(each.what)
            case Rejected():
                wrong = " ".join(each.reasons[:_SAID])
                yield Row(each.line, {}, wrong, max(1, each.rows))
            case Accepted():
                yield from _rows(each, owners)


def _rows(accepted: Accepted, owners: dict[str, str]) -> Iterator[Row]:
    product = accepted.product
    yield Row(accepted.line, {"id": product.key, **_product(product)})
    for variant in product.variants:
        owner = owners.setdefault(variant.id, product.key)
        if owner != product.key:
            wrong = f"The variant {variant.id!r} is one of {owner!r} already."
            yield Row(accepted.line, {}, wrong, is_variant=True)
            continue
        values = {f"options.{axis}": value for axis, value in variant.options.items()}
        own = {"id": variant.id, "product_id": product.key, **values, **_facts(variant)}
        yield Row(accepted.line, own, is_variant=True)


def _product(product: Product) -> dict[str, Any]:
    values = _facts(product)
    if product.rating:
        values |= {"rating": product.rating.average, "rating_count": product.rating.count}
    values |= {f"attributes.{name}": list(each) for name, each in product.attributes.items()}
    return values


def _facts(of: Offered) -> dict[str, Any]:
    """What is known of it, by the names of its fields; prices are numbers beside a currency."""
    values: dict[str, Any] = {}
    for name, value in of.model_dump(mode="json", exclude_defaults=True).items():
        if name in _INSTEAD:
            continue
        if isinstance(value, Mapping) and set(value) == {"amount", "currency"}:
            values |= {name: float(value["amount"]), "currency": value["currency"]}
        else:
            values[name] = _plain(value)
    return values


def _plain(value: Any) -> Any:
    """An object as its name, or as JSON where it says more."""
    if isinstance(value, list):
        return [str(_plain(each)) for each in value]
    if not isinstance(value, Mapping):
        return value
    known = {key: each for key, each in value.items() if each is not None}
    named = next((name for name in _NAMES if name in known), None)
    sizes = {"width", "height", "mime_type", "slug"}
    if named and not known.keys() - {named, *sizes}:
        return known[named]
    return orjson.dumps(known).decode()
