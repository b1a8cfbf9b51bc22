"""Tenants: whose data a call is about, and what its caller may do there.

A person acts in a tenant of their own organization with a role: the one `tenant_roles` names, else
`owner` for an owner of the organization and the tenant's default role for a member.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, NamedTuple

from shared.auth.caller import Caller
from shared.errors import Problem
from shared.ports.documents import Snapshot

TENANT_PATTERN: Final = r"^[a-z][a-z0-9-]{0,39}$"
_TENANT: Final = re.compile(TENANT_PATTERN)


class Role(IntEnum):
    """What a person may do, each including those before it."""

    VIEWER = 1
    EDITOR = 2
    PUBLISHER = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """How it is stored and said."""
        return self.name.lower()


DEFAULT: Final = Role.EDITOR
"""What a member of an organization is in its tenants, unless a tenant says otherwise."""


_STATES: Final = {"deleting": "being deleted"}


class Tenancy(NamedTuple):
    """A tenant that a call is about, and the caller's role there.

    `calls`: how many a minute it may make, where it has a limit of its own.
    """

    tenant: str
    role: Role
    calls: int | None = None


def is_tenant_name(text: str) -> bool:
    """Whether a text can be a tenant's id, and so part of a document's path."""
    return _TENANT.fullmatch(text) is not None


def tenant_reads(tenant: str, principal: str) -> tuple[str, ...]:
    """What the gate reads to judge a call about a tenant; nothing for what cannot be one's name."""
    if not is_tenant_name(tenant):
        return ()
    return f"tenants/{tenant}", f"tenant_roles/{tenant}:{principal}"


def judged(
    tenant: str, caller: Caller, found: Mapping[str, Snapshot], key: Mapping[str, Any] | None = None
) -> Tenancy:
    """The tenancy of a caller, by what was just read.

    An API key (`key`: its record) is an editor of the one tenant it is for, and of no other.
    Raises `tenant_not_found` for another organization's tenant, as for one that does not exist;
    `forbidden` (reason `tenant_state`) for one that is not active.
    """
    foreign = key is not None and key.get("tenant") != tenant
    tenancy = None
    if not foreign:
        owns = caller.role == "owner"
        tenancy = judged_as(tenant, caller.org, owns=owns, by=caller.subject, found=found)
    if tenancy is None:
        raise Problem(
            "tenant_not_found",
            f"There is no tenant {tenant!r} for you. whoami lists the tenants you can use.",
        )
    return tenancy if key is None else tenancy._replace(role=Role.EDITOR)


def judged_as(
    tenant: str, org: str, *, owns: bool, by: str, found: Mapping[str, Snapshot]
) -> Tenancy | None:
    """What a member of an organization (an owner of it, if `owns`) may do in one of its tenants.

    None where it is not the organization's. Raises `forbidden` for one that is not active.
    """
    paths = tenant_reads(tenant, by)
    record, given = map(found.get, paths) if paths else (None, None)
    state = "deleted" if record is None else record.data.get("state", "active")
    if record is None or state == "deleted" or record.data["org"] != org:
        return None
    if state != "active":
        said = _STATES.get(state, state)
        raise Problem("forbidden", f"The tenant {tenant!r} is {said}.", reason="tenant_state")
    role = role_in_tenant(
        given.data["role"] if given is not None else None,
        owns=owns,
        default=record.data.get("defaultRole"),
    )
    return Tenancy(tenant, role, (record.data.get("quota") or {}).get("calls"))


def role_in_tenant(given: str | None, *, owns: bool, default: str | None) -> Role:
    """A person's role in a tenant.

    Args:
        given: the one they have there, if any.
        owns: whether they are an owner of its organization.
        default: the tenant's for members, if it says so.
    """
    if given is not None:
        return Role[given.upper()]
    return Role.OWNER if owns else Role[(default or DEFAULT.word).upper()]


def role_in_organization(caller: Caller) -> Role:
    """What a caller may do where a call is about no tenant.

    Operators at their own command line and the work queue are not limited by roles. A program with
    an API key is not an owner.
    """
    return Role.OWNER if caller.role in ("owner", "operator", "service") else DEFAULT
