"""What a look into a file showed."""

from typing import Literal

from shared.exact import Exact

TypeName = Literal["Text", "List", "Boolean", "Timestamp", "Integer", "Decimal"]


class ColumnSeen(Exact):
    """A column: what all of its values show, and how many rows have one.

    Attributes:
        delimiter: of a list.
        is_key: every row has a value of its own.
        examples: a few values, cut.
    """

    name: str
    type: TypeName
    delimiter: str = ""
    filled: int
    is_key: bool
    examples: list[str]


class Sample(Exact):
    """The columns of a file's first rows, in order."""

    columns: list[ColumnSeen]
    rows: int
    wrong: int
    has_variants: bool


# NOIMPORT
