"""A catalog looked at without a question."""

from datetime import UTC, datetime

from shared.catalog.products.offers import offer_at
from shared.catalog.products.product import Availability, Image, Rating
from shared.catalog.search.facets import Facet
from shared.catalog.search.search import Question
from shared.catalog.segment.rank import browse_rank
from tests.shared.catalog.conftest import NOW, key_of, walk


def test_what_can_be_bought_comes_first_then_popular_rated_and_new(catalog, product):
    stock = {"availability": Availability.IN_STOCK}
    shop = catalog(
        [
            product("plain", **stock),
            product("gone", availability=Availability.OUT_OF_STOCK, popularity=1_000_000),
            product("new", released_at=datetime(2026, 1, 1, tzinfo=UTC), **stock),
            product("old", released_at=datetime(2010, 1, 1, tzinfo=UTC), **stock),
            product("popular", popularity=90_000, **stock),
            product("known", popularity=900, **stock),
            product("pictured", images=(Image(url="https://shop.example/i.jpg"),), **stock),
        ]
    )
    assert shop.keys() == ["popular", "known", "new", "old", "pictured", "plain", "gone"]


def test_a_few_ratings_say_little(product):
    liked = product("a", rating=Rating(average=4.8, count=2_000))
    lucky = product("b", rating=Rating(average=5.0, count=1))
    none = product("c")
    bad = product("d", rating=Rating(average=1.5, count=2_000))
    ranks = [browse_rank(each, offer_at(each, NOW)) for each in (liked, lucky, none, bad)]
    assert ranks == sorted(ranks, reverse=True)


def test_ten_of_ten_is_as_good_as_five_of_five(product):
    ten = product("a", rating=Rating(average=9.6, count=50, scale=10))
    five = product("a", rating=Rating(average=4.8, count=50))
    assert browse_rank(ten, offer_at(ten, NOW)) == browse_rank(five, offer_at(five, NOW))


def test_the_order_is_the_same_in_every_build(catalog, applied, product):
    products = [product(str(at)) for at in range(50)]
    whole = catalog(products)
    grown = applied(applied(catalog(products[:20]), products[20:]), products[5:9])
    assert whole.keys() == catalog(reversed(products)).keys() == grown.keys()


SAME_TIE = ["k38004 k54192", "k117122 k169733", "k113766 k174068", "k204286 k254630"]
"""Pairs of keys whose ties are equal (found by trying 270,000)."""


def test_products_of_one_rank_are_each_seen_once(catalog, product):
    keys = {key for pair in SAME_TIE for key in pair.split()}
    shop = catalog([product(key) for key in sorted(keys)])
    ranks = {browse_rank(product(key), offer_at(product(key), NOW)) for key in keys}
    assert len(ranks) == len(keys) / 2, "the case is not met: no two products have one rank"
    for limit in (1, 3, 7, 100):
        items = walk(lambda _: [shop.shelf], Question(), limit)
        assert len(items) == len(keys)
        assert {key_of(item) for item in items} == keys


def test_browsing_part_of_a_catalog_keeps_its_order(electronics):
    _, catalog = electronics
    facet = Facet(name="category_path.depth_0", values=("Cell Phones",))
    whole = walk(lambda _: [catalog.shelf], Question(), 100)
    part = walk(lambda _: [catalog.shelf], Question(facets=(facet,)), 7)
    assert part
    assert part == [item for item in whole if item["categoryPath"][:1] == ["Cell Phones"]]
