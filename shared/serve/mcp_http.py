"""The MCP endpoint: stateless Streamable HTTP for handshake-era and 2026-07-28 clients.

The order of judging is the product's: host and origin, then who is calling, then method, then
body. A request is classified by the SDK's rules. A call of one of our tools is answered here, every
other method by the SDK's own runner, one for each request; what a further tool may answer with
notifications goes through the SDK's transport (docs/requests.md, "MCP").
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import anyio
import orjson
from mcp.server.connection import Connection
from mcp.server.runner import ServerRunner
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import InboundModernRoute
from mcp.shared.transport_context import TransportContext
from mcp_types import INVALID_REQUEST
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shared import log
from shared.auth.caller import ApiKey, Token
from shared.auth.faces import Face
from shared.errors import Problem
from shared.invoke import Request
from shared.serve.apps.negotiated import shows_pages
from shared.serve.bearer import api_key, bearer, challenge
from shared.serve.discovery import authorization_server
from shared.serve.http import (
    JSON,
    Entrance,
    Head,
    Scope,
    decoded,
    error_body,
    read_body,
    respond,
    safely,
    same_host,
)
from shared.serve.mcp_calls import Refused, Served, current
from shared.serve.mcp_kept import KeptLists, Kind
from shared.serve.mcp_messages import (
    EVENTS,
    Message,
    Rejected,
    agreeable,
    check_headers,
    classify,
    event,
    failed,
    parse,
    takes_stream,
)
from shared.serve.mcp_paths import Paths, Place, metadata_of
from shared.serve.mcp_progress import ProgressStream
from shared.serve.mcp_server import ToolServer
from shared.serve.mcp_stream import StreamingTransport
from shared.serve.narrowing import WHOLE, Narrowing, narrowing
from shared.serve.run import Runner
from shared.tool import Tool

WELL_KNOWN: Final = "/.well-known/"


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


class McpEndpoint:
    """One face's MCP endpoint, and those of its tenants: an ASGI application.

    Args:
        face: its row of the table.
        served: its tools and other handlers (`mcp_server.tool_server`).
        runner: runs what may block.
        streaming: names of further tools that may send notifications while they run.
    """

    def __init__(
        self,
        face: Face,
        served: ToolServer,
        runner: Runner,
        *,
        streaming: frozenset[str] = frozenset(),
    ) -> None:
        settings = runner.app.settings
        self._face = face
        self._server = served.server
        self._calls = served.calls
        self._toolsets = served.toolsets
        self._lists_alike = served.lists_alike
        self._has_pages = served.has_pages
        self._runner = runner
        self._resource = settings.addresses[face.name]
        self._paths = Paths(self._resource, tenants=face.tenants)
        self._scopes = tuple(face.scopes)
        self._settings = settings
        self._entrance = Entrance(settings)
        self._streaming = streaming
        self._transport = StreamingTransport(served.server)
        self._listed = KeptLists()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)
        await safely(partial(self._answer, scope, head, receive), head, send)

    def _answer(self, scope: Scope, head: Head, receive: Any, send: Any) -> Awaitable[None]:
        document = self._described(head) if WELL_KNOWN in head.path else None
        public = document is not None
        cors = self._entrance.cors(head, public=public)
        always = ((b"x-request-id", head.request_id.encode()), *cors)
        refusal = self._entrance.refusal(head, public=public)
        if refusal is not None:
            status, message = refusal
            return respond(send, status, error_body(message), (JSON, *always))
        if head.method == "OPTIONS":
            preflight = self._entrance.preflight(head, public=public)
            return respond(send, 204, b"", (*always[:1], *preflight))
        if document is not None:
            return self._document(head, send, document, always)
        place = self._paths.endpoint(head.path)
        if place is not None:
            return self._endpoint(scope, receive, send, head, place, always)
        return respond(send, 404, error_body("Not Found"), (JSON, *always))

    def _described(self, head: Head) -> dict[str, Any] | None:
        """The document that stands at a path: resource metadata, or the authorization server's.

        A tenant's is answered for any well-formed name: who asks is not known here.
        """
        if not self._settings.sign_in:
            return None
        place = self._paths.described(head.path)
        if place is not None:
            return {
                "resource": self._address(place, head),
                "authorization_servers": [self._settings.auth_url],
                "scopes_supported": list(self._scopes),
                "bearer_methods_supported": ["header"],
            }
        if self._paths.served_by(head.path) is not None:
            return authorization_server(self._settings)
        return None

    def _address(self, place: Place, head: Head) -> str:
        """An endpoint's address, spelled with the (known) host the client used."""
        return self._origin(head) + place.path

    def _origin(self, head: Head) -> str:
        return same_host(self._resource, head).removesuffix(self._paths.own.path)

    async def _document(self, head: Head, send: Any, document: Any, always: Any) -> None:
        """A document that any page may read."""
        if head.method not in ("GET", "HEAD"):
            await respond(send, 405, b"", (*always, (b"allow", b"GET, HEAD")))
            return
        body = orjson.dumps(document)
        await respond(send, 200, body, (JSON, *always), head_only=head.method == "HEAD")

    async def _endpoint(
        self, scope: Scope, receive: Any, send: Any, head: Head, place: Place, always: Any
    ) -> None:
        try:
            request = Request(
                await self._verified(head),
                self._face.surface,
                head.request_id,
                tenant=place.tenant,
                spelling=self._face.spelling,
            )
            if head.method != "POST":
                await respond(send, 405, b"", (*always, (b"allow", b"POST")))
                return
            await self._post(scope, receive, send, head, request, always)
        except Refused as refused:
            status, header = self._refusal(refused.problem, head, place)
            body = error_body(refused.problem.message)
            await respond(
                send, status, body, (JSON, header, *always), head_only=head.method == "HEAD"
            )
        except Rejected as rejected:
            await respond(send, rejected.status, rejected.body, (JSON, *always))
        except Problem as problem:
            await respond(send, problem.status, error_body(problem.message), (JSON, *always))

    async def _verified(self, head: Head) -> Token | ApiKey:
        text = bearer(head)
        try:
            if text is None:
                raise _no_token()
            if self._face.takes_keys and text.startswith(f"{self._settings.api_key_prefix}_"):
                return api_key(head, self._settings.api_key_prefix)
            return await self._runner.verify(text, self._face)
        except Problem as problem:
            raise self._refused(problem, head.request_id) from None

    def _refused(self, problem: Problem, request_id: str) -> Problem | Refused:
        """What a request that was not admitted is answered with, having logged that."""
        log.refused(self._face.surface, problem.code, request_id)
        challenged = problem.code not in ("unavailable", "tenant_not_found")
        return Refused(problem) if challenged else problem

    def _refusal(
        self, problem: Problem, head: Head, place: Place
    ) -> tuple[int, tuple[bytes, bytes]]:
        metadata = None
        if self._settings.sign_in:
            metadata = f"{self._origin(head)}{metadata_of(place)}"
        asked = problem.details.get("scopes")
        return problem.status, challenge(
            metadata=metadata,
            scopes=asked or self._scopes,
            problem=problem if "authorization" in head.headers else None,
        )

    async def _post(
        self, scope: Scope, receive: Any, send: Any, head: Head, request: Request, always: Any
    ) -> None:
        kind = check_headers(head)
        served = Served(request, self._narrowing(scope))
        raw = await read_body(receive, self._settings.max_body)
        if "content-encoding" in head.headers:
            raw = decoded(raw, head, self._settings.max_body)
        message = parse(raw)
        current.set(served)
        if "id" not in message:
            await self._admit(request)
            await respond(send, 202, b"", always)
        elif self._streaming and self._streams(message):
            await self._admit(request)
            await self._transport.serve(scope, raw, send, always)
        else:
            await self._reply(send, head, message, served, (kind, *always))

    def _narrowing(self, scope: Scope) -> Narrowing:
        query = scope.get("query_string")
        if not query:
            return WHOLE
        try:
            return narrowing(query.decode("latin-1"), self._toolsets)
        except Problem as problem:
            raise Rejected(INVALID_REQUEST, problem.message) from None

    async def _admit(self, request: Request) -> None:
        try:
            await self._runner.admit(request)
        except Problem as problem:
            raise self._refused(problem, request.request_id) from None

    def _streams(self, message: Message) -> bool:
        if message["method"] != "tools/call":
            return False
        name = (message.get("params") or {}).get("name")
        return isinstance(name, str) and name in self._streaming

    async def _reply(
        self, send: Any, head: Head, message: Message, served: Served, headers: Any
    ) -> None:
        """Answer a request: with JSON, or with events where its call tells its progress."""
        tool = None
        if message["method"] == "tools/call":
            tool = self._calls.find(message.get("params"), served.narrowing)
        stream = None
        if tool is not None and tool.streams:
            stream = _progress(head, message, send, headers[1:])
        if stream is None:
            body = _answer_to(message, await self._result(head, message, served, tool))
            await _respond(send, body, headers)
            return
        telling = served._replace(request=served.request._replace(progress=stream.tell))
        try:
            result = await stream.until(self._result(head, message, telling, tool))
            body = _answer_to(message, result)
        except (Rejected, Refused) as error:
            if not stream.has_begun:
                raise
            body = _as_event(error, message["id"])
        if stream.has_begun:
            await stream.finish(body)
        else:
            await _respond(send, body, headers)

    async def _result(
        self, head: Head, message: Message, served: Served, tool: Tool[Any] | None
    ) -> bytes:
        """The result's JSON. A tool of ours passes the gate in `invoke`; everything else does here.

        A list that depends on its `Kind` alone is kept; no other is, because it
        may be for this caller only.
        """
        method, params = message["method"], message.get("params")
        if tool is None:
            await self._admit(served.request)
        route = classify(head, message, self._server.get_tool_input_schema)
        version = route.protocol_version
        kind = None
        if self._lists_alike and method == "tools/list" and "cursor" not in (params or {}):
            pages = self._has_pages and shows_pages(version, route.client_capabilities)
            current.set(served._replace(pages=pages))
            kind = Kind(served.narrowing, version, pages)
            if (kept := self._listed.get(kind)) is not None:
                return kept
        try:
            if tool is not None:
                answer = await self._calls.answer(tool, params or {}, served.request, version)
                return orjson.dumps(answer)
            encoded = orjson.dumps(await self._sdk(head, route, message))
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001  the SDK's own boundary: it maps every failure
            raise failed(error, head, version, message["id"]) from None
        if kind is not None:
            self._listed.keep(kind, encoded)
        return encoded

    async def _sdk(self, head: Head, route: InboundModernRoute, message: Message) -> dict[str, Any]:
        """The SDK's own result of one request."""
        transport = TransportContext(
            kind="streamable-http", can_send_request=False, headers=head.headers
        )
        exchange = _Exchange(transport, message["id"])
        runner = ServerRunner(self._server, _connection(route, exchange), {})
        method, params = message["method"], message.get("params")
        return await runner.on_request(exchange, method, agreeable(method, params))


def _respond(send: Any, body: bytes, headers: Any) -> Awaitable[None]:
    """Send an answer as the first of the headers says: as JSON, or as one event."""
    return respond(send, 200, event(body) if headers[0] is EVENTS else body, headers)


def _answer_to(message: Message, result: bytes) -> bytes:
    """The whole JSON-RPC answer of a request."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (orjson.dumps(message["id"]), result)


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


def _as_event(error: Rejected | Refused, id_: Any) -> bytes:
    """A failure whose HTTP status can be told no more, because the answer has begun."""
    if isinstance(error, Refused):
        error = Rejected(INVALID_REQUEST, error.problem.message, id_=id_)
    return error.body


def _no_token() -> Problem:
    return Problem("unauthenticated", "Sign in to use this endpoint.")


def _progress(head: Head, message: Message, send: Any, headers: Any) -> ProgressStream | None:
    """Where a call's progress goes: nowhere, unless the client asked for it and can read it."""
    if not takes_stream(head):
        return None
    meta = message["params"].get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if not isinstance(token, (int, str)):
        return None
    return ProgressStream(token, send, headers)
