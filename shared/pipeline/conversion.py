"""Values of one type as values of another, by way of what they are as text."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from shared.engine.typed import Declared, value_as
from shared.pipeline.sources import Source
from shared.pipeline.text_values import value_of
from shared.query.kinds import Body, Kind, body_key, parsed_key

_EXACT: Final = 2**53
"""From here on, a decimal no longer tells whole numbers apart."""


class Converted(NamedTuple):
    """What a value becomes; None where it has no such value. `whole`: nothing of it is lost."""

    value: Any
    whole: bool


def converted(
    value: Any, was: Declared, becomes: Declared, languages: Sequence[str] = ()
) -> Converted:
    """A body's value under another type.

    Args:
        value: as the body has it; of a localized property, values by language.
        was: what the property held.
        becomes: what it is to hold.
        languages: of the source. A value without a language is in the first; of a localized value
            that is to have none, that of the first that is there stays.
    """
    if not was.kind.is_localized:
        made = _one(value, was, becomes)
        if made is None or not becomes.kind.is_localized:
            return Converted(made, made is not None)
        return Converted({languages[0]: made}, whole=True)
    each = {language: _one(one, was, becomes) for language, one in value.items()}
    if becomes.kind.is_localized:
        good = {language: one for language, one in each.items() if one is not None}
        return Converted(good or None, len(good) == len(each))
    first = next((language for language in languages if language in each), min(each))
    return Converted(each[first], len(each) == 1 and each[first] is not None)


def fitted(body: Body, source: Source) -> dict[str, Any]:
    """A body of an earlier time in the types that the source declares now.

    What has no value of the type of now is cleared; a property that is gone is left out.
    """
    made: dict[str, Any] = {}
    for key, value in body.items():
        kind, property_ = parsed_key(key)
        known = source.properties.get(property_)
        declared = known.declared if known else None
        if kind in (Kind.CLEARED, Kind.ENGINE) or (declared and declared.kind is kind):
            made[key] = value
        elif declared is not None:
            now = converted(value, Declared(kind), declared, source.languages).value
            kind = Kind.CLEARED if now is None else declared.kind
            made[body_key(kind, property_)] = now
    return made


def _one(value: Any, was: Declared, becomes: Declared) -> Any:
    if was.kind.is_list and becomes.kind.is_list:
        return value_as(becomes, value)
    return value_as(becomes, value_of(_text(value, was), becomes))


def _text(value: Any, was: Declared) -> str:
    if was.kind.is_list:
        return f"{was.delimiter or ','}".join(value)
    if was.kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if was.kind is Kind.DECIMAL and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)
