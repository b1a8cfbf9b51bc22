"""What the longest texts cost to search for, as a multiple of what people search for.

python -m tests.bench.long_queries [--times N] [--json]

The whole tool, run in one process on icecat_19k, its usual page. Each kind is texts of up to 1,000
characters; each counts with the best of its tries, because other programs only ever add.
"""

import argparse
import json
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from shared.auth.faces import PARTNER
from shared.catalog.search.words import LONGEST_QUERY
from shared.catalog.tools import searching
from shared.clock import SystemClock
from shared.invoke import Request, invoke
from tests.bench.fit import read_products
from tests.bench.measured import table
from tests.bench.stock import DATA, DAY, stocked, words
from tests.platform import Platform

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = 20
TRIES = 5


def kinds(products):
    """Texts that make a search work hard, by what is in them."""
    pick = random.Random(5)
    used = Counter(
        word for each in products for word in set(re.findall(r"[a-z0-9]+", each.title.lower()))
    )
    common = [word for word, _ in used.most_common(400)]
    rare = [word for word, times in used.items() if times < 4 and word.isalpha() and len(word) > 6]
    numbers = [word for word in used if any(map(str.isdigit, word)) and len(word) > 4]
    unknown = ["".join(pick.choices(LETTERS, k=9)) for _ in range(400)]
    misspelt = [word[:2] + word[3] + word[2] + word[4:] for word in rare]
    pairs = [one + other for one in LETTERS for other in LETTERS]
    written = [each.description for each in products if each.description]
    made = {
        "words of many products": common,
        "words of few products": rare,
        "model numbers": numbers,
        "unknown words": unknown,
        "misspelt words": misspelt,
        "some of each": [*common, *pick.sample(rare, 400), *pick.sample(numbers, 400), *unknown],
        "pairs of letters": pairs,
        "descriptions": written,
    }
    texts = {
        name: [" ".join(pick.sample(each, 330))[:LONGEST_QUERY] for _ in range(TEXTS)]
        for name, each in made.items()
    }
    long = [word for word in misspelt if len(word) > 7]  # compared at two edits as well
    texts["the dearest of each"] = [
        " ".join([*pick.sample(long, 2), *pick.sample(common, 9), *pick.sample(numbers, 9)])
        for _ in range(TEXTS)
    ]
    return texts


def milliseconds(ask, text):
    """CPU of the best of some tries."""
    best = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        ask(text)
        best = min(best, time.thread_time() - began)
    return best * 1000


def asking(folder):
    """The tool, as somebody of a partner organization runs it."""
    platform = stocked(Platform(folder, SystemClock()))
    credential = platform.app.tokens.verify(platform.token(lifetime=DAY), PARTNER)
    request = Request(credential, "mcp", "bench")

    def ask(text):
        arguments = {"catalog": "icecat", "query": text}
        reply = invoke(searching.family["search_products"], platform.app, request, arguments)
        assert reply.problem is None

    return ask


def measure(times):
    """The median usual query, and each kind's median and dearest as multiples of it."""
    products = read_products(DATA / "icecat_19k.jsonl.gz")
    with tempfile.TemporaryDirectory() as folder:
        ask = asking(Path(folder))
        usual = list(words())
        median = statistics.median(milliseconds(ask, each) for each in usual * times)
        found = {}
        for name, texts in kinds(products).items():
            costs = [milliseconds(ask, each) / median for each in texts]
            found[name] = {
                "median": round(statistics.median(costs), 2),
                "dearest": round(max(costs), 2),
            }
    return {"usual_ms": round(median, 3), "kinds": found}


def show(found):
    yield f"a usual query: {found['usual_ms']} ms; texts of 1,000 characters, x usual:"
    yield ""
    rows = [[name, each["median"], each["dearest"]] for name, each in found["kinds"].items()]
    yield from table(["", "median", "dearest"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="rounds of usual queries")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.times)
    print(json.dumps(found) if options.json else "\n".join(show(found)))


if __name__ == "__main__":
    main()
