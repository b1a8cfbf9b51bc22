"""The header of a separated-text feed: which character separates, and what the columns are called.

Headers are written in many hands: `id`, `g:id`, `"ID"`, `ID [id]`, `Image Link`,
`price (EUR)`. Excel's `sep=;` line before the header is understood, and so are empty lines.
"""

import csv
import re
from typing import Final, NamedTuple

SEPARATORS: Final = "\t,;|"
NAMES: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_BRACKETS: Final = re.compile(r".*\[\s*([^\[\]]+?)\s*\]\s*")
_EXCEL: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_LONGEST: Final = 64 * 1024


class Header(NamedTuple):
    """A feed's header.

    Attributes:
        separator: the character between values.
        columns: the names, as Google's specification writes them.
        skipped: how many lines stand before the header.
    """

    separator: str
    columns: tuple[str, ...]
    skipped: int = 0


def header_of(head: str) -> Header | None:
    """The header of a feed that begins like this; None when no separator gives a column `id`."""
    lines = head[:_LONGEST].lstrip("\ufeff").splitlines()
    empty = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    first, second = (*lines[empty : empty + 2], "", "")[:2]
    if named := _EXCEL.fullmatch(first):
        columns = columns_of(second, named[1])
        return Header(named[1], columns, empty + 1) if "id" in columns else None
    found = [Header(mark, columns_of(first, mark), empty) for mark in SEPARATORS if mark in first]
    known = [header for header in found if "id" in header.columns]
    return max(known, key=lambda header: len(header.columns), default=None)


def columns_of(line: str, separator: str) -> tuple[str, ...]:
    """The columns that a header line names."""
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return ()
    return tuple(map(_column, names))


def _column(name: str) -> str:
    bracketed = _BRACKETS.fullmatch(name)
    plain = bracketed[1] if bracketed else name.partition("(")[0]
    return "_".join(plain.strip().lower().removeprefix("g:").split())
