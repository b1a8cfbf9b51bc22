"""The local front of `make dev`: routes by path to the functions, as the load balancer will.

Every function runs in a process of its own under functions-framework, exactly as deployed; this
process only passes bytes on and keeps the Host header.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import cycle
from typing import Final, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.errors import Problem

PATIENCE_SECONDS: Final = 30.0
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class Front:
    """The front at a loopback port, in a thread of this process, while entered.

    Args:
        routes: path prefixes in order of trial, and the base address each is passed to. A prefix
            matches itself and everything below it; one that stands there several times passes to
            its addresses in turn, as to the instances of a function.
        port: where it listens.
        own: what it serves itself, before anything is passed on.
    """

    def __init__(
        self, routes: Iterable[tuple[str, str]], port: int, own: Sequence[Route] = ()
    ) -> None:
        config = uvicorn.Config(
            front(routes, own),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            lifespan="on",
            proxy_headers=False,
            loop="asyncio",  # over uvloop, anyio fails on a peer that ends while it connects
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.port = port

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self.serves(0.01):
                raise Problem(
                    "unavailable", f"Port {self.port} is taken. Choose another with --port."
                )
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)

    def serves(self, seconds: float) -> bool:
        """Whether it still serves, after waiting that long for it to end."""
        self._thread.join(seconds)
        return self._thread.is_alive()


def front(routes: Iterable[tuple[str, str]], own: Sequence[Route] = ()) -> Starlette:
    """The application; `routes` and `own` as in `Front`."""
    addresses: dict[str, list[str]] = {}
    for prefix, address in routes:
        addresses.setdefault(prefix, []).append(address)
    table = {prefix: cycle(instances) for prefix, instances in addresses.items()}
    client = httpx.AsyncClient(
        timeout=None,  # noqa: S113  the functions have their own
        # No connection is used twice: a function may close an idle one just as a request arrives.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # they are the browsers'
    )

    async def serve(request: Request) -> Response:
        target = _target(table, request.url.path)
        if target is None:
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        query = f"?{request.url.query}" if request.url.query else ""
        sent = client.build_request(
            request.method,
            f"{target}{request.scope['raw_path'].decode('latin-1')}{query}",
            headers=_passed(request.headers.raw),
            content=request.stream() if _has_body(request) else None,
        )
        try:
            answer = await _answer(client, sent)
        except httpx.ConnectError:
            return JSONResponse({"detail": "This function does not start."}, status_code=503)
        except httpx.TransportError:
            detail = "This function ended before it answered."
            return JSONResponse({"detail": detail}, status_code=502)
        return _streamed(answer)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(
        routes=[*own, Route("/{path:path}", serve, methods=METHODS)], lifespan=lifespan
    )


async def _answer(client: httpx.AsyncClient, sent: httpx.Request) -> httpx.Response:
    """The function's answer; one that is still starting is waited for."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await client.send(sent, stream=True)
        except httpx.ConnectError:
            if time.monotonic() > patience:
                raise
            await asyncio.sleep(0.02)


def _target(table: Mapping[str, Iterator[str]], path: str) -> str | None:
    for prefix, addresses in table.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return next(addresses)
    return None


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _passed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that are handed on, without blanks around their values, as load balancers do."""
    return [
        (name, value.strip(b" \t")) for name, value in headers if name.decode().lower() not in _HOP
    ]


def _streamed(answer: httpx.Response) -> Response:
    async def body() -> AsyncIterator[bytes]:
        try:
            async for part in answer.aiter_raw():
                yield part
        finally:
            await answer.aclose()

    response = StreamingResponse(body(), status_code=answer.status_code)
    response.raw_headers[:] = [
        (name, value)
        for name, value in _passed(answer.headers.raw)
        if name.lower() not in (b"date", b"server")
    ]
    return response
