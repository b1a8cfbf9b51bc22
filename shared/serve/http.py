"""HTTP in as few moving parts as the hosts need: one request's head and body, one response.

A plain ASGI 3 application would need nothing else; functions-framework awaits whatever a function
returns as one, so a function returns its host.
"""

import random
import re
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from shared import log, tracing
from shared.errors import Problem
from shared.settings import Settings

Scope = Mapping[str, Any]
Headers = Iterable[tuple[bytes, bytes]]
Answer = Callable[[Any], Awaitable[None]]
JSON: Final = (b"content-type", b"application/json")
OWS: Final = " \t"
"""Optional white space (RFC 9110 5.6.3). Python's own idea of it takes more, which others keep."""
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_NONE: Final[frozenset[str]] = frozenset()
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_CORS_HEADERS: Final = (
    b"authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, "
    b"mcp-name, last-event-id, x-request-id"
)


class Head:
    """A request's method, path and headers; header names lower case (ASGI's rule), values stripped.

    `repeated` holds the names of headers that came more than once. Stripping matters: the HTTP
    parser keeps optional white space that RFC 9110 5.5 says is not part of a value.
    """

    __slots__ = ("headers", "method", "path", "repeated", "request_id")

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        sent: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1").strip(OWS) for name, value in sent
        }
        self.repeated = _repeated(sent) if len(self.headers) < len(sent) else _NONE
        given = self.headers.get("x-request-id")
        if given is None or not _REQUEST_ID.fullmatch(given):
            given = random.randbytes(8).hex()  # noqa: S311  unique is enough: it opens nothing
        self.request_id = given


def _repeated(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[str]:
    counts = Counter(name.decode("latin-1") for name, _ in headers)
    return frozenset(name for name, count in counts.items() if count > 1)


async def read_body(receive: Any, most: int) -> bytes:
    """The whole body. Raises `too_large` past `most` bytes, having stopped reading."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > most:
            raise _too_large(most)
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem("invalid", "The request ended before its body did.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
    return b"".join(parts)


def decoded(raw: bytes, head: Head, most: int) -> bytes:
    """The body without its content coding. Raises `too_large`, `unsupported_media_type`."""
    coding = head.headers.get("content-encoding", "").lower()
    if coding in ("", "identity"):
        return raw
    if coding not in ("gzip", "x-gzip"):
        raise Problem("unsupported_media_type", "Send the body as it is, or as gzip.")
    reading = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = reading.decompress(raw, most + 1)
    except zlib.error:
        raise Problem("unsupported_media_type", "The body is not gzip.") from None
    if len(body) > most:
        raise _too_large(most)
    if not reading.eof or reading.unused_data:
        raise Problem("unsupported_media_type", "The body is not one whole gzip.")
    return body


async def respond(
    send: Any,
    status: int,
    body: bytes = b"",
    headers: Headers = (),
    *,
    head_only: bool = False,
    cache: bytes = b"no-store",
) -> None:
    """Send one whole response. `cache`: what may be kept of it."""
    length = (b"content-length", b"%d" % len(body))
    sent = [length, (b"cache-control", cache), _NOSNIFF, *headers]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if head_only else body})


async def safely(serve: Answer, head: Head, send: Any, failed: Answer | None = None) -> None:
    """Run `serve(send)` as part of the trace that the request names.

    A failure nobody expected is told to the log and answered by `failed`, or with a plain 500.
    """
    started = False
    tracing.current.set(tracing.given(head.headers))

    async def sending(message: Any) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await serve(sending)
    except Exception:
        log.crash("request", requestId=head.request_id)
        if started:
            raise
        headers = (JSON, (b"x-request-id", head.request_id.encode()))
        if failed is None:
            await respond(send, 500, error_body("internal"), headers)
        else:
            await failed(send)


class Entrance:
    """Refuses requests for hosts that are not ours and from pages that are not ours.

    Against DNS rebinding (MCP transport security): an absent Origin is fine, since
    command-line clients send none; a present one must be known.
    """

    def __init__(self, settings: Settings) -> None:
        self._hosts = frozenset(map(plain_host, settings.known_hosts))
        self._origins = settings.known_origins

    def knows(self, head: Head) -> bool:
        """Whether the request is for a host that is ours."""
        host = head.headers.get("host", "")
        return host in self._hosts or plain_host(host) in self._hosts

    def refusal(self, head: Head, *, public: bool = False) -> tuple[int, str] | None:
        """The status and sentence to refuse with, or None to go on.

        `public`: what is asked for is the same for everybody, so any page may read it.
        """
        if not self.knows(head):
            return 421, "This server does not answer to that host."
        origin = head.headers.get("origin")
        if origin is not None and origin not in self._origins and not public:
            return 403, "Pages of that origin may not call this server."
        return None

    def cors(self, head: Head, *, public: bool = False) -> Headers:
        """The headers that let a known page read the answer, any page where it is `public`."""
        origin = head.headers.get("origin")
        if origin is None or origin not in self._origins:
            return ((b"access-control-allow-origin", b"*"),) if public else ()
        return (
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-expose-headers", b"www-authenticate, mcp-session-id, x-request-id"),
            (b"vary", b"origin"),
        )

    def preflight(self, head: Head, *, public: bool = False) -> Headers:
        """What an OPTIONS request is answered with."""
        return (
            *self.cors(head, public=public),
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-allow-headers", _allowed_headers(head)),
            (b"access-control-max-age", b"600"),
        )


def plain_host(host: str) -> str:
    """A Host as it is compared: lower case, without a default port (RFC 9110 4.2.3)."""
    return host.lower().removesuffix(":443").removesuffix(":80")


def same_host(url: str, head: Head) -> str:
    """The URL as seen through the (known) host the client used, for resource metadata."""
    parts = urlsplit(url)
    return parts._replace(netloc=plain_host(head.headers.get("host", parts.netloc))).geturl()


def error_body(message: str) -> bytes:
    """`{"detail": …}`, the error form of everything that is not JSON-RPC."""
    return orjson.dumps({"detail": message})


def _allowed_headers(head: Head) -> bytes:
    """Our list, and whichever `mcp-param-*` headers the page asks for (their names are open)."""
    asked = head.headers.get("access-control-request-headers", "").lower().split(",")
    params = (name.strip() for name in asked if name.strip().startswith("mcp-param-"))
    return b", ".join([_CORS_HEADERS, *(name.encode("latin-1") for name in params)])


def _too_large(most: int) -> Problem:
    return Problem("too_large", f"The request's body is larger than {most} bytes.", limit=most)
