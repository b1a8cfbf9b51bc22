"""The local front of `make dev`: routes by path to the functions, as the load balancer will.

Every function runs in a process of its own under functions-framework, exactly as deployed; this
process only passes bytes on and keeps the Host header.
"""

from collections.abc import AsyncIterator, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


def front(routes: Iterable[tuple[str, str]]) -> Starlette:
    """The application.

    Args:
        routes: path prefixes in order of trial, and the base address each is passed to. A prefix
            matches itself and everything below it.
    """
    table = tuple(routes)
    client = httpx.AsyncClient(
        timeout=None,  # noqa: S113  the functions have their own
        limits=httpx.Limits(max_connections=None),
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
            answer = await client.send(sent, stream=True)
        except httpx.ConnectError:
            return JSONResponse({"detail": "This function is starting. Retry."}, status_code=503)
        return _streamed(answer)

    return Starlette(routes=[Route("/{path:path}", serve, methods=METHODS)])


def _target(table: tuple[tuple[str, str], ...], path: str) -> str | None:
    for prefix, target in table:
        if path == prefix or path.startswith(f"{prefix}/"):
            return target
    return None


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _passed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.decode().lower() not in _HOP]


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
