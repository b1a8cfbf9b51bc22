"""Measures of a ranking against human judgments."""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Judgments = dict[str, dict[str, int]]
"""By query, then by product key: 0 (irrelevant) to 3 (exactly this)."""
Scores = dict[str, NDArray[np.float64]]
"""By measure: a value a query, in the judgments' order."""


def read_judgments(*paths: Path) -> Judgments:
    """Rows of `query,product_id,rating`; queries without any relevant product are left out.

    Of several files, the later one's rating of a product holds.
    """
    judged: Judgments = defaultdict(dict)
    for path in paths:
        with path.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                judged[row["query"]][row["product_id"]] = int(row["rating"])
    return {query: ratings for query, ratings in judged.items() if any(ratings.values())}


def measure(judged: Judgments, found: Mapping[str, Sequence[str]]) -> Scores:
    """What these rankings (product keys, best first) are worth, query by query.

    ndcg@10: gain 2^rating - 1, what nobody judged counts as irrelevant. ndcg_judged@10: what
    nobody judged is left out first. mrr: 1 / place of the first relevant. recall@50.
    """
    rows = [_measure(ratings, found[query]) for query, ratings in judged.items()]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _measure(ratings: dict[str, int], found: Sequence[str]) -> dict[str, float]:
    relevant = {key for key, rating in ratings.items() if rating > 0}
    ideal = _gain(sorted(ratings.values(), reverse=True)[:10])
    judged = [key for key in found if key in ratings]
    places = (1 / place for place, key in enumerate(found, 1) if key in relevant)
    return {
        "ndcg@10": _gain([ratings.get(key, 0) for key in found[:10]]) / ideal,
        "mrr": next(places, 0.0),
        "recall@50": len(relevant.intersection(found[:50])) / len(relevant),
        "ndcg_judged@10": _gain([ratings[key] for key in judged[:10]]) / ideal,
    }


def _gain(ratings: Sequence[int]) -> float:
    return sum((2**rating - 1) / math.log2(place + 1) for place, rating in enumerate(ratings, 1))


def interval(
    one: NDArray[np.float64], other: NDArray[np.float64], samples: int = 20_000
) -> tuple[float, float, float]:
    """Mean of the paired differences one - other, and its 95 % bootstrap interval over queries."""
    differences = one - other
    generator = np.random.default_rng(0)
    picked = generator.integers(0, len(differences), (samples, len(differences)))
    low, high = np.percentile(differences[picked].mean(axis=1), [2.5, 97.5])
    return float(differences.mean()), float(low), float(high)
