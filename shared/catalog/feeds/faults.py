"""Why a value does not fit its field, in the feed's words."""

from typing import Any, Final

from pydantic import ValidationError

from shared.catalog.feeds.reading import Json
from shared.catalog.feeds.rows import Note, shown

_NO_VALUE: Final = "not a value this field can have."
_SENTENCES: Final = {
    "missing": "missing. It is needed.",
    "extra_forbidden": "not a field that is known. Put further facts under attributes.",
    "string_type": "not a text. Write it in quotes.",
    "string_too_short": "missing. It is needed.",
    "string_too_long": "too long.",
    "int_type": "not a whole number.",
    "int_parsing": "not a whole number.",
    "int_from_float": "not a whole number.",
    "float_type": "not a number.",
    "float_parsing": "not a number.",
    "decimal_type": "not a number.",
    "decimal_parsing": "not a number.",
    "finite_number": "not a number.",
    "bool_type": "not true or false.",
    "bool_parsing": "not true or false.",
    "dict_type": 'not an object, such as {"name": "value"}.',
    "model_type": 'not an object, such as {"name": "value"}.',
    "model_attributes_type": 'not an object, such as {"name": "value"}.',
    "list_type": 'not a list, such as ["one", "two"].',
    "tuple_type": 'not a list, such as ["one", "two"].',
    "datetime_parsing": "not an ISO 8601 time, such as 2026-11-21T09:30:00Z.",
    "datetime_from_date_parsing": "not an ISO 8601 time, such as 2026-11-21T09:30:00Z.",
    "datetime_type": "not an ISO 8601 time, such as 2026-11-21T09:30:00Z.",
    "timezone_aware": "has no time zone. Write it as 2026-11-21T09:30:00Z.",
}
"""By the kind of fault, as pydantic names it. Its own words speak of Python."""


def reasons_of(error: ValidationError, given: Json) -> tuple[Note, ...]:
    """What a model refused of `given`, one note for each field."""
    found: dict[str, list[Note]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        place, value = _place(fault, given)
        found.setdefault(place, []).append(Note(place, _sentence(fault), shown(value)))
    return tuple(
        notes[0] if len(notes) == 1 else notes[0]._replace(what=_NO_VALUE)
        for place, notes in found.items()
        if not any(other.startswith(f"{place}.") for other in found)
    )


def _place(fault: Any, given: Any) -> tuple[str, Any]:
    """The path of the field and its value; not the names pydantic has for members of a union."""
    path: list[str] = []
    node = given
    for part in fault["loc"]:
        last = part is fault["loc"][-1] and fault["type"] == "missing"
        if isinstance(node, dict) and (part in node or last):
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part]
        else:
            continue
        path.append(str(part))
    return shown(".".join(path)) or "row", "" if node is given or node is None else node


def _sentence(fault: Any) -> str:
    if fault["type"] == "literal_error":
        return f"not one of {fault['ctx']['expected'].replace(chr(39), '').replace(' or ', ', ')}."
    if fault["type"] in ("greater_than", "greater_than_equal"):
        least = fault["ctx"].get("ge", fault["ctx"].get("gt"))
        return f"smaller than {least:g}." if "ge" in fault["ctx"] else f"not above {least:g}."
    return _SENTENCES.get(fault["type"], _NO_VALUE)
