"""A row of a file, and how a file is to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A row: where it stands, and its values by column; `wrong` where it cannot be taken.

    Attributes:
        line: of a text the number of the line, else of the row or item, from 1.
        values: texts as the file has them, or what a format with types says; None for no value.
        stands_for: how many rows of the file it is.
        is_variant: whether it is a form of a product, whose entries are in a source of their own.
    """

    line: int
    values: Mapping[str, Any]
    wrong: str = ""
    stands_for: int = 1
    is_variant: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read; what is empty is found out.

    Attributes:
        kind: a kind of product feed, for a table or JSON lines that are to be read as products.
        sheet: of a workbook.
        base_url, currency: what a product feed does not say itself.
        notes: what its owner should know of how it was read, said while it is.
    """

    kind: str = ""
    sheet: str = ""
    base_url: str = ""
    currency: str = ""
    notes: list[str] = field(default_factory=list)
