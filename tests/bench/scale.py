"""Speed and memory of one segment at any size:

    python -m tests.bench.scale --feeds ../shared/data/*.jsonl.gz --products 100000 1000000 [--json]

The first products are the feeds' own; the rest are recombined from them: another brand, a part
number, words left out of another's description. Times are CPU time of one thread, so a busy
machine does not show in them; memory is anonymous (what mapped files do not give back).
"""

import argparse
import json
import multiprocessing
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from shared.catalog.products.product import Product
from shared.catalog.products.urls import lookup_forms
from shared.catalog.search.facets import Facet
from shared.catalog.search.search import Question, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.manifest import Manifest
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from tests.bench.measured import table
from tests.bench.publishing import rss_anon


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


def _spread(seconds: Sequence[float], unit: float) -> dict[str, float]:
    middle, late, worst = np.percentile(np.array(seconds) * unit, [50, 99, 100])
    return {"p50": round(middle, 2), "p99": round(late, 2), "max": round(worst, 2)}


def _anonymous() -> float:
    return rss_anon() / 2**20


def _sizes(manifest: Manifest) -> dict[str, float]:
    roles = {file.role: 0.0 for file in manifest.files}
    for file in manifest.files:
        roles[file.role] += file.size / 1e6
    return {role: round(size, 1) for role, size in roles.items()}


def answering(directory: Path, manifest: Manifest) -> dict[str, Any]:
    """What opening, lookups and searches cost. Ask it in a process of its own."""
    before = _anonymous()
    start = time.perf_counter()
    segment = Segment(directory, manifest)
    found: dict[str, Any] = {"opened_ms": round(1e3 * (time.perf_counter() - start), 1)}
    shelf = Shelf("scale", "Scale", "1", segment, segment, time.time())
    pick = random.Random(5)
    items = [
        orjson.loads(
            b"{%b}" % segment.item(pick.randrange(segment.manifest.product_count), time.time())
        )
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
    lookups = [_timed(lambda f=form: segment.lookup(f, 0.0)) for form in [*forms[:100], *forms]]
    found["lookup_us"] = _spread(lookups[100:], 1e6)
    for name, asked in (
        ("search_ms", {}),
        ("facet_ms", {"facets": brand}),
        ("price_ms", {"price_max": 50}),
    ):
        questions = [Question(query=query, **asked) for query in queries]
        times = [_timed(lambda q=q: search([shelf], q, limit=50, key=b"k")) for q in questions]
        found[name] = _spread(times[50:], 1e3)
    browse = [_timed(lambda: search([shelf], Question(), limit=50, key=b"k")) for _ in range(20)]
    found["browse_ms"] = _spread(browse, 1e3)
    found["anonymous_mb"] = round(_anonymous() - before, 1)
    return found


def _apart(directory: Path, manifest: Manifest) -> dict[str, Any]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(answering, directory, manifest).result()


def measure(feeds: Sequence[Path], amount: int) -> dict[str, Any]:
    """Build, open, ask, change; what each costs, as JSON values."""
    with tempfile.TemporaryDirectory() as root:
        first = Path(root, "1")
        start = time.process_time()
        manifest = build(products(feeds, amount), "scale", first)
        found = {
            "built_s": round(time.process_time() - start, 1),
            "built_mb_at_most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "files": _sizes(manifest),
            **_apart(first, manifest),
        }
        batch = [
            product.model_copy(update={"key": f"k{at * 7}"})
            for at, product in enumerate(products(feeds[:1], 1_000))
        ]
        start = time.process_time()
        after = apply(Segment(first, manifest), batch, [], Path(root, "2"))
        known = {file.sha256 for file in manifest.files}
        new = sum(file.size for file in after.files if file.sha256 not in known)
        found["upserts_s"] = round(time.process_time() - start, 2)
        found["upserts_mb"] = round(new / 1e6, 2)
        found["after_upserts"] = _apart(Path(root, "2"), after)
    return found


def show(report: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The report for a person."""
    head = ["", *(f"{int(amount):,} products" for amount in report)]
    rows: dict[str, list[str]] = {}
    for column, found in enumerate(report.values()):
        flat = {**found, **{f"{k}, upserted": v for k, v in found["after_upserts"].items()}}
        del flat["after_upserts"]
        for name, value in flat.items():
            text = " / ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
            rows.setdefault(name, [""] * column).append(text)
    yield "p50 / p99 / max of CPU time; files by role in MB"
    yield from table(head, [[name, *texts] for name, texts in rows.items()])


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=Path, nargs="+", required=True)
    parser.add_argument("--products", type=int, nargs="+", default=[100_000])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = {str(amount): measure(asked.feeds, amount) for amount in asked.products}
    print(json.dumps(report) if asked.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
