"""An item of a Merchant feed as it was given: attributes by name, whichever file they came in."""

import re
from typing import Final

Value = str | dict[str, str]
Given = dict[str, list[Value]]
"""An item's attributes by name (without `g:`), each with its values in order; a value with parts of
its own (such as product_detail) by their names."""

_WRITTEN_BY: Final = re.compile(r"(?:trained_algorithmic_media|default)\s*:\s*", re.IGNORECASE)


def flat(value: Value) -> str:
    """A value as one text, parts of its own by name."""
    if isinstance(value, str):
        return value
    return "; ".join(f"{name}: {part}" for name, part in value.items())


def texts(given: Given, name: str) -> list[str]:
    """An attribute's values as texts: nothing readable is lost for having parts."""
    return [flat(value) for value in given[name]] if name in given else []


def first(given: Given, name: str) -> str | None:
    """An attribute's first value as text."""
    values = given.get(name)
    if not values:
        return None
    value = values[0]
    return value if isinstance(value, str) else flat(value)


def content(given: Given, name: str) -> str | None:
    """The text of an attribute that says who wrote it (structured_title)."""
    for value in given.get(name, ()):
        if isinstance(value, dict):
            return value.get("content")
        return _WRITTEN_BY.sub("", value, count=1).strip().strip('"')
    return None
