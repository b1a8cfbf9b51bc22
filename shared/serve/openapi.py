"""The OpenAPI 3.1 document, made from the same table that is served."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter

from shared.serve.rest import Route
from shared.serve.schema import schema

_REF: Final = "#/components/schemas/"
_HEADERS: Final = {
    "X-RateLimit-Limit": ("Calls a minute for the organization, MCP and REST together.", "integer"),
    "X-RateLimit-Remaining": ("Whole calls left.", "integer"),
    "X-RateLimit-Reset": ("Epoch seconds when the budget is full again.", "integer"),
    "X-Request-Id": ("Names this request in our logs.", "string"),
}


def document(
    routes: Sequence[Route], *, title: str, version: str, server: str, description: str
) -> dict[str, Any]:
    """The document.

    Args:
        routes: what is served; nothing else is described.
        title: the API's name.
        version: the API's version, not the product's.
        server: the base URL all paths are below.
        description: what it is for, in a sentence.
    """
    components: dict[str, Any] = {**_ERROR_SCHEMAS}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": server}],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of your organization.",
                }
            },
            "schemas": dict(sorted(components.items())),
        },
    }


def _operation(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    summary, _, rest = route.tool.description.partition("\n\n")
    content: dict[str, Any] = {
        "application/json": {"schema": _reference(route.tool.output, "out", components)}
    }
    content.update({kind: {"schema": {"type": "string"}} for kind in route.other_forms})
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": summary,
        "description": rest or summary,
        "responses": {
            "200": {"description": "The answer.", "headers": _headers(), "content": content},
            **_errors(route),
        },
    }
    if route.method != "GET":
        taken = _reference(TypeAdapter(route.tool.takes), "in", components)
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": taken}},
        }
    return operation


def _reference(adapter: TypeAdapter[Any], mode: Any, components: dict[str, Any]) -> dict[str, Any]:
    """The type's schema, its definitions moved to the document's components."""
    made = schema(adapter, mode=mode, ref=_REF + "{model}")
    components.update(made.pop("$defs", {}))
    name = made.get("title")
    if made.get("type") != "object" or not name:
        return made
    components[name] = made
    return {"$ref": f"{_REF}{name}"}


def _headers() -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": kind}}
        for name, (description, kind) in _HEADERS.items()
    }


def _errors(route: Route) -> dict[str, Any]:
    described = {
        "401": ("No API key, or one that is not good (any more).", "Error"),
        "403": ("The key's organization may not use this API.", "Error"),
        "429": ("The organization's calls are used up; see Retry-After.", "Error"),
        "500": ("Something went wrong on our side.", "Error"),
        "503": ("Try again in a moment.", "Error"),
        "422": ("The request does not fit; each entry names a field.", "ValidationErrors"),
        **route.errors,
    }
    if route.method != "GET":
        described["413"] = ("The body is too large.", "Error")
        described["415"] = ("The body must be application/json.", "Error")
    return {
        status: {
            "description": description,
            "content": {"application/json": {"schema": {"$ref": f"{_REF}{name}"}}},
        }
        for status, (description, name) in sorted(described.items())
    }


_ERROR_SCHEMAS: Final[dict[str, Any]] = {
    "Error": {
        "type": "object",
        "properties": {"detail": {"type": "string", "description": "What went wrong, as a code."}},
        "required": ["detail"],
    },
    "ValidationErrors": {
        "type": "object",
        "properties": {
            "detail": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"$ref": f"{_REF}ValidationError"}},
                ]
            }
        },
        "required": ["detail"],
    },
    "ValidationError": {
        "type": "object",
        "properties": {
            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
            "msg": {"type": "string"},
            "type": {"type": "string"},
            "input": {},
            "ctx": {"type": "object"},
        },
        "required": ["loc", "msg", "type"],
    },
}
