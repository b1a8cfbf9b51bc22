"""Values of attributes: from JSON as callers give them to a record's body, and back.

A type is closed: what it does not declare is refused, and so is a value of another type.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from shared.engine.typed import Failure, as_kind
from shared.entities.graph import EntityType, Field
from shared.errors import Problem
from shared.query.kinds import Body, Kind, body_key, parsed_key
from shared.refusals import MOST_ERRORS

INT32: Final = range(-(2**31), 2**31)
WELL_KNOWN_NAME: Final = "rtWellKnownName"
"""A name that stays the same wherever an entity is taken; callers may give one."""
_MOST_NAME: Final = 200
_SAID: Final = {
    "String": "a text",
    "Integer": "a whole number of 32 bits",
    "Integer64": "a whole number of 64 bits",
    "Double": "a finite number",
    "Boolean": "true or false",
    "DateTime": "a time with its offset, such as 2026-11-28T12:00:00Z",
    "StringArray": "a list of texts",
    "IntegerArray": "a list of whole numbers",
    "Record": "an object of its attributes",
    "RecordArray": "a list of objects",
}


class Given(NamedTuple):
    """A value for an attribute, by its path, as a caller gives it; None clears."""

    path: str
    value: Any


def assigned(
    type_: EntityType, body: Body, given: Iterable[Given], *, complete: bool = True
) -> dict[str, Any]:
    """The body with these values. Raises `invalid` with everything that is wrong, by path.

    `complete`: what the type requires has to be there then.
    """
    made = dict(body)
    failures: list[Failure] = []
    for number, each in enumerate(given):
        where = f"entityData[{number}]"
        try:
            _assign(type_, made, each, where, failures)
        except Problem as problem:
            failures += [Failure(**error) for error in problem.details["errors"]]
    if complete and not failures:
        _check_required(type_.fields.values(), made, failures)
    if failures:
        raise refused(failures)
    return made


def defaults(type_: EntityType) -> list[Given]:
    """What an entity has where nothing else is given."""
    return [
        Given(each.path, each.attribute.default_value)
        for each in type_.fields.values()
        if each.attribute.default_value is not None
    ]


def refused(failures: list[Failure]) -> Problem:
    """The problem that names what is wrong."""
    first, more = failures[0], len(failures) - 1
    several = f" and {more} more" if more else ""
    return Problem(
        "invalid",
        f"Nothing was changed. {first.path}: {first.message}{several}",
        errors=[each._asdict() for each in failures[:MOST_ERRORS]],
        failed=len(failures),
    )


def _assign(
    type_: EntityType, body: dict[str, Any], given: Given, where: str, failures: list[Failure]
) -> None:
    if given.path.strip().lower() == WELL_KNOWN_NAME.lower():
        _name(body, given.value, where, failures)
        return
    field = type_.field(given.path, f"{where}.attributePath")
    if field.inside:
        message = f"{field.path} is in a list of records. Give the whole list."
        failures.append(Failure(f"{where}.attributePath", message))
        return
    for key in [key for key in body if _is_at(key, field.path)]:
        del body[key]
    if given.value is not None:
        _put(body, field, field.path, given.value, f"{where}.value", failures)


def _name(body: dict[str, Any], value: Any, where: str, failures: list[Failure]) -> None:
    key = body_key(Kind.TEXT, WELL_KNOWN_NAME)
    body.pop(key, None)
    if isinstance(value, str) and 0 < len(value) <= _MOST_NAME:
        body[key] = value
    elif value is not None:
        message = f"A well-known name has 1 to {_MOST_NAME} letters."
        failures.append(Failure(f"{where}.value", message))


def _is_at(key: str, path: str) -> bool:
    kind, property_ = parsed_key(key)
    here = property_ == path or property_.startswith(f"{path}.")
    return kind is not Kind.ENGINE and here


def _put(
    body: dict[str, Any],
    field: Field,
    path: str,
    value: Any,
    where: str,
    failures: list[Failure],
) -> None:
    """Put a value into a body at a path, which is short of the field's in a list's records."""
    type_ = field.attribute.value_type
    if type_ == "Record":
        _put_record(body, field, path, value, where, failures)
        return
    if type_ == "RecordArray":
        if not isinstance(value, list):
            failures.append(Failure(where, _wants(field)))
            return
        records: list[dict[str, Any]] = []
        for number, each in enumerate(value):
            record: dict[str, Any] = {}
            _put_record(record, field, "", each, f"{where}[{number}]", failures)
            _check_required(field.fields.values(), record, failures, f"{where}[{number}].")
            records.append(record)
        body[body_key(Kind.RECORDS, path)] = records
        return
    held = _held(field, value)
    if held is None:
        failures.append(Failure(where, _wants(field)))
    else:
        body[body_key(field.kind, path)] = held


def _put_record(
    body: dict[str, Any],
    field: Field,
    path: str,
    value: Any,
    where: str,
    failures: list[Failure],
) -> None:
    members = _members(value)
    if members is None:
        failures.append(Failure(where, _wants(field)))
        return
    given = {str(name).lower() for name, _ in members}
    missing = [each.attribute for name, each in field.fields.items() if name not in given]
    for name, each in [*members, *((each.name, each.default_value) for each in missing)]:
        inner = field.fields.get(str(name).lower())
        if inner is None:
            known = ", ".join(each.attribute.name for each in field.fields.values())
            failures.append(Failure(f"{where}.{name!s:.64}", f"It has {known} alone."))
        elif each is not None:
            below = f"{path}.{inner.attribute.name}" if path else inner.attribute.name
            _put(body, inner, below, each, f"{where}.{inner.attribute.name}", failures)


def _members(value: Any) -> list[tuple[Any, Any]] | None:
    """A record's members, as an object or as entities show them."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list) and all(
        isinstance(each, Mapping) and each.keys() == {"attributeName", "value"} for each in value
    ):
        return [(each["attributeName"], each["value"]) for each in value]
    return None


def _held(field: Field, value: Any) -> Any:
    """A plain value as a body holds it; None where it is none of the attribute's type."""
    match field.attribute.value_type:
        case "Enum":
            return field.of_enum.key(value) if field.of_enum else None
        case "StringArray" | "IntegerArray" as type_:
            kind = Kind.TEXT if type_ == "StringArray" else Kind.INTEGER
            found = [as_kind(kind, each) for each in value] if isinstance(value, list) else [None]
            return None if None in found else found
        case "Integer":
            whole = as_kind(Kind.INTEGER, value)
            return whole if whole is not None and whole in INT32 else None
        case _:
            return as_kind(field.kind, value)


def _wants(field: Field) -> str:
    if field.of_enum is not None:
        return f"{field.path} takes one of {', '.join(field.of_enum.names.values())}."
    return f"{field.path} takes {_SAID[field.attribute.value_type]}."


def _check_required(
    fields: Iterable[Field], body: Body, failures: list[Failure], where: str = "", path: str = ""
) -> None:
    """Everything that must be there; a record that is not there needs nothing in it."""
    held = {parsed_key(key)[1] for key in body}
    for each in fields:
        at = f"{path}{each.attribute.name}"
        there = any(name == at or name.startswith(f"{at}.") for name in held)
        if not there and not each.attribute.is_optional:
            failures.append(Failure(f"{where}{at}", f"{each.path} is required."))
        elif there and each.is_record:
            _check_required(each.fields.values(), body, failures, where, f"{at}.")


def shown(fields: Iterable[Field], body: Body, path: str = "") -> list[dict[str, Any]]:
    """The values of a body as `{attributeName, value}`, records' values in the same form."""
    found = []
    for each in fields:
        at = f"{path}{each.attribute.name}"
        value: Any
        if each.is_record:
            value = shown(each.fields.values(), body, f"{at}.") or None
        else:
            value = _shown(each, body.get(body_key(each.kind, at)))
        if value is not None:
            found.append({"attributeName": each.attribute.name, "value": value})
    return found


def _shown(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.kind is Kind.RECORDS:
        return [shown(field.fields.values(), each) for each in value]
    if field.of_enum is not None:
        return field.of_enum.names.get(value, value)
    return value
