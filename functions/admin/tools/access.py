"""Access to tenants of other organizations, added to the present connection by somebody there."""

from typing import Annotated

from pydantic import Field

from functions.admin.arguments import Nothing
from functions.admin.tools.session import allowed
from shared.auth.faces import ADMIN
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.identity.devices import GOOD_FOR, ask_for_tenant, asked_for_tenant, shown_code
from shared.serve.pages.web import with_query
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("access", org_types=ADMIN.org_types, always=True)


class Authenticate(Args):
    """For which tenant."""

    tenant_id: Annotated[
        str, Field(min_length=1, max_length=100, description="The tenant you need access to.")
    ]


class Asked(Result):
    """What a person has to do; empty where nothing is left to do."""

    is_already_authenticated: bool
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in_seconds: int
    message: str


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Ask for access to a tenant",
    role=Role.EDITOR,
)
def authenticate(call: Call, args: Authenticate) -> Asked:
    """Ask for access to another organization's tenant for this connection; your own need none.

    Give userCode and verificationUri to somebody who belongs to that organization: they sign in,
    type the code and decide. Then ask check_auth_status every few seconds. No token is shown to you
    and none changes.
    """
    tenant = args.tenant_id.strip().lower()
    if tenant in allowed(call):
        return Asked(
            is_already_authenticated=True,
            user_code="",
            verification_uri="",
            verification_uri_complete="",
            expires_in_seconds=0,
            message=f"You may use {tenant} already.",
        )
    code = shown_code(ask_for_tenant(call, tenant))
    place = f"{call.app.settings.auth_url}/device"
    return Asked(
        is_already_authenticated=False,
        user_code=code,
        verification_uri=place,
        verification_uri_complete=with_query(place, {"user_code": code}),
        expires_in_seconds=int(GOOD_FOR.total_seconds()),
        message=f"Somebody of the tenant's organization opens {place} and types {code}.",
    )


class Status(Result):
    """How the request for access stands."""

    is_authenticated: bool
    is_pending: bool
    retry_after_seconds: int | None
    message: str


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="See if access was given")
def check_auth_status(call: Call, args: Nothing) -> Status:
    """Say whether the access that authenticate asked for was given; ask again while pending."""
    del args
    asked = asked_for_tenant(call)
    if asked is None:
        raise Problem("invalid", "No pending authentication. Call 'authenticate' first.")
    if asked.state == "denied":
        raise Problem("conflict", "The person said no.")
    if asked.state == "pending" and asked.good_until <= call.now:
        raise Problem("invalid", "The code has expired. Call 'authenticate' again.")
    if asked.state == "pending":
        return Status(
            is_authenticated=False,
            is_pending=True,
            retry_after_seconds=asked.interval,
            message="Nobody has decided yet.",
        )
    return Status(
        is_authenticated=True,
        is_pending=False,
        retry_after_seconds=None,
        message=f"You may use {asked.tenant}. Pass it as tenantId.",
    )
