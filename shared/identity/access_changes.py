"""Changing what an organization may do: the access document, moved by compare-and-set."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from shared import work
from shared.auth.access import MOST_GRANTS, MOST_RESTRICTION_BYTES, Access, Grant, pack
from shared.errors import Conflict, Problem
from shared.ports.documents import Documents, Put, Write
from shared.queries import DUE_FOLLOWINGS
from shared.tool import Call
from shared.work import Kind

ATTEMPTS: Final = 20
FOLLOWING: Final = Kind(DUE_FOLLOWINGS, "/jobs/followings")
"""An organization's access changed, and what it has elsewhere is to follow. By its id."""


@dataclass(frozen=True)
class Change:
    """What an edit decided: the organization's grants, and what else is written with them.

    `valid_after`: refuse from now on what was issued before that time (epoch seconds).
    """

    grants: dict[str, Grant]
    writes: Sequence[Write] = ()
    state: str | None = None
    rate: int | None = None
    valid_after: float | None = None


def change_access(
    call: Call,
    org: str,
    edit: Callable[[Access], Change | None],
    *,
    event: str,
    target: str,
    followed: bool = True,
    **details: Any,
) -> None:
    """Apply an edit to `access/{org}` and audit it, in one commit.

    What depends on the organization's access (`followed`) is asked for in the same commit.

    `edit` sees the access as it is, and is run again when somebody else was faster: whatever else
    it decides on, it reads itself. None means nothing needs changing, and leaves no event. Raises
    `not_found` for an unknown organization, `too_many_grants`, and Conflict after too many tries.
    """
    for attempt in range(ATTEMPTS):
        access = read_access(call.app.documents, org)
        change = edit(access)
        if change is None:
            return
        writes = [*change.writes, access_write(access, change)]
        if followed:
            writes.append(work.ask(FOLLOWING, org, call.now))
        try:
            call.commit(writes, event=event, target=target, org=org, **details)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, 0.002) * 2 ** min(attempt, 5))  # noqa: S311  spacing
        else:
            break
    if followed:
        work.hand_over(call.app, FOLLOWING, org)


def read_access(documents: Documents, org: str) -> Access:
    """The organization's access now. Raises `not_found`."""
    snapshot = documents.get(f"access/{org}")
    if snapshot is None:
        raise Problem("not_found", "There is no organization with that name.", kind="organization")
    return Access.of(snapshot)


def access_write(access: Access, change: Change) -> Put:
    """The write that moves an access document on. Raises `too_many_grants`."""
    if len(change.grants) > MOST_GRANTS:
        raise Problem(
            "too_many_grants",
            f"An organization holds at most {MOST_GRANTS} grants. Withdraw one first.",
            limit=MOST_GRANTS,
        )
    valid_after = change.valid_after or access.valid_after
    return Put(
        f"access/{access.org}",
        {
            "state": change.state or access.state,
            "type": access.type,
            "rate": change.rate or access.rate,
            "revision": access.revision + 1,
            "grants": pack(change.grants.values()),
            **({"validAfter": valid_after} if valid_after else {}),
        },
        if_version=access.version,
    )


def check_restrictions(surfaces: Any, only: Any) -> None:
    """Raise `invalid` when a grant's restrictions are larger than an access document allows."""
    size = len(orjson.dumps([surfaces, only]))
    if size > MOST_RESTRICTION_BYTES:
        raise Problem(
            "invalid",
            f"A grant's restrictions take at most {MOST_RESTRICTION_BYTES} bytes of JSON.",
            limit=MOST_RESTRICTION_BYTES,
        )


def widen_hosts(call: Call, catalog: str, hosts: Iterable[str], orgs: Iterable[str]) -> None:
    """Let lookups by further hosts find a catalog, in every organization it is granted to.

    Done before a head with new hosts is served. Hosts are only ever added: a host too many costs a
    read that finds nothing, a host too few would hide products.
    """
    wanted = frozenset(hosts)
    for org in orgs:

        def edit(access: Access) -> Change | None:
            grant = access.grants.get(catalog)
            if grant is None or wanted <= grant.hosts:
                return None
            widened = replace(grant, hosts=grant.hosts | wanted)
            return Change({**access.grants, catalog: widened})

        change_access(
            call, org, edit, event="grant.hosts_widened", target=f"{org}:{catalog}", followed=False
        )
