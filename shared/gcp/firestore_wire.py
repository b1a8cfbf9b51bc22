"""Documents, writes and queries as Firestore's own messages, and back.

The raw protobuf messages are used, not the library's wrappers: decoding is on every call's path.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import Document, StructuredQuery, Value
from google.cloud.firestore_v1.types import Write as WriteMessage

from shared.documents import collection, place_of_cursor
from shared.ports.documents import ABSENT, ID, Add, Check, Delete, Put, Query, Snapshot, Write

_Document: Final = Document.pb()
_Query: Final = StructuredQuery.pb()
_Value: Final = Value.pb()
_Write: Final = WriteMessage.pb()
_ASCENDING: Final = StructuredQuery.Direction.ASCENDING
_DESCENDING: Final = StructuredQuery.Direction.DESCENDING
_EQUAL: Final = StructuredQuery.FieldFilter.Operator.EQUAL
_LESS: Final = StructuredQuery.FieldFilter.Operator.LESS_THAN
_AT_LEAST: Final = StructuredQuery.FieldFilter.Operator.GREATER_THAN_OR_EQUAL


def decode_snapshot(document: Any) -> Snapshot:
    """The snapshot in a raw Document."""
    return Snapshot(path_of(document), decode_data(document), version_of(document))


def path_of(document: Any) -> str:
    """Where a raw Document is, within its database."""
    path: str = document.name.partition("/documents/")[2]
    return path


def version_of(document: Any) -> str:
    """The version of a raw Document: its update time to the nanosecond."""
    updated = document.update_time
    return f"{updated.seconds}.{updated.nanos:09}"


def decode_data(document: Any) -> dict[str, Any]:
    """What a raw Document holds."""
    return _decode_map(document.fields)


def encode_write(root: str, write: Write) -> Any:
    """The raw Write for a database `projects/p/databases/d`."""
    name = f"{root}/documents/{write.path}"
    match write:
        case Put(data=data):
            message = _Write(update=_Document(name=name, fields=_encode_map(data)))
        case Delete():
            message = _Write(delete=name)
        case Check(if_version=version):
            message = _checked(name, version)
        case Add(amounts=amounts, data=data):
            message = _Write(update=_Document(name=name, fields=_encode_map(data)))
            message.update_mask.field_paths.extend(map(_field, data))
            for field, amount in amounts.items():
                message.update_transforms.add(
                    field_path=_field(field), increment=_Value(integer_value=amount)
                )
            message.update_mask.SetInParent()
            return message
    return _conditioned(message, write.if_version)


def _checked(name: str, version: str) -> Any:
    """A write that changes nothing, for its condition.

    It deletes what is not there, or updates none of what is.
    """
    if version == ABSENT:
        return _Write(delete=name)
    message = _Write(update=_Document(name=name))
    message.update_mask.SetInParent()
    return message


def encode_query(root: str, query: Query) -> tuple[str, Any]:
    """The parent to ask and the raw StructuredQuery, for one document more than the limit."""
    parent, _, last = f"/{collection(query)}".rpartition("/")
    parent = f"{root}/documents{parent}"
    message = _Query(limit={"value": query.limit + 1})
    message.from_.add(collection_id=last)
    order = query.shape.order
    first = order[0].removeprefix("-")
    conditions = [(field, _EQUAL, query.equal[field]) for field in query.shape.equal]
    conditions += [(first, _AT_LEAST, query.start)] if query.start is not None else []
    conditions += [(first, _LESS, query.end)] if query.end is not None else []
    message.where.composite_filter.op = StructuredQuery.CompositeFilter.Operator.AND
    name = f"{parent}/{last}"
    for field, operator, value in conditions:
        condition = message.where.composite_filter.filters.add().field_filter
        condition.field.field_path = _field(field)
        condition.op = operator
        condition.value.CopyFrom(_operand(name, field, value))
    if not conditions:
        message.ClearField("where")
    signs = [*(field for field in order if field.removeprefix("-") != ID), _tie_break(query)]
    for field in signs:
        direction = _DESCENDING if field.startswith("-") else _ASCENDING
        message.order_by.add(
            field={"field_path": _field(field.removeprefix("-"))}, direction=direction
        )
    place = place_of_cursor(query)
    if place is not None:
        for field, value in zip(signs, place, strict=True):
            message.start_at.values.append(_operand(name, field.removeprefix("-"), value))
    return parent, message


def _tie_break(query: Query) -> str:
    return f"-{ID}" if query.shape.order[-1].startswith("-") else ID


def _operand(name: str, field: str, value: Any) -> Any:
    return _Value(reference_value=f"{name}/{value}") if field == ID else _encode(value)


def _conditioned(message: Any, version: str | None) -> Any:
    if version == ABSENT:
        message.current_document.exists = False
    elif version is not None:
        seconds, _, nanos = version.partition(".")
        message.current_document.update_time.seconds = int(seconds)
        message.current_document.update_time.nanos = int(nanos)
    return message


def _field(name: str) -> str:
    return str(FieldPath(name).to_api_repr())


def _encode_map(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _encode(value) for key, value in data.items()}


def _encode(value: Any) -> Any:  # noqa: PLR0911  one line per type
    match value:
        case None:
            return _Value(null_value=0)
        case bool():
            return _Value(boolean_value=value)
        case int():
            return _Value(integer_value=value)
        case float():
            return _Value(double_value=value)
        case str():
            return _Value(string_value=value)
        case bytes():
            return _Value(bytes_value=value)
        case datetime():
            return _Value(timestamp_value=value)
        case Mapping():
            return _Value(map_value={"fields": _encode_map(value)})
        case _:
            return _Value(array_value={"values": [_encode(item) for item in value]})


def _decode_map(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _DECODE[value.WhichOneof("value_type")](value) for key, value in fields.items()}


def _decode_array(values: Sequence[Any]) -> list[Any]:
    return [_DECODE[value.WhichOneof("value_type")](value) for value in values]


_DECODE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "null_value": lambda _: None,
    "boolean_value": lambda value: value.boolean_value,
    "integer_value": lambda value: value.integer_value,
    "double_value": lambda value: value.double_value,
    "string_value": lambda value: value.string_value,
    "bytes_value": lambda value: value.bytes_value,
    "timestamp_value": lambda value: value.timestamp_value.ToDatetime(UTC),
    "map_value": lambda value: _decode_map(value.map_value.fields),
    "array_value": lambda value: _decode_array(value.array_value.values),
}
