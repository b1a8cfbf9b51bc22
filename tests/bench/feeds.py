"""What publishing a feed costs, each kind, beside another revision of the code in the same run.

python -m tests.bench.feeds [--against FOLDER] [--rows 20000] [--rounds 5] [--json]

FOLDER is a checkout (`git archive REVISION | tar -x -C FOLDER`). Feeds are made of icecat_19k: two
rows a product, one row in a hundred without a readable price, one in twenty on sale. Each publish
is a process of its own, revisions in turn; what is told are medians of its CPU (user and system)
and of its peak memory.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

import orjson

from tests.bench.publishing import rows

HERE = Path(__file__).parents[2]
SHOP = "https://shop.example"
LIST_PRICE, SALE, BAD = "30.00 EUR", "20.00 EUR", "ask us"
SALE_TIME = "2026-11-20T00:00Z/2027-12-05T00:00Z"
PUBLISH = """
import json, resource, sys
from pathlib import Path
from shared.clock import SystemClock
from tests.platform import Platform
platform = Platform(Path(sys.argv[1]), SystemClock())
platform.organization("partner")
platform.catalog("bench", [{"id": "1", "title": "a", "url": "https://shop.example/a"}])
before = resource.getrusage(resource.RUSAGE_SELF)
report = platform.do("publish_catalog", catalog="bench", source=sys.argv[2], currency="EUR",
    base_url="https://shop.example")
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    "peak_mb": after.ru_maxrss / 1000, "products": report["productCount"],
    "rejected": report["rejected"]}))
"""


def items(amount):
    """Rows in the words of Google's specification, two a product."""
    for number, row in enumerate(islice(rows(), amount)):
        group = number // 2
        yield {
            "id": f"v{number}",
            "item_group_id": f"g{group}",
            "title": row["title"],
            "description": row.get("description") or "",
            "link": f"{SHOP}/p/{group}?variant={number}",
            "image_link": f"{SHOP}/i/{number}.jpg",
            "price": BAD if number % 100 == 50 else LIST_PRICE,
            "sale_price": SALE if number % 20 == 0 else "",
            "sale_price_effective_date": SALE_TIME if number % 20 == 0 else "",
            "availability": "in stock" if number % 3 else "out of stock",
            "condition": "new",
            "brand": row["brand"] if isinstance(row.get("brand"), str) else "Acme",
            "mpn": f"M-{number}",
            "color": "Red" if number % 2 else "Blue",
            "product_type": "Home > Things",
            "custom_label_0": "margin",
            "shipping": "DE::Post:4.90 EUR",
        }


def jsonl(out, amount):
    """Our own feed, in the fields it always had."""
    for item in items(amount):
        shared = ("id", "title", "description", "brand", "mpn", "availability", "price")
        row = {
            **{name: item[name] for name in shared},
            "parent_id": item["item_group_id"],
            "url": item["link"],
            "images": [item["image_link"]],
            "options": {"Color": item["color"]},
            "categories": ["Home", "Things"],
        }
        out.write(orjson.dumps(row).decode() + "\n")


def merchant_tsv(out, amount):
    """Google Merchant, separated by tabs."""
    every = items(amount)
    first = next(every)
    table = csv.DictWriter(out, first, dialect=csv.excel_tab, lineterminator="\n")
    table.writeheader()
    table.writerow(first)
    table.writerows(every)


def merchant_xml(out, amount):
    """Google Merchant as RSS."""
    out.write('<rss xmlns:g="http://base.google.com/ns/1.0"><channel>')
    for item in items(amount):
        given = {name: value for name, value in item.items() if value and name != "shipping"}
        parts = "".join(f"<g:{name}>{escape(value)}</g:{name}>" for name, value in given.items())
        price = "<g:country>DE</g:country><g:price>4.90 EUR</g:price>"
        out.write(f"<item>{parts}<g:shipping>{price}</g:shipping></item>\n")
    out.write("</channel></rss>")


def shopify(out, amount):
    """A shop's products.json, two variants a product."""
    every = items(amount)
    products = [
        {
            "id": number,
            "title": one["title"],
            "handle": f"p-{number}",
            "body_html": one["description"],
            "vendor": one["brand"],
            "product_type": "Things",
            "tags": "a, b",
            "options": [{"name": "Color", "position": 1}],
            "images": [{"src": one["image_link"]}],
            "variants": [
                {
                    "id": f"{number}{place}",
                    "price": each["price"].removesuffix(" EUR"),
                    "option1": each["color"],
                    "available": each["availability"] == "in stock",
                    "sku": each["mpn"],
                }
                for place, each in enumerate((one, other))
            ],
        }
        for number, (one, other) in enumerate(zip(every, every, strict=True), 1)
    ]
    out.write(orjson.dumps({"products": products}).decode())


KINDS = {each.__name__: each for each in (jsonl, merchant_tsv, merchant_xml, shopify)}


def published(tree, feed):
    """What one publish took, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree)}  # noqa: TID251  the child's
        command = [sys.executable, "-c", PUBLISH, folder, str(feed)]
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(trees, amount, rounds):
    """Medians by kind and tree."""
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, write in KINDS.items():
            feed = Path(folder, kind)
            with feed.open("w") as out:
                write(out, amount)
            turns = [[published(tree, feed) for tree in trees] for _ in range(rounds)]
            report[kind] = [
                {name: round(median(turn[name] for turn in of), 2) for name in of[0]}
                for of in zip(*turns, strict=True)
            ]
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    trees = [HERE, *([options.against.resolve()] if options.against else [])]
    report = measure(trees, options.rows, options.rounds)
    if options.json:
        print(json.dumps(report))
        return
    for kind, found in report.items():
        for name in ("cpu", "peak_mb"):
            told = " against ".join(str(each[name]) for each in found)
            share = f" = {found[0][name] / found[-1][name]:.2f}" if len(found) > 1 else ""
            print(f"{kind:14}{name:10}{told}{share}")
        print(f"{kind:14}{found[0]['products']} products, {found[0]['rejected']} rows rejected")


if __name__ == "__main__":
    main()
