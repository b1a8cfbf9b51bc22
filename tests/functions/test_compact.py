"""What an answer costs a model: nothing said that says nothing, and never above 20,000 tokens."""

import base64
import random
import string

import orjson
import pytest

from shared.catalog.search.room import MOST_TOKENS, tokens_at_most
from tests.platform import LEGACY, call, message, product, value
from tests.tokens import tokens

pytestmark = pytest.mark.anyio
CHANCE = random.Random(7)


async def text_of(client, tool, arguments):
    result = (await call(client, tool, arguments)).json()["result"]
    assert orjson.loads(result["content"][0]["text"]) == result["structuredContent"]["result"]
    return result["content"][0]["text"]


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.token()) as client:
        yield client


RICH = product(
    "rich",
    title="Trail running shoe",
    brand="Tarn",
    color="Red",
    price=20.0,
    sale_price=10.0,
    images=[f"https://books.example/images/rich-{at}.jpg" for at in range(5)],
    reviews=[{"author": "A", "rating": 5, "body": "Fine."}],
)


async def test_an_item_of_a_search_has_what_a_choice_needs_and_nothing_empty(stocked, client):
    stocked.publish("books", [RICH])
    (item,) = (await value(client, "search_products", {"catalog": "books"}))["items"]
    score = item.pop("displayMatchScore")
    assert 0 <= score <= 100
    assert item == {
        "productUrl": "https://books.example/p/rich",
        "title": "Trail running shoe",
        "brand": {"name": "Tarn"},
        "currentPrice": 10.0,
        "originalPrice": 20.0,
        "currency": "EUR",
        "imageUrl": "https://books.example/images/rich-0.jpg",
        "colors": ["Red"],
    }


async def test_the_full_view_of_an_item_is_a_word_away(stocked, client):
    stocked.publish("books", [RICH])
    asked = {"catalog": "books", "view": "full"}
    (item,) = (await value(client, "search_products", asked))["items"]
    assert len(item["images"]) == 5
    assert item["uuid"]
    assert None not in item.values()


async def test_a_lookup_is_full_or_leaves_out_reviews_and_further_pictures(stocked, client):
    stocked.publish("books", [RICH])
    asked = {"canonical_url": RICH["url"]}
    full = (await value(client, "lookup_product", asked))["product"]
    compact = (await value(client, "lookup_product", {**asked, "view": "compact"}))["product"]
    assert full["reviews"][0]["body"] == "Fine."
    assert "videos" not in full
    assert {"reviews", "images", "enrichment", "uuid"} & set(compact) == set()
    assert compact["title"] == full["title"]


def of_letters(letters, size):
    return "".join(CHANCE.choices(letters, k=size))


TEXTS = {
    "words": "the quick brown fox jumps over the lazy dog ",
    "small letters": string.ascii_lowercase,
    "capitals": string.ascii_uppercase,
    "digits": string.digits,
    "punctuation": string.punctuation,
    "base64": base64.b64encode(CHANCE.randbytes(3000)).decode(),
    "hexadecimal": CHANCE.randbytes(3000).hex(),
    "ids": string.ascii_letters + string.digits + "-_/.",
    "two letters a word": "ab ",
    "rare letters": "qxzjkv ",
    "Cherokee": "".join(map(chr, range(0x13A0, 0x13F0))),
    "Chinese": "".join(map(chr, range(0x4E00, 0x9FFF))),
    "pictures": "".join(map(chr, range(0x1F300, 0x1F9FF))),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_tokens_are_never_counted_too_low(kind):
    text = of_letters(TEXTS[kind], 4000)
    assert tokens(text) <= tokens_at_most(text.encode())


@pytest.mark.parametrize("kind", ["words", "base64", "punctuation", "Cherokee", "Chinese"])
@pytest.mark.parametrize("view", ["compact", "full"])
async def test_no_page_is_above_20_000_tokens_and_the_walk_goes_on(stocked, client, kind, view):
    rows = [
        product(
            str(n), title=of_letters(TEXTS[kind], 400).strip(), url=f"https://books.example/{n}"
        )
        for n in range(120)
    ]
    stocked.publish("books", rows)
    seen, cursor, cut = [], None, 0
    while True:
        arguments = {"catalog": "books", "limit": 100, "view": view}
        arguments |= {"cursor": cursor} if cursor else {}
        text = await text_of(client, "search_products", arguments)
        assert tokens(text) <= MOST_TOKENS
        page = orjson.loads(text)
        if len(page["items"]) < 100 and page["nextCursor"]:
            cut += 1
            assert page["note"].endswith("products here. Go on with nextCursor.")
        seen += [item["productUrl"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 120
    assert cut


async def test_a_product_that_is_too_much_is_shortened_and_says_where(stocked, client):
    page = "https://books.example/huge"
    rows = [
        product(f"v{n}", parent_id="huge", url=f"{page}?variant={n}", options={"Size": f"S{n}"})
        for n in range(400)
    ]
    stocked.publish("books", rows)
    text = await text_of(client, "lookup_product", {"canonical_url": page})
    assert tokens(text) <= MOST_TOKENS
    answer = orjson.loads(text)
    assert "product.variants" in answer["shortened"]
    assert answer["product"]["title"] == "Product v0"


async def test_several_addresses_are_answered_one_by_one(client):
    urls = [f"https://books.example/p/{n}" for n in (1, 99, 2)] + ["nonsense"]
    found = (await value(client, "lookup_product", {"canonical_urls": urls}))["items"]
    assert [each["requestedUrl"] for each in found] == urls
    assert [each.get("error") for each in found] == [
        None,
        "product_not_found",
        None,
        "invalid_product_url",
    ]
    assert found[2]["product"]["title"] == "Product 2"


async def test_addresses_there_is_no_room_for_are_named(stocked, client):
    rows = [product(str(n), description=of_letters(TEXTS["ids"], 4000)) for n in range(20)]
    stocked.publish("books", rows)
    arguments = {"canonical_urls": [row["url"] for row in rows]}
    text = await text_of(client, "lookup_product", arguments)
    assert tokens(text) <= MOST_TOKENS
    found = orjson.loads(text)["items"]
    left = [each for each in found if each.get("error") == "answer_full"]
    assert 0 < len(left) < 20
    assert len(found) == 20


@pytest.mark.parametrize(
    "arguments",
    [{}, {"canonical_urls": []}, {"canonical_urls": ["https://books.example/p/1"] * 21}],
)
async def test_a_lookup_takes_one_to_twenty_addresses(client, arguments):
    result = (await call(client, "lookup_product", arguments)).json()["result"]
    assert result["structuredContent"]["result"]["error"] == "invalid"


async def test_the_list_of_tools_is_at_most_5_000_tokens(client):
    response = await client.post("/mcp", json=message("tools/list"), headers=LEGACY)
    assert tokens(orjson.dumps(response.json()["result"]["tools"])) <= 5_000
