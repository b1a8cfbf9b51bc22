"""How good the answers are, by human judgments:

    python -m tests.bench.relevance --catalog icecat_19k.jsonl.gz --judgments icecat_judgments.csv \
        icecat_judgments_more.csv

The first file has the judgments as they were made; further ones join them, and by all together the
measure is `ndcg_completed@10`.

Three systems in one run: `usual_default`, `single_field` (see `systems`), and `search_products`,
what the tool answers. The reranker was fitted on human judgments; a query it was fitted on is
answered by models fitted without it (five folds, in three divisions, of which the mean counts), so
`search_products` is never scored on what it learnt from. Every other query is answered by the tool
as it is. `as_shipped` is the tool on all queries, seen ones included: for comparison, not for
praise.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.catalog.products.product import Product
from tests.bench.fit import Fitter, digest, fitted_on, read_products
from tests.bench.measures import Judgments, Scores, interval, measure, read_judgments
from tests.bench.systems import (
    Answer,
    invoked,
    log_lines_aside,
    opened,
    search_products,
    single_field,
    usual_default,
)


def evaluate(
    products: Sequence[Product],
    raw: Judgments,
    directory: Path,
    tool: Answer | None = None,
    completed: Judgments | None = None,
) -> dict[str, Any]:
    """The report as JSON values. `tool`: how to ask search_products; the search itself if None.

    `completed`: the raw judgments and further ones; models are fitted on those.
    """
    judged = completed or raw
    shelf = opened(products, directory)
    tool = tool or search_products(shelf, products)
    learnt = fitted_on()
    seen = [query for query in judged if digest(query) in learnt]
    shipped = {query: tool(query) for query in judged}
    unseen = Fitter(shelf, judged).unseen(seen) if seen else [{}]
    systems = {
        "usual_default": [_answers(usual_default(products), judged)],
        "single_field": [_answers(single_field(shelf.segment), judged)],
        "search_products": [shipped | each for each in unseen],
    }
    scores = {
        name: _average([_scores(raw, judged, found) for found in answers])
        for name, answers in systems.items()
    }
    return {
        "queries": len(judged),
        "cross_validated": len(seen),
        "systems": {name: _means(each) for name, each in scores.items()},
        "as_shipped": _means(_scores(raw, judged, shipped)),
        "search_products_minus": {
            other: {
                name: dict(
                    zip(
                        ("mean", "low", "high"),
                        interval(scores["search_products"][name], scores[other][name]),
                        strict=True,
                    )
                )
                for name in ("ndcg@10", "ndcg_judged@10", "ndcg_completed@10")
            }
            for other in ("usual_default", "single_field")
        },
    }


def _scores(raw: Judgments, completed: Judgments, found: Mapping[str, Sequence[str]]) -> Scores:
    """What answers are worth by the raw judgments; and by the completed ones."""
    scores = measure(raw, found)
    scores["ndcg_completed@10"] = measure(completed, found)["ndcg@10"]
    return scores


def _average(scores: Sequence[Scores]) -> Scores:
    """The same measures, each query's as its mean over several answers."""
    return {name: np.mean([each[name] for each in scores], axis=0) for name in scores[0]}


def _answers(system: Answer, judged: Judgments) -> dict[str, Sequence[str]]:
    return {query: system(query) for query in judged}


def _means(scores: Scores) -> dict[str, float]:
    return {name: round(float(values.mean()), 4) for name, values in scores.items()}


def show(report: dict[str, Any]) -> None:
    """Print the report for a person."""
    rows = {**report["systems"], "(as shipped, seen)": report["as_shipped"]}
    names = list(report["as_shipped"])
    print(f"{report['queries']} queries, {report['cross_validated']} of them cross-validated")
    print(f"{'':20}" + "".join(f"{name:>16}" for name in names))
    for system, means in rows.items():
        print(f"{system:20}" + "".join(f"{means[name]:16.4f}" for name in names))
    for other, differences in report["search_products_minus"].items():
        for name, each in differences.items():
            print(
                f"search_products - {other}, {name}: {each['mean']:+.4f} "
                f"(95 % {each['low']:+.4f} to {each['high']:+.4f})"
            )


def main() -> None:
    """Compare on the files named on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--catalog", type=Path, required=True, help="a feed, plain or gzip")
    parser.add_argument(
        "--judgments", type=Path, nargs="+", required=True, help="query,product_id,rating"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, log_lines_aside():
        products = read_products(asked.catalog)
        report = evaluate(
            products,
            read_judgments(asked.judgments[0]),
            Path(folder) / "engine",
            invoked(asked.catalog, products, Path(folder) / "platform"),
            read_judgments(*asked.judgments),
        )
    if asked.json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
