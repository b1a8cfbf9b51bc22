"""The portal as an ASGI application: which path is which page, and who may see it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from functions.portal import (
    audit,
    bigquery,
    catalogs,
    changes,
    connect,
    entries,
    imports,
    keys,
    limits,
    members,
    oauth,
    operators,
    operators_catalogs,
    operators_tenants,
    partners,
    preview,
    product_data,
    review_form,
    reviews,
    sessions,
    sign_in,
    tenant_jobs,
    tenant_people,
    upload,
    usage,
)
from functions.portal.portal import ASSETS, Portal
from functions.portal.visit import Again, Visit
from shared.app import App
from shared.auth.faces import PORTAL
from shared.errors import Problem
from shared.serve.http import Entrance, Head, Scope, read_body, safely
from shared.serve.pages import web
from shared.serve.pages.files import guarded
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, Params, read_cookies, redirect
from shared.serve.run import Runner, internal

Public = Callable[[Portal, Incoming], Outgoing]
Page = Callable[[Visit], Outgoing]
MOST_BODY: Final = 65_536
MOST_BODY_OF: Final = {"/review/submit": review_form.MOST_BODY}
"""Bytes of a form that was sent, where they may be more than usual."""

PUBLIC: Final[Mapping[str, Mapping[str, Public]]] = {
    "/sign-in": {"GET": sign_in.begin},
    "/signed-in": {"GET": sign_in.finish},
    "/signed-out": {"GET": sign_in.signed_out},
}
"""What somebody sees who is not signed in."""

PAGES: Final[Mapping[str, Mapping[str, Page]]] = {
    "/": {"GET": catalogs.show},
    "/connect": {"GET": connect.show},
    "/keys": {"GET": keys.show},
    "/keys/create": {"POST": keys.create},
    "/keys/deactivate": {"POST": keys.deactivate},
    "/members": {"GET": members.show},
    "/members/invite": {"POST": members.invite},
    "/members/change": {"POST": members.change},
    "/review": {"GET": reviews.show},
    "/review/submit": {"POST": reviews.submit},
    "/review/decline": {"POST": reviews.decline},
    "/sessions": {"GET": sessions.show},
    "/sessions/end": {"POST": sessions.end},
    "/sessions/end-all": {"POST": sessions.end_all},
    "/sessions/disconnect": {"POST": sessions.disconnect},
    "/preview": {"GET": preview.search},
    "/product": {"GET": preview.product},
    "/data": {"GET": product_data.show},
    "/definition": {"GET": product_data.definition},
    "/source": {"GET": entries.source},
    "/entries": {"GET": entries.show},
    "/entry": {"GET": entries.entry},
    "/entry/restore": {"POST": entries.restore},
    "/changes": {"GET": changes.show},
    "/changes/undo": {"GET": changes.ask},
    "/changes/undone": {"POST": changes.undo},
    "/import": {"GET": imports.show},
    "/import/file": {"POST": imports.file},
    "/import/address": {"POST": imports.address},
    "/import/draft": {"GET": imports.draft},
    "/import/start": {"POST": imports.start},
    "/jobs": {"GET": tenant_jobs.show},
    "/job": {"GET": tenant_jobs.one},
    "/job/report": {"GET": tenant_jobs.report},
    "/jobs/cancel": {"POST": tenant_jobs.cancel},
    "/limits": {"GET": limits.show},
    "/partners": {"GET": partners.show},
    "/partners/grant": {"POST": partners.grant},
    "/partners/withdraw": {"POST": partners.withdraw},
    "/people": {"GET": tenant_people.show},
    "/people/change": {"POST": tenant_people.change},
    "/upload": {"GET": upload.show},
    "/upload/start": {"POST": upload.start},
    "/usage": {"GET": usage.show},
    "/bigquery": {"GET": bigquery.show},
    "/bigquery/register": {"POST": bigquery.register},
    "/bigquery/disable": {"POST": bigquery.disable},
    "/bigquery/refresh": {"POST": bigquery.refresh},
    "/history": {"GET": audit.own},
    "/organizations": {"GET": operators.organizations},
    "/organizations/create": {"POST": operators.create},
    "/organization": {"GET": operators.organization},
    "/organization/change": {"POST": operators.change},
    "/organization/grant": {"POST": operators.grant},
    "/organization/withdraw": {"POST": operators.withdraw},
    "/organization/member": {"POST": operators.member},
    "/catalogs": {"GET": operators_catalogs.catalogs},
    "/catalog": {"GET": operators_catalogs.catalog},
    "/catalog/roll-back": {"POST": operators_catalogs.roll_back},
    "/tenants": {"GET": operators_tenants.tenants},
    "/tenant": {"GET": operators_tenants.tenant},
    "/audit": {"GET": audit.every},
    "/sign-out": {"POST": sign_in.sign_out},
}
"""Everything else; a POST is always one of our own forms."""


class PortalHost:
    """Serves the portal, an ASGI application."""

    def __init__(self, app: App) -> None:
        self._portal = Portal(app)
        self._runner = Runner(app)
        self._hosts = Entrance(app.settings)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        head = Head(scope)
        path = head.path.removeprefix(self._portal.base) or "/"

        async def send_page(sending: Any, answer: Outgoing) -> None:
            more = (*self._portal.always, ("x-request-id", head.request_id))
            await web.send(sending, head, answer, more)

        async def serve(sending: Any) -> None:
            await send_page(sending, await self._answer(scope, head, path, receive))

        async def failed(sending: Any) -> None:
            await send_page(sending, self._stopped(internal(head.request_id)))

        await safely(serve, head, send, failed)

    async def _answer(self, scope: Scope, head: Head, path: str, receive: Any) -> Outgoing:
        if not self._hosts.knows(head):
            return Outgoing(421, b"This server does not answer to that host.")
        file = ASSETS.at(path)
        if file is not None:
            return file
        try:
            most = MOST_BODY_OF.get(path, MOST_BODY)
            request = await _read(scope, head, receive, most)
            answer = await self._runner.hop(lambda: self._page(request, path))
        except OAuthError as error:
            return self._stopped(Problem("invalid", error.description))
        except Problem as problem:
            return self._stopped(problem)
        return guarded(answer)

    def _stopped(self, problem: Problem) -> Outgoing:
        """The page that says why there is no other."""
        return guarded(self._portal.page("stopped.html", problem.status, message=problem.message))

    def _page(self, request: Incoming, path: str) -> Outgoing:
        method = "GET" if request.head.method == "HEAD" else request.head.method
        table: Mapping[str, Mapping[str, Any]] = PUBLIC if path in PUBLIC else PAGES
        methods = table.get(path)
        if methods is None:
            return self._portal.page("stopped.html", 404, message="There is no such page.")
        handler = methods.get(method)
        if handler is None:
            page = self._portal.page("stopped.html", 405, message="Method not allowed.")
            return page.having(("allow", ", ".join(sorted(methods))))
        if table is PUBLIC:
            shown: Outgoing = handler(self._portal, request)
            return shown
        return self._visited(request, handler, path)

    def _visited(self, request: Incoming, handler: Page, path: str) -> Outgoing:
        """A page of somebody signed in; signing in first where nobody is (any more)."""
        portal = self._portal
        try:
            visit = _visit(portal, request)
            if visit is None:
                return _to_sign_in(portal, request, path)
            answer = _handled(visit, handler)
        except Problem as problem:
            if problem.code != "unauthenticated":
                raise
            answer = _to_sign_in(portal, request, path)
            return answer.having(oauth.forgotten(portal))
        return answer.having(*visit.cookies)


def _visit(portal: Portal, request: Incoming) -> Visit | None:
    """Whose request this is, with a fresh access token where the old one ends."""
    session = oauth.session_of(portal, request)
    if session is None:
        return None
    cookies = []
    if oauth.is_due(portal, session):
        session = oauth.refreshed(portal, session)
        cookies.append(oauth.kept(portal, session))
    token = portal.app.tokens.verify(session.access, PORTAL)
    return Visit(portal, request, token, cookies)


def _handled(visit: Visit, handler: Page) -> Outgoing:
    """The page, or what is wrong in the portal's own frame."""
    if visit.request.head.method == "POST" and not visit.sent_by_us():
        message = "This form is too old, or was not ours. Go back, load the page again, and retry."
        return visit.page("problem.html", 403, message=message)
    try:
        return handler(visit)
    except Again as again:
        return again.page
    except Problem as problem:
        if problem.code == "unauthenticated" or _has_no_organization(problem):
            raise
        return visit.page("problem.html", problem.status, message=problem.message)


def _has_no_organization(problem: Problem) -> bool:
    """Whether somebody good is refused for want of an organization: no frame can be shown then."""
    reason = problem.details.get("reason")
    return problem.code == "forbidden" and reason not in ("role", "organization_type")


def _to_sign_in(portal: Portal, request: Incoming, path: str) -> Outgoing:
    query = request.query.encoded()
    there = f"{path}?{query}" if query else path
    to = there if request.head.method in ("GET", "HEAD") else "/"
    return redirect(f"{portal.url}/sign-in?to={quote(to, safe='')}")


async def _read(scope: Scope, head: Head, receive: Any, most: int) -> Incoming:
    query = scope.get("query_string", b"").decode("latin-1")
    body = await read_body(receive, most) if head.method == "POST" else b""
    return Incoming(
        head=head,
        query=Params.parse(query),
        body=body,
        address="",
        cookies=read_cookies(head.headers.get("cookie", "")),
    )
