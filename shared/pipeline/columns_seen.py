"""What a look into a file showed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

TypeName = Literal["Text", "List", "Boolean", "Timestamp", "Integer", "Decimal"]


class ColumnSeen(BaseModel):
    """A column: what all of its values show, and how many rows have one.

    Attributes:
        delimiter: of a list.
        is_key: every row has a value of its own.
        examples: a few values, cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: TypeName
    delimiter: str = ""
    filled: int
    is_key: bool
    examples: list[str]


class Sample(BaseModel):
    """The columns of a file's first rows, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: list[ColumnSeen]
    rows: int
    wrong: int
    has_variants: bool
