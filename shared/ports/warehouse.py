"""Tables partners query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an exported table, or a field of a record in one.

    Attributes:
        type: `record` has `fields`.
        repeated: holds any number of values.
    """

    name: str
    type: Literal["string", "integer", "number", "decimal", "boolean", "time", "record"]
    description: str
    repeated: bool = False
    fields: "tuple[Column, ...]" = ()


OFFERS: Final = "offers"
"""The column of what a row's offer is by time; the view shows, for these columns, what holds."""
TIMED: Final = ("current_price", "original_price", "availability")
"""Columns of the table that the view takes from `OFFERS` where there are any."""
VARIANTS: Final = "variants"
"""The column of a product's variants, which have `OFFERS` of their own."""
TIMED_OF_VARIANT: Final = {
    "price": "current_price",
    "original_price": "original_price",
    "availability": "availability",
}
"""Fields of a variant that the view takes from its `OFFERS` where there are any: from which."""


class Warehouse(Protocol):
    """Tables partners query: a BigQuery dataset per catalog, or a DuckDB file on a laptop."""

    def load(
        self,
        catalog: str,
        rows: Sequence[Path],
        columns: Sequence[Column],
        *,
        key: str,
        go_on: Callable[[], None],
    ) -> None:
        """Make the rows the whole of `catalog_<key>.products_v1`, in one step that readers see.

        `go_on` is called every few seconds and before that step; what it raises ends the load
        with nothing changed.

        `rows` are files of gzipped JSON lines with a member per column. The dataset, the table and
        the view `products_current_v1` (what is offered when it is asked, it and each variant at the
        price of then) are made when missing, and kept as they should be. A load of the same `key`
        that was cut off is taken up again. Raises `unavailable`, `forbidden`, or `invalid` when the
        rows do not fit the columns.
        """

    def drop(self, catalog: str) -> None:
        """Remove the catalog's dataset with all in it. A missing one is fine."""
