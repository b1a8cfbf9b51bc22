"""What every Warehouse adapter promises, on DuckDB and on the BigQuery emulator."""

import gzip
import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from shared.catalog.products.product import (
    Availability,
    Brand,
    Certification,
    Color,
    FreeShipping,
    Image,
    Installment,
    Price,
    Product,
    Promotion,
    Rating,
    Seller,
    Shipping,
    Specification,
    Subscription,
    UnitPricing,
    Variant,
    Video,
)
from shared.errors import Problem
from shared.subscriptions.rows import row
from shared.subscriptions.schema import COLUMNS

RUN = secrets.token_hex(4)
"""Loads are known by their key for long, on a real project."""
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
EARLY, PAST, FUTURE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2019, 2020, 2200))
"""The clock is the warehouse's own, so times are far away on either side of it."""


@pytest.fixture(
    params=["duck", *(pytest.param(on, marks=pytest.mark.slow) for on in ("bigquery", "google"))],
)
def warehouse(request):
    return request.getfixturevalue(f"{request.param}_warehouse")


@pytest.fixture
def rows(tmp_path):
    def write(*lines, name="rows"):
        path = tmp_path / f"{name}.jsonl.gz"
        with gzip.open(path, "wb") as out:
            out.writelines(orjson.dumps(line) + b"\n" for line in lines)
        return path

    return write


def load(warehouse, rows, *, key, go_on=lambda: None):
    files = rows if isinstance(rows, list) else [rows]
    warehouse.load("books", files, COLUMNS, key=key, go_on=go_on)


def euros(amount):
    return Price(amount=amount, currency="EUR")


def whole(key="7", at=AT, **changes):
    """A product with something in every column."""
    fields = {
        "key": key,
        "url": f"https://books.example/p/{key}",
        "title": "Ein Büchlein “quoted” 🎁",
        "description": "Line one.\nLine two.",
        "language": "de",
        "brand": Brand(name="Acme", slug="acme"),
        "price": euros("19.990001"),
        "original_price": euros("123456789012.5"),
        "availability": Availability.IN_STOCK,
        "condition": "new",
        "images": (Image(url="https://books.example/1.jpg", width=10, height=20),),
        "rating": Rating(average=8.5, count=3, scale=10),
        "product_type": "Picture book",
        "category_path": ("Books", "Children"),
        "tags": ("a", "b"),
        "genders": ("unisex",),
        "age_groups": ("kids",),
        "sizes": ("M",),
        "colors": (Color(label="Navy"),),
        "color_families": ("Blue",),
        "materials": ("paper",),
        "fit": ("loose",),
        "patterns": ("striped",),
        "dimensions": "10 x 20 cm",
        "attributes": {"fit": ("slim", "regular")},
        "gtins": ("9783161484100",),
        "mpn": "B-1",
        "product_group_id": "G",
        "seller": Seller(name="Marta"),
        "mobile_url": f"https://m.books.example/p/{key}",
        "highlights": ("signed",),
        "specifications": (Specification(section="Paper", name="Weight", value="90 g"),),
        "certifications": (Certification(name="FSC", authority="FSC", code="C1"),),
        "energy_class": "A",
        "energy_scale": "A to G",
        "is_bundle": False,
        "multipack": 2,
        "adult": False,
        "availability_date": AT,
        "unit_pricing": UnitPricing(measure="2 pc", base="1 pc"),
        "installment": Installment(
            months=3, amount=euros("7"), downpayment=euros("1"), credit_type="loan"
        ),
        "subscription": Subscription(period="month", length=12, amount=euros("2.50")),
        "shipping": (
            Shipping(price=euros("4.90"), country="DE", service="Post", least_days=1, most_days=3),
            Shipping(price=euros("0"), country="DE", region="BE"),
        ),
        "free_shipping": (FreeShipping(threshold=euros("49"), country="DE"),),
        "handling_least_days": 0,
        "handling_most_days": 2,
        "return_policy": "30 days",
        "promotion_ids": ("XMAS",),
        "promotions": (Promotion(description="3 for 2", code="THREE"),),
        "videos": (Video(url="https://books.example/1.mp4"),),
        "sale_price": euros("15"),
        "sale_from": FUTURE,
        "sale_to": FUTURE + timedelta(days=1),
        "expires_at": FUTURE + timedelta(days=2),
        "variants": (
            Variant(
                id="v1",
                price=euros("1.10"),
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
    assert found["specifications"] == [{"section": "Paper", "name": "Weight", "value": "90 g"}]
    assert found["certifications"] == [{"name": "FSC", "authority": "FSC", "code": "C1"}]
    empty = {name for name, shown in found.items() if shown is None or shown == []}
    assert empty == set()


def test_what_is_paid_beside_the_price_comes_back_as_it_went_in(warehouse, rows, ask):
    load(warehouse, rows(whole()), key=f"k9{RUN}")
    (found,) = ask("SELECT * FROM {products_current_v1}")
    assert found["unit_price"] == {"measure": "2 pc", "base": "1 pc"}
    assert found["installment"] == {
        "months": 3,
        "amount": Decimal(7),
        "currency": "EUR",
        "downpayment": Decimal(1),
        "credit_type": "loan",
    }
    assert found["subscription"]["amount"] == Decimal("2.50")
    assert [each["price"] for each in found["shipping"]] == [Decimal("4.90"), Decimal(0)]
    assert [each["most_days"] for each in found["shipping"]] == [3, None]
    (free,) = found["free_shipping"]
    assert free == {"threshold": Decimal(49), "currency": "EUR", "country": "DE"}
    assert found["handling_days"] == {"least": 0, "most": 2}


def test_a_product_without_them_has_none_of_them(warehouse, rows, ask):
    plain = Product(key="1", url="https://books.example/p/1", title="Book")
    load(warehouse, rows(row(plain, "books", 3, AT)), key=f"k10{RUN}")
    (found,) = ask("SELECT * FROM {products_current_v1}")
    for name in ("unit_price", "installment", "subscription", "handling_days", "brand"):
        assert found[name] is None or not any(found[name].values())
    assert list(found["shipping"]) == list(found["variants"]) == []


def test_a_load_replaces_everything_and_inactive_products_are_only_in_the_table(
    warehouse, rows, ask
):
    load(warehouse, rows(whole("1"), whole("2")), key=f"k1{RUN}")
    load(warehouse, rows(whole("3"), whole("4", is_active=False)), key=f"k2{RUN}")
    keys = "SELECT product_key FROM {} ORDER BY product_key"
    assert [r["product_key"] for r in ask(keys.format("{products_v1}"))] == ["3", "4"]
    assert [r["product_key"] for r in ask(keys.format("{products_current_v1}"))] == ["3"]


def test_rows_come_in_as_many_files_as_there_are(warehouse, rows, ask):
    files = [rows(whole(key), name=key) for key in ("1", "2", "3")]
    load(warehouse, files, key=f"k12{RUN}")
    found = ask("SELECT product_key FROM {products_v1} ORDER BY product_key")
    assert [each["product_key"] for each in found] == ["1", "2", "3"]


REDUCED = {"price": euros("20"), "original_price": None, "sale_price": euros("15")}
TIMES = {
    "running": {"sale_from": PAST, "sale_to": FUTURE},
    "over": {"sale_from": EARLY, "sale_to": PAST},
    "to come": {"sale_from": FUTURE, "sale_to": None},
    "expired": {"expires_at": PAST},
    "expires": {"expires_at": FUTURE},
}


def test_the_view_shows_what_is_offered_when_it_is_asked(warehouse, rows, ask):
    lines = [whole(key, **REDUCED, **times, variants=(), at=EARLY) for key, times in TIMES.items()]
    load(warehouse, rows(*lines), key=f"k8{RUN}")
    found = {
        each["product_key"]: (each["current_price"], each["original_price"])
        for each in ask("SELECT * FROM {products_current_v1}")
    }
    assert set(found) == {"running", "over", "to come", "expires"}
    assert found["running"] == (Decimal(15), Decimal(20))
    assert found["over"] == found["to come"] == (Decimal(20), None)
    assert len(ask("SELECT product_key FROM {products_v1}")) == 5


def test_the_view_shows_each_variant_at_its_own_price_of_now(warehouse, rows, ask):
    stock = {"availability": Availability.IN_STOCK, "options": {"Size": "M"}}
    variants = [Variant(id=key, **REDUCED, **times, **stock) for key, times in TIMES.items()]
    variants.append(Variant(id="plain", price=euros("30"), **stock))
    plain = {"sale_price": None, "sale_from": None, "sale_to": None, "expires_at": None}
    load(warehouse, rows(whole(**plain, variants=variants, at=EARLY)), key=f"k11{RUN}")
    (found,) = ask("SELECT * FROM {products_current_v1}")
    assert [each["id"] for each in found["variants"]] == [*TIMES, "plain"]
    shown = {
        each["id"]: (each["price"], each["original_price"], each["availability"])
        for each in found["variants"]
    }
    assert shown["running"] == (Decimal(15), Decimal(20), "in_stock")
    assert shown["over"] == shown["to come"] == (Decimal(20), None, "in_stock")
    assert shown["expired"][2] == "discontinued"
    assert shown["plain"] == (Decimal(30), None, "in_stock")
    assert all(each["options"] == [{"name": "Size", "value": "M"}] for each in found["variants"])
    assert shown["expires"] == (Decimal(15), Decimal(20), "in_stock")


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
