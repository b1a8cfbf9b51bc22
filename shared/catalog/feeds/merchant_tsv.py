"""Google Merchant feeds as separated text: a header of attribute names, then an item a row.

Source: support.google.com/merchants/answer/14987622 and 14998273. Google's are separated by tabs,
Meta's and many shops' by commas, semicolons or bars. A value may stand in double quotes, a quote
inside them doubled, and then hold separators and line breaks. Several values of one attribute are
separated by commas, or stand in columns of the same name.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final

from shared.catalog.feeds.columns import NAMES, Header, header_of
from shared.catalog.feeds.given import Given, Value
from shared.catalog.feeds.grouping import Item
from shared.catalog.feeds.merchant import merchant_item
from shared.catalog.feeds.rows import MAX_ROW, Defaults, Rejected, Said, refused
from shared.catalog.feeds.source import Source, is_text
from shared.errors import Problem

_REPEATED: Final = frozenset(
    {"additional_image_link", "lifestyle_image_link", "product_highlight", "product_type"}
    | {"shipping", "free_shipping_threshold", "certification", "promotion_id"}
)
_DETAIL: Final = ("section_name", "attribute_name", "attribute_value")
_CAUSES: Final = (
    ("unexpected end", "a quote opens a value and does not close it. Double quotes that are text."),
    ("expected after", "text stands behind a quote that closes. Double quotes that are text."),
    ("field larger", f"a value is longer than {MAX_ROW} characters."),
)
csv.field_size_limit(MAX_ROW)


def read_merchant_tsv(source: Source, defaults: Defaults) -> Iterator[Item | Rejected | Said]:
    """Every item of the feed. Raises `invalid` for a header that does not name `id`."""
    header = header_of(source.head)
    if header is None:
        raise Problem("invalid", "The feed's first line does not name a column id.")
    if header.separator != "\t":
        called = NAMES.get(header.separator, header.separator)
        yield Said(f"Read as {called}-separated text.")
    lines = _Lines(source)
    for _ in range(header.skipped + 1):
        next(lines, None)
    records = csv.reader(lines, delimiter=header.separator, strict=True)
    while True:
        lines.begin()
        try:
            values = next(records, None)
        except csv.Error as error:
            lines.back_to_second()
            yield refused(lines.first, None, "row", _cause(str(error)))
            continue
        yield from lines.take_rejected()
        if values is None:
            return
        if any(value.strip() for value in values):
            yield _item(lines.first, header, values, defaults)


def _cause(said: str) -> str:
    """What is wrong with a row, from what the csv module says."""
    return next((why for part, why in _CAUSES if part in said), "its quotes cannot be read.")


def _item(line: int, header: Header, values: list[str], defaults: Defaults) -> Item | Rejected:
    columns = header.columns
    given: Given = {}
    for place, value in enumerate(values):
        name = columns[place] if place < len(columns) else ""
        if not value.strip():
            continue
        if not name:
            why = f"column {place + 1} has a value and the header no name for it."
            return refused(line, None, "row", why, value)
        if not is_text(value):
            return refused(line, None, "row", "not valid UTF-8.", ascii(value))
        given.setdefault(name, []).extend(_split(name, value))
    return merchant_item(line, given, defaults)


def _split(name: str, value: str) -> list[Value]:
    if name == "product_detail":
        return _details(value)
    if name not in _REPEATED or not ("," in value or '"' in value):
        return [value]
    try:
        return [*next(csv.reader([value.replace("\n", " ")], skipinitialspace=True), [])]
    except csv.Error:
        return [value]


def _details(value: str) -> list[Value]:
    """`section:name:value,section:name:value`; a comma without two colons after it is text."""
    found: list[str] = []
    for part in value.split(","):
        if part.count(":") < len(_DETAIL) - 1 and found:
            found[-1] += f",{part}"
        else:
            found.append(part)
    return [dict(zip(_DETAIL, one.split(":", 2), strict=False)) for one in found]


class _Lines:
    """The feed's lines: too long ones set aside, a record's lines kept to be read again."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self._again: deque[tuple[int, str]] = deque()
        self._record: list[tuple[int, str]] = []
        self._size = 0
        self._rejected: list[Rejected] = []

    @property
    def first(self) -> int:
        """The number of the record's first line."""
        return self._record[0][0] if self._record else 0

    def begin(self) -> None:
        """The next line is the first of a record."""
        self._record = []
        self._size = 0

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
        if self._size > MAX_ROW:
            raise csv.Error("unexpected end")
        while True:
            found = self._again.popleft() if self._again else next(self._lines, None)
            if found is None:
                raise StopIteration
            number, line = found
            if line is None:
                why = f"longer than {MAX_ROW} characters."
                self._rejected.append(refused(number, None, "row", why))
                continue
            line = line.replace("\r", " ") if "\r" in line else line
            self._record.append((number, line))
            self._size += len(line)
            return line + "\n"
