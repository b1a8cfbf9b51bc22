"""A warehouse of DuckDB files, one per catalog: `catalog_<key>.duckdb`, with BigQuery's tables."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import duckdb

from shared.errors import Problem
from shared.ports.warehouse import OFFERS, TIMED, TIMED_OF_VARIANT, VARIANTS, Column

_TYPES: Final = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "decimal": "DECIMAL(38, 9)",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
}


class DuckWarehouse:
    """`Warehouse` in the folder `root`.

    A load builds a new file beside the old one and takes its name in one step, so that whoever has
    the old one open goes on reading it whole.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def load(
        self,
        catalog: str,
        rows: Sequence[Path],
        columns: Sequence[Column],
        *,
        key: str,
        go_on: Callable[[], None],
    ) -> None:
        """Make the rows the catalog's whole table. Raises `invalid`."""
        del key
        self._root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            draft = Path(folder, "draft")
            try:
                _build(draft, rows, columns)
            except duckdb.Error as error:
                raise Problem("invalid", "The exported rows do not fit their columns.") from error
            go_on()
            draft.replace(self.file(catalog))

    def drop(self, catalog: str) -> None:
        """Remove the catalog's file."""
        self.file(catalog).unlink(missing_ok=True)

    def file(self, catalog: str) -> Path:
        """Where a catalog's tables are, to be opened read-only."""
        return self._root / f"catalog_{catalog}.duckdb"


def _build(draft: Path, rows: Sequence[Path], columns: Sequence[Column]) -> None:
    read = ", ".join(f"{_text(column.name)}: {_text(_type(column))}" for column in columns)
    with duckdb.connect(draft, config={"autoinstall_known_extensions": "false"}) as database:
        database.execute(
            f"CREATE TABLE products_v1 AS SELECT * FROM read_json(?, columns = {{{read}}},"  # noqa: S608  our own columns
            " format = 'newline_delimited', compression = 'gzip')",
            [list(map(str, rows))],
        )
        for column in columns:
            comment = _text(column.description)
            database.execute(f"COMMENT ON COLUMN products_v1.{column.name} IS {comment}")
        database.execute(f"CREATE VIEW products_current_v1 AS {_current(columns)}")


def _current(columns: Sequence[Column]) -> str:
    """The query of what is offered now, it and its variants at the price of now."""
    replaced = [f"{_of_now(name, OFFERS, name)} AS {name}" for name in TIMED]
    replaced += [
        f"{_variants_of_now(column)} AS {VARIANTS}" for column in columns if column.name == VARIANTS
    ]
    active = _of_now("is_active", OFFERS, "is_active")
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM products_v1 WHERE {active}"  # noqa: S608  our own columns


def _variants_of_now(column: Column) -> str:
    members = ", ".join(
        f"{field.name} := "
        + (
            _of_now(TIMED_OF_VARIANT[field.name], f"v.{OFFERS}", f"v.{field.name}")
            if field.name in TIMED_OF_VARIANT
            else f"v.{field.name}"
        )
        for field in column.fields
    )
    return f"list_transform({VARIANTS}, v -> struct_pack({members}))"


def _of_now(column: str, offers: str, otherwise: str) -> str:
    """A member of the offer of now; `otherwise` where there is one offer for ever."""
    holds = "o.begins_at <= now() AND (o.ends_at IS NULL OR now() < o.ends_at)"
    return (
        f"CASE WHEN len({offers}) > 0 THEN list_filter({offers}, o -> {holds})[1].{column} "
        f"ELSE {otherwise} END"
    )


def _type(column: Column) -> str:
    if column.type == "record":
        inner = ", ".join(f"{field.name} {_type(field)}" for field in column.fields)
        base = f"STRUCT({inner})"
    else:
        base = _TYPES[column.type]
    return f"{base}[]" if column.repeated else base


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
