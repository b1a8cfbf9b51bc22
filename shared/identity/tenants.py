"""What operators do to tenants: suspend them, let them on again, limit what they may have."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.errors import Problem
from shared.identity.records import TENANTS, Quota
from shared.identity.tenant_roles import TenantId
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("tenants", org_types=frozenset({"operator"}), free=True)


class WhichTenant(Args):
    """Which tenant."""

    tenant: TenantId


class TenantStanding(Result):
    """A tenant, and whether anybody may work in it."""

    tenant: str
    state: Literal["active", "suspended"]


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Suspend a tenant",
    idempotent=True,
)
def suspend_tenant(call: Call, args: WhichTenant) -> TenantStanding:
    """Refuse every call about a tenant from the next one on; its data stays as it is."""
    return _to(call, args.tenant, "suspended")


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Resume a tenant",
    idempotent=True,
)
def resume_tenant(call: Call, args: WhichTenant) -> TenantStanding:
    """Let people work in a suspended tenant again, with the roles they had."""
    return _to(call, args.tenant, "active")


class SetTenantQuota(WhichTenant):
    """How much the tenant may have at most. What is left out stays; 0 takes a limit away."""

    entries: Annotated[int | None, Field(ge=0, description="In all of its sources.")] = None
    sources: Annotated[int | None, Field(ge=0, description="Data sources.")] = None
    calls: Annotated[int | None, Field(ge=0, le=1_000_000, description="A minute.")] = None


class TenantQuota(Result):
    """A tenant's limits; null where there is none of its own."""

    tenant: str
    entries: int | None
    sources: int | None
    calls: int | None


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Set a tenant's quota",
    idempotent=True,
)
def set_tenant_quota(call: Call, args: SetTenantQuota) -> TenantQuota:
    """Set how many entries and sources a tenant may have, and how many calls a minute it may make.

    It counts from the next call on. What is there stays, even above the limit.
    """
    given = args.model_dump(exclude={"tenant"}, exclude_none=True)
    if not given:
        raise Problem("invalid", "Name entries, sources or calls.", field="entries")
    found = TENANTS.get(call.app.documents, args.tenant)
    before = found.value.quota or Quota()
    changes: dict[str, Any] = {name: each or None for name, each in given.items()}
    quota = before.model_copy(update=changes)
    if quota != before:
        changed = found.value.model_copy(update={"quota": quota})
        call.commit(
            [TENANTS.put(args.tenant, changed, if_version=found.version)],
            event="tenant.quota_set",
            target=f"tenants/{args.tenant}",
            org=found.value.org,
            **given,
        )
    return TenantQuota(tenant=args.tenant, **quota.model_dump())


def _to(call: Call, tenant: str, state: Literal["active", "suspended"]) -> TenantStanding:
    found = TENANTS.get(call.app.documents, tenant)
    if found.value.state not in ("active", "suspended"):
        raise Problem("conflict", f"The tenant {tenant!r} is {found.value.state}.")
    if found.value.state != state:
        changed = found.value.model_copy(update={"state": state})
        call.commit(
            [TENANTS.put(tenant, changed, if_version=found.version)],
            event=f"tenant.{'suspended' if state == 'suspended' else 'resumed'}",
            target=f"tenants/{tenant}",
            org=found.value.org,
        )
    return TenantStanding(tenant=tenant, state=state)
