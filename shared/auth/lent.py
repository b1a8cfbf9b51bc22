"""Tenants of other organizations that somebody there let an operator's connection work in.

It is noted at the authorization, and judged anew on every call: who allowed it must still belong to
the organization, and their role in the tenant is the connection's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.auth.caller import Caller
from shared.auth.tenancy import Tenancy, judged_as, tenant_reads
from shared.ports.documents import Documents


def lent(documents: Documents, caller: Caller, tenant: str) -> Tenancy | None:
    """What a connection may do in a tenant it was let in to; None where it was not, or is no more.

    Two reads. Raises `forbidden` (reason `tenant_state`) for a tenant that is not active.
    """
    access = lent_tenants(documents, caller).get(tenant)
    if access is None:
        return None
    by, org = str(access["by"]), str(access["org"])
    member, rights = f"memberships/{org}:{by}", f"access/{org}"
    found = documents.get_many([member, rights, *tenant_reads(tenant, by)])
    if not _holds(found.get(member), access["at"]) or not _holds(found.get(rights), access["at"]):
        return None
    return judged_as(tenant, org, owns=found[member].data["role"] == "owner", by=by, found=found)


def lent_tenants(documents: Documents, caller: Caller) -> Mapping[str, Any]:
    """Tenants that a connection was let in to, whether or not that still holds."""
    if not caller.authorization or caller.org_type != "operator":
        return {}
    found = documents.get(f"authorizations/{caller.authorization}")
    if found is None or found.data["state"] != "active":
        return {}
    mine = (found.data["person"], found.data["org"]) == (caller.subject, caller.org)
    tenants: Mapping[str, Any] = found.data.get("tenants", {}) if mine else {}
    return tenants


def _holds(found: Any, since: datetime) -> bool:
    """Whether a membership, or an organization, is active and was not ended meanwhile."""
    if found is None or found.data["state"] != "active":
        return False
    after = found.data.get("validAfter")
    if after is None:
        return True
    ended = after.timestamp() if isinstance(after, datetime) else float(after)
    return since.timestamp() > ended
