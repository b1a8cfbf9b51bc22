"""Where one is signed in, and which clients may act for whom; each can be ended."""

from functions.portal import oauth
from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.identity import own_sessions
from shared.serve.pages.web import Outgoing, redirect


def show(visit: Visit) -> Outgoing:
    """One's own sign-ins, and connected clients: an owner sees everybody's."""
    clients, signed_in = visit.run_each(
        (own_sessions.family["list_own_clients"], given({"cursor": visit.asked("cursor")})),
        (own_sessions.family["list_own_sessions"], {}),
    )
    return visit.page(
        "sessions.html",
        sessions=signed_in,
        clients=[each for each in clients["items"] if not each["isPortal"]],
        more=clients["nextCursor"],
    )


def end(visit: Visit) -> Outgoing:
    """One sign-in is over."""
    visit.run(own_sessions.family["end_own_session"], **visit.typed("session"))
    return visit.go("/sessions", "That sign-in has ended, also for the clients it let in.")


def end_all(visit: Visit) -> Outgoing:
    """Every sign-in is over, this one too."""
    visit.run(own_sessions.family["end_own_sessions"])
    portal = visit.portal
    return redirect(f"{portal.url}/signed-out", (oauth.forgotten(portal),))


def disconnect(visit: Visit) -> Outgoing:
    """A client may not act for anybody any more."""
    visit.run(own_sessions.family["end_own_client"], **visit.typed("id"))
    return visit.go("/sessions", "The client was disconnected. Its tokens are refused from now on.")
