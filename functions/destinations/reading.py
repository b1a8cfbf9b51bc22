"""Who reads which endpoint, judged by what one batched read found."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.app import App
from shared.auth.access import Access
from shared.auth.caller import ApiKey, Caller
from shared.auth.rate import Budget, served
from shared.auth.tenancy import Role, Tenancy, is_tenant_name, judged_as
from shared.errors import Problem
from shared.pipeline.configuration import Defined
from shared.pipeline.destinations import (
    DESTINATIONS,
    PREFIX,
    VERSIONS,
    ApiVersion,
    Destination,
    origins_of,
    protects,
)
from shared.pipeline.workspace import Workspace, touched
from shared.ports.documents import Snapshot
from shared.tool import Call

CALLS: Final = 6_000
"""Calls a minute of one tenant's destinations, where the tenant has no limit of its own."""
REFUSED: Final = 600
"""Refused calls a minute of one tenant's, and of all that name no tenant we have seen."""
_DRAWN: Final = frozenset({"unavailable", "rate_limited"})
"""What says nothing of who calls, or was drawn already."""
_MOST_REMEMBERED: Final = 2_048
_PUBLIC: Final = "public"
"""Who reads a version that needs no key."""


class Address(NamedTuple):
    """What a path names."""

    tenant: str
    destination: str
    version: str
    endpoint: str

    @property
    def audience(self) -> str:
        """What a key is for that opens it, beside its tenant."""
        return f"{self.destination}.{self.version}"


@dataclass(frozen=True, slots=True)
class Reader:
    """A call that may go on; `seen` is the commit that changed the destination last."""

    call: Call
    space: Workspace
    destination: Destination
    version: ApiVersion
    seen: int

    @property
    def budget(self) -> Budget | None:
        """What is left of the tenant's."""
        return self.call.budget


class _Organizations:
    """Which organization a tenant belongs to, as it was seen last: it says what to read along."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, str] = OrderedDict()

    def of(self, tenant: str) -> str | None:
        return self._seen.get(tenant)

    def see(self, tenant: str, org: str) -> None:
        self._seen[tenant] = org
        while len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)


def origins(app: App, address: Address) -> tuple[str, ...]:
    """The pages that may read a version: nothing of a version that is not there."""
    try:
        destination, version = _found(_space(app, address, "", _read(app, address)), address)
    except Problem:
        return ()
    return origins_of(destination.value, version)


def admitted(app: App, address: Address, key: ApiKey | None, request_id: str) -> Reader:
    """Judge a call, and draw it from the tenant's budget.

    A refused one is drawn from a budget of its own before it is told why: so nobody tries keys and
    names without end, nor uses up what applications have.

    Raises `not_found` for what is not there; `unauthenticated` without the version's own key where
    it is protected, and for a key that is not good; `forbidden` for a suspended tenant,
    `rate_limited`.
    """
    try:
        return _judged(app, address, key, request_id)
    except Problem as problem:
        if problem.code not in _DRAWN:
            is_known = app.once(_organizations).of(address.tenant) is not None
            bucket = f"refused:{address.tenant if is_known else ''}"
            served(app.rate.draw(bucket, REFUSED), "refused")
        raise


def _judged(app: App, address: Address, key: ApiKey | None, request_id: str) -> Reader:
    if not is_tenant_name(address.tenant):
        raise _nothing(address)
    if key is None:
        found = _read(app, address)
        caller = _public(app, address, found)
        audience = None
    else:
        gate = app.gate.admit(key, "destinations", lambda _: _paths(address), address.tenant)
        if isinstance(gate.tenancy, Problem):
            raise gate.tenancy
        found, caller = gate.found, gate.caller
        app.once(_organizations).see(address.tenant, caller.org)
        audience = found[f"api_keys/{key.id}"].data.get("audience")
    space = _space(app, address, request_id, found, caller)
    found_, version = _found(space, address)
    destination = found_.value
    if protects(destination, version) and audience is None:
        message = f"{version.id!r} is protected: send its key as a Bearer token."
        raise Problem("unauthenticated", message)
    if audience is not None and audience != address.audience:
        raise Problem("unauthenticated", "The key is for another version.")
    quota: Mapping[str, int] = found[f"tenants/{address.tenant}"].data.get("quota") or {}
    calls = quota.get("destinationCalls") or CALLS
    budget = served(app.rate.draw(f"destinations:{address.tenant}", calls), "tenant's")
    call = space.call._replace(budget=budget)
    return Reader(call, space, destination, version, found_.seq)


def _paths(address: Address) -> list[str]:
    entries = f"{PREFIX}.{address.destination}.{address.version}.{address.endpoint}"
    return touched(address.tenant, entries)


def _read(app: App, address: Address) -> Mapping[str, Snapshot]:
    """What a call without a key is judged by; read twice only where the tenant is new here."""
    known = app.once(_organizations)
    org = known.of(address.tenant)
    access: Iterable[str] = () if org is None else (f"access/{org}",)
    tenant = f"tenants/{address.tenant}"
    found = dict(app.documents.get_many([tenant, *_paths(address), *access]))
    record = found.get(tenant)
    if record is not None and record.data["org"] != org:
        org = record.data["org"]
        known.see(address.tenant, org)
        found |= app.documents.get_many([f"access/{org}"])
    return found


def _public(app: App, address: Address, found: Mapping[str, Snapshot]) -> Caller:
    """A caller without a key. Raises `not_found`, `forbidden`."""
    del app
    record = found.get(f"tenants/{address.tenant}")
    org = record.data["org"] if record else ""
    tenancy: Tenancy | None = judged_as(address.tenant, org, owns=False, by=_PUBLIC, found=found)
    if tenancy is None:
        raise _nothing(address)
    access = found.get(f"access/{org}")
    if access is None or Access.of(access).state != "active":
        raise Problem("forbidden", "The organization is disabled.", reason="organization_disabled")
    return Caller("destinations", _PUBLIC, org, "catalog_owner", "key", None, None)


def _space(
    app: App,
    address: Address,
    request_id: str,
    found: Mapping[str, Snapshot],
    caller: Caller | None = None,
) -> Workspace:
    who = caller or Caller("destinations", _PUBLIC, "", "catalog_owner", "key", None, None)
    call = Call(
        app, who, "destinations", request_id, app.clock.now(), found, None,
        tenant=address.tenant, role=Role.VIEWER,
    )  # fmt: skip
    return Workspace(call)


def _found(space: Workspace, address: Address) -> tuple[Defined[Destination], ApiVersion]:
    destination = space.configuration.find(DESTINATIONS, address.destination)
    version = space.configuration.find(VERSIONS, address.audience)
    if destination is None or version is None or version.value.state != "Active":
        raise _nothing(address)
    return destination, version.value


def _nothing(address: Address) -> Problem:
    return Problem(
        "not_found",
        f"No version {address.version[:100]!r} of {address.destination[:100]!r} answers here.",
    )


def _organizations(app: App) -> _Organizations:
    del app
    return _Organizations()
