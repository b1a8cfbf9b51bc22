"""What operators do to tenants: suspend them, let them on again, limit what they may have."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.engine import jobs
from shared.engine.jobs import JOBS, JobState
from shared.errors import Problem
from shared.identity.records import TENANTS, Quota, TenantState
from shared.identity.tenant_roles import TenantId
from shared.paging import Paged, PageOf
from shared.queries import JOBS_OF_TENANT
from shared.queries import TENANTS as ALL_TENANTS
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
    destination_calls: Annotated[
        int | None, Field(ge=0, le=1_000_000, description="A minute, by applications.")
    ] = None


class TenantQuota(Result):
    """A tenant's limits; null where there is none of its own."""

    tenant: str
    entries: int | None
    sources: int | None
    calls: int | None
    destination_calls: int | None


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Set a tenant's quota",
    idempotent=True,
)
def set_tenant_quota(call: Call, args: SetTenantQuota) -> TenantQuota:
    """Set how many entries and sources a tenant may have, and how many calls a minute are served.

    It counts from the next call on. What is there stays, even above the limit.
    """
    given = args.model_dump(exclude={"tenant"}, exclude_none=True)
    if not given:
        raise Problem(
            "invalid", "Name entries, sources, calls or destination_calls.", field="entries"
        )
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


class TenantListed(Result):
    """A tenant, whose it is, and below which one."""

    id: str
    name: str
    org: str
    parent: str | None
    state: TenantState
    created_at: datetime


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List tenants")
def list_all_tenants(call: Call, args: Paged) -> PageOf[TenantListed]:
    """List every tenant in order of id, deleted ones too, 100 a page."""
    found, cursor = TENANTS.page(call.app.documents, args.of(ALL_TENANTS))
    items = [
        TenantListed(
            id=each.id,
            name=each.value.name,
            org=each.value.org,
            parent=each.value.parent,
            state=each.value.state,
            created_at=each.value.created_at,
        )
        for each in found
    ]
    return PageOf[TenantListed](items=items, next_cursor=cursor)


class JobsOfTenant(Paged):
    """Whose jobs."""

    tenant: TenantId


class TenantJob(Result):
    """A job of a tenant: what it is, how far it is, and why it failed."""

    id: str
    kind: str
    state: JobState
    done: int
    total: int | None
    by: str
    created_at: datetime
    finished_at: datetime | None
    error: str


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List a tenant's jobs")
def list_tenant_jobs(call: Call, args: JobsOfTenant) -> PageOf[TenantJob]:
    """List a tenant's jobs of the last 30 days, newest first, 100 a page."""
    found, cursor = JOBS.page(call.app.documents, args.of(JOBS_OF_TENANT, tenant=args.tenant))
    items = [
        TenantJob(
            id=jobs.own_id(each.id),
            kind=each.value.kind,
            state=each.value.state,
            done=each.value.done,
            total=each.value.total,
            by=each.value.by,
            created_at=each.value.created_at,
            finished_at=each.value.finished_at,
            error=(each.value.error or {}).get("message", ""),
        )
        for each in found
    ]
    return PageOf[TenantJob](items=items, next_cursor=cursor)
