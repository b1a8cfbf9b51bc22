"""Whatever bytes a feed is made of, reading it ends in rows or in a `Problem`, never otherwise."""

import gzip
import io
import json
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.catalog.feeds.kinds import KINDS
from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.report import Account
from shared.catalog.tools.feed_reports import FeedReport, of_account
from shared.errors import Problem
from tests.shared.catalog.feeds.conftest import SAMPLES

SHOP = {"base_url": "https://shop.example", "currency": "EUR"}
RANDOM = settings(max_examples=40, suppress_health_check=list(HealthCheck), derandomize=True)


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feed.txt", content)
    return packed.getvalue()


LINES = b"".join(
    orjson.dumps({"id": n, "title": "Größe", "url": f"https://shop.example/{n}", "price": "1 EUR"})
    + b"\n"
    for n in range(4)
)
WHOLE = {
    "jsonl": LINES,
    "tsv": (SAMPLES / "merchant.tsv").read_bytes(),
    "rss": (SAMPLES / "merchant_rss.xml").read_bytes(),
    "atom": (SAMPLES / "merchant_atom.xml").read_bytes(),
    "shopify": (SAMPLES / "shopify.json").read_bytes(),
    "utf-16": (SAMPLES / "merchant.tsv").read_text().encode("utf-16"),
    "gzip": gzip.compress(LINES, mtime=0),
    "zip": zipped(LINES),
}


class Lines:
    """A report that goes nowhere, but could be written."""

    def line(self, kind, line, key, note):
        orjson.dumps([kind, line, key, *note])


def ends(content, kind=None):
    """Read bytes as a feed to their end, and report what there was, as publishing does."""
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder, "feed")
        feed.write_bytes(content)
        with suppress(Problem):
            account = Account(Lines())
            for product in account.products(read_feed(feed, kind=kind, **SHOP)):
                product.stored()
            FeedReport(**of_account(account)).model_dump_json()


@pytest.mark.parametrize("kind", [None, *KINDS])
@RANDOM
@given(content=st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_problem(kind, content):
    ends(content, kind)


@pytest.mark.parametrize("kind", [None, *KINDS])
@RANDOM
@given(content=st.text(max_size=200), codec=st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_any_text_is_rows_or_a_problem(kind, content, codec):
    ends(content.encode(codec, "replace"), kind)


@pytest.mark.parametrize("name", WHOLE)
@RANDOM
@given(data=st.data())
def test_a_feed_cut_off_anywhere_is_rows_or_a_problem(name, data):
    content = WHOLE[name]
    ends(content[: data.draw(st.integers(0, len(content)))])


@pytest.mark.parametrize("name", WHOLE)
@RANDOM
@given(data=st.data())
def test_a_feed_with_bits_turned_over_is_rows_or_a_problem(name, data):
    content = bytearray(WHOLE[name])
    for at in data.draw(st.lists(st.integers(0, len(content) * 8 - 1), min_size=1, max_size=4)):
        content[at // 8] ^= 1 << at % 8
    ends(bytes(content))


TEXT = st.text(st.characters(), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@RANDOM
@given(data=st.data())
def test_any_values_in_the_fields_of_our_own_feed_are_rows(data):
    from shared.catalog.feeds.json_row import JsonRow

    names = st.sampled_from(sorted(JsonRow.model_fields))
    row = data.draw(st.dictionaries(names, VALUES, max_size=6))
    ends(json.dumps({"id": "1", "title": "a", **row}).encode() + b"\n", "jsonl")


@RANDOM
@given(data=st.data())
def test_any_values_in_a_shopify_page_are_rows_or_a_problem(data):
    names = "handle title variants options images tags status published_at body_html".split()  # noqa: SIM905
    product = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=6))
    variant = data.draw(st.dictionaries(st.sampled_from(["id", "price", "sku"]), VALUES))
    page = {"products": [{"id": 1, **product}, {"id": 2, "title": "a", "handle": "b"}]}
    page["products"][1]["variants"] = [variant]
    ends(json.dumps(page).encode(), "shopify")


@RANDOM
@given(data=st.data())
def test_any_values_of_a_merchant_item_are_rows(data):
    from shared.catalog.feeds.attributes import ATTRIBUTES

    names = [each.name for each in ATTRIBUTES]
    item = data.draw(st.dictionaries(st.sampled_from(names), st.text(max_size=30), max_size=8))
    columns = ["id", "link", *item]
    values = ["1", "https://shop.example/1", *item.values()]
    rows = ([json.dumps(one)[1:-1] for one in row] for row in (columns, values))
    ends("\n".join("\t".join(row) for row in rows).encode("utf-8", "replace"), "merchant_tsv")
