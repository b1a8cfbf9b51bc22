"""Sales and expiry hold when somebody asks, in lookups, search, bounds, facets and counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest

from shared.catalog.products.product import Availability, Price, Variant
from shared.catalog.products.shapes import FullView, ListItem
from shared.catalog.products.urls import lookup_forms
from shared.catalog.search.lookup import lookup
from shared.catalog.search.search import Question, count, search
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.facets import Facet
from tests.shared.catalog.conftest import AT, KEY, NOW, Catalog, key_of, walk

BEGINS, ENDS, GONE = (datetime(2026, 12, day, tzinfo=UTC) for day in (1, 10, 20))
BEFORE, DURING, AFTER = BEGINS - timedelta(1), BEGINS, ENDS


def euros(amount):
    return Price(amount=str(amount), currency="EUR")


SALE = {"price": euros(20), "sale_price": euros(15), "sale_from": BEGINS, "sale_to": ENDS}


@pytest.fixture
def shop(catalog, product):
    """A sale to come, an expiry to come, and a product that stays as it is."""
    stock = {"availability": Availability.IN_STOCK}
    return catalog(
        [
            product("sale", "Red kettle", **SALE, **stock),
            product("ends", "Blue kettle", price=euros(18), expires_at=GONE, **stock),
            product("stays", "Green kettle", price=euros(16), **stock),
        ]
    )


def at(catalog, moment):
    return replace(catalog, at=moment.timestamp())


@pytest.mark.parametrize(
    ("moment", "price", "before"),
    [
        (BEFORE, 20.0, None),
        (BEGINS - timedelta(seconds=1), 20.0, None),
        (BEGINS, 15.0, 20.0),
        (ENDS - timedelta(seconds=1), 15.0, 20.0),
        (ENDS, 20.0, None),
    ],
)
def test_a_price_is_the_one_that_holds_when_asked(shop, moment, price, before):
    now = at(shop, moment)
    item = next(item for item in now.items("kettle") if key_of(item) == "sale")
    located = lookup([now.shelf], lookup_forms("https://shop.example/p/sale"))
    for view in (item, orjson.loads(located.product())):
        assert (view["currentPrice"], view["originalPrice"]) == (price, before)
    assert ListItem.model_validate(item).current_price == price
    assert FullView.model_validate_json(located.product()).current_price == price


@pytest.mark.parametrize(
    ("moment", "found"),
    [(BEFORE, {"stays", "ends"}), (DURING, {"sale", "stays", "ends"}), (GONE, {"stays"})],
)
def test_price_bounds_are_checked_against_the_price_that_holds(shop, moment, found):
    now = at(shop, moment)
    for query in (None, "kettle"):
        assert set(now.keys(query, price_min=10, price_max=18)) == found
        assert count(now.shelf, Question(query=query, price_max=18)) == len(found)
    assert ("sale" in now.keys(price_min=19)) is (moment is not DURING)


def test_what_has_expired_is_found_no_more_and_not_counted(shop):
    for moment, known in ((BEFORE, True), (GONE - timedelta(seconds=1), True), (GONE, False)):
        now = at(shop, moment)
        located = lookup([now.shelf], lookup_forms("https://shop.example/p/ends"))
        assert (located is not None) is known
        assert ("ends" in now.keys("kettle")) is known
        assert count(now.shelf, Question()) == 2 + known
    assert shop.segment.manifest.product_count == 3


def test_each_product_is_seen_once_whatever_changes_with_time(shop):
    for moment in (BEFORE, DURING, AFTER):
        shelves = [at(shop, moment).shelf]
        for limit in (1, 2, 100):
            items = walk(lambda _, shelves=shelves: shelves, Question(), limit)
            assert sorted(map(key_of, items)) == ["ends", "sale", "stays"]


def test_a_walk_goes_on_in_the_order_it_began_in_and_shows_what_holds_now(shop):
    question = Question(query="kettle")
    from shared.catalog.search.cursor import unseal

    seen = []
    first = search([at(shop, BEFORE).shelf], question, limit=1, key=KEY)
    seen += first.items
    places = unseal(first.cursor, question.digest(), KEY)
    rest = search([at(shop, GONE).shelf], question, limit=10, key=KEY, places=places)
    seen += rest.items
    keys = [key_of(orjson.loads(item)) for item in seen]
    assert len(keys) == len(set(keys))
    assert {"sale", "stays"} <= set(keys)
    assert "ends" not in [key_of(orjson.loads(item)) for item in rest.items]


def variant(number, **fields):
    url = f"https://shop.example/p/shirt?variant={number}"
    stock = {"availability": Availability.IN_STOCK}
    return Variant(id=str(number), url=url, options={"Size": str(number)}, **{**stock, **fields})


def test_a_group_costs_what_its_cheapest_variant_costs_then(catalog, product):
    shirt = product(
        "shirt",
        price=euros(18),
        availability=Availability.IN_STOCK,
        variants=(
            variant(1, **SALE),
            variant(2, price=euros(18)),
            variant(3, price=euros(1), expires_at=BEFORE),
        ),
    )
    shop = catalog([shirt])
    for moment, price, stock in (
        (NOW, 1.0, ["in_stock", "in_stock", "in_stock"]),
        (BEFORE, 18.0, ["in_stock", "in_stock", "discontinued"]),
        (DURING, 15.0, ["in_stock", "in_stock", "discontinued"]),
        (AFTER, 18.0, ["in_stock", "in_stock", "discontinued"]),
    ):
        now = at(shop, moment)
        found = lookup([now.shelf], lookup_forms("https://shop.example/p/shirt"))
        view = orjson.loads(found.product())
        assert view["currentPrice"] == price
        assert [each["availability"] for each in view["variants"]] == stock
        assert view["variants"][0]["currentPrice"] == (15.0 if moment is DURING else 20.0)
        FullView.model_validate(view)
        assert now.keys(price_max=price) == ["shirt"]
        assert now.keys(price_max=price - 0.5) == []


def test_facets_and_order_are_those_that_hold(catalog, product):
    shop = catalog(
        [
            product("a", variants=(variant(1, expires_at=BEGINS), variant(2, expires_at=GONE))),
            product("b", availability=Availability.IN_STOCK),
            product(
                "c",
                popularity=9e6,
                variants=(
                    variant(1, expires_at=BEGINS),
                    variant(2, availability=Availability.OUT_OF_STOCK),
                ),
            ),
        ]
    )
    stocked = (Facet(name="availability", values=("in_stock",)),)
    assert at(shop, BEFORE).keys(facets=stocked)[0] == "c"
    assert set(at(shop, DURING).keys(facets=stocked)) == {"a", "b"}
    assert at(shop, DURING).keys()[-1] == "c"
    assert set(at(shop, GONE).keys()) == {"b", "c"}


def test_an_offer_that_ended_before_the_build_takes_no_room(tmp_path, product):
    old = product("old", expires_at=NOW - timedelta(1))
    done = product("done", **{**SALE, "sale_from": None, "sale_to": NOW - timedelta(1)})
    manifest = build([old, done], "shop", tmp_path, since=NOW)
    segment = Segment(tmp_path, manifest)
    assert manifest.product_count == segment.searcher.num_docs == 1
    assert segment.timed is False
    assert Catalog(segment).keys() == ["done"]


def test_an_upsert_keeps_times_and_buries_every_stretch_of_what_it_replaces(shop, applied, product):
    after = applied(shop, [product("sale", "Red pot", price=euros(9))], ["ends"])
    for moment in (BEFORE, DURING, AFTER):
        assert at(after, moment).keys("kettle") == ["stays"]
        assert at(after, moment).keys(price_max=10) == ["sale"]
    again = applied(after, [product("new", "Pot", **SALE)])
    assert at(again, DURING).keys(price_min=12, price_max=15) == ["new"]
    assert at(again, BEFORE).keys(price_min=12, price_max=15) == []
    assert again.segment.manifest.product_count == 3


@pytest.fixture
def old(tmp_path):
    """A version that code before offers had times has built."""
    folder = tmp_path / "old"
    with ZipFile(Path(__file__).parent / "format1.zip") as archive:
        archive.extractall(folder)
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    assert manifest.format == 1
    return Catalog(Segment(folder, manifest))


def test_a_version_of_the_old_format_answers_in_the_shapes_of_today(old):
    assert set(old.keys()) == {"lamp", "parka?variant=m"} or len(old.keys()) == 2
    item = next(item for item in old.items("lamp"))
    assert ListItem.model_validate(item).availability == "in_stock"
    assert (item["currentPrice"], item["originalPrice"]) == (20.0, 25.0)
    assert old.keys(price_max=30) == ["lamp"]
    located = lookup([old.shelf], lookup_forms("https://shop.example/p/parka?variant=l"))
    view = FullView.model_validate_json(located.product())
    assert [variant.sku for variant in view.variants] == ["m", "l"]
    assert located.found.variant is None


def test_a_change_of_a_version_of_the_old_format_is_to_be_built_whole(old, tmp_path, product):
    manifest = apply(old.segment, [product("new", **SALE)], ["lamp"], tmp_path / "next")
    assert manifest.worn
    changed = Segment(tmp_path / "next", manifest)
    whole = build(changed.products(), "shop", tmp_path / "whole", since=NOW)
    assert (whole.format, whole.product_count) == (2, 2)
    built = Catalog(Segment(tmp_path / "whole", whole))
    assert at(built, DURING).keys(price_max=15) == ["new"]
    assert at(built, NOW).keys(price_max=15) == []
    located = lookup([built.shelf], lookup_forms("https://shop.example/p/parka?variant=l"))
    assert located.found.variant == 1
    assert NOW.timestamp() == AT
