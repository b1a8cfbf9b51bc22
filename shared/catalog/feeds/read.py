"""Reading a feed: any kind of file in, rows out.

Source: contract/partner.md, "Product identity"; the kinds' own formats are in their modules.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.catalog.feeds.grouping import Item, grouped
from shared.catalog.feeds.jsonl import read_json_lines
from shared.catalog.feeds.merchant_tsv import read_merchant_tsv
from shared.catalog.feeds.merchant_xml import read_merchant_xml
from shared.catalog.feeds.rows import Defaults, Rejected, Row
from shared.catalog.feeds.shopify import read_shopify
from shared.catalog.feeds.source import Source, open_source
from shared.errors import Problem

_HEAD: Final = 64 * 1024
_PAGE: Final = re.compile(rb'\{\s*"products"\s*:')
_READERS: Final[dict[str, Callable[[Source, Defaults], Iterator[Item | Rejected]]]] = {
    "jsonl": read_json_lines,
    "merchant_xml": read_merchant_xml,
    "merchant_tsv": read_merchant_tsv,
    "shopify": read_shopify,
}
KINDS: Final = tuple(_READERS)
"""The kinds of feed that can be read."""


def read_feed(
    source: Path,
    *,
    kind: str | None = None,
    base_url: str | None = None,
    currency: str | None = None,
    language: str | None = None,
    now: datetime | None = None,
) -> Iterator[Row]:
    """Every product of a feed file, plain or gzip, and every row that was not taken.

    Rejected rows come as they are met, products after the file was read to its end; so a file that
    turns out broken gives no product at all. Memory stays bounded (see `grouping`).

    Args:
        source: the file.
        kind: one of KINDS; by default told from the content.
        base_url: the shop's address, see `Defaults`.
        currency: for prices without one, see `Defaults`.
        language: of texts that name none, see `Defaults`.
        now: what sale periods and expiry dates are compared with, see `Defaults`.

    Raises `not_found` for a missing file; `invalid` for a kind that is unknown or cannot be told,
    and for a file that is damaged as a whole (gzip, XML, a page of JSON).
    """
    defaults = Defaults(base_url, currency, language, now)
    with open_source(source) as feed:
        head = feed.head(_HEAD)
        if kind is not None and kind not in KINDS:
            raise Problem("invalid", f"The feed kind is not one of {', '.join(KINDS)}.")
        reader = _READERS[kind or _kind(head)]
        yield from grouped(reader(feed, defaults))


def _kind(head: bytes) -> str:
    """The kind of a feed by its first bytes. Raises `invalid` when they fit none."""
    start = head.lstrip()
    first_line = start.partition(b"\n")[0]
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return "merchant_xml"
    if _PAGE.match(start):
        return "shopify"
    if start.startswith(b"{"):
        return "jsonl"
    if b"\t" in first_line and re.search(rb"(?:^|\t)\s*(?:g:)?id\s*(?:\t|$)", first_line.lower()):
        return "merchant_tsv"
    raise Problem(
        "invalid",
        f"The kind of this feed cannot be told from its content. Name one of {', '.join(KINDS)}.",
    )
