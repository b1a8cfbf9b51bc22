"""The people of the organization: invite, change roles, remove."""

from functions.portal.forms import given
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.identity import own_members
from shared.serve.pages.web import Outgoing


def show(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """Everybody who belongs to the organization, and who did."""
    listed = visit.run(
        own_members.family["list_own_members"], **given({"cursor": visit.asked("cursor")})
    )
    return visit.page(
        "members.html", members=listed["items"], more=listed["nextCursor"], refused=refused
    )


def invite(visit: Visit) -> Outgoing:
    """Let somebody in by e-mail address."""
    typed = visit.typed("email", "role")
    visit.change(
        own_members.family["invite_member"],
        typed,
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="invite",
    )
    return visit.go(
        "/members", f"{typed['email']} was invited by mail and belongs here once they accept."
    )


def change(visit: Visit) -> Outgoing:
    """Another role, removed, or let back in."""
    typed = visit.typed("principal", "role", "state")
    visit.change(
        own_members.family["change_own_member"],
        given(typed),
        typed={"principal": typed["principal"]},
        again=lambda refused: show(visit, refused),
        form="change",
    )
    return visit.go("/members", "The change counts from the next request on.")
