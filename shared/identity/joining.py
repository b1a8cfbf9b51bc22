"""Joining an organization by a first sign-in, where an issuer's setting allows it."""

from contextlib import suppress

from shared.app import App
from shared.auth.caller import Caller, Token
from shared.auth.gate import NOT_A_MEMBER
from shared.errors import Conflict, Problem
from shared.identity.access_changes import read_access
from shared.identity.records import MEMBERSHIPS, Membership
from shared.invoke import Request
from shared.ports.documents import ABSENT
from shared.tool import Call


def joined(app: App, request: Request, refusal: Problem) -> bool:
    """Whether a caller who was refused for want of a membership has one to look at now."""
    token = request.credential
    if refusal.details.get("reason") != NOT_A_MEMBER or not isinstance(token, Token):
        return False
    caller = Caller(request.surface, token.principal, token.org, "", "", None, token.client or None)
    call = Call(app, caller, request.surface, request.request_id, app.clock.now(), {}, None)
    try:
        return _may_join(call, token) and _join(call, token)
    except Problem as problem:
        if problem.code != "not_found":
            raise
        return False


def _may_join(call: Call, token: Token) -> bool:
    """Whether the token's issuer decides about memberships (`create_memberships`)."""
    deciding = (each.id for each in call.app.settings.issuers if each.create_memberships)
    return token.issuer in deciding


def _join(call: Call, token: Token) -> bool:
    """Make the membership an issuer's token speaks of; whether there is one to look at now.

    Only where none ever was: a removed member stays removed. Never into an organization of
    operators, whose members are chosen by hand. Raises `not_found` for an unknown organization.
    """
    access = read_access(call.app.documents, token.org)
    if access.state != "active" or access.type == "operator":
        return False
    member = Membership(
        org=token.org, principal=token.principal, role="member", created_at=call.now
    )
    id_ = f"{token.org}:{token.principal}"
    with suppress(Conflict):  # somebody was faster: this person's other call, or an operator
        call.commit(
            [MEMBERSHIPS.put(id_, member, if_version=ABSENT)],
            event="membership.joined",
            target=id_,
            issuer=token.issuer,
        )
    return True
