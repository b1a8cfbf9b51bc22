"""Facets and price bounds against a plain model in Python, on made-up catalogs."""

import itertools

import pytest
from pydantic import ValidationError

from shared.catalog.products.product import Variant
from shared.catalog.products.urls import lookup_forms
from shared.catalog.search.lookup import lookup
from shared.catalog.search.search import Question, count
from shared.catalog.search.shelf import Shelf
from shared.errors import Problem
from shared.facets import Facet
from tests.shared.catalog.conftest import AT, key_of, walk


def values_of(product, name):
    """The contract's facets, read off a product."""
    if name.startswith("category_path.depth_"):
        depth = int(name[-1])
        return product.category_path[depth : depth + 1]
    plain = {
        "brand_name": (product.brand.name,) if product.brand else (),
        "brand_slug": (product.brand.slug,) if product.brand else (),
        "product_type": (product.product_type,) if product.product_type else (),
        "gender": product.genders,
        "age_groups": product.age_groups,
        "color": tuple(color.label for color in product.colors),
        "color_family": product.color_families,
    }
    if name in plain:
        return plain[name]
    attribute = name.removeprefix("attribute_facets.")
    own = {"fit": product.fit, "size": product.sizes, "material": product.materials}
    return (*own.get(attribute, ()), *product.attributes.get(attribute, ()))


def has(product, name, values):
    asked = {value.casefold() for value in values}
    return any(value.casefold() in asked for value in values_of(product, name))


def found(catalog, **asked):
    return {item["uuid"] for item in walk(lambda _: [catalog.shelf], Question(**asked), 100)}


def expected(catalog, products, matches):
    uuids = {}
    for product in products:
        located = lookup([catalog.shelf], lookup_forms(product.url))
        uuids[product.key] = located.found.number
    numbers = {uuids[product.key] for product in products if matches(product)}
    return {catalog.segment.item(number, AT).split(b'"')[3].decode() for number in numbers}


CLOTHES = [
    [("color", ("Black",))],
    [("color", ("black", "BLUE"))],
    [("color", ("Black",)), ("size", ("xs",))],
    [("attribute_facets.size", ("28", "29")), ("category_path.depth_0", ("men",))],
    [("material", ("wool",))],
    [("attribute_facets.material", ("Wool", "Cotton")), ("pattern", ("solid",))],
    [("category_path.depth_1", ("Tops",)), ("category_path.depth_2", ("tees", "tanks"))],
    [("climate", ("no such value",))],
    [("an_attribute_no_product_has", ("x",))],
]


@pytest.mark.parametrize("asked", CLOTHES)
def test_facets_join_by_and_and_their_values_by_or(clothes, asked):
    products, catalog = clothes
    facets = tuple(Facet(name=name, values=values) for name, values in asked)
    wanted = expected(catalog, products, lambda p: all(has(p, *facet) for facet in asked))
    assert found(catalog, facets=facets) == wanted
    left = expected(catalog, products, lambda p: not any(has(p, *facet) for facet in asked))
    assert found(catalog, exclude_facets=facets) == left


def test_every_brand_and_category_of_a_catalog_counts_as_many_as_it_has(electronics):
    products, catalog = electronics
    for name in ("brand_name", "brand_slug", *(f"category_path.depth_{at}" for at in range(7))):
        counts = {}
        for product in products:
            for value in {value.casefold() for value in values_of(product, name)}:
                counts[value] = counts.get(value, 0) + 1
        for value, amount in itertools.islice(counts.items(), 40):
            facet = Facet(name=name, values=(value.upper(),))
            assert count(catalog.shelf, Question(facets=(facet,))) == amount, (name, value)


def test_facets_narrow_a_text_search_to_those_that_have_them(electronics):
    products, catalog = electronics
    sony = (Facet(name="brand_name", values=("sony",)),)
    names = {p.url.rpartition("/")[2] for p in products if has(p, "brand_name", ["Sony"])}
    whole = walk(lambda _: [catalog.shelf], Question(query="black camera"), 100)
    narrowed = walk(lambda _: [catalog.shelf], Question(query="black camera", facets=sony), 100)
    assert {key_of(item) for item in whole} & names == {key_of(item) for item in narrowed}
    assert len(narrowed) > 5


@pytest.mark.parametrize(
    ("low", "high"), [(None, 49.99), (100, None), (25, 49.99), (49.99, 49.99), (0, 0)]
)
def test_price_bounds_are_inclusive(electronics, low, high):
    products, catalog = electronics
    wanted = [
        product
        for product in products
        if product.price
        and (low is None or float(product.price.amount) >= low)
        and (high is None or float(product.price.amount) <= high)
    ]
    assert count(catalog.shelf, Question(price_min=low, price_max=high)) == len(wanted)


def test_price_bounds_that_cannot_be_are_refused(electronics):
    bounds = [{"price_min": 2, "price_max": 1}]
    bounds += [
        {name: bad}
        for name in ("price_min", "price_max")
        for bad in (-1, float("nan"), float("inf"), float("-inf"))
    ]
    for each in bounds:
        with pytest.raises(Problem) as refused:
            electronics[1].page("tv", **each)
        assert refused.value.code == "invalid"


def test_a_facet_without_values_or_name_is_refused():
    for wrong in ({"name": "color", "values": []}, {"name": "", "values": ["x"]}):
        with pytest.raises(ValidationError):
            Facet(**wrong)


def test_a_restriction_holds_for_search_lookup_and_counts(electronics):
    products, catalog = electronics
    only = (Facet(name="brand_name", values=("Sony", "Bose")),)
    shelf = Shelf("electronics", "", "1", catalog.segment, catalog.segment, AT, only)
    inside = {p.key for p in products if has(p, "brand_name", ["Sony", "Bose"])}
    assert count(shelf, Question()) == len(inside)
    assert len(walk(lambda _: [shelf], Question(), 100)) == len(inside)
    facet = Facet(name="brand_name", values=("Samsung",))
    assert count(shelf, Question(facets=(facet,))) == 0
    for product in products[:300]:
        located = lookup([shelf], lookup_forms(product.url))
        assert (located is not None) == (product.key in inside)
    for query in ("headphones", "samsung", products[0].key):
        keys = {key_of(item) for item in walk(lambda _: [shelf], Question(query=query), 100)}
        assert keys <= {f"{key}.p" for key in inside}


def test_an_option_of_a_variant_is_a_facet_and_is_found_by_its_words(catalog, product):
    variants = (Variant(id="1", options={"Flavor": "Wild Cherry"}),)
    shop = catalog([product("1", variants=variants), product("2")])
    facet = Facet(name="flavor", values=("wild  cherry",))
    assert shop.keys(facets=(facet,)) == shop.keys("cherry") == ["1"]
