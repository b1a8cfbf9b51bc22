"""Who am I: what an API key's holder may ask about itself."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.auth.access import MOST_GRANTS, Access
from shared.identity.records import ORGANIZATIONS
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("me", org_types=frozenset({"catalog_partner"}))


class CallingKey(Result):
    """The key that asks, without its secret."""

    id: Annotated[str, Field(description="The key's public id.")]
    prefix: Annotated[str, Field(description="How the key begins; safe to print.")]


class CallingOrganization(Result):
    """The organization the key belongs to."""

    id: str
    name: str
    slug: str
    type: str


class RateLimitNow(Result):
    """The organization's budget after this call."""

    limit: Annotated[int, Field(description="Calls a minute, MCP and REST together.")]
    remaining: int
    reset_at: Annotated[datetime, Field(description="When the budget is full again.")]


class GrantQuota(Result):
    """How many catalogs may be and are granted."""

    limit: int
    used: int


class Quotas(Result):
    """Limits that are not about time."""

    grants: GrantQuota


class Me(Result):
    """Who asks."""

    principal: Literal["api_key"]
    key: CallingKey
    organization: CallingOrganization
    quotas: Quotas
    rate_limit: RateLimitNow | None


def _organization(_: Any, access: Access) -> Iterable[str]:
    return (ORGANIZATIONS.path(access.org),)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Who am I",
    reads=_organization,
)
def get_me(call: Call, args: Args) -> Me:
    """Show the calling key, its organization, its quotas and its budget."""
    del args
    access = call.access
    record = ORGANIZATIONS.read(call.found[ORGANIZATIONS.path(access.org)]).value
    prefix = f"{call.app.settings.api_key_prefix}_{call.caller.subject[:10]}"
    budget = call.budget
    return Me(
        principal="api_key",
        key=CallingKey(id=call.caller.subject, prefix=prefix),
        organization=CallingOrganization(
            id=access.org, name=record.name, slug=access.org, type=record.type
        ),
        quotas=Quotas(grants=GrantQuota(limit=MOST_GRANTS, used=len(access.grants))),
        rate_limit=budget
        and RateLimitNow(
            limit=budget.limit,
            remaining=max(0, budget.remaining),
            reset_at=datetime.fromtimestamp(budget.full_at, UTC),
        ),
    )
