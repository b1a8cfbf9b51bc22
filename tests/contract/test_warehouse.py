"""What every Warehouse adapter promises, on DuckDB and on the BigQuery emulator."""

import gzip
import secrets
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from shared.catalog.products.product import (
    Availability,
    Brand,
    Image,
    Price,
    Product,
    Rating,
    Variant,
)
from shared.errors import Problem
from shared.subscriptions.schema import COLUMNS, row

RUN = secrets.token_hex(4)
"""Loads are known by their key for long, on a real project."""
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(
    params=["duck", *(pytest.param(on, marks=pytest.mark.slow) for on in ("bigquery", "google"))],
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


def load(warehouse, rows, *, key, go_on=lambda: None):
    warehouse.load("books", rows, COLUMNS, key=key, go_on=go_on)


def whole(key="7", at=AT, **changes):
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
    return row(Product(**fields), "books", 3, at)


def test_every_column_comes_back_as_it_went_in(warehouse, rows, ask):
    load(warehouse, rows(whole()), key=f"k1{RUN}")
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
    load(warehouse, rows(whole("1"), whole("2")), key=f"k1{RUN}")
    load(warehouse, rows(whole("3"), whole("4", is_active=False)), key=f"k2{RUN}")
    keys = "SELECT product_key FROM {} ORDER BY product_key"
    assert [r["product_key"] for r in ask(keys.format("{products_v1}"))] == ["3", "4"]
    assert [r["product_key"] for r in ask(keys.format("{products_current_v1}"))] == ["3"]


def test_the_view_shows_what_is_offered_when_it_is_asked(warehouse, rows, ask):
    """The clock is the warehouse's own, so the times are far away on either side of it."""
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
    early = datetime(2019, 1, 1, tzinfo=UTC)
    sale = {"price": Price(amount="20", currency="EUR"), "original_price": None}
    sale |= {"sale_price": Price(amount="15", currency="EUR")}
    lines = [
        whole("running", **sale, sale_from=past, sale_to=future, variants=(), at=early),
        whole("over", **sale, sale_from=early, sale_to=past, variants=(), at=early),
        whole("to come", **sale, sale_from=future, variants=(), at=early),
        whole("expired", expires_at=past, variants=(), at=early),
        whole("expires", expires_at=future, variants=(), at=early),
    ]
    load(warehouse, rows(*lines), key=f"k8{RUN}")
    found = {
        each["product_key"]: (each["current_price"], each["original_price"])
        for each in ask("SELECT * FROM {products_current_v1}")
    }
    assert set(found) == {"running", "over", "to come", "expires"}
    assert found["running"] == (Decimal(15), Decimal(20))
    assert found["over"] == found["to come"] == (Decimal(20), None)
    assert len(ask("SELECT product_key FROM {products_v1}")) == 5


def test_the_same_load_again_changes_nothing(warehouse, rows, ask):
    for _ in range(2):
        load(warehouse, rows(whole("1")), key=f"k1{RUN}")
    assert len(ask("SELECT product_key FROM {products_v1}")) == 1


def test_rows_that_do_not_fit_are_invalid_and_leave_the_table_as_it_was(warehouse, rows, ask):
    load(warehouse, rows(whole("1")), key=f"k1{RUN}")
    with pytest.raises(Problem, match="invalid"):
        load(warehouse, rows({**whole("2"), "current_price": "cheap"}), key=f"k2{RUN}")
    assert [r["product_key"] for r in ask("SELECT product_key FROM {products_v1}")] == ["1"]


def test_a_dropped_catalog_is_gone_and_can_come_back(warehouse, rows, ask):
    load(warehouse, rows(whole("1")), key=f"k1{RUN}")
    for _ in range(2):
        warehouse.drop("books")
    load(warehouse, rows(whole("2")), key=f"k2{RUN}")
    assert [r["product_key"] for r in ask("SELECT product_key FROM {products_v1}")] == ["2"]


def test_a_load_that_may_not_go_on_shows_nothing(warehouse, rows, ask):
    def lost():
        raise Problem("publish_conflict", "The right to write this catalog was lost.")

    load(warehouse, rows(whole("1")), key=f"k1{RUN}")
    with pytest.raises(Problem, match="publish_conflict"):
        load(warehouse, rows(whole("2")), key=f"k2{RUN}", go_on=lost)
    assert [r["product_key"] for r in ask("SELECT product_key FROM {products_v1}")] == ["1"]
