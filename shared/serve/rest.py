"""REST: a table of method, path and tool, served with the errors of docs/protocol.md."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson

from shared import log, refusals
from shared.auth.caller import Credential, Surface
from shared.errors import Problem
from shared.invoke import Reply, Request
from shared.serve.bearer import api_key
from shared.serve.habits import of_text
from shared.serve.http import (
    JSON,
    Entrance,
    Head,
    Scope,
    error_body,
    respond,
    safely,
)
from shared.serve.json_body import read_object
from shared.serve.run import Runner
from shared.serve.told import budget_headers, refusal_headers
from shared.spelling import PLAIN, Spelling
from shared.tool import Tool

Shown = tuple[bytes, Sequence[tuple[bytes, bytes]]]


class Refusals(NamedTuple):
    """How a route says what is wrong, where it is not that of docs/protocol.md.

    Attributes:
        make: the answer's body, from a problem and the request's id.
        media_type: the body's; `schema` describes it, and `name` is what the document calls that.
        statuses: by the problem's code, where it is not the problem's own.
    """

    make: Callable[[Problem, str], Mapping[str, Any]]
    media_type: str
    name: str
    schema: Mapping[str, Any]
    statuses: Mapping[str, int]


DETAIL: Final = {
    "catalog_not_granted": "catalog_not_found",
    "forbidden": "api_key_forbidden",
    "insufficient_scope": "api_key_forbidden",
    "rate_limited": "rate_limit_exceeded",
}
"""The protocol's words where they differ from the problem's code."""


@dataclass(frozen=True)
class Route:
    """One operation of the API.

    Attributes:
        path: below the base, beginning with a slash. A part in braces is an argument of that name;
            `{tenant}` is whose data the call is about.
        operation_id: its name in the OpenAPI document.
        show: makes another form of the answer than JSON, from the arguments and the JSON body;
            None leaves it as it is.
        other_forms: media types `show` makes, for the OpenAPI document.
        errors: further error answers: status to description, and schema name where it is its own.
        query: arguments that stand in the query although there is a body.
        status: of the answer.
        refusals: how it says what is wrong; None for the protocol's way.
        most_body: bytes; the settings' where it is not given.
    """

    method: str
    path: str
    operation_id: str
    tool: Tool[Any]
    show: Callable[[Mapping[str, Any], bytes], Shown | None] | None = None
    other_forms: tuple[str, ...] = ()
    errors: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    query: frozenset[str] = frozenset()
    status: int = 200
    refusals: Refusals | None = None
    most_body: int | None = None

    @cached_property
    def pattern(self) -> str:
        """What its path matches, as a regular expression."""
        parts = re.split(r"\{(\w+)\}", self.path)
        named = [
            f"(?P<{part}>[^/]+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)
        ]
        return "".join(named)


class RestHost:
    """Serves routes below a base path, an ASGI application.

    Args:
        routes: the table.
        runner: runs what may block.
        base: the path all routes stand below, `/v1`.
        document: the OpenAPI document's bytes, served at `{base}/openapi.json` to anybody.
        surface: what the calls are logged and counted as.
        authenticate: who is calling, from a request's head; API keys when left out.
        spelling: the letter case of arguments and results.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        runner: Runner,
        *,
        base: str,
        document: Callable[[], bytes] | None = None,
        surface: Surface = "rest",
        authenticate: Callable[[Head], Awaitable[Credential]] | None = None,
        spelling: Spelling = PLAIN,
    ) -> None:
        self._runner = runner
        self._settings = runner.app.settings
        self._entrance = Entrance(self._settings)
        self._document = document
        self._surface: Surface = surface
        self._authenticate = authenticate or self._api_key
        self._spelling = spelling
        self._table: dict[str, dict[str, Route | None]] = {}
        self._patterns: dict[re.Pattern[str], dict[str, Route | None]] = {}
        if document is not None:
            self._table[f"{base}/openapi.json"] = {"GET": None}
        for route in routes:
            if "{" in route.path:
                pattern = re.compile(re.escape(base) + route.pattern)
                self._patterns.setdefault(pattern, {})[route.method] = route
            else:
                self._table.setdefault(f"{base}{route.path}", {})[route.method] = route

    def serves(self, path: str) -> bool:
        """Whether one of its routes stands there."""
        return self._found(path) is not None

    def _found(self, path: str) -> tuple[Mapping[str, Route | None], dict[str, str]] | None:
        """The routes at a path by method, and the arguments that the path names."""
        exact = self._table.get(path)
        if exact is not None:
            return exact, {}
        for pattern, methods in self._patterns.items():
            if (match := pattern.fullmatch(path)) is not None:
                return methods, match.groupdict()
        return None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)
        await safely(lambda sending: self._answered(scope, head, receive, sending), head, send)

    async def _answered(self, scope: Scope, head: Head, receive: Any, send: Any) -> None:
        always = ((b"x-request-id", head.request_id.encode()), *self._entrance.cors(head))
        refusal = self._entrance.refusal(head)
        found = self._found(head.path)
        methods, named = found or ({}, {})
        if refusal is not None:
            await respond(send, refusal[0], error_body(refusal[1]), (JSON, *always))
        elif head.method == "OPTIONS":
            await respond(send, 204, b"", (*always[:1], *self._entrance.preflight(head)))
        elif found is None:
            await respond(send, 404, error_body("Not Found"), (JSON, *always))
        elif head.method not in methods:
            allow = (b"allow", ", ".join(sorted(methods)).encode())
            await respond(send, 405, error_body("Method Not Allowed"), (JSON, allow, *always))
        elif (route := methods[head.method]) is None:
            document = self._document() if self._document else b""
            await respond(send, 200, document, (JSON, *always))
        else:
            reply, shown = await self._serve(route, scope, head, receive, named)
            await self._answer(send, route, reply, shown, head.request_id, always)

    async def _serve(
        self, route: Route, scope: Scope, head: Head, receive: Any, named: dict[str, str]
    ) -> tuple[Reply, Shown | None]:
        try:
            credential = await self._authenticate(head)
        except Problem as problem:
            log.refused(self._surface, problem.code, head.request_id)
            problem.drop_traceback()
            return Reply(problem=problem), None
        request = Request(
            credential,
            self._surface,
            head.request_id,
            tenant=named.get("tenant", ""),
            spelling=self._spelling,
        )
        try:
            arguments = await self._arguments(route, scope, head, receive)
            arguments |= {name: each for name, each in named.items() if name != "tenant"}
        except Problem as problem:
            return await self._runner.run(route.tool, request, problem), None
        reply = await self._runner.run(route.tool, request, arguments)
        if reply.body is None or route.show is None:
            return reply, None
        return reply, route.show(arguments, reply.body)

    async def _api_key(self, head: Head) -> Credential:
        return api_key(head, self._settings.api_key_prefix)

    async def _arguments(
        self, route: Route, scope: Scope, head: Head, receive: Any
    ) -> dict[str, Any]:
        """The query of a GET, the body of anything else. Raises `invalid` for what is neither."""
        query = scope.get("query_string", b"").decode("latin-1")
        given = dict(parse_qsl(query, keep_blank_values=True))
        arguments = of_text(route.tool, given, self._spelling.arguments)
        if route.method == "GET":
            return arguments
        unknown = {name: each for name, each in arguments.items() if name not in route.query}
        if unknown:
            raise _no_query(unknown)
        most = route.most_body or self._settings.max_body
        body = await read_object(receive, head, most)
        return {**body, **arguments}

    async def _answer(
        self,
        send: Any,
        route: Route,
        reply: Reply,
        shown: Shown | None,
        request_id: str,
        always: Any,
    ) -> None:
        headers = (*always, *budget_headers(reply.budget))
        if reply.problem is None:
            body, own = shown or (reply.body or b"null", (JSON,))
            await respond(send, route.status, body, (*own, *headers))
            return
        problem = reply.problem
        headers = (*headers, *refusal_headers(problem))
        status, media_type, said = _refusal(problem, route, request_id)
        kind = (b"content-type", media_type.encode())
        await respond(send, status, orjson.dumps(said, default=str), (kind, *headers))


def _refusal(problem: Problem, route: Route, request_id: str) -> tuple[int, str, Mapping[str, Any]]:
    """Status, media type and body of the answer to a problem."""
    own = route.refusals
    if own is None:
        return problem.status, "application/json", {"detail": _detail(problem, route)}
    status = own.statuses.get(problem.code, problem.status)
    return status, own.media_type, own.make(problem, request_id)


def _detail(problem: Problem, route: Route) -> Any:
    if problem.code == "unauthenticated":
        return problem.message
    if problem.code in ("invalid", "invalid_limit"):
        where = problem.details.get("where", "query" if route.method == "GET" else "body")
        errors = problem.details.get("errors") or [_by_the_tool(problem)]
        return [{**error, "loc": [where, *error["loc"]]} for error in errors]
    return DETAIL.get(problem.code, problem.code)


def _by_the_tool(problem: Problem) -> dict[str, Any]:
    """What a tool checks itself, in the form of what the schema would have checked."""
    details = dict(problem.details)
    field_name = details.pop("field", "limit" if problem.code == "invalid_limit" else None)
    loc = [] if field_name is None else [field_name]
    return {"type": problem.code, "loc": loc, "msg": problem.message, "ctx": details}


def _no_query(given: Mapping[str, str]) -> Problem:
    return Problem(
        "invalid",
        "This operation takes its arguments in the body, none in the query.",
        where="query",
        errors=refusals.shown(
            [
                {
                    "type": "extra_forbidden",
                    "loc": (name,),
                    "msg": "Extra inputs are not permitted",
                    "input": value,
                }
                for name, value in given.items()
            ]
        ),
    )
