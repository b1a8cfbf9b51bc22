"""The OpenAPI 3.1 document, made from the same table that is served."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from shared.auth.tenancy import TENANT_PATTERN
from shared.serve.rest import Route
from shared.serve.schema import schema
from shared.spelling import Case

_TENANT: Final = {"type": "string", "pattern": TENANT_PATTERN, "description": "Whose data."}
_REF: Final = "#/components/schemas/"
_HEADERS: Final = {
    "X-RateLimit-Limit": ("Calls a minute for the organization, MCP and REST together.", "integer"),
    "X-RateLimit-Remaining": ("Whole calls left.", "integer"),
    "X-RateLimit-Reset": ("Epoch seconds when the budget is full again.", "integer"),
    "X-Request-Id": ("Names this request in our logs.", "string"),
}


def document(
    routes: Sequence[Route],
    *,
    title: str,
    version: str,
    server: str,
    description: str,
    case: Case = Case.SNAKE,
) -> Callable[[], bytes]:
    """Makes the document as JSON when it is first asked for: few ever ask, and a start is quicker.

    Args:
        routes: what is served; nothing else is described.
        title: the API's name.
        version: the API's version, not the product's.
        server: the base URL all paths are below.
        description: what it is for, in a sentence.
        case: the letter case of arguments.
    """

    @cache
    def made() -> bytes:
        info = {"title": title, "version": version, "description": description}
        return orjson.dumps(_document(routes, info, server, case))

    return made


def _document(
    routes: Sequence[Route], info: Mapping[str, str], server: str, case: Case
) -> dict[str, Any]:
    components: dict[str, Any] = {**_ERROR_SCHEMAS}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components, case)
    return {
        "openapi": "3.1.0",
        "info": info,
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


def _operation(route: Route, components: dict[str, Any], case: Case) -> dict[str, Any]:
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
            str(route.status): {
                "description": "The answer.",
                "headers": _headers(),
                "content": content,
            },
            **_errors(route, components),
        },
    }
    taken = schema(TypeAdapter(route.tool.takes_in(case)), mode="in", ref=_REF + "{model}")
    parameters = list(_parameters(route, taken))
    if parameters:
        operation["parameters"] = parameters
    if route.method != "GET":
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _named(taken, components)}},
        }
    return operation


def _parameters(route: Route, taken: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments that stand in the path or the query, taken out of those of the body."""
    of_path = re.findall(r"\{(\w+)\}", route.path)
    needed = frozenset(taken.get("required", ()))
    for name in (*of_path, *sorted(route.query)):
        described = taken["properties"].pop(name, _TENANT)
        taken["required"] = [each for each in taken.get("required", ()) if each != name]
        yield {
            "name": name,
            "in": "path" if name in of_path else "query",
            "required": name in of_path or name in needed,
            "schema": described,
        }


def _reference(adapter: TypeAdapter[Any], mode: Any, components: dict[str, Any]) -> dict[str, Any]:
    """The type's schema, its definitions moved to the document's components."""
    return _named(schema(adapter, mode=mode, ref=_REF + "{model}"), components)


def _named(made: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The schema among the components, where it has a name; a reference to it then."""
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


def _errors(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, str | tuple[str, str]] = {
        "401": "No API key, or one that is not good (any more).",
        "403": "The key's organization may not use this API.",
        "429": "The organization's calls are used up; see Retry-After.",
        "500": "Something went wrong on our side.",
        "503": "Try again in a moment.",
        "422": ("The request does not fit; each entry names a field.", "ValidationErrors"),
        **route.errors,
    }
    if route.method != "GET":
        described["413"] = "The body is too large."
        described["415"] = "The body must be application/json."
    own = route.refusals
    media_type, usual = "application/json", "Error"
    if own is not None:
        components[own.name] = dict(own.schema)
        media_type, usual = own.media_type, own.name
        del described["422"]
    return {status: _error(said, media_type, usual) for status, said in sorted(described.items())}


def _error(said: str | tuple[str, str], media_type: str, usual: str) -> dict[str, Any]:
    description, name = (said, usual) if isinstance(said, str) else said
    content = {media_type: {"schema": {"$ref": f"{_REF}{name}"}}}
    return {"description": description, "content": content}


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
