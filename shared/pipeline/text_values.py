"""Values that come as text, as files have them: read by what the property is declared to hold."""

from typing import Any

from shared.engine.typed import Declared
from shared.query.kinds import Kind

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def value_of(text: str, declared: Declared | None) -> Any:
    """The value that a text stands for; the text itself where it stands for none of that type.

    An undeclared property takes text. What does not fit is refused by the import's own check.
    """
    if declared is None or declared.kind in (Kind.TEXT, Kind.LOCALIZED_TEXT, Kind.TIMESTAMP):
        return text
    if declared.kind.is_list:
        parts = text.split(declared.delimiter or ",")
        return [part.strip() for part in parts if part.strip()]
    if declared.kind is Kind.BOOLEAN:
        folded = text.strip().lower()
        return True if folded in _TRUE else False if folded in _FALSE else text
    return _number(text, whole=declared.kind is Kind.INTEGER)


def cleared_or_value(text: str | None, declared: Declared | None) -> Any:
    """The same of a text that may be none; of what is not text, an empty one is none."""
    is_text = declared is None or declared.kind in (Kind.TEXT, Kind.LOCALIZED_TEXT)
    return None if text is None or (not text and not is_text) else value_of(text, declared)


def _number(text: str, *, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text
