"""Fit the reranker on human judgments: `python -m tests.bench.fit --catalog F --judgments F [F …]`.

Prints the weights for `shared.catalog.search.rerank.MODEL`, and writes which queries they were
fitted on (digests) beside this file, so that `relevance` never scores them on those.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from shared.catalog.products.product import Product
from shared.catalog.search.ranked import Kind, Ranked
from shared.catalog.search.rerank import WINDOW, Model, features
from shared.catalog.search.search import Question, order_of
from shared.catalog.search.shelf import Shelf
from tests.bench.measures import Judgments, measure, read_judgments
from tests.bench.systems import DEPTH, opened

FIXED: Final = {"in_kind": 2.0}
"""Set by hand: few of the judged catalog's products have a category, so it cannot teach this one.
With 2 brand, category and plural queries (`classes`) are above the single field, with 1 not."""
RIDGE: Final = 0.01
UNJUDGED: Final = 0.3
"""What a product nobody judged weighs, as irrelevant, beside one that was judged irrelevant."""
FOLDS: Final = 5
DIVISIONS: Final = 3
FITTED: Final = Path(__file__).with_name("fitted.json")

Array = NDArray[Any]


def digest(query: str) -> str:
    """What FITTED knows a query by."""
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def fitted_on() -> frozenset[str]:
    """Digests of the queries the shipped model was fitted on."""
    return frozenset(json.loads(FITTED.read_text()))


def read_products(path: Path) -> list[Product]:
    """The accepted products of a feed."""
    return [row.product for row in read_feed(path) if isinstance(row, Accepted)]


class Choice(NamedTuple):
    """What is chosen beside the weights, by its worth on queries that models were not fitted on.

    Attributes:
        strength: how far the model may move a product against the place it had.
        window: how many products are reranked.
    """

    strength: float
    window: int


CHOICES: Final = tuple(
    Choice(strength, window) for strength in (1.0, 2.0, 3.0, 4.0, 6.0) for window in (WINDOW, 32)
)


class Asked(NamedTuple):
    """A judged query as the engine answers it.

    Attributes:
        identified: keys of the products that are not reranked.
        keys: those of the others, as the passes have them.
        rows: their features.
        pairs: differences between a better and a worse one's, and what each pair weighs; None
            where all are as good.
    """

    identified: list[str]
    keys: list[str]
    rows: Array
    pairs: tuple[Array, Array] | None


class Fitter:
    """Fits models to some of the judged queries, and answers with them."""

    def __init__(self, shelf: Shelf, judged: Judgments) -> None:
        self._judged = judged
        self._fitted: dict[tuple[tuple[str, ...], float], Model] = {}
        self._asked = {query: _asked(shelf, query, ratings) for query, ratings in judged.items()}

    def fit(self, queries: Sequence[str], strength: float) -> Model:
        """Weights by pairwise logistic regression; each query counts the same."""
        known = tuple(sorted(queries)), strength
        if known not in self._fitted:
            self._fitted[known] = self._fit(*known)
        return self._fitted[known]

    def _fit(self, queries: Sequence[str], strength: float) -> Model:
        used = [pairs for query in queries if (pairs := self._asked[query].pairs) is not None]
        rows = np.vstack([rows for rows, _ in used])
        weights = np.concatenate([weights / weights.sum() for _, weights in used]) / len(used)
        spread = rows.std(axis=0) + 1e-9
        free = np.array([name not in FIXED for name in Model._fields])
        fixed = np.array([FIXED.get(name, 0.0) for name in Model._fields]) / strength
        fitted = fixed.copy()
        scaled = (rows / spread)[:, free]
        fitted[free] = _logistic(scaled, weights, rows @ fixed) / spread[free]
        return Model(*(strength * fitted).tolist())

    def answer(self, query: str, model: Model, window: int = WINDOW) -> list[str]:
        """Product keys, best first, by this model: what `rerank` does, for many models at once."""
        asked = self._asked[query]
        rows = asked.rows[:window]
        places = np.log2(np.arange(2, len(rows) + 2)) - rows @ np.array(model)
        order = np.argsort(places, kind="stable").tolist()
        best = [asked.keys[at] for at in order]
        return [*asked.identified, *best, *asked.keys[window:]][:DEPTH]

    def choose(self, queries: Sequence[str]) -> Choice:
        """The choice that is worth most on queries which models were not fitted on."""
        judged = {query: self._judged[query] for query in queries}
        worth = {
            choice: measure(judged, self._held_out(queries, lambda _, each=choice: each, 0))
            for choice in CHOICES
        }
        return max(worth, key=lambda each: worth[each]["ndcg@10"].mean())

    def unseen(self, queries: Sequence[str]) -> list[dict[str, list[str]]]:
        """Each query answered by a model that was fitted on the others of five folds.

        All else was chosen among those others too, in folds of their own. Once for each of several
        divisions into folds: which queries stand together moves the mean by a point.
        """
        return [self._held_out(queries, self.choose, division) for division in range(DIVISIONS)]

    def _held_out(
        self, queries: Sequence[str], choose: Callable[[Sequence[str]], Choice], division: int
    ) -> dict[str, list[str]]:
        shuffled = np.random.default_rng(division).permutation(np.array(queries, object)).tolist()
        found = {}
        for fold in range(FOLDS):
            held = shuffled[fold::FOLDS]
            others = [query for query in shuffled if query not in held]
            choice = choose(others)
            model = self.fit(others, choice.strength)
            found.update({query: self.answer(query, model, choice.window) for query in held})
        return found


def _asked(shelf: Shelf, query: str, ratings: dict[str, int]) -> Asked:
    order = order_of(shelf, Question(query=query), shelf.at)
    assert isinstance(order, Ranked)
    keys: dict[bool, list[str]] = {True: [], False: []}
    runs = order.first()
    for run in runs:
        keys[run.kind is Kind.IDENTIFIED] += [order.segment.claims(each)[0] for each in run.numbers]
    runs = [run for run in runs if run.kind is not Kind.IDENTIFIED]
    if not runs:
        return Asked(keys[True], [], np.zeros((0, len(Model._fields))), None)
    bm25 = order.bm25([key for run in runs for key in run.keys])
    full = sum(len(run.numbers) for run in runs if run.kind is not Kind.ANY)
    numbers = [number for run in runs for number in run.numbers]
    rows = np.array(features(order.segment, order.words, numbers, bm25, full))
    return Asked(keys[True], keys[False], rows, _pairs(keys[False], rows, ratings))


def _pairs(keys: list[str], rows: Array, ratings: dict[str, int]) -> tuple[Array, Array] | None:
    gains = np.array([2.0 ** ratings.get(key, 0) - 1 for key in keys])
    known = np.array([1.0 if key in ratings else UNJUDGED for key in keys])
    better, worse = np.nonzero(gains[:, None] > gains[None, :])
    if not len(better):
        return None
    discount = 1 / np.log2(np.arange(2, len(keys) + 2))
    matter = np.abs(discount[better] - discount[worse]) * (gains[better] - gains[worse])
    return rows[better] - rows[worse], matter * known[better] * known[worse]


def _logistic(rows: Array, weights: Array, offset: Array) -> Array:
    """Newton's method on the weighted logistic loss of every row being positive, plus a ridge."""
    fitted = np.zeros(rows.shape[1])
    for _ in range(50):
        wrong = 1 / (1 + np.exp(np.clip(rows @ fitted + offset, -500, 500)))
        slope = -rows.T @ (weights * wrong) + 2 * RIDGE * fitted
        curve = (rows.T * (weights * wrong * (1 - wrong))) @ rows
        step = np.linalg.solve(curve + 2 * RIDGE * np.eye(len(fitted)), slope)
        fitted -= step
        if np.abs(step).max() < 1e-9:
            break
    return fitted


def main() -> None:
    """Fit on all judged queries of the files named on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--judgments", type=Path, nargs="+", required=True)
    asked = parser.parse_args()
    judged = read_judgments(*asked.judgments)
    with tempfile.TemporaryDirectory() as directory:
        shelf = opened(read_products(asked.catalog), Path(directory))
        fitter = Fitter(shelf, judged)
        choice = fitter.choose(list(judged))
        model = fitter.fit(list(judged), choice.strength)
    print(choice)
    print(model._make(round(weight, 2) for weight in model))
    FITTED.write_text(json.dumps(sorted(map(digest, judged)), indent=0) + "\n")


if __name__ == "__main__":
    main()
