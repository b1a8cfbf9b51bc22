"""What the reranker sees in titles and kinds, against a reading of them word by word."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.catalog.products.product import Brand
from shared.catalog.search.queries import idf
from shared.catalog.search.rerank import MODEL, WINDOW, Model, features, rerank
from shared.catalog.search.seen import ACCESSORIES, NEXT, see
from shared.catalog.search.words import understand
from shared.catalog.segment.titles import TITLE_TERMS
from shared.indexes.words import analyzer

TERMS = analyzer("en").analyze
ACCESSORY_TERMS = set(TERMS(ACCESSORIES["en"]))
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


def texts(product):
    """The terms of a product's title that are looked at, and of its kind."""
    return TERMS(product.title)[:TITLE_TERMS], TERMS(product.brand.name)


def looked_at(words, product):
    """What `see` says of one product: its title's terms, its kind's, and its accessories."""
    title, kind = texts(product)
    asked = [term for word in words for spelling in word.spellings for term in spelling]
    accessories = [
        at for at, term in enumerate(title) if term in ACCESSORY_TERMS and term not in asked
    ]
    places = [at for at, term in enumerate(title) if term in asked]
    is_next = bool(places) and places[-1] + 1 in accessories
    return bits(asked, title), bits(asked, kind), len(accessories) + NEXT * is_next


def bits(asked, there):
    return sum(1 << at for at, term in enumerate(asked) if term in there)


def read(segment, words, product, score, *, full):
    """A product's features, worked out the long way."""
    title, kind = texts(product)
    _, _, accessories = looked_at(words, product)
    amount, is_next = accessories % NEXT, accessories // NEXT
    said, in_kind = share(segment, words, title), share(segment, words, kind)
    all_words = min(1, 2 * said) if full else 0
    return Model(score, all_words, said * said, in_kind, said * amount, said * is_next)


def share(segment, words, terms):
    """How much of what the words tell these terms say."""
    told = [word.telling * idf(segment, word) for word in words]
    said = [
        max(sum(term in terms for term in spelling) / len(spelling) for spelling in word.spellings)
        for word in words
    ]
    return sum(map(float.__mul__, told, map(float, said))) / sum(told)


def for_any_words_and_products(test):
    """Run a test for words that are asked, and some of the products in any order."""
    many = settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    words = st.lists(st.sampled_from(THINGS + MORE), min_size=1, max_size=18, unique=True)
    return many(given(asked=words, seed=st.integers(0, 1000), amount=st.integers(1, 90))(test))


@for_any_words_and_products
def test_all_products_at_once_are_seen_as_each_is_alone(shop, asked, seed, amount):
    segment = shop.segment
    words = understand(segment, " ".join(asked))
    products = random.Random(seed).sample(list(segment.products()), amount)
    seen = see(segment, words, [segment.number_of(each.key) for each in products])
    assert list(zip(*seen, strict=True)) == [looked_at(words.words, each) for each in products]


@for_any_words_and_products
def test_features_say_what_titles_and_kinds_say(shop, asked, seed, amount):
    segment = shop.segment
    words = understand(segment, " ".join(asked))
    products = random.Random(seed).sample(list(segment.products()), amount)
    numbers = [segment.number_of(each.key) for each in products]
    scores = [1 - at / WINDOW for at in range(amount)]
    full = amount // 2
    found = features(segment, words, numbers, scores, full)
    for at, (one, product) in enumerate(zip(found, products, strict=True)):
        expected = read(segment, words.words, product, scores[at], full=at < full)
        assert [*map(float, one)] == pytest.approx([*map(float, expected)])


def test_products_are_put_in_the_order_their_features_are_worth(shop):
    segment = shop.segment
    words = understand(segment, "red laptop head set")
    numbers = [segment.number_of(each.key) for each in segment.products()][:WINDOW]
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
