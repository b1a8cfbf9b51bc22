"""Small changes in a row: how long each takes, and that answers stay those of a whole build.

python -m tests.bench.changes [--changes 40] [--products 100] [--json]

Each change edits so many products of icecat_19k, deletes one and adds one. Bars: the slowest takes
at most 10 times the median; `change` of 100 products takes at most 0.6 s (median). The whole build
is what every eighth change was before.

In the end the catalog stands in several generations, and is compared with a whole build of the same
products: what they answer, what that is worth by the human judgments of the catalog (nDCG@10), and
what a search of 10 costs (CPU, in turns; bar: none, it is told). docs/search.md says what differs.
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
from tests.bench.measured import shown, spread
from tests.bench.measures import interval, read_judgments
from tests.bench.measures import measure as measure_answers
from tests.bench.stock import DATA, words
from tests.bench.systems import search_products
from tests.platform import Platform

SLOWEST = 10.0
SECONDS = 0.6
SAMPLED = 50
TURNS = 40
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


def compare(shelves, products, pick):
    """Which share of sampled answers are those of a whole build: walks, texts, pages."""
    changed, whole = (shelf.segment for shelf in shelves)
    browsed = [unscored(walked(shelf, Question(), pages=1000)) for shelf in shelves]
    sample = pick.sample(sorted(products), SAMPLED)
    same = first = 0
    overlap = []
    for key in sample:
        question = Question(query=" ".join(products[key].title.split()[:3]))
        found = [unscored(walked(shelf, question, pages=1000)) for shelf in shelves]
        same += sorted(map(str, found[0])) == sorted(map(str, found[1]))
        first += found[0][:10] == found[1][:10]
        ours, theirs = ({item["uuid"] for item in items[:10]} for items in found)
        overlap.append(len(ours & theirs) / max(1, len(theirs)))
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
        "overlap_of_first_10": round(statistics.mean(overlap), 3),
    }


def judged(shelves, products):
    """What the answers of both are worth by human judgments, and the difference in pairs."""
    judgments = read_judgments(DATA / "icecat_judgments.csv")
    changed, whole = (
        measure_answers(judgments, {query: answer(query) for query in judgments})["ndcg@10"]
        for answer in (search_products(shelf, products.values()) for shelf in shelves)
    )
    mean, low, high = (round(each, 4) for each in interval(changed, whole))
    return {
        "ndcg_of_the_whole_build": round(float(whole.mean()), 4),
        "ndcg_of_the_changed_minus": f"{mean:+} (95 % {low:+} to {high:+})",
    }


def search_cost(shelves):
    """CPU of a search of 10, the changed catalog's over the whole build's, in alternating turns."""
    questions = [Question(query=query) for query in words()]

    def took(shelf):
        began = time.process_time()
        for question in questions:
            search([shelf], question, limit=10, key=KEY)
        return time.process_time() - began

    for shelf in shelves:
        took(shelf)  # what a segment remembers of words is there then
    ratios = [took(shelves[0]) / took(shelves[1]) for _ in range(TURNS)]
    return {"search_of_10_changed_over_whole": shown(spread(ratios))}


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
        shelves = [Shelf("bench", "Bench", "1", each, each, AT) for each in (changed, built)]
        answers = {
            "generations_in_the_end": len(changed.manifest.generations),
            "parts_of_the_index": changed.searcher.num_segments,
            **compare(shelves, products, pick),
            **judged(shelves, products),
            **search_cost(shelves),
        }
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
        **answers,
        "holds": slowest <= SLOWEST * median and median <= SECONDS,
    }


def show(found):
    """The report for people."""
    yield from (f"{name:40} {number}" for name, number in found.items())


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
        print("\n".join(show(found)))


if __name__ == "__main__":
    main()
