"""The paths of destinations: endpoints, and the description of each version."""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson
from pydantic import ValidationError

from functions.destinations.described import document
from functions.destinations.parameters import body_of
from functions.destinations.reading import Address, Reader, admitted, origins
from shared import log
from shared.app import App
from shared.auth.caller import ApiKey
from shared.auth.rate import budget_of
from shared.errors import Problem
from shared.pipeline import delivery
from shared.pipeline.delivery_query import ID, DeliveryQuery
from shared.pipeline.destinations import ENDPOINTS, OPENAPI, origins_of
from shared.serve.bearer import api_key
from shared.serve.discovery import base_path
from shared.serve.http import (
    JSON,
    Entrance,
    Head,
    Headers,
    Scope,
    error_body,
    respond,
    safely,
)
from shared.serve.json_body import read_object
from shared.serve.problem_details import MEDIA_TYPE, problem_details, status_of
from shared.serve.run import Runner, internal
from shared.serve.told import budget_headers, refusal_headers
from shared.tool import invalid_arguments

_PARTS: Final = 4
_OK: Final = 200
_KEPT_SECONDS: Final = 5.0
"""How long an instance tells a public version's description without looking anything up."""
_MOST_KEPT: Final = 1_000
_METHODS: Final = {OPENAPI: ("GET",)}
_BOTH: Final = ("GET", "POST")
_EXPOSED: Final = (
    b"etag, retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset"
)


_Given = Sequence[tuple[str, str]] | Mapping[str, Any] | Problem
"""Parameters, a body, or why it could not be read: told once it is known who is calling."""


class _Asked(NamedTuple):
    """A request, read as far as it can be without looking anything up."""

    address: Address
    key: ApiKey | None
    given: _Given
    if_none_match: str
    request_id: str


class _Answer(NamedTuple):
    """What a request came to."""

    status: int
    body: bytes
    headers: Headers = ()
    origins: tuple[str, ...] = ()


class _Kept(NamedTuple):
    """The description of a public version, which anybody is told, and until when."""

    answer: _Answer
    until: float


class DestinationsHost:
    """Serves `/{tenant}/{destination}/{version}/{endpoint}` below its base: an ASGI application."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._runner = Runner(app)
        self._settings = app.settings
        self._entrance = Entrance(app.settings)
        self._base = base_path(app.settings.destinations_url)
        self._described: dict[Address, _Kept] = {}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)

        async def failed(sending: Any) -> None:
            answer = _refused(internal(head.request_id), head.request_id)
            headers = ((b"x-request-id", head.request_id.encode()), *answer.headers)
            await respond(sending, answer.status, answer.body, headers)

        def answer(sending: Any) -> Any:
            return self._answered(scope, head, receive, sending)

        await safely(answer, head, send, failed)

    async def _answered(self, scope: Scope, head: Head, receive: Any, send: Any) -> None:
        always = ((b"x-request-id", head.request_id.encode()),)
        if not self._entrance.knows(head):
            message = "This server does not answer to that host."
            await respond(send, 421, error_body(message), (JSON, *always))
            return
        address = self._address(head.path)
        methods = _METHODS.get(address.endpoint, _BOTH) if address else ()
        if address is None:
            problem = Problem("not_found", "Paths are tenant/destination/version/endpoint.")
            answer = _refused(problem, head.request_id)
        elif (kept := self._described.get(address)) and self._is_kept(scope, head, kept):
            answer = kept.answer
        elif head.method == "OPTIONS":
            allowed = await self._runner.hop(partial(origins, self._app, address))
            answer = _Answer(204, b"", _preflight(head, methods, allowed), allowed)
        elif head.method not in methods:
            allow = (b"allow", ", ".join((*methods, "OPTIONS")).encode())
            answer = _Answer(405, error_body("Method Not Allowed"), (JSON, allow))
        else:
            answer = await self._read(scope, head, receive, address)
        headers = (*always, *answer.headers, *_cors(head, answer.origins))
        cache = b"no-cache" if answer.status in (200, 304) else b"no-store"
        await respond(send, answer.status, answer.body, headers, cache=cache)

    def _address(self, path: str) -> Address | None:
        parts = path.removeprefix(f"{self._base}/").removesuffix("/").split("/")
        return Address(*parts) if len(parts) == _PARTS and all(parts) else None

    async def _read(self, scope: Scope, head: Head, receive: Any, address: Address) -> _Answer:
        try:
            key = _key(head, self._settings.api_key_prefix)
        except Problem as problem:
            log.refused("destinations", problem.code, head.request_id)
            problem.drop_traceback()
            return _refused(problem, head.request_id)
        given: _Given
        try:
            given = await self._given(scope, head, receive)
        except Problem as problem:
            given = problem
        etag = head.headers.get("if-none-match", "")
        asked = _Asked(address, key, given, etag, head.request_id)
        answer = await self._runner.hop(partial(_answer, self._app, asked), address.tenant)
        if address.endpoint == OPENAPI and key is None and not given and answer.status == _OK:
            self._keep(address, answer)
        return answer

    def _keep(self, address: Address, answer: _Answer) -> None:
        if len(self._described) >= _MOST_KEPT:
            self._described.clear()
        told = answer._replace(headers=(JSON,))  # it draws from no budget
        self._described[address] = _Kept(told, self._app.clock.time() + _KEPT_SECONDS)

    def _is_kept(self, scope: Scope, head: Head, kept: _Kept) -> bool:
        """Whether a request asks for a description as anybody does, and it is not too old."""
        plain = head.method == "GET" and not scope.get("query_string")
        is_new = 0 <= kept.until - self._app.clock.time() <= _KEPT_SECONDS
        return plain and is_new and "authorization" not in head.headers

    async def _given(
        self, scope: Scope, head: Head, receive: Any
    ) -> Sequence[tuple[str, str]] | Mapping[str, Any]:
        query = scope.get("query_string", b"").decode("latin-1")
        parameters = parse_qsl(query, keep_blank_values=True)
        if head.method == "GET":
            return parameters
        if parameters:
            raise Problem("invalid", "A POST takes its query in the body.", field=parameters[0][0])
        return await read_object(receive, head, self._settings.max_body)


def _key(head: Head, prefix: str) -> ApiKey | None:
    """The key of a request, if it has one. Raises `unauthenticated` for what is none."""
    return api_key(head, prefix) if "authorization" in head.headers else None


def _answer(app: App, asked: _Asked) -> _Answer:
    """Look everything up and answer. What nobody expected goes on, once it is logged as a call."""
    started = time.perf_counter()
    reader: Reader | None = None
    outcome = "internal"
    try:
        reader = admitted(app, asked.address, asked.key, asked.request_id)
        answer = _of(app, asked, reader)
    except Problem as problem:
        problem.drop_traceback()
        outcome = problem.code
        return _refused(problem, asked.request_id, reader)
    else:
        outcome = "ok"
        return answer
    finally:
        caller = reader.call.caller if reader else None
        log.line(
            "call",
            level=logging.INFO,
            tool="read_endpoint",
            surface="destinations",
            outcome=outcome,
            org=caller.org if caller else "",
            by=caller.subject if caller else "",
            client=None,
            ms=int((time.perf_counter() - started) * 1_000_000) / 1000,
            requestId=asked.request_id,
        )
        if reader is not None:
            _measure(app, asked.address, reader, outcome, time.perf_counter() - started)


def _measure(app: App, address: Address, reader: Reader, outcome: str, took: float) -> None:
    """Count a call for the tenant's metrics, by endpoint where there is one."""
    id_ = f"{address.audience}.{address.endpoint}"
    is_one = reader.space.configuration.find(ENDPOINTS, id_) is not None
    endpoint = id_ if is_one else address.endpoint if address.endpoint == OPENAPI else ""
    tenant = address.tenant
    app.metrics.count(tenant, "destination.requests", endpoint=endpoint, status=outcome)
    ms = round(took * 1000)
    app.metrics.count(tenant, "destination.latency_ms", ms, endpoint=endpoint)


def _of(app: App, asked: _Asked, reader: Reader) -> _Answer:
    if isinstance(asked.given, Problem):
        raise asked.given
    allowed = _allowed(reader)
    headers = budget_headers(reader.budget)
    if asked.address.endpoint == OPENAPI:
        body = document(app, reader, asked.address)
        return _Answer(200, body, (JSON, *headers), allowed)
    configuration = reader.space.configuration
    address = asked.address
    found = delivery.answering(
        configuration, address.destination, address.version, address.endpoint
    )
    given = asked.given
    if not isinstance(given, Mapping):
        given = body_of(given, {*found.endpoint.value.properties, ID})
    try:
        query = DeliveryQuery.model_validate(given)
    except ValidationError as error:
        raise invalid_arguments(error.errors(include_url=False)) from None
    head = reader.space.head(found.endpoint.value.collection)
    etag = delivery.etag(found, head, query)
    headers = (*headers, (b"etag", etag.encode()))
    if etag in [each.strip().removeprefix("W/") for each in asked.if_none_match.split(",")]:
        return _Answer(304, b"", headers, allowed)
    delivered = delivery.ask(reader.space, found, query)
    return _Answer(200, orjson.dumps(delivered.body), (JSON, *headers), allowed)


def _allowed(reader: Reader) -> tuple[str, ...]:
    return origins_of(reader.destination, reader.version)


def _refused(problem: Problem, request_id: str, reader: Reader | None = None) -> _Answer:
    budget = reader.budget if reader else budget_of(problem)
    kind = (b"content-type", MEDIA_TYPE)
    headers = (kind, *budget_headers(budget), *refusal_headers(problem))
    body = orjson.dumps(problem_details(problem, request_id), default=str)
    allowed = _allowed(reader) if reader else ()
    return _Answer(status_of(problem), body, headers, allowed)


def _cors(head: Head, allowed: Sequence[str]) -> tuple[tuple[bytes, bytes], ...]:
    """What lets a page read the answer, where its origin is one of the version's."""
    vary = (b"vary", b"origin")
    origin = head.headers.get("origin")
    if origin is None or origin not in allowed:
        return (vary,)
    return (
        vary,
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-expose-headers", _EXPOSED),
    )


def _preflight(
    head: Head, methods: Sequence[str], allowed: Sequence[str]
) -> tuple[tuple[bytes, bytes], ...]:
    if head.headers.get("origin") not in allowed:
        return ()
    return (
        (b"access-control-allow-methods", ", ".join(methods).encode()),
        (b"access-control-allow-headers", b"authorization, content-type, if-none-match"),
        (b"access-control-max-age", b"600"),
    )
