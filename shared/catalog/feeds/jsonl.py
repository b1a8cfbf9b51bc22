"""Our own feed: one JSON object a line. A `parent_id` makes the row a variant of that product."""

import json
from collections.abc import Iterator

from shared.catalog.feeds.grouping import Item
from shared.catalog.feeds.json_item import read_row
from shared.catalog.feeds.json_row import JSON
from shared.catalog.feeds.reading import Json
from shared.catalog.feeds.rows import MAX_KEY, MAX_ROW, Defaults, Rejected, refused
from shared.catalog.feeds.source import Source, is_text


def read_json_lines(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every row of the feed; blank lines are passed over."""
    for line, raw in source.lines():
        if raw is None:
            yield refused(line, None, "row", f"longer than {MAX_ROW} characters.")
        elif raw.strip():
            yield _read(line, raw, defaults)


def _read(line: int, raw: str, defaults: Defaults) -> Item | Rejected:
    parsed = _parsed(raw)
    if isinstance(parsed, str):
        return refused(line, None, "row", parsed, ascii(raw[:MAX_KEY]))
    return read_row(line, parsed, defaults)


def _parsed(raw: str) -> Json | str:
    """The line's object, or a sentence of why it holds none."""
    if not is_text(raw):
        return "not valid UTF-8."
    try:
        parsed = JSON.decode(raw)
    except RecursionError:
        return "nested too deep."
    except json.JSONDecodeError as fault:
        return f"not a valid JSON object: it breaks off at character {fault.pos + 1}."
    except ValueError as fault:
        return str(fault)
    return parsed if isinstance(parsed, dict) else "not a JSON object."
