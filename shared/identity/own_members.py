"""Operations on the people of one's own organization. It is never left without an owner."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.auth.caller import EVERY_TYPE
from shared.auth.tenancy import Role
from shared.errors import Conflict, Problem
from shared.identity.addresses import Email
from shared.identity.limits import counted
from shared.identity.organizations import keep_member
from shared.identity.people import with_email
from shared.identity.principals import PrincipalId, is_service_account
from shared.identity.records import MEMBERSHIPS, ORGANIZATIONS, Membership
from shared.paging import Paged, PageOf
from shared.ports.documents import Check, Query, Write
from shared.queries import MEMBERSHIPS_OF_ORGANIZATION
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_members", org_types=EVERY_TYPE, free=True)

ATTEMPTS: Final = 5
INVITATIONS: Final = 50
"""How many people an organization may invite in a day."""
REMINDERS: Final = 3
"""How many invitations of one organization one address is mailed in a day."""
_DAY: Final = 86_400
_MAIL: Final = """\
You were invited to an organization on our product catalog platform: {organization}

Sign in with this e-mail address, and say whether you accept. There is no password; a code is sent
to you:
{url}

If you do not know the organization, do nothing."""

MemberRole = Literal["owner", "member"]


class OwnMember(Result):
    """Somebody who belongs, or belonged, to one's organization."""

    principal: str
    email: str | None
    role: str
    state: str
    created_at: datetime


@family.tool(
    scope="organization:read", effect=Effect.READ, risk=Risk.LOW, title="List your members"
)
def list_own_members(call: Call, args: Paged) -> PageOf[OwnMember]:
    """List the people of your organization, removed ones too, 100 a page."""
    query = args.of(MEMBERSHIPS_OF_ORGANIZATION, org=call.access.org)
    found, cursor = MEMBERSHIPS.page(call.app.documents, query)
    return PageOf[OwnMember](items=[_view(each.value) for each in found], next_cursor=cursor)


class InviteMember(Args):
    """Whom to invite."""

    email: Annotated[Email, Field(description="What they sign in with.")]
    role: MemberRole = "member"


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Invite a member",
    role=Role.OWNER,
    open_world=True,
)
def invite_member(call: Call, args: InviteMember) -> OwnMember:
    """Invite a person into your organization by e-mail address, and tell them by mail.

    They belong to it once they accept, after signing in with that address. Inviting again sends the
    mail again.
    """
    org = call.access.org
    if call.app.settings.portal_client is not None:
        raise Problem(
            "not_supported", "People are added where your organization signs in, not here."
        )
    subject, writes = with_email(call, args.email, None)
    before = MEMBERSHIPS.find(call.app.documents, f"{org}:{subject}")
    _check_may_invite(before)
    _count(call, args.email)
    membership = Membership(
        org=org,
        principal=subject,
        role=args.role,
        state="invited",
        email=args.email,
        invited_by=call.caller.subject,
        created_at=call.now,
    )
    keep_member(call, membership, before, writes)
    name = " ".join(ORGANIZATIONS.get(call.app.documents, org).value.name.split())
    text = _MAIL.format(organization=name, url=call.app.settings.portal_url)
    call.app.mailer.send(args.email, "An invitation", text)
    return _view(membership)


def _check_may_invite(before: Found[Membership] | None) -> None:
    """Raise `conflict` where somebody belongs already, or said that they do not want to."""
    state = None if before is None else before.value.state
    if state == "active":
        raise Problem("conflict", "This person belongs to your organization.", field="email")
    if state == "declined":
        raise Problem("conflict", "This person declined your invitation.", field="email")


def _count(call: Call, email: str) -> None:
    """Count an invitation before it is made. Raises `rate_limited`."""
    org, documents = call.access.org, call.app.documents
    for what, whom, most in (
        ("invitations", org, INVITATIONS),
        ("invitations to", f"{org} {email}", REMINDERS),
    ):
        wait = counted(documents, call.now, what, whom, most=most, seconds=_DAY)
        if wait is not None:
            message = f"At most {INVITATIONS} invitations a day, {REMINDERS} to one address."
            raise Problem("rate_limited", message, retry_after=wait)


class ChangeOwnMember(Args):
    """Who, and what they are to be; what is left out stays."""

    principal: PrincipalId
    role: MemberRole | None = None
    state: Literal["active", "removed"] | None = None


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Change or remove a member",
    role=Role.OWNER,
    idempotent=True,
)
def change_own_member(call: Call, args: ChangeOwnMember) -> OwnMember:
    """Change a person's role in your organization, remove them, or let them back in.

    A removed member is refused on the next request. The last owner stays owner. An invitation that
    waits has its role changed, or is withdrawn by removing it.
    """
    for attempt in range(ATTEMPTS):
        before = MEMBERSHIPS.find(call.app.documents, f"{call.access.org}:{args.principal}")
        if before is None:
            raise Problem("not_found", "Your organization has no such member.", kind="member")
        asked = {"role": args.role, "state": args.state}
        changes = {name: value for name, value in asked.items() if value is not None}
        after = before.value.model_copy(update=changes)
        _check_accepted(after)
        if after.role == "owner" and is_service_account(args.principal):
            raise Problem("invalid", "A service account cannot be an owner.", field="role")
        witness: list[Write] = []
        if _owns(before.value) and not _owns(after):
            witness = [_another_owner(call, args.principal)]
        try:
            keep_member(call, after, before, witness)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        break
    return _view(after)


def _check_accepted(after: Membership) -> None:
    """Raise `conflict` where an invitation that was not accepted would count."""
    waits = after.invited_by is not None and after.accepted_at is None
    if after.state == "active" and waits:
        raise Problem(
            "conflict", "This person has not accepted an invitation. Invite them.", field="state"
        )


def _owns(membership: Membership) -> bool:
    return membership.role == "owner" and membership.state == "active"


def _another_owner(call: Call, principal: str) -> Write:
    """What holds another owner in place while this one goes. Raises `conflict`.

    It makes two owners who leave at once take turns.
    """
    query = Query(MEMBERSHIPS_OF_ORGANIZATION, equal={"org": call.access.org}, limit=1000)
    everybody = MEMBERSHIPS.every(call.app.documents, query)
    other = next((each for each in everybody if _stays(each, principal)), None)
    if other is None:
        raise Problem(
            "conflict",
            "An organization keeps at least one owner. Make somebody else owner first.",
            field="role",
        )
    return Check(MEMBERSHIPS.path(other.id), other.version)


def _stays(found: Found[Membership], principal: str) -> bool:
    other = found.value.principal
    return other != principal and not is_service_account(other) and _owns(found.value)


def _view(membership: Membership) -> OwnMember:
    return OwnMember(**membership.model_dump(exclude={"org"}))
