"""Small changes in a row: how long each takes, and that answers stay those of a whole build.

python -m tests.bench.changes [--changes 40] [--products 100] [--json]

Each change edits so many products of icecat_19k, deletes one and adds one. Bars: the slowest takes
at most 10 times the median; `change` of 100 products takes at most 0.6 s (median). The whole build
is what every eighth change was before.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from shared.catalog.opened import SOURCES, opened_segments
from shared.catalog.products.urls import lookup_forms
from shared.catalog.publishing import change, publish
from shared.catalog.search.cursor import unseal
from shared.catalog.search.search import Question, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import build
from shared.clock import SystemClock
from shared.tool import silently
from tests.bench.fit import read_products
from tests.bench.stock import DATA
from tests.platform import Platform

SLOWEST = 10.0
SECONDS = 0.6
SAMPLED = 50
KEY = b"k" * 32

AT = 1_795_000_000.0
"""When the two are asked, in seconds since 1970."""


def edits(products, changes, each, pick):
    """(upserts, deletes) of every change; `products`, by key, is kept as they leave it."""
    for turn in range(changes):
        edited = [
            product.model_copy(update={"title": f"{product.title} {turn}"})
            for product in pick.sample(sorted(products.values(), key=lambda each: each.key), each)
        ]
        gone = pick.choice(edited).key
        new = edited[0].model_copy(update={"key": f"new-{turn}", "url": f"{edited[0].url}-{turn}"})
        upserts = [product for product in edited if product.key != gone] + [new]
        products.pop(gone)
        products.update((product.key, product) for product in upserts)
        yield upserts, [gone]


def walked(shelf, question, pages):
    """The first pages of a walk: every item."""
    items, cursor = [], None
    for _ in range(pages):
        places = unseal(cursor, question.digest(), KEY) if cursor else None
        page = search([shelf], question, limit=100, key=KEY, places=places)
        items += [json.loads(item) for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    return items


def unscored(items):
    return [{**item, "displayMatchScore": None} for item in items]


def compare(changed, whole, products, pick):
    """Which share of sampled answers are those of a whole build: walks, texts, pages."""
    shelves = [Shelf("bench", "Bench", "1", each, each, AT) for each in (changed, whole)]
    browsed = [unscored(walked(shelf, Question(), pages=1000)) for shelf in shelves]
    sample = pick.sample(sorted(products), SAMPLED)
    same = first = 0
    for key in sample:
        question = Question(query=" ".join(products[key].title.split()[:3]))
        found = [unscored(walked(shelf, question, pages=1000)) for shelf in shelves]
        same += sorted(map(str, found[0])) == sorted(map(str, found[1]))
        first += found[0][:10] == found[1][:10]
    counts = [sum(1 for _ in each.products()) for each in (changed, whole)]
    looked = [
        [each.full(each.lookup(lookup_forms(products[key].url), AT).number, AT) for key in sample]
        for each in (changed, whole)
    ]
    return {
        "whole_walk_identical": browsed[0] == browsed[1] and len(browsed[0]) > 0,
        "items_walked": len(browsed[0]),
        "lookups_identical": looked[0] == looked[1],
        "products_identical": counts[0] == counts[1],
        "texts_with_the_same_matches": f"{same}/{SAMPLED}",
        "texts_with_the_same_first_10": f"{first}/{SAMPLED}",
    }


def measure(changes, each):
    pick = random.Random(1)
    products = {product.key: product for product in read_products(DATA / "icecat_19k.jsonl.gz")}
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder), SystemClock())
        row = {"id": "1", "title": "One", "url": "https://shop.example/1"}
        platform.catalog("bench", [row])
        call = platform.operator()
        began = time.perf_counter()
        published = publish(call, "bench", products.values(), progress=silently)
        whole_build = time.perf_counter() - began
        took = []
        for upserts, deletes in edits(products, changes, each, pick):
            began = time.perf_counter()
            published = change(call, "bench", upserts, deletes, progress=silently)
            took.append(time.perf_counter() - began)
        opened = platform.app.once(opened_segments)
        changed = opened.hold("bench", published.head.number, Path(folder) / "held", also=SOURCES)
        whole = Path(folder) / "whole"
        built = Segment(whole, build(changed.products(), "bench", whole))
        answers = compare(changed, built, products, pick)
        generations = len(changed.manifest.generations)
        platform.close()
    median, slowest = statistics.median(took), max(took)
    return {
        "products": len(products),
        "changes": changes,
        "of_products_each": each,
        "median_ms": round(median * 1000),
        "slowest_ms": round(slowest * 1000),
        "slowest_of_median": round(slowest / median, 1),
        "each_ms": [round(each * 1000) for each in took],
        "whole_build_of_median": round(whole_build / median, 1),
        "generations_in_the_end": generations,
        **answers,
        "holds": slowest <= SLOWEST * median and median <= SECONDS,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--products", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.changes, options.products)
    if options.json:
        print(json.dumps(found))
    else:
        for name, number in found.items():
            print(f"{name:40} {number}")


if __name__ == "__main__":
    main()
