"""The OpenAPI document of one version: exactly what it answers, made from what it exposes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from functions.destinations.parameters import FLAGS, LISTS, NAMES, NUMBERS, TEXTS, TIMES
from functions.destinations.reading import Address, Reader
from shared.app import App
from shared.pipeline.cards import CardProperty
from shared.pipeline.delivery import Shown
from shared.pipeline.delivery_query import ID, MOST_TOP, DeliveryQuery
from shared.pipeline.destinations import Endpoint, endpoints_of, protects
from shared.query.kinds import Kind
from shared.serve.problem_details import MEDIA_TYPE, SCHEMA
from shared.serve.schema import schema

_MOST_KEPT: Final = 256
_REF: Final = "#/components/schemas/"
_TYPES: Final[Mapping[Kind, Mapping[str, Any]]] = {
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.LOCALIZED_TEXT: {"type": ["string", "null"]},
    Kind.LIST: {"type": ["array", "null"], "items": {"type": "string"}},
    Kind.LOCALIZED_LIST: {"type": ["array", "null"], "items": {"type": "string"}},
    Kind.DECIMAL: {"type": ["number", "null"]},
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.BOOLEAN: {"type": ["boolean", "null"]},
    Kind.TIMESTAMP: {"type": ["string", "null"], "format": "date-time"},
}
_ERRORS: Final = {
    "400": "The request does not fit; `errors` names each field.",
    "401": "No key of this version, or one that is not good (any more).",
    "403": "The tenant is suspended.",
    "404": "No such version answers here, or it has no such endpoint.",
    "410": "A cursor from before the entries were built anew: ask without one.",
    "422": "Too many entries would have to be looked at: add a condition.",
    "429": "The tenant's calls are used up; see Retry-After.",
    "500": "Something went wrong on our side.",
    "503": "Try again in a moment.",
}
_BODY_ERRORS: Final = {
    "413": "The body is too large.",
    "415": "The body must be application/json.",
}
_HEADERS: Final = {
    "ETag": ("Names this answer; send it as If-None-Match.", "string"),
    "X-RateLimit-Limit": ("Calls a minute for the tenant's destinations.", "integer"),
    "X-RateLimit-Remaining": ("Whole calls left.", "integer"),
    "X-RateLimit-Reset": ("Epoch seconds when the budget is full again.", "integer"),
    "X-Request-Id": ("Names this request in our logs.", "string"),
}


def document(app: App, reader: Reader, address: Address) -> bytes:
    """The document as JSON; kept as long as nothing it is made from changes."""
    found = endpoints_of(reader.space.configuration, reader.version.id)
    shown = [Shown(reader.space.configuration, each.value, reader.destination) for each in found]
    known = (address.tenant, reader.version.id, reader.seen, *(each.seq for each in found))
    kept: dict[tuple[Any, ...], bytes] = app.once(_documents)
    body = kept.get(known)
    if body is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        server = f"{app.settings.destinations_url}/{'/'.join(address[:3])}"
        body = kept[known] = orjson.dumps(_document(reader, server, shown))
    return body


def _document(reader: Reader, server: str, shown: Iterable[Shown]) -> dict[str, Any]:
    version, destination = reader.version, reader.destination
    components: dict[str, Any] = {"Problem": SCHEMA}
    paths = {}
    for each in shown:
        components[each.endpoint.name] = _entry(each)
        components.setdefault("Query", _query(components))
        paths[f"/{each.endpoint.name}"] = {
            "get": _operation("get", each, destination.languages),
            "post": _operation("post", each, destination.languages),
        }
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": destination.name,
            "version": version.name,
            "description": version.description or destination.description,
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items()))},
    }
    if protects(destination, version):
        made["security"] = [{"key": []}]
        said = "The version's own key."
        scheme = {"type": "http", "scheme": "bearer", "description": said}
        made["components"]["securitySchemes"] = {"key": scheme}
    return made


def _operation(method: str, of: Shown, languages: Iterable[str]) -> dict[str, Any]:
    name = of.endpoint.name
    errors = {**_ERRORS, **(_BODY_ERRORS if method == "post" else {})}
    operation: dict[str, Any] = {
        "operationId": f"{'find' if method == 'post' else 'list'}_{name}",
        "summary": f"Read {name}.",
        "parameters": [_if_none_match()],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": _headers(),
                "content": {"application/json": {"schema": _answer(of.endpoint)}},
            },
            "304": {"description": "Nothing changed since the answer of that ETag."},
            **{status: _error(said) for status, said in sorted(errors.items())},
        },
    }
    if method == "get":
        operation["parameters"] += _parameters(of, languages)
    else:
        content = {"application/json": {"schema": {"$ref": f"{_REF}Query"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _error(said: str) -> dict[str, Any]:
    content = {MEDIA_TYPE.decode(): {"schema": {"$ref": f"{_REF}Problem"}}}
    return {"description": said, "content": content}


def _headers() -> dict[str, Any]:
    return {
        name: {"description": said, "schema": {"type": kind}}
        for name, (said, kind) in _HEADERS.items()
    }


def _if_none_match() -> dict[str, Any]:
    return {
        "name": "If-None-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ETag of an answer that is kept.",
    }


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    entry = {"$ref": f"{_REF}{endpoint.name}"}
    return {
        "type": "object",
        "properties": {
            "language": {"type": "string"},
            "total": {"type": "integer"},
            "results": {"type": "array", "items": {"anyOf": [entry, {"type": "string"}]}},
            "facets": {"type": "array", "items": _FACET},
            "deleted": {"type": "array", "items": {"type": "string"}},
            "cursor": {"type": ["string", "null"]},
            "until": {"type": "string", "format": "date-time"},
        },
        "required": ["language", "results", "cursor", "until"],
    }


_FACET: Final = {
    "type": "object",
    "properties": {
        "propertyId": {"type": "string"},
        "header": {"type": "string"},
        "values": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "key": {"type": ["string", "number", "boolean"]},
                    "count": {"type": "integer"},
                },
                "required": ["key", "count"],
            },
        },
    },
    "required": ["propertyId", "header", "values"],
}


def _entry(of: Shown) -> dict[str, Any]:
    """An entry: its own values, and related cards with theirs."""
    related = {
        relation: {"type": "array", "items": _values(properties)}
        for relation, properties in of.embedded.items()
    }
    made = _values(of.properties)
    made["properties"] |= related
    made["required"] = [*made["properties"]]
    return made


def _values(properties: Iterable[CardProperty]) -> dict[str, Any]:
    shown: dict[str, Any] = {ID: {"type": "string"}}
    for each in properties:
        title = {"title": each.name} if each.name else {}
        shown[each.id] = {**_TYPES[each.kind], **title}
    return {"type": "object", "properties": shown, "required": [*shown]}


def _query(components: dict[str, Any]) -> dict[str, Any]:
    """The body. It tells no defaults: generators take what has one for what is always there."""
    made = schema(TypeAdapter(DeliveryQuery), mode="in", ref=_REF + "{model}")
    made = _without_defaults(made)
    components.update(made.pop("$defs", {}))
    return dict(made)


def _without_defaults(described: Any) -> Any:
    if isinstance(described, list):
        return [_without_defaults(each) for each in described]
    if not isinstance(described, dict):
        return described
    is_schema = "type" in described or "$ref" in described or "anyOf" in described
    return {
        name: _without_defaults(each)
        for name, each in described.items()
        if not (is_schema and name == "default")
    }


def _parameters(of: Shown, languages: Iterable[str]) -> Iterator[dict[str, Any]]:
    limits: Mapping[str, Mapping[str, Any]] = {
        "top": {"type": "integer", "minimum": 1, "maximum": MOST_TOP, "default": 50},
        "skip": {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 0},
        "language": {"type": "string", "enum": list(languages)},
    }
    text = {"type": "string"}
    for name in (*NUMBERS, *TEXTS):
        yield _parameter(name, limits.get(name, text))
    for name in FLAGS:
        yield _parameter(name, {"type": "boolean", "default": False})
    for name in TIMES:
        yield _parameter(name, {"type": "string", "format": "date-time"})
    for name in (*LISTS, ID, *(each.id for each in of.properties)):
        if name in LISTS or name not in NAMES:
            yield _parameter(name, {"type": "array", "items": text})


def _parameter(name: str, described: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": dict(described)}


def _documents(app: App) -> dict[tuple[Any, ...], bytes]:
    del app
    return {}
