"""What the reranker sees in titles and kinds, against a reading of them word by word."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.catalog.products.product import Brand
from shared.catalog.search.rerank import MODEL, WINDOW, Model, features, rerank
from shared.catalog.search.seen import ACCESSORIES
from shared.catalog.search.words import understand
from shared.catalog.segment.analysis import analyzer
from shared.catalog.segment.titles import TITLE_TERMS

TERMS = analyzer("en").analyze
THINGS = ["laptop", "sleeve", "red", "mouse", "bag", "optical", "head", "set", "headset", "stand"]
MORE = ["blue", "green", "wide", "steel", "glass", "cotton", "tiny", "giant", "round", "flat"]


@pytest.fixture
def shop(catalog, product):
    """Ninety products whose titles are some of the words in any order, up to twenty of them."""
    chance = random.Random(11)
    return catalog(
        product(
            f"p{number}",
            " ".join(chance.choices(THINGS + MORE, k=chance.randint(1, 20))),
            brand=Brand(name=" ".join(chance.choices(THINGS, k=2)), slug="b"),
        )
        for number in range(90)
    )


def read(words, product, score, *, full):
    """A product's features, worked out the long way."""
    title = TERMS(product.title)[:TITLE_TERMS]
    kind = TERMS(product.brand.name)
    asked = {term for word in words for spelling in word.spellings for term in spelling}
    accessories = set(TERMS(ACCESSORIES["en"])) - asked
    last = max((at for at, term in enumerate(title) if term in asked), default=len(title))
    return Model(
        score,
        full,
        share(words, title),
        share(words, kind),
        sum(term in accessories for term in title),
        last + 1 < len(title) and title[last + 1] in accessories,
    )


def share(words, terms):
    return sum(
        max(sum(term in terms for term in spelling) / len(spelling) for spelling in word.spellings)
        for word in words
    ) / len(words)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    asked=st.lists(st.sampled_from(THINGS + MORE), min_size=1, max_size=18, unique=True),
    seed=st.integers(0, 1000),
    amount=st.integers(1, 90),
)
def test_features_say_what_titles_and_kinds_say(shop, asked, seed, amount):
    segment = shop.segment
    words = understand(segment, " ".join(asked))
    products = random.Random(seed).sample(list(segment.products()), amount)
    numbers = [segment.number_of(each.key) for each in products]
    scores = [1 - at / WINDOW for at in range(amount)]
    full = amount // 2
    found = features(segment, words, numbers, scores, full)
    for at, (one, product) in enumerate(zip(found, products, strict=True)):
        expected = read(words.words, product, scores[at], full=at < full)
        assert [*map(float, one)] == pytest.approx([*map(float, expected)])


def test_products_are_put_in_the_order_their_features_are_worth(shop):
    segment = shop.segment
    words = understand(segment, "red laptop head set")
    numbers = [segment.number_of(each.key) for each in segment.products()]
    scores = [1 - at / WINDOW for at in range(len(numbers))]
    found = features(segment, words, numbers, scores, 20)
    worth = [2 ** sum(map(float.__mul__, MODEL, map(float, each))) for each in found]
    best = sorted(range(len(numbers)), key=lambda at: (at + 2) / worth[at])
    order = rerank(segment, words, numbers, scores, 20, MODEL)
    assert order == [numbers[at] for at in best]


def test_a_query_leaves_nothing_behind_for_the_next_one(shop):
    segment = shop.segment
    numbers = [segment.number_of(each.key) for each in segment.products()]
    plain = understand(segment, "mouse")
    before = features(segment, plain, numbers, [0.5] * len(numbers), 0)
    features(segment, understand(segment, "laptop sleeve"), numbers, [0.5] * len(numbers), 0)
    assert features(segment, plain, numbers, [0.5] * len(numbers), 0) == before
