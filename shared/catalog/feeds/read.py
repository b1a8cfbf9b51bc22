"""Reading a feed: any kind of file in, rows out."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.catalog.feeds.grouping import Item, grouped
from shared.catalog.feeds.jsonl import read_json_lines
from shared.catalog.feeds.kinds import kind_of, named
from shared.catalog.feeds.merchant_tsv import read_merchant_tsv
from shared.catalog.feeds.merchant_xml import read_merchant_xml
from shared.catalog.feeds.rows import Defaults, Rejected, Row, Said
from shared.catalog.feeds.shopify import read_shopify
from shared.catalog.feeds.source import Source, open_source
from shared.tool import Progress, silently

_READERS: Final[dict[str, Callable[[Source, Defaults], Iterator[Item | Rejected | Said]]]] = {
    "jsonl": read_json_lines,
    "merchant_xml": read_merchant_xml,
    "merchant_tsv": read_merchant_tsv,
    "shopify": read_shopify,
}


def read_feed(
    source: Path,
    *,
    kind: str | None = None,
    base_url: str | None = None,
    currency: str | None = None,
    language: str | None = None,
    now: datetime | None = None,
    progress: Progress = silently,
    most: int | None = None,
) -> Iterator[Row]:
    """Every product of a feed file, plain, gzip or zip, and every row that was not taken.

    Rejected rows come as they are met, products after the file was read to its end; so a file that
    turns out broken gives no product at all. Memory stays bounded (see `grouping`).

    Args:
        source: the file.
        kind: one of KINDS; by default told from the content.
        base_url: the shop's address, see `Defaults`.
        currency: for prices without one, see `Defaults`.
        language: of texts that name none, see `Defaults`.
        now: the time it is read at, see `Defaults`.
        progress: told how many bytes of the file were read.
        most: bytes that it may have when it is unpacked.

    Raises `not_found` for a missing file; `invalid` for a kind that is unknown or cannot be told,
    for a file that is no feed, and for one that is damaged as a whole (gzip, XML, a page of JSON);
    `too_large` past `most`.
    """
    with open_source(source, progress, most) as feed:
        name = kind_of(feed.head) if kind is None else named(kind, feed.head)
        if feed.said:
            yield Said(feed.said, warns=True)
        yield from grouped(_READERS[name](feed, Defaults(base_url, currency, language, now)))
