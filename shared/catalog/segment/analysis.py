"""Normal forms of facet values and identifiers; words are cut by shared/indexes/words.py."""

import re
from typing import Final

from shared.facets import folded

TEXT: Final = "text"
"""The name the analyzer is registered under; tantivy keeps the name, not the analyzer."""

LONGEST_VALUE: Final = 256

_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_SEPARATORS: Final = re.compile(r"[\W_]+")


def facet_term(name: str, value: str) -> str:
    """The one term a facet value is indexed and asked by: letter case and spacing do not matter."""
    return f"{name}\x1f{folded(value)[:LONGEST_VALUE]}"


def compact(identifier: str) -> str:
    """An identifier without the marks people leave out: `TN-2110` and `tn 2110` give `tn2110`."""
    plain = identifier.casefold()
    return (plain if plain.isalnum() else _SEPARATORS.sub("", plain))[:LONGEST_VALUE]


def gtin14(digits: str) -> str | None:
    """A GTIN-8, -12, -13 or -14 as 14 digits (GS1); None where the check digit says it is none."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in _GTIN_LENGTHS):
        return None
    padded = digits.zfill(14)
    weighted = sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(padded))
    return None if weighted % 10 else padded
