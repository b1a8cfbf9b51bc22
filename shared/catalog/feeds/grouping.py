"""From rows to products: variants meet their parent wherever in the feed they stand.

Rows are put aside in a temporary SQLite file (which stays in memory while small) and read back
product by product, in the order the products first appear. So memory is bounded by one product,
whatever the size and order of the feed, and no product is given before the feed was read to its
end: a feed that breaks off gives none.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final

import orjson
from pydantic import ValidationError

from shared.catalog.feeds.faults import reasons_of
from shared.catalog.feeds.merging import merge, without_empty
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import (
    MAX_VARIANTS,
    Accepted,
    Note,
    Rejected,
    Row,
    Said,
    Warned,
    refused,
)
from shared.catalog.products.product import Product, Variant

_CACHE_KIB: Final = 64 * 1024
_DIFFERING: Final = (
    "left out, for the variants differ in it and the product has one. Say it in the parent's row."
)
_SCHEMA: Final = """
    CREATE TABLE products (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
    CREATE TABLE rows (
        product INTEGER, line INTEGER, item BLOB NOT NULL, PRIMARY KEY (product, line)
    ) WITHOUT ROWID;
"""
_EVERY_ROW: Final = """
    SELECT key, line, item FROM products CROSS JOIN rows ON product = id ORDER BY id, line
"""


@dataclass(slots=True)
class Item:
    """A row that was read: a product, or (with `variant`) a variant of product `key`.

    `product` holds JSON values for fields of `Product`, `variant` for fields of `Variant`.
    `rows` is how many rows of the feed it stands for, `left_out` names each one's columns that are
    not kept.
    """

    line: int
    key: str
    product: Json
    variant: Json | None = None
    warnings: list[Note] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    rows: int = 1


def item_or_rejected(
    line: int, key: str | None, product: Json, variant: Json | None, reading: Reading
) -> Item | Rejected:
    """What reading this row came to."""
    if reading.reasons or key is None:
        return Rejected(line, variant["id"] if variant else key, tuple(reading.reasons))
    own = {**without_empty(variant), "options": variant["options"]} if variant else None
    return Item(line, key, without_empty(product), own, reading.warnings, reading.left_out)


def grouped(rows: Iterator[Item | Rejected | Said]) -> Iterator[Row]:
    """Products with their variants, each followed by the rows it rejects.

    What is said of the feed, and rows that were rejected before, come first.
    """
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as store:
        store.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-{_CACHE_KIB}; {_SCHEMA}")
        store.execute("BEGIN")
        for row in rows:
            if isinstance(row, Item):
                _put(store, row)
            else:
                yield row
        for key, found in groupby(store.execute(_EVERY_ROW), key=itemgetter(0)):
            yield from product_of(key, map(_item, found))


def _put(store: sqlite3.Connection, item: Item) -> None:
    store.execute("INSERT OR IGNORE INTO products (key) VALUES (?)", (item.key,))
    warnings = [tuple(note) for note in item.warnings]
    packed = orjson.dumps([item.product, item.variant, warnings, item.left_out, item.rows])
    store.execute(
        "INSERT INTO rows SELECT id, ?, ? FROM products WHERE key = ?",
        (item.line, packed, item.key),
    )


def _item(row: tuple[str, int, bytes]) -> Item:
    key, line, packed = row
    fields, variant, warnings, left_out, rows = orjson.loads(packed)
    return Item(line, key, fields, variant, [Note(*note) for note in warnings], left_out, rows)


def product_of(key: str, items: Iterable[Item]) -> Iterator[Row]:
    """The product that these rows are of, and the rows among them that it rejects."""
    parent: Item | None = None
    variants: dict[str, Item] = {}
    for item in items:
        if item.variant is None:
            if parent is None:
                parent = item
                continue
            why = f"row {parent.line} already has this product key. Keys must be unique."
        elif (known := variants.get(item.variant["id"])) is not None:
            why = f"row {known.line} is already this variant of the product."
        elif len(variants) == MAX_VARIANTS:
            why = f"the product has {MAX_VARIANTS} variants already, which is the most."
        elif other := _of_another_currency(item, variants):
            why = f"not in the currency of row {other.line}, the same product."
            yield refused(item.line, item.variant["id"], "price", why)
            continue
        else:
            variants[item.variant["id"]] = item
            continue
        yield refused(item.line, item.variant["id"] if item.variant else key, "id", why)
    yield from _finished(key, parent, list(variants.values()))


def _of_another_currency(item: Item, variants: dict[str, Item]) -> Item | None:
    """A variant of the product that the item cannot stand beside: a product has one currency."""
    price = item.product.get("price") or item.product.get("sale_price")
    for other in variants.values():
        known = other.product.get("price") or other.product.get("sale_price")
        if price and known:
            return other if known["currency"] != price["currency"] else None
    return None


def _finished(key: str, parent: Item | None, variants: list[Item]) -> Iterator[Row]:
    items = [*([parent] if parent else []), *variants]
    if not items:
        return
    line = min(item.line for item in items)
    fields, differing = merge(
        parent.product if parent else None,
        [(item.product, item.variant or {}) for item in variants],
    )
    try:
        product = Product.model_validate({"key": key, **fields})
    except ValidationError as error:
        rows = sum(item.rows for item in items)
        yield Rejected(line, key, reasons_of(error, fields), rows)
        return
    yield Accepted(
        line,
        product,
        (
            *(Warned(item.line, _id(item), note) for item in items for note in item.warnings),
            *(Warned(line, key, Note(name, _DIFFERING)) for name in _of_group(differing)),
        ),
        sum(item.rows for item in items),
        tuple(name for item in items for name in item.left_out),
    )


def _of_group(names: list[str]) -> list[str]:
    """Of what variants differ in, what none of them keeps of its own."""
    return [name for name in names if name not in Variant.model_fields]


def _id(item: Item) -> str:
    return str(item.variant["id"]) if item.variant else item.key
