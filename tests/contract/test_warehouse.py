"""What every Warehouse adapter promises, on DuckDB and on the BigQuery emulator."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from shared.catalog.product import Availability, Brand, Image, Price, Product, Rating, Variant
from shared.errors import Problem
from shared.subscriptions.schema import COLUMNS, row

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(
    params=["duck", pytest.param("bigquery", marks=pytest.mark.slow)],
)
def warehouse(request):
    return request.getfixturevalue(f"{request.param}_warehouse")


@pytest.fixture
def rows(tmp_path):
    def write(*lines):
        path = tmp_path / "rows.jsonl.gz"
        with gzip.open(path, "wb") as out:
            out.writelines(orjson.dumps(line) + b"\n" for line in lines)
        return path

    return write


def whole(key="7", **changes):
    """A product with something in every column."""
    fields = {
        "key": key,
        "url": f"https://books.example/p/{key}",
        "title": "Ein Büchlein “quoted” 🎁",
        "description": "Line one.\nLine two.",
        "language": "de",
        "brand": Brand(name="Acme", slug="acme"),
        "price": Price(amount="19.990001", currency="EUR"),
        "original_price": Price(amount="123456789012.5", currency="EUR"),
        "availability": Availability.IN_STOCK,
        "condition": "new",
        "images": (Image(url="https://books.example/1.jpg", width=10, height=20),),
        "rating": Rating(average=8.5, count=3, scale=10),
        "category_path": ("Books", "Children"),
        "tags": ("a", "b"),
        "sizes": ("M",),
        "attributes": {"fit": ("slim", "regular")},
        "gtins": ("9783161484100",),
        "variants": (
            Variant(
                id="v1",
                price=Price(amount="1.10", currency="EUR"),
                options={"Size": "M"},
                availability=Availability.OUT_OF_STOCK,
            ),
        ),
        "updated_at": AT,
        **changes,
    }
    return row(Product(**fields), "books", 3, AT)


def test_every_column_comes_back_as_it_went_in(warehouse, rows, ask):
    warehouse.load("books", rows(whole()), COLUMNS, key="k1")
    (found,) = ask("SELECT * FROM {products_current_v1}")
    assert set(found) == {column.name for column in COLUMNS}
    assert found["title"] == "Ein Büchlein “quoted” 🎁"
    assert found["description"] == "Line one.\nLine two."
    assert found["current_price"] == Decimal("19.990001")
    assert found["original_price"] == Decimal("123456789012.5")
    assert found["brand"] == {"name": "Acme", "slug": "acme"}
    assert found["rating"] == {"average": 4.25, "count": 3}
    assert found["images"] == [{"url": "https://books.example/1.jpg", "width": 10, "height": 20}]
    assert list(found["category_path"]) == ["Books", "Children"]
    assert found["attributes"] == [{"name": "fit", "values": ["slim", "regular"]}]
    (variant,) = found["variants"]
    assert variant["options"] == [{"name": "Size", "value": "M"}]
    assert variant["price"] == Decimal("1.10")
    assert found["updated_at"] == found["exported_at"] == AT
    assert found["catalog_version"] == 3
    assert found["mpn"] is None


def test_a_load_replaces_everything_and_inactive_products_are_only_in_the_table(
    warehouse, rows, ask
):
    warehouse.load("books", rows(whole("1"), whole("2")), COLUMNS, key="k1")
    warehouse.load("books", rows(whole("3"), whole("4", is_active=False)), COLUMNS, key="k2")
    keys = "SELECT product_key FROM {} ORDER BY product_key"
    assert [r["product_key"] for r in ask(keys.format("{products_v1}"))] == ["3", "4"]
    assert [r["product_key"] for r in ask(keys.format("{products_current_v1}"))] == ["3"]


def test_the_same_load_again_changes_nothing(warehouse, rows, ask):
    for _ in range(2):
        warehouse.load("books", rows(whole("1")), COLUMNS, key="k1")
    assert len(ask("SELECT product_key FROM {products_v1}")) == 1


def test_rows_that_do_not_fit_are_invalid_and_leave_the_table_as_it_was(warehouse, rows, ask):
    warehouse.load("books", rows(whole("1")), COLUMNS, key="k1")
    with pytest.raises(Problem, match="invalid"):
        warehouse.load("books", rows({**whole("2"), "current_price": "cheap"}), COLUMNS, key="k2")
    assert [r["product_key"] for r in ask("SELECT product_key FROM {products_v1}")] == ["1"]


def test_a_dropped_catalog_is_gone_and_can_come_back(warehouse, rows, ask):
    warehouse.load("books", rows(whole("1")), COLUMNS, key="k1")
    for _ in range(2):
        warehouse.drop("books")
    warehouse.load("books", rows(whole("2")), COLUMNS, key="k2")
    assert [r["product_key"] for r in ask("SELECT product_key FROM {products_v1}")] == ["2"]
