"""Classes of queries cut from a catalog, each with what must be found: a small judged set a class.

They say nothing about taste, only whether a kind of query works at all: the products that answer
are known from the catalog's own fields.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from shared.catalog.products.product import Product
from tests.bench.measures import Judgments

QUERIES: Final = 60
_EXACTLY: Final = 3
_WORD: Final = re.compile(r"[a-z]{5,12}")


def identifiers(products: Sequence[Product], pick: random.Random) -> Judgments:
    """Part numbers and GTINs as people type them: other case, other separators, without zeros."""
    owners: dict[str, dict[str, int]] = defaultdict(dict)
    for product in products:
        for written in filter(None, (product.mpn, *product.gtins)):
            owners[re.sub(r"\W+", "", written).lower()][product.key] = _EXACTLY
    numbered = [product for product in products if product.mpn and re.search(r"\d", product.mpn)]
    judged: Judgments = {}
    for product in pick.sample(numbered, QUERIES):
        mpn = product.mpn or ""
        forms = [mpn, re.sub(r"\W+", "", mpn.lower()), re.sub(r"\W+", " ", mpn), *product.gtins]
        forms += [gtin.lstrip("0") for gtin in product.gtins if len(gtin.lstrip("0")) > 11]
        judged[pick.choice(forms)] = owners[re.sub(r"\W+", "", mpn).lower()]
        judged[f"{product.brand.name if product.brand else ''} {mpn.lower()}".strip()] = {
            product.key: _EXACTLY
        }
    return judged


def brands(products: Sequence[Product], pick: random.Random) -> Judgments:
    """The name of a brand: its products."""
    makers: dict[str, dict[str, int]] = defaultdict(dict)
    for product in products:
        if product.brand:
            makers[product.brand.name.lower()][product.key] = _EXACTLY
    common = sorted(name for name, found in makers.items() if len(found) >= 10)
    return {name: makers[name] for name in pick.sample(common, min(QUERIES, len(common)))}


def categories(products: Sequence[Product], pick: random.Random) -> Judgments:
    """The name of a category: its products."""
    shelves: dict[str, dict[str, int]] = defaultdict(dict)
    for product in products:
        for category in product.category_path:
            shelves[category.lower()][product.key] = _EXACTLY
    usable = sorted(name for name, found in shelves.items() if 5 <= len(found) <= 200)
    return {name: shelves[name] for name in pick.sample(usable, min(QUERIES, len(usable)))}


def plurals(products: Sequence[Product], pick: random.Random) -> Judgments:
    """The name of a category with its last word in the other number."""
    judged = categories(products, pick)
    return {_other_number(name): found for name, found in judged.items()}


def typos(products: Sequence[Product], pick: random.Random) -> Judgments:
    """Two words of a title, one of them misspelt: the products with both words in the title."""
    words = {product.key: set(_WORD.findall(product.title.lower())) for product in products}
    known = {word for found in words.values() for word in found}
    common = Counter(word for found in words.values() for word in found)
    judged: Judgments = {}
    while len(judged) < QUERIES:
        pair = sorted(w for w in words[pick.choice(products).key] if 5 <= common[w] <= 400)
        if len(pair) < 2:
            continue
        one, other = pick.sample(pair, 2)
        wrong = _misspelt(one, pick)
        if wrong not in known:
            judged[f"{wrong} {other}"] = {
                key: _EXACTLY for key, found in words.items() if {one, other} <= found
            }
    return judged


CLASSES: Final[dict[str, Callable[[Sequence[Product], random.Random], Judgments]]] = {
    "identifier": identifiers,
    "brand": brands,
    "category": categories,
    "plural": plurals,
    "typo": typos,
}


def _other_number(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith("s") and not name.endswith("ss"):
        return name[:-1]
    return f"{name}s"


def _misspelt(word: str, pick: random.Random) -> str:
    at = pick.randrange(1, len(word) - 1)
    letter = pick.choice("abcdefghijklmnopqrstuvwxyz")
    return pick.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
