"""How fast a catalog is published, and how much memory serving it takes.

python -m tests.bench.publishing [--products N] [--json]

Products are those of icecat_19k, repeated with other keys and URLs; memory is what opening the
published version and searching it adds to this process, told per 100,000 products.
"""

import argparse
import gzip
import json
import re
import tempfile
import time
from itertools import count, islice
from pathlib import Path

import orjson

from shared.catalog.opened import opened_segments
from shared.catalog.search.search import Question, search
from shared.catalog.search.shelf import Shelf
from shared.clock import SystemClock
from tests.bench.stock import DATA
from tests.platform import Platform


def rows():
    """Endless products: the real ones, then the same under other names."""
    with gzip.open(DATA / "icecat_19k.jsonl.gz", "rb") as stream:
        real = [orjson.loads(line) for line in stream]
    for turn in count():
        for row in real:
            if turn:
                yield {**row, "id": f"{row['id']}-{turn}", "url": f"{row['url']}-{turn}"}
            else:
                yield row


def rss_anon(pid="self"):
    """A process's anonymous memory, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024


def measure(products):
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder), SystemClock())
        platform.organization("partner")
        feed = platform.feed(islice(rows(), products))
        platform.catalog("bench", [next(rows())])
        began = time.perf_counter()
        report = platform.do("publish_catalog", confirm=True, catalog="bench", source=str(feed))
        took = time.perf_counter() - began
        before = rss_anon()
        began = time.perf_counter()
        segment = platform.app.once(opened_segments).open("bench", report["version"])
        opened = time.perf_counter() - began
        shelf = Shelf("bench", "Bench", "1", segment, segment, time.time())
        search([shelf], Question(query="laptop"), limit=50, key=b"k" * 32)
        memory = rss_anon() - before
        size = sum(file.size for file in segment.manifest.files if file.role != "source")
        platform.close()
    scale = 100_000 / products
    return {
        "products": products,
        "products_per_second": round(products / took),
        "open_ms_with_download_and_checksum": round(opened * 1000, 1),
        "anonymous_mb_per_100k": round(memory * scale / 1e6, 1),
        "segment_mb_per_100k": round(size * scale / 1e6, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.products)
    if options.json:
        print(json.dumps(found))
    else:
        for name, number in found.items():
            print(f"{name:40} {number}")


if __name__ == "__main__":
    main()
