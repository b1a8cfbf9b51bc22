"""Invitations: shown after signing in, before anything else, until they were answered."""

from functions.auth import pending
from functions.auth.browser import Browser, browser_of, check_form, form_token
from functions.auth.pages import error_page, page
from functions.auth.server import AuthServer
from functions.auth.sign_in import sign_in_page
from shared.errors import Problem
from shared.identity.invitations import answer, waiting
from shared.serve.pages.web import Incoming, Outgoing, redirect, with_query


def invitations_page(
    server: AuthServer, browser: Browser, asked: pending.Pending
) -> Outgoing | None:
    """Who invites the person; None where nobody does, or they chose to answer later."""
    found = [] if asked.later else waiting(server.app.documents, browser.person)
    if not found:
        return None
    later = pending.sealed(server, asked.model_copy(update={"later": True}))
    return page(
        server,
        "invitations.html",
        invitations=found,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "invitation", asked.id),
        later=with_query(f"{server.issuer}/consent", {"request": later}),
    )


def answer_invitation(server: AuthServer, request: Incoming) -> Outgoing:
    """Accept or Decline was pressed: keep it, and go on with what was asked."""
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "invitation", asked.id)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    org = request.form.need("org")
    call = server.call(browser.person, org, request.head.request_id)
    try:
        answer(call, org, accept=request.form.get("decision") == "accept")
    except Problem as problem:
        return error_page(server, f"{problem.message} Go back to your app.", status=problem.status)
    place = with_query(f"{server.issuer}/consent", {"request": pending.sealed(server, asked)})
    return redirect(place)
