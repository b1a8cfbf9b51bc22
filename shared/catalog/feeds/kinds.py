"""Which kind of feed a file is; and what it is instead, where it is none.

What cannot be read is named in one sentence by what it is, with how to get the right thing: who
uploads an order export, or the page of a shop that asks for a password, is told so.
"""

import re
from typing import Final

from shared.catalog.feeds.columns import SEPARATORS, columns_of, header_of
from shared.errors import Problem

KINDS: Final = ("jsonl", "merchant_xml", "merchant_tsv", "shopify")
"""The kinds of feed that can be read."""

_BINARY: Final = (
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"RIFF", "an image or a sound file"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel or Word document of the old kind"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "a Rich Text document"),
)
_PAGE: Final = re.compile(
    r"(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|"
    r"(?:html|head|body|title|meta|script|style|div|table|center|p|h1|iframe)(?=[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
_ROOT: Final = re.compile(
    r"(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>]*>|\s)*<([A-Za-z_][\w.:-]*)", re.IGNORECASE | re.DOTALL
)
_ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_NAMED_ROOTS: Final = {
    "urlset": "a sitemap, which only lists pages",
    "sitemapindex": "an index of sitemaps, which only lists pages",
    "svg": "an image (SVG)",
    "Error": "an error message of a file store",
    "BMECAT": "a BMEcat catalog",
    "Envelope": "a SOAP message",
}
_SHOPIFY_PAGE: Final = re.compile(r'\[?\s*\{\s*"products"\s*:')
_SHOPIFY_LIST: Final = re.compile(
    r'\[\s*\{(?=.{0,4000}?"(?:handle|body_html|variants)"\s*:)', re.DOTALL
)
_JSON_WORDS: Final = (
    (
        re.compile(r'[\[{\s]*"@(?:context|type|graph)"\s*:'),
        "schema.org data of a page",
        "Give the feed of all products",
    ),
    (re.compile(r'\{\s*"product"\s*:'), "a single Shopify product", "Give products.json, with all"),
    (
        re.compile(r'\{\s*"data"\s*:'),
        "an answer of a GraphQL interface",
        "Give products.json of the shop",
    ),
    (
        re.compile(r'\{\s*"(?:errors?|message|status|code)"\s*:'),
        "an error message",
        "Check the address, and who may read it",
    ),
    (re.compile(r'\{\s*"orders"\s*:'), "a Shopify order export", "Give products.json of the shop"),
)
_TABLES: Final = (
    ({"name", "financial_status"}, "a Shopify order export", "products.json of the shop"),
    ({"handle", "variant_sku"}, "Shopify's product CSV", "products.json of the shop"),
    ({"handle", "variant_price"}, "Shopify's product CSV", "products.json of the shop"),
    ({"handle", "title", "location"}, "a Shopify inventory export", "products.json of the shop"),
    ({"first_name", "last_name", "email"}, "a list of customers", "the feed of products"),
    ({"sku", "attribute_set_code"}, "Magento's product export", "a Google Merchant feed"),
    ({"sku", "_attribute_set"}, "Magento's product export", "a Google Merchant feed"),
    ({"order_id"}, "an export of orders", "the feed of products"),
    ({"order_number"}, "an export of orders", "the feed of products"),
    ({"item_sku"}, "an Amazon listing file", "a Google Merchant feed"),
    ({"seller-sku"}, "an Amazon listing report", "a Google Merchant feed"),
    ({"item_id", "custom_label"}, "an eBay report", "a Google Merchant feed"),
)
_WOOCOMMERCE: Final = frozenset({"id", "type", "sku", "name", "regular_price"})
_NEEDED: Final = frozenset({"title", "link", "price", "description", "structured_title"})


def require_text(head: bytes) -> None:
    """Raise `invalid`, saying what it is, for bytes that are an image, an archive or a database."""
    for mark, name in _BINARY:
        if head.startswith(mark):
            raise _no_feed(name, "Upload the feed itself, as text")


def kind_of(head: str) -> str:
    """The kind of a feed that begins like this. Raises `invalid`, naming what it is instead."""
    start = head.lstrip("\ufeff \t\r\n")
    if not start:
        raise _no_feed("an empty file", "Check the export, and upload it again")
    if start.startswith("<"):
        return _xml(start)
    if start.startswith(("{", "[")):
        return _json(start)
    return _table(head)


def is_shopify(head: str) -> bool:
    """Whether a file that begins like this is a page of a Shopify shop's products."""
    start = head.lstrip("\ufeff \t\r\n")
    return bool(_SHOPIFY_PAGE.match(start) or _SHOPIFY_LIST.match(start))


def named(kind: str, head: str) -> str:
    """The kind the owner named, where the file may be of it.

    Raises `invalid` for an unknown kind, and for a web page: nobody means to publish that.
    """
    if kind not in KINDS:
        raise Problem("invalid", f"The feed kind is not one of {', '.join(KINDS)}.")
    if _PAGE.match(head.lstrip("\ufeff \t\r\n")):
        raise _page()
    return kind


def _xml(start: str) -> str:
    if _PAGE.match(start):
        raise _page()
    root = _ROOT.match(start)
    name = root[1].rpartition(":")[2] if root else ""
    if name in _NAMED_ROOTS:
        raise _no_feed(_NAMED_ROOTS[name], "Give the Google Merchant feed of the shop")
    return "merchant_xml"


def _json(start: str) -> str:
    if is_shopify(start):
        return "shopify"
    for pattern, name, instead in _JSON_WORDS:
        if pattern.match(start):
            raise _no_feed(name, instead)
    if start.startswith("["):
        raise _no_feed(
            "one JSON array",
            "Write one object a line, without brackets and commas around them (JSON lines)",
        )
    return "jsonl"


def _table(head: str) -> str:
    header = header_of(head)
    line = head.lstrip("\ufeff").partition("\n")[0].partition("\r")[0]
    found = max((columns_of(line, mark) for mark in SEPARATORS), key=len)
    columns = set(found)
    for signs, name, instead in _TABLES:
        if signs <= columns:
            raise _no_feed(name, f"Give {instead}")
    if columns >= _WOOCOMMERCE:
        raise _no_feed("WooCommerce's product CSV", "Give a Google Merchant feed of the shop")
    if header is not None and _NEEDED & set(header.columns):
        return "merchant_tsv"
    if "\0" in head:
        raise _no_feed("binary data, not text", "Upload the feed itself, as text")
    if len(found) > 1:
        raise _no_feed(
            "a table whose first line does not name a column id and a column title, link or price",
            "Give a header with the names of Google's product data specification",
        )
    raise _no_feed(
        "a text without columns or brackets",
        "Give a Google Merchant feed, JSON lines, or a shop's products.json",
    )


def _page() -> Problem:
    return _no_feed(
        "a web page",
        "Open the feed's address in a private window: it may ask for a password, or have moved",
    )


def _no_feed(name: str, instead: str) -> Problem:
    return Problem("invalid", f"This is {name}, not a feed. {instead}.")
