"""Google Merchant feeds as tab-separated text: a header of attribute names, then an item a row.

Source: support.google.com/merchants/answer/14987622 and 14998273. A value may stand in double
quotes, a quote inside them doubled, and then hold tabs and line breaks. Several values of one
attribute are separated by commas, or stand in columns of the same name.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final

from shared.catalog.feeds.grouping import Item
from shared.catalog.feeds.merchant import Given, Value, merchant_item
from shared.catalog.feeds.rows import MAX_ROW, Defaults, Rejected
from shared.catalog.feeds.source import Source
from shared.errors import Problem

_REPEATED: Final = frozenset(
    {"additional_image_link", "lifestyle_image_link", "product_highlight", "product_type"}
)
_DETAIL: Final = ("section_name", "attribute_name", "attribute_value")


def read_merchant_tsv(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every item of the feed. Raises `invalid` for a header that does not name `id`."""
    lines = _Lines(source)
    records = csv.reader(lines, delimiter="\t", strict=True)
    columns = _columns(next(records, []))
    while True:
        lines.begin()
        try:
            values = next(records, None)
        except csv.Error:
            lines.back_to_second()
            why = "row: a quote does not open or close a value. Double quotes that are text."
            yield Rejected(lines.first, None, (why,))
            continue
        yield from lines.take_rejected()
        if values is None:
            return
        if any(value.strip() for value in values):
            yield _item(lines.first, columns, values, defaults)


def _columns(header: list[str]) -> list[str]:
    names = (name.partition("(")[0].strip().lower() for name in header)
    columns = [name.removeprefix("g:").replace(" ", "_") for name in names]
    if "id" not in columns:
        raise Problem("invalid", "The feed's first line does not name a column id.")
    return columns


def _item(line: int, columns: list[str], values: list[str], defaults: Defaults) -> Item | Rejected:
    given: Given = {}
    for place, value in enumerate(values):
        name = columns[place] if place < len(columns) else ""
        if not value.strip():
            continue
        if not name:
            why = f"row: column {place + 1} has a value and the header no name for it."
            return Rejected(line, None, (why,))
        if not _is_text(value):
            return Rejected(line, None, ("row: not valid UTF-8.",))
        given.setdefault(name, []).extend(_split(name, value))
    return merchant_item(line, given, defaults)


def _split(name: str, value: str) -> list[Value]:
    if name == "product_detail":
        return _details(value)
    if name not in _REPEATED:
        return [value]
    return [*next(csv.reader([value.replace("\n", " ")], skipinitialspace=True), [])]


def _details(value: str) -> list[Value]:
    """`section:name:value,section:name:value`; a comma without two colons after it is text."""
    found: list[str] = []
    for part in value.split(","):
        if part.count(":") < len(_DETAIL) - 1 and found:
            found[-1] += f",{part}"
        else:
            found.append(part)
    return [dict(zip(_DETAIL, one.split(":", 2), strict=False)) for one in found]


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


class _Lines:
    """The feed's lines as text: too long ones set aside, a record's lines kept to be read again."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self._again: deque[tuple[int, str]] = deque()
        self._record: list[tuple[int, str]] = []
        self._rejected: list[Rejected] = []

    @property
    def first(self) -> int:
        """The number of the record's first line."""
        return self._record[0][0] if self._record else 0

    def begin(self) -> None:
        """The next line is the first of a record."""
        self._record = []

    def back_to_second(self) -> None:
        """The record's first line is broken: read on from its second."""
        self._again.extendleft(reversed(self._record[1:]))

    def take_rejected(self) -> list[Rejected]:
        """The rows set aside since the last time."""
        taken, self._rejected = self._rejected, []
        return taken

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            self._record.append(self._again.popleft())
            return self._record[-1][1]
        for number, line in self._lines:
            if line is None:
                why = f"row: longer than {MAX_ROW} bytes."
                self._rejected.append(Rejected(number, None, (why,)))
                continue
            self._record.append((number, line.decode(errors="surrogateescape") + "\n"))
            return self._record[-1][1]
        raise StopIteration
