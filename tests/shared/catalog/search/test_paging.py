"""One order, whatever the limit: every match is seen once. What ends a walk; what is no cursor."""

import base64
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import cursors
from shared.catalog.products.product import Price
from shared.catalog.search.cursor import seal, unseal
from shared.catalog.search.rerank import WINDOW
from shared.catalog.search.search import Question, count, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import build
from shared.errors import Problem
from shared.facets import Facet
from tests.shared.catalog.conftest import AT, KEY, NOW, Catalog, key_of, made, walk

QUERIES = ["wireless mouse", "external usb cd drive", "hp", "kensington laptop lock black", None]


def uuids(items):
    return [item["uuid"] for item in items]


@pytest.mark.parametrize("query", QUERIES)
def test_a_walk_sees_every_match_once_in_one_order_whatever_the_limit(warehouse, query):
    _, catalog = warehouse
    question = Question(query=query)
    whole = uuids(walk(lambda _: [catalog.shelf], question, 100))
    assert len(whole) == len(set(whole)) == count(catalog.shelf, question)
    for limit in (7, 50):
        assert uuids(walk(lambda _: [catalog.shelf], question, limit)) == whole


def test_a_walk_one_by_one_sees_the_same_order(warehouse):
    _, catalog = warehouse
    question = Question(query="kensington laptop lock black", price_max=60)
    whole = uuids(walk(lambda _: [catalog.shelf], question, 100))
    assert len(whole) > WINDOW
    one_by_one, cursor = [], None
    while len(one_by_one) < 420 and (cursor or not one_by_one):
        places = unseal(cursor, question.digest(), KEY)
        page = search([catalog.shelf], question, limit=1, key=KEY, places=places)
        cursor = page.cursor
        one_by_one += page.items
    assert len(one_by_one) == min(420, len(whole))
    again = search([catalog.shelf], question, limit=100, key=KEY).items
    assert one_by_one[:100] == again


def test_scores_never_rise_along_a_walk(warehouse):
    _, catalog = warehouse
    for query in QUERIES:
        items = walk(lambda _: [catalog.shelf], Question(query=query), 100)
        scores = [item["displayMatchScore"] for item in items]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 100 for score in scores)


def shelves_of(versions, heads):
    """What a caller of `search` does: open the version a cursor names, show the newest."""

    def opened(places):
        return [
            Shelf(
                key,
                key,
                places[key].version if places else head,
                versions[key][places[key].version if places else head],
                versions[key][head],
                AT,
            )
            for key, head in heads().items()
            if places is None or key in places
        ]

    return opened


def test_a_walk_across_a_republish_sees_each_product_once_and_none_that_is_gone(
    warehouse, applied, catalog
):
    products, first = warehouse
    question = Question(query="wireless mouse")
    whole = walk(lambda _: [first.shelf], question, 50)
    gone = {key_of(item) for item in whole[60:200:7]}
    keys = {product.url.rpartition("/")[2]: product for product in products}
    changed = [
        keys[key_of(item)].model_copy(update={"title": "Wireless mouse, wireless mouse"})
        for item in whole[300:320]
    ]
    second = applied(first, changed, [keys[key].key for key in gone])
    versions = {"warehouse": {"1": first.segment, "2": second.segment}}
    pages = iter(range(10_000))
    heads = shelves_of(versions, lambda: {"warehouse": "1" if next(pages) == 0 else "2"})
    seen = walk(heads, question, 50)
    assert Counter(uuids(seen)).most_common(1)[0][1] == 1
    assert [key_of(item) for item in seen] == [
        key_of(item) for item in whole if key_of(item) not in gone
    ]
    renewed = [item["title"] for item in seen if item["title"] == "Wireless mouse, wireless mouse"]
    assert len(renewed) == 20, "items show what the newest version says"


def test_a_walk_over_catalogs_sees_each_catalog_in_its_own_order(electronics, gadgets, clothes):
    catalogs = {catalog.key: catalog for _, catalog in (electronics, gadgets, clothes)}
    question = Question(query="wireless headphones")
    alone = {
        key: uuids(walk(lambda _, at=catalog: [at.shelf], question, 100))
        for key, catalog in catalogs.items()
    }
    for limit in (7, 100):
        together = walk(lambda _: [each.shelf for each in catalogs.values()], question, limit)
        scores = [item["displayMatchScore"] for item in together]
        assert scores == sorted(scores, reverse=True)
        assert len(together) == sum(map(len, alone.values()))
        for key, order in alone.items():
            assert [item["uuid"] for item in together if item["catalogKey"] == key] == order


def test_a_catalog_whose_grant_is_withdrawn_during_a_walk_is_left_out(electronics, gadgets):
    question = Question(query="wireless headphones")
    shelves = [electronics[1].shelf, gadgets[1].shelf]
    first = search(shelves, question, limit=50, key=KEY)
    places = unseal(first.cursor, question.digest(), KEY)
    rest = search(shelves[1:], question, limit=100, key=KEY, places=places)
    alone = search(shelves[1:], question, limit=100, key=KEY)
    walked = sum(b'"catalogKey":"gadgets"' in item for item in first.items)
    assert 0 < walked < 50
    assert rest.items == (alone.items[walked:] + _next(shelves[1:], question, alone))[:100]


def _next(shelves, question, page):
    places = unseal(page.cursor, question.digest(), KEY)
    return search(shelves, question, limit=100, key=KEY, places=places).items if places else []


def test_a_catalog_granted_during_a_walk_waits_for_the_next_search(electronics, gadgets):
    question = Question(query="wireless headphones")
    first = search([electronics[1].shelf], question, limit=50, key=KEY)
    places = unseal(first.cursor, question.digest(), KEY)
    shelves = [electronics[1].shelf, gadgets[1].shelf]
    page = search(shelves, question, limit=50, key=KEY, places=places)
    assert page.items == search(shelves[:1], question, limit=50, key=KEY, places=places).items


def test_a_restriction_that_changes_during_a_walk_ends_it(electronics):
    shelf = electronics[1].shelf
    question = Question(query="headphones")
    first = search([shelf], question, limit=5, key=KEY)
    places = unseal(first.cursor, question.digest(), KEY)
    only = (Facet(name="brand_name", values=("Sony",)),)
    narrowed = Shelf("electronics", "", "1", shelf.segment, shelf.current, AT, only)
    with pytest.raises(Problem) as refused:
        search([narrowed], question, limit=5, key=KEY, places=places)
    assert refused.value.code == "cursor_expired"


def test_a_product_that_left_the_restriction_since_is_left_out(catalog, applied, product):
    def brand(name):
        return {"name": name, "slug": name.lower()}

    first = catalog([product(str(at), "Kettle", brand=brand("Acme")) for at in range(6)])
    second = applied(first, [product("3", "Kettle", brand=brand("Other"))])
    only = (Facet(name="brand_slug", values=("acme",)),)
    shelf = Shelf("shop", "", "1", first.segment, second.segment, AT, only)
    items = walk(lambda _: [shelf], Question(query="kettle"), 2)
    assert sorted(map(key_of, items)) == ["0", "1", "2", "4", "5"]


def test_anything_that_is_no_cursor_of_ours_for_this_question_is_no_cursor(electronics):
    question = Question(query="headphones")
    cursor = search([electronics[1].shelf], question, limit=5, key=KEY).cursor
    assert unseal(cursor, question.digest(), KEY)
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        forged = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
        assert unseal(forged, question.digest(), KEY) is None
    for other in (None, "", "x", "!!", "é" * 9, cursor[:-2], cursor + "AAAA", "A" * 100_000):
        assert unseal(other, question.digest(), KEY) is None
    assert unseal(cursor, question.digest(), b"another key") is None
    assert unseal(cursor, Question(query="mouse").digest(), KEY) is None
    assert unseal(cursor, Question(query="headphones", price_max=9).digest(), KEY) is None


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_limit_out_of_range_is_refused(electronics, limit):
    with pytest.raises(Problem) as refused:
        electronics[1].page("headphones", limit)
    assert refused.value.code == "invalid_limit"


WORDS = ["red", "green", "kettle", "lamp", "case", "for", "usb"]
TITLE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.lists(TITLE, max_size=300), TITLE, st.sampled_from([1, 7, 50, 100]))
def test_any_walk_over_any_catalog_sees_exactly_the_products_with_any_telling_word_it_knows(
    tmp_path_factory, titles, query, limit
):
    directory = tmp_path_factory.mktemp("walk")
    products = [made(str(at), title) for at, title in enumerate(titles)]
    catalog = Catalog(Segment(directory, build(products, "shop", directory)))
    seen = [key_of(item) for item in walk(lambda _: [catalog.shelf], Question(query=query), limit)]
    asked, sold = set(query.split()), set(" ".join(titles).split())
    telling = (asked & sold) - {"for"} or asked
    matching = {str(at) for at, title in enumerate(titles) if telling & set(title.split())}
    assert len(seen) == len(set(seen))
    assert set(seen) == matching


def test_a_walk_that_began_in_an_order_of_other_code_is_expired(electronics):
    shelf, question = electronics[1].shelf, Question(query="headphones")
    cursor = search([shelf], question, limit=5, key=KEY).cursor
    ((catalog, place),) = unseal(cursor, question.digest(), KEY).items()
    for revision in ("", "another"):
        sealed = seal({catalog: place._replace(revision=revision)}, question.digest(), KEY)
        places = unseal(sealed, question.digest(), KEY)
        with pytest.raises(Problem) as refused:
            search([shelf], question, limit=5, key=KEY, places=places)
        assert refused.value.code == "cursor_expired"


def test_a_cursor_from_before_walks_kept_their_moment_goes_on_in_offers_of_now(catalog, product):
    on_sale = {
        "price": Price(amount="10", currency="EUR"),
        "sale_price": Price(amount="4", currency="EUR"),
        "sale_from": NOW - timedelta(days=1),
    }
    shop = catalog([product(str(at), **on_sale) for at in range(3)])
    question = Question(price_max=5)
    first = search([shop.shelf], question, limit=1, key=KEY)
    ((name, place),) = unseal(first.cursor, question.digest(), KEY).items()
    old = cursors.seal({name: place[:-1]}, question.digest(), KEY)
    rest = search(
        [shop.shelf], question, limit=3, key=KEY, places=unseal(old, question.digest(), KEY)
    )
    assert len(rest.items) == 2


def test_a_walk_without_a_text_needs_nothing_that_orders_texts(electronics):
    shelf, question = electronics[1].shelf, Question()
    cursor = search([shelf], question, limit=5, key=KEY).cursor
    assert {place.revision for place in unseal(cursor, question.digest(), KEY).values()} == {""}
