"""Speed and memory of one segment at any size:

    python -m tests.bench.scale --feeds ../shared/data/*.jsonl.gz --products 1000000

The first products are the feeds' own; the rest are recombined from them: another brand, a part
number, words left out of another's description. Times are CPU time of one thread, so a busy
machine does not show in them; memory is anonymous (what mapped files do not give back).
"""

import argparse
import multiprocessing
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from shared.catalog.product import Product
from shared.catalog.search.facets import Facet
from shared.catalog.search.search import Question, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from shared.catalog.urls import lookup_forms


def products(feeds: Sequence[Path], amount: int) -> Iterator[Product]:
    """So many products, the same in every run."""
    real = [
        row.product
        for feed in feeds
        for row in read_feed(feed, base_url="https://shop.example", currency="USD")
        if isinstance(row, Accepted)
    ]
    pick = random.Random(7)
    for at in range(amount):
        product = real[at % len(real)]
        if at < len(real):
            yield product.model_copy(update={"key": f"k{at}"})
        else:
            yield _recombined(at, product, pick.choice(real), pick)


def _recombined(at: int, product: Product, other: Product, pick: random.Random) -> Product:
    brand = other.brand or product.brand
    title = product.title
    if product.brand and brand:
        title = title.replace(product.brand.name, brand.name)
    mpn = f"{''.join(pick.choices('ABCDEFGHKLMNPRSTVX', k=2))}-{pick.randrange(100_000)}"
    words = [word for word in (other.description or "").split() if pick.random() > 0.15]
    changed = {
        "key": f"k{at}",
        "url": f"https://shop{at % 97}.example.com/p/{at}-{mpn.lower()}",
        "title": f"{title} {mpn}",
        "brand": brand,
        "mpn": mpn,
        "gtins": (),
        "variants": (),
        "description": " ".join(words),
        "attributes": dict(list(product.attributes.items())[:12]),
    }
    return product.model_copy(update=changed)


def _timed(run: Callable[[], object]) -> float:
    start = time.thread_time()
    run()
    return time.thread_time() - start


def _show(name: str, seconds: Sequence[float], unit: float, label: str) -> None:
    middle, late, worst = np.percentile(np.array(seconds) * unit, [50, 99, 100])
    print(f"{name:34} p50 {middle:8.2f}   p99 {late:8.2f}   max {worst:8.2f} {label}")


def _anonymous() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024


def _sizes(manifest: Manifest) -> str:
    roles = {file.role: 0.0 for file in manifest.files}
    for file in manifest.files:
        roles[file.role] += file.size / 1e6
    return ", ".join(f"{role} {size:.1f} MB" for role, size in roles.items())


def answering(directory: Path, manifest: Manifest) -> None:
    """Print what opening, lookups and searches cost, in a process of its own."""
    before = _anonymous()
    start = time.perf_counter()
    segment = Segment(directory, manifest)
    print(f"opened in {1e3 * (time.perf_counter() - start):.1f} ms")
    shelf = Shelf("scale", "Scale", "1", segment, segment)
    pick = random.Random(5)
    items = [
        orjson.loads(b"{%b}" % segment.item(pick.randrange(segment.manifest.product_count)))
        for _ in range(1_000)
    ]
    queries = []
    for item in items:
        words = re.findall(r"\w+", item["title"])
        start = pick.randrange(len(words))
        queries.append(" ".join(words[start : start + pick.randint(1, 4)]))
    named = next(item["brand"]["name"] for item in items if item["brand"])
    brand = (Facet(name="brand_name", values=(named,)),)
    forms = [lookup_forms(item["productUrl"]) for item in items]
    lookups = [_timed(lambda f=form: segment.lookup(f)) for form in [*forms[:100], *forms]]
    _show("lookup", lookups[100:], 1e6, "us")
    for name, asked in (
        ("search, 50 items of JSON", {}),
        ("with a facet", {"facets": brand}),
        ("with a price bound", {"price_max": 50}),
    ):
        questions = [Question(query=query, **asked) for query in queries]
        times = [_timed(lambda q=q: search([shelf], q, limit=50, key=b"k")) for q in questions]
        _show(name, times[50:], 1e3, "ms")
    browse = [_timed(lambda: search([shelf], Question(), limit=50, key=b"k")) for _ in range(20)]
    _show("browse, 50 items of JSON", browse, 1e3, "ms")
    print(f"anonymous memory: {_anonymous() - before:+.1f} MB")


def _apart(directory: Path, manifest: Manifest) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=answering, args=(directory, manifest)
    )
    process.start()
    process.join()


def main() -> None:
    """Build, open, ask, change; print what each costs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--feeds", type=Path, nargs="+", required=True)
    parser.add_argument("--products", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        first = Path(root, "1")
        start = time.process_time()
        manifest = build(products(asked.feeds, asked.products), "scale", first)
        spent = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"built {manifest.product_count} in {spent:.1f} s CPU, {peak:.0f} MB at most")
        print(_sizes(manifest))
        _apart(first, manifest)
        batch = [
            product.model_copy(update={"key": f"k{at * 7}"})
            for at, product in enumerate(products(asked.feeds[:1], 1_000))
        ]
        start = time.process_time()
        after = apply(Segment(first, manifest), batch, [], Path(root, "2"))
        spent = time.process_time() - start
        known = {file.sha256 for file in manifest.files}
        new = sum(file.size for file in after.files if file.sha256 not in known)
        print(f"1,000 upserts: {spent:.2f} s CPU, {new / 1e6:.2f} MB of new files")
        _apart(Path(root, "2"), after)


if __name__ == "__main__":
    main()
