"""The MCP endpoint: stateless Streamable HTTP for handshake-era and 2026-07-28 clients.

The order of judging is the product's: host and origin, then who is calling, then method, then
body. A request is classified by the SDK's rules. A call of one of our tools is answered here, every
other method by the SDK's own runner, one for each request; what a streaming tool may answer with
notifications goes through the SDK's transport (docs/architecture.md, "MCP").
"""

import logging
import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import NoneType
from typing import Any, Final

import anyio
import orjson
from mcp.server.connection import Connection
from mcp.server.runner import ServerRunner
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    validate_mcp_param_headers,
)
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shared import log
from shared.auth.caller import Token
from shared.errors import Problem
from shared.invoke import Request
from shared.serve.bearer import METADATA_PATH, bearer, challenge
from shared.serve.discovery import authorization_server, metadata_paths
from shared.serve.http import (
    JSON,
    Entrance,
    Head,
    Scope,
    error_body,
    read_body,
    respond,
    safely,
    same_host,
)
from shared.serve.mcp_server import Face, Refused, current
from shared.serve.mcp_stream import StreamingTransport
from shared.serve.run import Runner

UNSTATED_VERSION: Final = "2025-03-26"
"""What a request without MCP-Protocol-Version may be taken for (2025-06-18, transports)."""
_ROUTING = ("mcp-protocol-version", "mcp-method", "mcp-name")
_ACCEPTED: Final = re.compile(r"application/json|\*/\*|application/\*")


@dataclass
class _Exchange:
    """The SDK's view of one HTTP request: no way back to the client but the answer."""

    transport: TransportContext
    request_id: int | str
    message_metadata: None = None
    progress_token: None = None
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Any = None
    ) -> dict[str, Any]:
        """Refused: a stateless server cannot ask the client anything."""
        del params, opts
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        """Dropped: a JSON answer has no room for notifications."""

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Dropped, like `notify`."""


class _Rejected(Exception):  # noqa: N818  an answer, not a failure
    """A JSON-RPC error to answer with."""

    def __init__(
        self, code: int, message: str, data: Any = None, *, id_: Any = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({} if data is None else {"data": data})}
        self.id = id_
        self.status = status


class McpEndpoint:
    """One face's MCP endpoint, an ASGI application.

    Args:
        face: its tools and other handlers (`mcp_server.build_face`).
        runner: runs what may block.
        path: where it stands, `/mcp`; the same with a slash behind it is the same endpoint.
        resource: the face's canonical URL: the audience of its tokens.
        scopes: what its resource metadata and challenges offer.
        streaming: names of tools that may send notifications while they run.
    """

    def __init__(
        self,
        face: Face,
        runner: Runner,
        *,
        path: str,
        resource: str,
        scopes: tuple[str, ...],
        streaming: frozenset[str] = frozenset(),
    ) -> None:
        settings = runner.app.settings
        self._server = face.server
        self._calls = face.calls
        self._runner = runner
        self._paths = (path, f"{path}/")
        self._metadata_paths = (METADATA_PATH, f"{METADATA_PATH}{path}", f"{path}{METADATA_PATH}")
        self._server_paths = metadata_paths(path)
        self._resource = resource
        self._scopes = scopes
        self._settings = settings
        self._entrance = Entrance(settings)
        self._streaming = streaming
        self._transport = StreamingTransport(face.server)
        self._listed: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)
        await safely(partial(self._answer, scope, head, receive), head, send)

    def _answer(self, scope: Scope, head: Head, receive: Any, send: Any) -> Awaitable[None]:
        always = ((b"x-request-id", head.request_id.encode()), *self._entrance.cors(head))
        refusal = self._entrance.refusal(head)
        if refusal is not None:
            status, message = refusal
            return respond(send, status, error_body(message), (JSON, *always))
        if head.method == "OPTIONS":
            return respond(send, 204, b"", (*always[:1], *self._entrance.preflight(head)))
        if head.path in self._paths:
            return self._endpoint(scope, receive, send, head, always)
        if head.path in self._metadata_paths and self._settings.sign_in:
            return self._metadata(head, send, always)
        if head.path in self._server_paths and self._settings.sign_in:
            return self._document(head, send, authorization_server(self._settings), always)
        return respond(send, 404, error_body("Not Found"), (JSON, *always))

    async def _metadata(self, head: Head, send: Any, always: Any) -> None:
        """RFC 9728 2. The resource is spelled with the (known) host the client used."""
        document = {
            "resource": same_host(self._resource, head),
            "authorization_servers": [self._settings.auth_url],
            "scopes_supported": list(self._scopes),
            "bearer_methods_supported": ["header"],
        }
        await self._document(head, send, document, always)

    async def _document(self, head: Head, send: Any, document: Any, always: Any) -> None:
        """A document that any page may read."""
        if head.method not in ("GET", "HEAD"):
            await respond(send, 405, b"", (*always, (b"allow", b"GET, HEAD")))
            return
        known = any(name == b"access-control-allow-origin" for name, _ in always)
        anybody = () if known else ((b"access-control-allow-origin", b"*"),)
        body = orjson.dumps(document)
        headers = (JSON, *anybody, *always)
        await respond(send, 200, body, headers, head_only=head.method == "HEAD")

    async def _endpoint(
        self, scope: Scope, receive: Any, send: Any, head: Head, always: Any
    ) -> None:
        try:
            request = Request(await self._verified(head), "mcp", head.request_id)
            if head.method != "POST":
                await respond(send, 405, b"", (*always, (b"allow", b"POST")))
                return
            await self._post(scope, receive, send, head, request, always)
        except Refused as refused:
            status, header = self._refusal(refused.problem, head)
            body = error_body(refused.problem.message)
            await respond(
                send, status, body, (JSON, header, *always), head_only=head.method == "HEAD"
            )
        except _Rejected as rejected:
            answer = {"jsonrpc": "2.0", "id": rejected.id, "error": rejected.error}
            await respond(send, rejected.status, orjson.dumps(answer), (JSON, *always))
        except Problem as problem:
            await respond(send, problem.status, error_body(problem.message), (JSON, *always))

    async def _verified(self, head: Head) -> Token:
        text = bearer(head)
        try:
            if text is None:
                raise _no_token()
            return await self._runner.verify(text)
        except Problem as problem:
            log.refused("mcp", problem.code, head.request_id)
            raise (problem if problem.code == "unavailable" else Refused(problem)) from None

    def _refusal(self, problem: Problem, head: Head) -> tuple[int, tuple[bytes, bytes]]:
        metadata = None
        if self._settings.sign_in:
            origin = same_host(self._resource, head).removesuffix(self._paths[0])
            metadata = f"{origin}{self._metadata_paths[1]}"
        asked = problem.details.get("scopes")
        return problem.status, challenge(
            metadata=metadata,
            scopes=asked or self._scopes,
            problem=problem if "authorization" in head.headers else None,
        )

    async def _post(
        self, scope: Scope, receive: Any, send: Any, head: Head, request: Request, always: Any
    ) -> None:
        _check_headers(head)
        raw = await read_body(receive, self._settings.max_body)
        message = _parse(raw)
        current.set(request)
        if "id" not in message:
            await self._admit(request)
            await respond(send, 202, b"", always)
        elif self._streams(message):
            await self._admit(request)
            await self._transport.serve(scope, raw, send, always)
        else:
            result = await self._result(head, message, request)
            id_ = orjson.dumps(message["id"])
            body = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id_, result)
            await respond(send, 200, body, (JSON, *always))

    async def _admit(self, request: Request) -> None:
        try:
            await self._runner.admit(request)
        except Problem as problem:
            log.refused("mcp", problem.code, request.request_id)
            raise (problem if problem.code == "unavailable" else Refused(problem)) from None

    def _streams(self, message: dict[str, Any]) -> bool:
        if message["method"] != "tools/call" or not self._streaming:
            return False
        name = (message.get("params") or {}).get("name")
        return isinstance(name, str) and name in self._streaming

    async def _result(self, head: Head, message: dict[str, Any], request: Request) -> bytes:
        """The result's JSON. The list of tools is the same for every caller, so it is kept.

        A tool of ours passes the gate in `invoke`; everything else does here.
        """
        method, params = message["method"], message.get("params")
        ours = method == "tools/call" and self._calls.knows(params)
        if not ours:
            await self._admit(request)
        route = self._classify(head, message)
        version = route.protocol_version
        listing = method == "tools/list" and "cursor" not in (params or {})
        if listing and version in self._listed:
            return self._listed[version]
        try:
            if ours:
                return orjson.dumps(await self._calls.answer(params or {}, version))
            encoded = orjson.dumps(await self._sdk(head, route, message))
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001  the SDK's own boundary: it maps every failure
            raise _failed(error, head, version, message["id"]) from None
        if listing:
            self._listed[version] = encoded
        return encoded

    async def _sdk(
        self, head: Head, route: InboundModernRoute, message: dict[str, Any]
    ) -> dict[str, Any]:
        """The SDK's own result of one request."""
        transport = TransportContext(
            kind="streamable-http", can_send_request=False, headers=head.headers
        )
        exchange = _Exchange(transport, message["id"])
        runner = ServerRunner(self._server, _connection(route, exchange), {})
        return await runner.on_request(exchange, message["method"], message.get("params"))

    def _classify(self, head: Head, message: dict[str, Any]) -> InboundModernRoute:
        """The protocol version of a request, by its header alone, and its envelope."""
        stated = head.headers.get("mcp-protocol-version")
        if stated is None or stated in HANDSHAKE_PROTOCOL_VERSIONS:
            return InboundModernRoute(stated or UNSTATED_VERSION, None, None)
        repeated = head.repeated.intersection(_ROUTING)
        if repeated:
            raise _Rejected(
                HEADER_MISMATCH, f"Header {min(repeated)} came more than once", id_=message["id"]
            )
        route = classify_inbound_request(message, headers=head.headers)
        if isinstance(route, InboundLadderRejection):
            raise _rejection(route, message["id"])
        schema = self._annotated(message)
        if schema is not None:
            arguments = message["params"].get("arguments") or {}
            refused = validate_mcp_param_headers(schema, arguments, head.headers)
            if refused is not None:
                raise _rejection(refused, message["id"])
        return route

    def _annotated(self, message: dict[str, Any]) -> Mapping[str, Any] | None:
        """The input schema of the called tool, if it mirrors arguments in headers (SEP-2243)."""
        if message["method"] != "tools/call" or self._server.get_tool_input_schema is None:
            return None
        return self._server.get_tool_input_schema(message["params"].get("name"))


def _connection(route: InboundModernRoute, exchange: _Exchange) -> Connection:
    """The SDK's facts about who is connected: for one request, what its envelope says.

    A handshake-era request has no envelope. Nothing here leaves anything on the connection's exit
    stack, so nobody has to unwind it.
    """
    if route.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return Connection.from_envelope(
            route.protocol_version, route.client_info, route.client_capabilities
        )
    connection = Connection(exchange, protocol_version=route.protocol_version)
    connection.initialized.set()
    return connection


def _no_token() -> Problem:
    return Problem("unauthenticated", "Sign in to use this endpoint.")


def _check_headers(head: Head) -> None:
    content_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise _Rejected(INVALID_REQUEST, "Content-Type must be application/json", status=415)
    accept = head.headers.get("accept")
    if accept is not None and not _ACCEPTED.search(accept):
        raise _Rejected(INVALID_REQUEST, "Accept must allow application/json", status=406)


def _parse(raw: bytes) -> dict[str, Any]:
    """One JSON-RPC request or notification."""
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _Rejected(PARSE_ERROR, "The body is not JSON") from None
    if (
        not isinstance(message, dict)
        or message.get("jsonrpc") != "2.0"
        or not isinstance(message.get("method"), str)
        or ("id" in message and type(message["id"]) not in (int, str))
    ):
        raise _Rejected(
            INVALID_REQUEST, "The body must be one JSON-RPC 2.0 request or notification"
        )
    if not isinstance(message.get("params"), (dict, NoneType)):
        raise _Rejected(INVALID_PARAMS, "params must be an object", id_=message.get("id"))
    return message


def _failed(error: Exception, head: Head, version: str, id_: Any) -> _Rejected:
    """What a failure is answered with: with an HTTP status of its own in the later era."""
    failure = _failure(error, head)
    legacy = version in HANDSHAKE_PROTOCOL_VERSIONS
    status = 200 if legacy else ERROR_CODE_HTTP_STATUS.get(failure.code, 200)
    return _Rejected(failure.code, failure.message, failure.data, id_=id_, status=status)


def _failure(error: Exception, head: Head) -> ErrorData:
    """What the client is told of a failure inside the SDK's serving; ours goes to the log alone."""
    expected = handler_exception_to_error_data(error)
    if expected is not None:
        return expected
    log.crash("mcp", requestId=head.request_id)
    return ErrorData(code=INTERNAL_ERROR, message="Internal server error")


def _rejection(found: InboundLadderRejection, id_: Any) -> _Rejected:
    status = ERROR_CODE_HTTP_STATUS.get(found.code, 400)
    return _Rejected(found.code, found.message, found.data, id_=id_, status=status)


logging.getLogger("mcp").setLevel(logging.WARNING)
