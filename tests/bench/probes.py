"""How search does on small judged sets of one kind each:

    python -m tests.bench.probes --data ../shared/data --probes ../shared/data/probes/*.csv [--json]

Each file has rows of `catalog,class,query,product_id,rating`; a catalog is a feed of the folder.
What is asked is the tool, run by `invoke`. Files called `spelling…` are measured by success@5:
whether a rated product is among the first five. All others by precision@10: of the products that
answer wholly (rating 3), how many are among the first ten, over ten or as many as there are.
"""

import argparse
import csv
import json
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.fit import read_products
from tests.bench.systems import Answer, invoked, log_lines_aside, opened, single_field

_FIRST: Final = 5
_WHOLLY: Final = 3
_TOP: Final = 10


class Probe(NamedTuple):
    """A question of a file, and how far products answer it, by their keys."""

    catalog: str
    kind: str
    query: str
    ratings: dict[str, int]


class Systems(NamedTuple):
    """What answers for a catalog."""

    single_field: Answer
    search_products: Answer


def read_probes(path: Path) -> list[Probe]:
    """The questions of a file."""
    found: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            asked = (row["catalog"], row["class"], row["query"])
            found[asked][row["product_id"]] = int(row["rating"])
    return [Probe(*asked, ratings) for asked, ratings in found.items()]


def success(ratings: Mapping[str, int], found: Sequence[str]) -> float:
    """1 where a rated product is among the first five."""
    return float(any(ratings.get(key, 0) > 0 for key in found[:_FIRST]))


def precision(ratings: Mapping[str, int], found: Sequence[str]) -> float:
    """The share of the products that answer wholly among the first ten, of ten at most."""
    wholly = {key for key, rating in ratings.items() if rating == _WHOLLY}
    return len(wholly.intersection(found[:_TOP])) / min(_TOP, len(wholly)) if wholly else 0.0


def evaluate(probes: Sequence[Probe], systems: Mapping[str, Systems], stem: str) -> dict[str, Any]:
    """The means of a file, and of each of its classes, for both systems."""
    measure = success if stem.startswith("spelling") else precision
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for probe in probes:
        asked = systems[probe.catalog]
        one, other = asked.single_field(probe.query), asked.search_products(probe.query)
        rows[probe.kind].append((measure(probe.ratings, one), measure(probe.ratings, other)))
    every = [each for found in rows.values() for each in found]
    return {**_means(every), "classes": {kind: _means(rows[kind]) for kind in sorted(rows)}}


def _means(rows: Sequence[tuple[float, float]]) -> dict[str, Any]:
    one, other = (sum(each) / len(rows) for each in zip(*rows, strict=True))
    return {
        "queries": len(rows),
        "single_field": round(one, 4),
        "search_products": round(other, 4),
    }


def asked(data: Path, catalog: str, folder: Path) -> Systems:
    """What answers for a catalog of the folder: our field alone, and the tool."""
    feed = data / f"{catalog}.jsonl.gz"
    products = read_products(feed)
    return Systems(
        single_field(opened(products, folder / "engine").segment),
        invoked(feed, products, folder / "platform"),
    )


def show(report: Mapping[str, Any]) -> None:
    """Print the report for a person."""
    print(f"{'':40}{'queries':>8}{'single_field':>14}{'search_products':>17}")
    for stem, means in report.items():
        rows = {stem: means, **{f"  {kind}": each for kind, each in means["classes"].items()}}
        for name, each in rows.items():
            one, other = each["single_field"], each["search_products"]
            print(f"{name:40}{each['queries']:8}{one:14.3f}{other:17.3f}")


def main() -> None:
    """Ask what the files named on the command line ask."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of feeds")
    parser.add_argument("--probes", type=Path, nargs="+", required=True, help="judged questions")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    files = {path.stem: read_probes(path) for path in given.probes}
    catalogs = sorted({probe.catalog for probes in files.values() for probe in probes})
    with tempfile.TemporaryDirectory() as folder, log_lines_aside():
        systems = {name: asked(given.data, name, Path(folder) / name) for name in catalogs}
        report = {stem: evaluate(probes, systems, stem) for stem, probes in files.items()}
    if given.json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
