"""Operations on one's own account: who is signed in, for which organization."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from shared.auth.access import Access
from shared.auth.caller import EVERY_TYPE
from shared.identity.records import MEMBERSHIPS, ORGANIZATIONS
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("account", org_types=EVERY_TYPE, free=True)


class Account(Result):
    """A person in an organization."""

    principal: Annotated[str, Field(description="The id memberships are kept under.")]
    email: Annotated[str | None, Field(description="Their e-mail address, where it is known.")]
    role: str
    organization: str
    organization_name: str
    organization_type: str


def _organization(_: Any, access: Access) -> Iterable[str]:
    return (ORGANIZATIONS.path(access.org),)


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Who is signed in",
    reads=_organization,
)
def get_account(call: Call, args: Args) -> Account:
    """Say who is signed in, and for which organization."""
    del args
    org = call.access.org
    organization = ORGANIZATIONS.read(call.found[ORGANIZATIONS.path(org)]).value
    membership = call.found.get(MEMBERSHIPS.path(f"{org}:{call.caller.subject}"))
    return Account(
        principal=call.caller.subject,
        email=None if membership is None else membership.data.get("email"),
        role=call.caller.role,
        organization=org,
        organization_name=organization.name,
        organization_type=organization.type,
    )
