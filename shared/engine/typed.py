"""From JSON values as callers give them to typed edits: one set of rules for every way in.

A declared property takes values of its type and no other. An unknown one is accepted with the type
that its value shows, and reported, so that a source learns what it is sent.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from shared.engine.prepare import Edit
from shared.query.kinds import Kind, body_key

MOST_FAILURES: Final = 100
"""Failures that are named at once; more are counted."""
PROPERTY_PATTERN: Final = r"^[a-z0-9_-]{1,100}$"
_PROPERTY: Final = re.compile(PROPERTY_PATTERN)
_LANGUAGE: Final = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE
)
_WHOLE: Final = range(-(2**63), 2**63)
DEFAULT_DELIMITER: Final = ","
_SAID: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "a text",
    Kind.LOCALIZED_TEXT: "a text",
    Kind.INTEGER: "a whole number of 64 bits, without a fraction or an exponent",
    Kind.DECIMAL: "a finite number",
    Kind.BOOLEAN: "true or false",
    Kind.TIMESTAMP: "a time in ISO 8601 with its offset, such as 2026-11-28T12:00:00Z",
    Kind.LIST: "a list of texts",
    Kind.LOCALIZED_LIST: "a list of texts",
}


class Declared(NamedTuple):
    """What a property holds. Elements of a list never contain its delimiter."""

    kind: Kind
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """One value of one property, as a caller gives it; None clears."""

    property: str
    value: Any
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller gives for one record."""

    key: str
    given: tuple[Given, ...] = ()
    combine: Literal["merge", "replace", "delete"] = "merge"


class Failure(NamedTuple):
    """What is wrong with one value: where, and what to do about it."""

    path: str
    message: str


@dataclass
class Typed:
    """What entries come to.

    Attributes:
        edits: one for each entry, in order. Only to be used where nothing failed.
        added: properties nobody had declared, with the types their values show.
        failures: the first MOST_FAILURES; `failed` counts all.
    """

    edits: list[Edit] = field(default_factory=list)
    added: dict[str, Declared] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0

    def fail(self, path: str, message: str) -> None:
        """Note a failure."""
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(Failure(path, message))


def typed(entries: Iterable[Entry], known: Mapping[str, Declared]) -> Typed:
    """The edits that entries ask for, or everything that is wrong with them."""
    result = Typed()
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        path = f"entries[{number}]"
        if entry.key in seen:
            result.fail(f"{path}.id", f"{entry.key!r} comes twice. Send one entry for each record.")
        seen.add(entry.key)
        if entry.combine == "delete" and entry.given:
            result.fail(f"{path}.properties", "A deletion takes no properties.")
        values: dict[str, Any] = {}
        for at, given in enumerate(entry.given):
            _take(result, values, given, known, f"{path}.properties[{at}]")
        result.edits.append(Edit(entry.key, values, combine=entry.combine))
    return result


def _take(
    result: Typed, values: dict[str, Any], given: Given, known: Mapping[str, Declared], path: str
) -> None:
    """Add one value to what a record is given."""
    name = given.property.lower()
    if _PROPERTY.fullmatch(name) is None:
        result.fail(f"{path}.id", "A property's id has 1 to 100 of a-z, 0-9, _ and -.")
        return
    declared = known.get(name)
    if declared is None:
        declared = _inferred(result, name, given, path)
        if declared is None:
            return
    language = _language(result, declared, given, path)
    if language is None:
        return
    value = None
    if given.value is not None:
        value = value_as(declared, given.value)
        if value is None:
            result.fail(f"{path}.value", _wants(name, declared))
            return
    _put(result, values, body_key(declared.kind, name), language, value, path)


def _put(
    result: Typed, values: dict[str, Any], key: str, language: str, value: Any, path: str
) -> None:
    taken = values.setdefault(key, {}) if language else values
    where = language or key
    if where in taken:
        result.fail(path, f"{key.partition('.')[2]!r} comes twice for the same record.")
    taken[where] = value


def _inferred(result: Typed, name: str, given: Given, path: str) -> Declared | None:
    """The type a value shows, the same for all values of a call."""
    declared = _shown(given)
    if declared is None:
        what = "nothing to clear" if given.value is None else "no type for such a value"
        result.fail(f"{path}.value", f"The source has no property {name!r}, and there is {what}.")
        return None
    before = result.added.setdefault(name, declared)
    if before != declared:
        result.fail(
            f"{path}.value",
            f"{name!r} is new, and its values show two types: {before.kind.name.lower()} and "
            f"{declared.kind.name.lower()}. Declare it first.",
        )
        return None
    return declared


def _shown(given: Given) -> Declared | None:
    value, localized = given.value, given.language is not None
    if isinstance(value, str):
        return Declared(Kind.LOCALIZED_TEXT if localized else Kind.TEXT)
    if isinstance(value, list):
        return Declared(Kind.LOCALIZED_LIST if localized else Kind.LIST, DEFAULT_DELIMITER)
    if localized:
        return None
    if isinstance(value, bool):
        return Declared(Kind.BOOLEAN)
    if isinstance(value, int):
        return Declared(Kind.INTEGER)
    return Declared(Kind.DECIMAL) if isinstance(value, float) else None


def _language(result: Typed, declared: Declared, given: Given, path: str) -> str | None:
    """The language in one spelling; empty where there is none to be; None for a failure."""
    if not declared.kind.is_localized:
        if given.language is None:
            return ""
        message = f"{given.property!r} is not localized. Leave the language out."
        result.fail(f"{path}.language", message)
        return None
    normal = normal_language(given.language or "")
    if normal is None:
        message = f"{given.property!r} is localized. Name its language, such as en or pt-BR."
        result.fail(f"{path}.language", message)
    return normal


def normal_language(text: str) -> str | None:
    """A language tag in its usual letter case (BCP 47, 2.1.1), or None for any other text."""
    match = _LANGUAGE.fullmatch(text)
    if match is None:
        return None
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def _wants(name: str, declared: Declared) -> str:
    without = f" without {declared.delimiter!r}" if declared.kind.is_list else ""
    return f"{name!r} takes {_SAID[declared.kind]}{without}."


def value_as(declared: Declared, value: Any) -> Any:
    """The value as a body holds it; None where it is not of the declared type.

    Of a localized property it is the value of one language.
    """
    if declared.kind.is_list:
        return _elements(declared, value)
    return as_kind(declared.kind, value)


def as_kind(kind: Kind, value: Any) -> Any:
    """A JSON value as a body holds one of a kind that is no list; None where it is none."""
    if isinstance(value, bool) and kind is not Kind.BOOLEAN:
        return None
    return _READ[kind](value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and value in _WHOLE else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _elements(declared: Declared, value: Any) -> list[str] | None:
    delimiter = declared.delimiter or DEFAULT_DELIMITER
    if not isinstance(value, list):
        return None
    good = all(isinstance(each, str) and delimiter not in each for each in value)
    return value if good else None


def _number(value: Any) -> float | None:
    if not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _time(value: Any) -> str | None:
    """An ISO 8601 time with an offset, as UTC."""
    if not isinstance(value, str) or "T" not in value.upper():
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.astimezone(UTC) if at.tzinfo is not None else at
    except (ValueError, OverflowError):
        return None
    return None if at.tzinfo is None else at.isoformat().replace("+00:00", "Z")


_READ: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: _text,
    Kind.LOCALIZED_TEXT: _text,
    Kind.INTEGER: _whole,
    Kind.DECIMAL: _number,
    Kind.BOOLEAN: _flag,
    Kind.TIMESTAMP: _time,
}
