"""The authorization server as an ASGI application: which path is which endpoint, and for whom.

Three kinds of endpoint: documents and programs' endpoints, which any web page may call because they
take no cookies (CORS `*`); and pages, which only their own forms may call.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from functions.auth import (
    authorize,
    consent,
    device,
    invitations,
    limits,
    metadata,
    register,
    revoke,
    sign_in,
    token,
    upstream,
)
from functions.auth.browser import browser_of, remembered
from functions.auth.pages import ASSETS, error_page
from functions.auth.server import AuthServer
from shared.app import App
from shared.errors import Problem
from shared.serve.discovery import metadata_paths
from shared.serve.http import Entrance, Head, Scope, read_body, safely
from shared.serve.pages import web
from shared.serve.pages.files import PAGE_HEADERS
from shared.serve.pages.web import (
    Incoming,
    OAuthError,
    Outgoing,
    Pair,
    Params,
    as_json,
    read_cookies,
)
from shared.serve.run import Runner

Handler = Callable[[AuthServer, Incoming], Outgoing]
MOST_BODY: Final = 65_536
OFTEN: Final = 600
"""Token requests an address may make in a minute: many people share one (RFC 6888)."""

_ANY_ORIGIN: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "www-authenticate"),
)
_PREFLIGHT: Final = (
    *_ANY_ORIGIN,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "authorization, content-type, mcp-protocol-version"),
    ("access-control-max-age", "600"),
)


@dataclass(frozen=True)
class Endpoint:
    """One path: what answers which method, for whom, how often, and after how many seconds."""

    kind: Literal["program", "page"]
    methods: Mapping[str, Handler]
    most: int = limits.PER_MINUTE
    seconds: float = 0.0


def endpoints(server: AuthServer) -> dict[str, Endpoint]:
    """Every path of this server."""
    base = server.base
    document = Endpoint("program", {"GET": metadata.metadata}, OFTEN)
    table = dict.fromkeys(metadata_paths(base), document)
    programs: dict[str, tuple[str, Handler, int]] = {
        "/oauth2/jwks": ("GET", metadata.jwks, OFTEN),
        "/oauth2/register": ("POST", register.register, 60),
        "/oauth2/token": ("POST", token.token, OFTEN),
        "/oauth2/revoke": ("POST", revoke.revoke, OFTEN),
        "/oauth2/device_authorization": ("POST", device.device_authorization, 30),
    }
    for path, (method, handler, most) in programs.items():
        table[base + path] = Endpoint("program", {method: handler}, most)
    pages: dict[str, dict[str, Handler]] = {
        "/oauth2/authorize": {"GET": authorize.authorize},
        "/sign-in": {"POST": sign_in.send_code},
        "/sign-in/code": {"GET": sign_in.code_page, "POST": sign_in.check_code},
        "/sign-in/switch": {"POST": sign_in.switch_account},
        "/consent": {"GET": consent.show_consent, "POST": consent.decide},
        "/invitations": {"POST": invitations.answer_invitation},
        "/device": {"GET": device.device_entry, "POST": device.enter_code},
    }
    for provider in server.settings.upstreams:
        pages[f"/sign-in/with/{provider.id}"] = {"POST": upstream.begin}
        pages[f"/sign-in/callback/{provider.id}"] = {"GET": upstream.finish}
    for path, methods in pages.items():
        table[base + path] = Endpoint("page", methods)
    sends_mail = f"{base}/sign-in"
    table[sends_mail] = replace(table[sends_mail], seconds=server.app.mailer.seconds)
    return table


class AuthHost:
    """Serves the authorization server, an ASGI application."""

    def __init__(self, app: App) -> None:
        self._server = AuthServer(app)
        self._runner = Runner(app)
        self._hosts = Entrance(app.settings)
        self._table = endpoints(self._server)
        self._proxies = app.settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)
        await safely(
            lambda sending: self._answered(scope, head, receive, sending),
            head,
            send,
            lambda sending: web.send(sending, head, self._failure(head), self._more(head)),
        )

    async def _answered(self, scope: Scope, head: Head, receive: Any, send: Any) -> None:
        endpoint = self._table.get(head.path)
        if not self._hosts.knows(head):
            answer = Outgoing(421, b"This server does not answer to that host.")
        elif (file := ASSETS.at(head.path.removeprefix(self._server.base))) is not None:
            answer = file
        elif endpoint is None:
            answer = Outgoing(404, b"Not Found")
        elif head.method == "OPTIONS" and endpoint.kind == "program":
            answer = Outgoing(204, headers=_PREFLIGHT)
        else:
            answer = await self._endpoint(endpoint, scope, head, receive)
        await web.send(send, head, answer, self._more(head))

    async def _endpoint(
        self, endpoint: Endpoint, scope: Scope, head: Head, receive: Any
    ) -> Outgoing:
        """One endpoint's answer, its refusals included."""
        is_page = endpoint.kind == "page"
        refuse = self._refusing(endpoint)
        handler = endpoint.methods.get("GET" if head.method == "HEAD" else head.method)
        if handler is None:
            allow = ", ".join(sorted(endpoint.methods))
            refused = refuse(OAuthError("invalid_request", "Method not allowed.", status=405))
            return refused.having(("allow", allow), *_extra(endpoint))
        try:
            request = await self._read(scope, head, receive)
            limits.check_address(self._server, head.path, request.address, endpoint.most)
            work = self._runner.hop(
                lambda: self._run(handler, request, page=is_page), limits.network(request.address)
            )
            answer, _ = await asyncio.gather(work, asyncio.sleep(endpoint.seconds))
        except OAuthError as error:
            answer = refuse(error)
        except Problem as problem:
            answer = refuse(_as_oauth(problem))
        return answer.having(*_extra(endpoint))

    def _run(self, handler: Handler, request: Incoming, *, page: bool) -> Outgoing:
        if not page:
            return handler(self._server, request)
        browser = browser_of(self._server, request)
        if browser.is_new:
            cookies = {**request.cookies, self._server.browser_cookie: browser.key}
            request = replace(request, cookies=cookies)
            if request.head.method == "POST":
                raise OAuthError(
                    "access_denied",
                    "Your browser did not send our cookie back. Allow cookies and start again.",
                    status=403,
                )
        return remembered(self._server, browser, handler(self._server, request))

    async def _read(self, scope: Scope, head: Head, receive: Any) -> Incoming:
        query = scope.get("query_string", b"").decode("latin-1")
        body = await read_body(receive, MOST_BODY) if head.method == "POST" else b""
        return Incoming(
            head=head,
            query=Params.parse(query),
            body=body,
            address=self._address(scope, head),
            cookies=read_cookies(head.headers.get("cookie", "")),
        )

    def _address(self, scope: Scope, head: Head) -> str:
        """Who called: the entry of X-Forwarded-For that our own infrastructure vouches for."""
        client = scope.get("client")
        seen = [part.strip() for part in head.headers.get("x-forwarded-for", "").split(",")]
        if self._proxies and len(seen) >= self._proxies:
            return seen[-self._proxies]
        return str(client[0]) if client else ""

    def _more(self, head: Head) -> tuple[Pair, ...]:
        return (*self._server.always, ("x-request-id", head.request_id))

    def _failure(self, head: Head) -> Outgoing:
        """What is answered when something failed that nobody expected."""
        error = OAuthError("server_error", "Something went wrong on our side.", status=500)
        endpoint = self._table.get(head.path)
        if endpoint is None:
            return _refuse_program(error)
        answer = self._refusing(endpoint)(error)
        return answer.having(*_extra(endpoint))

    def _refusing(self, endpoint: Endpoint) -> Callable[[OAuthError], Outgoing]:
        return self._refuse_page if endpoint.kind == "page" else _refuse_program

    def _refuse_page(self, error: OAuthError) -> Outgoing:
        page = error_page(self._server, error.description, status=error.status)
        return page.having(*error.headers)


def _extra(endpoint: Endpoint) -> tuple[Pair, ...]:
    return PAGE_HEADERS if endpoint.kind == "page" else _ANY_ORIGIN


def _refuse_program(error: OAuthError) -> Outgoing:
    body = {"error": error.error, "error_description": error.description}
    return as_json(body, error.status, error.headers)


def _as_oauth(problem: Problem) -> OAuthError:
    """What the platform refused, in OAuth's words."""
    if problem.code in ("unavailable", "conflict"):
        return OAuthError("temporarily_unavailable", problem.message, status=503)
    if problem.code == "too_large":
        return OAuthError("invalid_request", problem.message, status=413)
    return OAuthError("access_denied", problem.message, status=problem.status)
