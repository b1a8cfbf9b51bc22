"""What forms send, as tools take it."""

import re
from collections.abc import Mapping
from typing import Final

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def given(typed: Mapping[str, str]) -> dict[str, str]:
    """The fields that something was typed into."""
    return {name: text for name, text in typed.items() if text}


def end_of_day(text: str) -> str:
    """The last second of a day (UTC), of what a date field sends; other text as it is."""
    return f"{text}T23:59:59Z" if _DAY.fullmatch(text) else text


def facets_of(text: str) -> list[dict[str, object]]:
    """Facets typed one a line, `name: value, value`."""
    found: list[dict[str, object]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, values = line.partition(":")
        split = [value.strip() for value in values.split(",") if value.strip()]
        found.append({"name": name.strip(), "values": split})
    return found
