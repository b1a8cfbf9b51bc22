"""What the shop of `catalog-mcp studio-story` sells: a real catalog where there is one, or made up.

Rows are JSON lines of our own form. The story asks of each: `id`, `title`, `url`, `price`, `brand`,
and `kind`, which is `printer` or something else.
"""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson

REAL: Final = "icecat_19k.jsonl.gz"
"""The file of a real catalog, in a folder of them."""
SHOP: Final = "https://printers.example"
BRANDS: Final = ("HP", "Xerox", "Brother", "Canon")
_LEFT_OUT: Final = {"attributes", "url_derived"}
"""Hundreds of properties that few rows have, and a note for ourselves."""


def feed_of(catalogs: Path, path: Path) -> Path:
    """Write a feed: of the real catalog, where the folder has it."""
    real = catalogs / REAL
    return _written(path, _real(real)) if real.is_file() else made_up(path, 600)


def _real(file: Path) -> Iterable[dict[str, Any]]:
    with gzip.open(file) as lines:
        for line in lines:
            row = orjson.loads(line)
            kind = "printer" if "printer" in row["title"].lower() else "other"
            kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
            yield {**kept, "kind": kind}


def made_up(path: Path, count: int) -> Path:
    """Write a feed of so many printers and other devices."""
    return _written(
        path,
        (
            {
                "id": f"d{number:05}",
                "title": f"{BRANDS[number % 4]} {'Laser' if number % 3 else 'Ink'} {1000 + number}",
                "url": f"{SHOP}/p/{number}",
                "price": 40 + (number * 37) % 400 + 0.5,
                "currency": "USD",
                "brand": BRANDS[number % 4],
                "kind": "printer" if number % 5 else "scanner",
                "description": f"Duplex, tray of {100 + number % 7 * 50} sheets.",
            }
            for number in range(count)
        ),
    )


def _written(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path
