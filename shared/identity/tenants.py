"""Tenants suspended and let on again: an operator's means when data must not change or be read."""

from typing import Literal

from shared.identity.records import TENANTS
from shared.identity.tenant_roles import TenantId
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("tenants", org_types=frozenset({"operator"}), free=True)


class WhichTenant(Args):
    """Which tenant."""

    tenant: TenantId


class TenantState(Result):
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
def suspend_tenant(call: Call, args: WhichTenant) -> TenantState:
    """Refuse every call about a tenant from the next one on; its data stays as it is."""
    return _to(call, args.tenant, "suspended")


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Resume a tenant",
    idempotent=True,
)
def resume_tenant(call: Call, args: WhichTenant) -> TenantState:
    """Let people work in a suspended tenant again, with the roles they had."""
    return _to(call, args.tenant, "active")


def _to(call: Call, tenant: str, state: Literal["active", "suspended"]) -> TenantState:
    found = TENANTS.get(call.app.documents, tenant)
    if found.value.state != state:
        changed = found.value.model_copy(update={"state": state})
        call.commit(
            [TENANTS.put(tenant, changed, if_version=found.version)],
            event=f"tenant.{'suspended' if state == 'suspended' else 'resumed'}",
            target=f"tenants/{tenant}",
            org=found.value.org,
        )
    return TenantState(tenant=tenant, state=state)
