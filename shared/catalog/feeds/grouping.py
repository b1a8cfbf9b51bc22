"""From rows to products: variants meet their parent wherever in the feed they stand.

Rows are put aside in a temporary SQLite file (which stays in memory while small) and read back
product by product, in the order the products first appear. So memory is bounded by one product,
whatever the size and order of the feed, and no product is given before the feed was read to its
end: a feed that breaks off gives none.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from pydantic import ValidationError

from shared.catalog.feeds.merging import merge
from shared.catalog.feeds.reading import Json, Reading
from shared.catalog.feeds.rows import MAX_VARIANTS, MAX_WARNINGS, Accepted, Rejected, Row, Warned
from shared.catalog.products.product import Product

_CACHE_KIB: Final = 64 * 1024
_SCHEMA: Final = """
    CREATE TABLE products (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
    CREATE TABLE rows (
        product INTEGER, line INTEGER, item BLOB NOT NULL, PRIMARY KEY (product, line)
    ) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Item:
    """A row that was read: a product, or (with `variant`) a variant of product `key`.

    `product` holds JSON values for fields of `Product`, `variant` for all fields of `Variant`.
    """

    line: int
    key: str
    product: Json
    variant: Json | None = None
    warnings: list[str] = field(default_factory=list)


def item_or_rejected(
    line: int, key: str | None, product: Json, variant: Json | None, reading: Reading
) -> Item | Rejected:
    """What reading this row came to."""
    if reading.reasons or key is None:
        return Rejected(line, key, tuple(reading.reasons))
    return Item(line, key, product, variant, reading.warnings)


def grouped(rows: Iterator[Item | Rejected]) -> Iterator[Row]:
    """Rejected rows as they come, then every product with its variants, then what those reject."""
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as store:
        store.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-{_CACHE_KIB}; {_SCHEMA}")
        store.execute("BEGIN")
        for row in rows:
            if isinstance(row, Item):
                _put(store, row)
            else:
                yield row
        for product, key in store.execute("SELECT id, key FROM products ORDER BY id"):
            yield from _product(key, _items(store, product, key))


def _put(store: sqlite3.Connection, item: Item) -> None:
    store.execute("INSERT OR IGNORE INTO products (key) VALUES (?)", (item.key,))
    packed = orjson.dumps([item.product, item.variant, item.warnings])
    store.execute(
        "INSERT INTO rows SELECT id, ?, ? FROM products WHERE key = ?",
        (item.line, packed, item.key),
    )


def _items(store: sqlite3.Connection, product: int, key: str) -> Iterator[Item]:
    query = "SELECT line, item FROM rows WHERE product = ? ORDER BY line"
    for line, packed in store.execute(query, (product,)):
        fields, variant, warnings = orjson.loads(packed)
        yield Item(line, key, fields, variant, warnings)


def _product(key: str, items: Iterator[Item]) -> Iterator[Row]:
    parent: Item | None = None
    variants: dict[str, Item] = {}
    for item in items:
        if item.variant is None:
            if parent is None:
                parent = item
                continue
            why = f"id: row {parent.line} already has this product key. Keys must be unique."
        elif (known := variants.get(item.variant["id"])) is not None:
            why = f"id: row {known.line} is already this variant of the product."
        elif len(variants) == MAX_VARIANTS:
            why = f"id: the product has {MAX_VARIANTS} variants already, which is the most."
        else:
            why = _misfit(item, variants)
            if not why:
                variants[item.variant["id"]] = item
                continue
        yield Rejected(item.line, key, (why,))
    yield from _finished(key, parent, list(variants.values()))


def _misfit(item: Item, variants: dict[str, Item]) -> str:
    """Why the variant cannot stand beside the others: one product has one currency."""
    price = item.product.get("price")
    for other in variants.values():
        if price and other.product.get("price"):
            if other.product["price"]["currency"] != price["currency"]:
                return f"price: not in the currency of row {other.line}, the same product."
            break
    return ""


def _finished(key: str, parent: Item | None, variants: list[Item]) -> Iterator[Row]:
    items = [*([parent] if parent else []), *variants]
    if not items:
        return
    line = min(item.line for item in items)
    fields = merge(
        parent.product if parent else None,
        [(item.product, item.variant or {}) for item in variants],
    )
    try:
        product = Product.model_validate({"key": key, **fields})
    except ValidationError as error:
        yield Rejected(line, key, reasons_of(error, fields))
        return
    warned = [Warned(item.line, text) for item in items for text in item.warnings]
    if len(warned) > MAX_WARNINGS:
        more = len(warned) - MAX_WARNINGS + 1
        warned[MAX_WARNINGS - 1 :] = [Warned(line, f"row: {more} more warnings.")]
    yield Accepted(line, product, tuple(warned))


def reasons_of(error: ValidationError, given: Json) -> tuple[str, ...]:
    """Sentences of ours for what a model refused of `given`, one for each field."""
    found: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        found.setdefault(_place(fault, given), []).append(_sentence(fault))
    return tuple(
        f"{place}: {sentences[0] if len(sentences) == 1 else 'not a value this field can have.'}"
        for place, sentences in found.items()
        if not any(other.startswith(f"{place}.") for other in found)
    )


def _place(fault: Any, given: Any) -> str:
    """The path of the field, without the names pydantic puts in for members of a union."""
    path: list[str] = []
    node = given
    for part in fault["loc"]:
        last = part is fault["loc"][-1] and fault["type"] == "missing"
        if isinstance(node, dict) and (part in node or last):
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part]
        else:
            continue
        path.append(str(part))
    return ".".join(path) or "row"


def _sentence(fault: Any) -> str:
    kind = fault["type"]
    if kind == "missing":
        return "missing. It is needed."
    if kind == "extra_forbidden":
        return "not a field that is known. Put further facts under attributes."
    return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}."
