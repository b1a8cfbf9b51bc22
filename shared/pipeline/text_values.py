"""Values as files have them: text, read by what a property holds, written so that it reads back."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from shared.engine.typed import DEFAULT_DELIMITER, Declared
from shared.query.kinds import Kind

_TRUE: Final = frozenset({"true", "yes", "1"})
_FALSE: Final = frozenset({"false", "no", "0"})
_STARTS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).

The signs, and what looks like them in East Asian fonts.
"""


def escaped(text: str) -> str:
    """Text as a cell of a table has it: an apostrophe in front of what would be a formula.

    Likewise in front of what looks as if it were escaped, and of the empty text, which is `'`: an
    empty cell is no value. `unescaped` undoes exactly that.
    """
    return f"'{text}" if _is_risky(text) else text


def unescaped(cell: str) -> str:
    """The text that a cell stands for: an apostrophe stays where no formula follows it."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell) else cell


def _is_risky(text: str) -> bool:
    """Whether it is a formula behind any number of apostrophes, or nothing but those."""
    rest = text.lstrip("'")
    return not rest or rest[0] in _STARTS


def value_of(text: str, declared: Declared | None) -> Any:
    """The value that a text stands for; the text itself where it stands for none of that type.

    An undeclared property takes text. What does not fit is refused by the import's own check.
    """
    if declared is None or declared.kind in (Kind.TEXT, Kind.LOCALIZED_TEXT, Kind.TIMESTAMP):
        return text
    if declared.kind.is_list:
        return _split(text, declared.delimiter)
    if declared.kind is Kind.BOOLEAN:
        folded = text.strip().lower()
        return True if folded in _TRUE else False if folded in _FALSE else text
    return _number(text, whole=declared.kind is Kind.INTEGER)


def cleared_or_value(text: str | None, declared: Declared | None) -> Any:
    """The same of a text that may be none; of what is not text, an empty one is none."""
    is_text = declared is None or declared.kind in (Kind.TEXT, Kind.LOCALIZED_TEXT)
    return None if text is None or (not text and not is_text) else value_of(text, declared)


def list_text(elements: Sequence[str], delimiter: str | None) -> str:
    """A list as one text: its elements between delimiters, or as JSON where that says too little.

    That is so for empty elements, for none at all, and for such that begin or end with a space.
    """
    plain = (delimiter or DEFAULT_DELIMITER).join(elements)
    if plain and list_value(plain, delimiter) == list(elements):
        return plain
    return orjson.dumps(list(elements)).decode()


def list_value(text: str, delimiter: str | None) -> list[str]:
    """The list that a text of a file stands for: JSON, or elements between delimiters."""
    if text.startswith("["):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value
    return _split(text, delimiter)


def _split(text: str, delimiter: str | None) -> list[str]:
    parts = text.split(delimiter or DEFAULT_DELIMITER)
    return [part.strip() for part in parts if part.strip()]


def _number(text: str, *, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text
