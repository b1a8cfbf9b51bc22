"""Invitations that wait for the person who was invited: they accept, or decline for good."""

from typing import NamedTuple

from shared.auth.gate import is_safe_id
from shared.errors import Problem
from shared.identity.organizations import keep_member
from shared.identity.records import MEMBERSHIPS, ORGANIZATIONS, PEOPLE
from shared.ports.documents import Documents, Query
from shared.queries import MEMBERSHIPS_OF_PRINCIPAL
from shared.tool import Call


class Invitation(NamedTuple):
    """One that waits: from which organization, as what, and who invited (an address, or an id)."""

    org: str
    organization: str
    role: str
    invited_by: str


def waiting(documents: Documents, person: str) -> list[Invitation]:
    """A person's invitations to organizations that are active, in order of their ids."""
    query = Query(MEMBERSHIPS_OF_PRINCIPAL, equal={"principal": person}, limit=1000)
    found, _ = MEMBERSHIPS.page(documents, query)
    invited = [each.value for each in found if each.value.state == "invited"]
    paths = {ORGANIZATIONS.path(each.org) for each in invited}
    paths |= {PEOPLE.path(each.invited_by or "") for each in invited if each.invited_by}
    read = documents.get_many(sorted(paths)) if paths else {}
    invitations = []
    for each in invited:
        organization = read.get(ORGANIZATIONS.path(each.org))
        if organization is None or organization.data["state"] != "active":
            continue
        by = read.get(PEOPLE.path(each.invited_by or "nobody"))
        who = by.data["email"] if by else each.invited_by or ""
        invitations.append(Invitation(each.org, organization.data["name"], each.role, who))
    return invitations


def answer(call: Call, org: str, *, accept: bool) -> None:
    """Accept or decline an invitation of the calling person.

    Raises `not_found` where none waits any more, and Conflict when it changed at this moment.
    """
    id_ = f"{org}:{call.caller.subject}"
    before = MEMBERSHIPS.find(call.app.documents, id_) if is_safe_id(org) else None
    if before is None or before.value.state != "invited":
        raise Problem("not_found", "This invitation was withdrawn.", kind="invitation")
    changes = {"state": "active", "accepted_at": call.now} if accept else {"state": "declined"}
    keep_member(call, before.value.model_copy(update=changes), before)
