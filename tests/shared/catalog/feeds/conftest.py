"""Feeds in files, read whole."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted, Rejected
from shared.catalog.products.product import Product

SAMPLES = Path(__file__).parent / "samples"


class Result(NamedTuple):
    """What reading a feed gave."""

    accepted: list[Accepted]
    rejected: list[Rejected]

    @property
    def products(self) -> dict[str, Product]:
        return {row.product.key: row.product for row in self.accepted}

    @property
    def warnings(self) -> list[str]:
        return [warned.text for row in self.accepted for warned in row.warnings]

    @property
    def reasons(self) -> list[str]:
        return [reason for row in self.rejected for reason in row.reasons]


def read_all(path: Path, **options) -> Result:
    """Read a feed file to its end."""
    rows = list(read_feed(path, **options))
    return Result(
        [row for row in rows if isinstance(row, Accepted)],
        [row for row in rows if isinstance(row, Rejected)],
    )


@pytest.fixture
def read(tmp_path) -> Callable[..., Result]:
    """Read bytes or text as a feed; dicts as JSON lines."""

    def reading(*content, **options):
        feed = tmp_path / "feed"
        parts = [
            part
            if isinstance(part, bytes)
            else part.encode()
            if isinstance(part, str)
            else orjson.dumps(part) + b"\n"
            for part in content
        ]
        feed.write_bytes(b"".join(parts))
        return read_all(feed, **options)

    return reading


@pytest.fixture
def sample() -> Callable[..., Result]:
    """Read one of the hand-made feeds."""

    def reading(name, **options):
        return read_all(SAMPLES / name, **options)

    return reading
