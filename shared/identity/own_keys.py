"""Operations on the API keys of one's own organization."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.auth import activity
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.identity import keys
from shared.identity.known import Known, known
from shared.identity.names import PLAIN
from shared.identity.records import API_KEYS, KeyRecord
from shared.identity.times import Moment
from shared.paging import Paged, PageOf
from shared.queries import API_KEYS_OF_ORGANIZATION
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_keys", org_types=frozenset({"catalog_partner", "catalog_owner"}), free=True)


class OwnKey(Result):
    """A key of one's organization, without its secret."""

    id: str
    prefix: Annotated[str, Field(description="How the key begins; safe to print.")]
    name: str
    tenant: str
    state: str
    created_at: datetime
    created_by: str
    created_by_email: str | None
    expires_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="Up to about a minute late.")]
    last_error: Annotated[str | None, Field(description="The code of what went wrong last.")]
    last_error_at: datetime | None


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List your API keys",
)
def list_own_api_keys(call: Call, args: Paged) -> PageOf[OwnKey]:
    """List your organization's API keys without their secrets, oldest first, 100 a page."""
    org = call.access.org
    query = args.of(API_KEYS_OF_ORGANIZATION, org=org)
    found, cursor = API_KEYS.page(call.app.documents, query)
    about = known(
        call.app.documents,
        org,
        people=(each.value.created_by for each in found),
        callers=(activity.key(each.id) for each in found),
    )
    return PageOf[OwnKey](items=[_view(call, each, about) for each in found], next_cursor=cursor)


def _view(call: Call, found: Found[KeyRecord], about: Known) -> OwnKey:
    key, used = found.value, about.seen.get(activity.key(found.id), {})
    return OwnKey(
        id=found.id,
        prefix=f"{call.app.settings.api_key_prefix}_{found.id[:10]}",
        name=key.name,
        tenant=key.tenant,
        state=key.state,
        created_at=key.created_at,
        created_by=key.created_by,
        created_by_email=about.emails.get(key.created_by),
        expires_at=key.expires_at,
        last_used_at=used.get("seenAt"),
        last_error=used.get("error"),
        last_error_at=used.get("errorAt"),
    )


class CreateOwnApiKey(Args):
    """A new key."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for."), PLAIN]
    tenant: keys.OfTenant = ""
    expires_at: Moment | None = None


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Create an API key",
    role=Role.OWNER,
)
def create_own_api_key(call: Call, args: CreateOwnApiKey) -> keys.CreatedKey:
    """Create an API key for your organization's backends. Its secret is shown only now."""
    asked = keys.CreateApiKey(org=call.access.org, **dict(args))
    created: keys.CreatedKey = keys.create_api_key(call, asked)
    return created


class DeactivateOwnApiKey(keys.DeactivateApiKey):
    """Which key."""


@family.tool(
    scope="organization:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Deactivate an API key",
    role=Role.OWNER,
    idempotent=True,
)
def deactivate_own_api_key(call: Call, args: DeactivateOwnApiKey) -> keys.KeyView:
    """Deactivate an API key of your organization for good. It is refused on the next request."""
    found = API_KEYS.find(call.app.documents, args.id)
    if found is None or found.value.org != call.access.org:
        raise Problem("not_found", "Your organization has no such API key.", kind="API key")
    over: keys.KeyView = keys.deactivate_api_key(call, args)
    return over
