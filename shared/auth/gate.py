"""The gate: one batched read, and only what it found decides.

A token's signature or a key's form was checked before; here its session, membership or key record
and its organization's access are read, together with whatever else the call is about to touch.
Nothing read earlier decides anything: earlier reads only predict which documents to ask for.
"""

import hmac
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from shared.auth.access import Access
from shared.auth.caller import (
    KEYS_MAY,
    ApiKey,
    Caller,
    Credential,
    Operator,
    Service,
    Surface,
    Token,
)
from shared.auth.lent import lent
from shared.auth.tenancy import Role, Tenancy, judged, role_in_organization, tenant_reads
from shared.errors import Problem
from shared.ports.clock import Clock
from shared.ports.documents import Documents, Snapshot

MOST_REMEMBERED: Final = 2048
NOT_A_MEMBER: Final = "not_a_member"
"""The reason of a refusal that a first sign-in may still change (`create_memberships`)."""
SAFE_ID_PATTERN: Final = r"^[A-Za-z0-9_.~@|+=-]{1,128}$"
"""A token's own words that can be part of a document's path."""
_SAFE_ID: Final = re.compile(SAFE_ID_PATTERN)

Reads = Callable[[Access], Iterable[str]]
"""Which further documents a call touches, given what its organization may do."""


class Admitted(NamedTuple):
    """A call that may go on: who calls, what the organization may do, and what was read.

    `role` is the caller's in the tenant, else in the organization; None in a wrong tenant.
    `tenancy` is what became of the tenant that the call names: a problem where it is not the
    caller's, None where none is named.
    """

    caller: Caller
    access: Access | None
    found: Mapping[str, Snapshot]
    role: Role | None
    tenancy: Tenancy | Problem | None = None


class Gate:
    """Admits calls. One instance per process; safe to use from many threads."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._seen: OrderedDict[str, Access] = OrderedDict()
        self._org_of_key: OrderedDict[str, str] = OrderedDict()

    def admit(
        self, credential: Credential, surface: Surface, reads: Reads, tenant: str = ""
    ) -> Admitted:
        """Read once and judge. `tenant` is the one the call is about, if its address names one.

        A second read follows only when the first showed grants this instance had not seen.
        Raises `unauthenticated` (401) for a credential that is dead, and `forbidden` or
        `api_key_org_type_forbidden` (403) for a good one without a usable organization.
        """
        if isinstance(credential, Operator):
            caller = Caller(surface, credential.name, "", "operator", "operator", None, None)
            return Admitted(caller, None, {}, role_in_organization(caller))
        if isinstance(credential, Service):
            caller = Caller(surface, credential.account, "", "service", "service", None, None)
            return Admitted(caller, None, {}, role_in_organization(caller))
        if isinstance(credential, Token):
            return self._admit_token(credential, surface, reads, tenant)
        return self._admit_key(credential, surface, reads, tenant)

    def _admit_token(self, token: Token, surface: Surface, reads: Reads, tenant: str) -> Admitted:
        session, membership = _paths(token.issuer, token.session, token.org, token.principal)
        own = (session, membership, *(tenant_reads(tenant, token.principal) if tenant else ()))
        asked, seen = self._predicted(own, token.org, reads)
        found = self._documents.get_many(asked)
        self._judge_session(token, found.get(session))
        member = found.get(membership)
        if member is None:
            raise _forbidden("You are not a member of this organization.", NOT_A_MEMBER)
        if member.data["state"] == "invited":
            raise _forbidden("You have not accepted this organization's invitation.", "invited")
        if member.data["state"] != "active":
            raise _forbidden("You are not a member of this organization any more.", "removed")
        access = self._access(token.org, found)
        if access is None or access.state != "active":
            raise _forbidden("This organization is disabled.", "organization_disabled")
        _judge_age(token, found.get(session), member, access)
        caller = Caller(
            surface=surface,
            subject=token.principal,
            org=token.org,
            org_type=access.type,
            role=member.data["role"],
            scopes=token.scopes,
            client=token.client or None,
            session=f"{token.issuer}:{token.session}",
            authorization=token.authorization or "",
            expires_at=token.expires_at,
            client_name=token.client_name,
        )
        if access is not seen:
            self._complete(found, asked, reads(access))
        if not tenant:
            return Admitted(caller, access, found, role_in_organization(caller))
        tenancy = _tenancy(tenant, caller, found)
        if isinstance(tenancy, Problem) and tenancy.code == "tenant_not_found":
            tenancy = self._lent(caller, tenant) or tenancy
        return _admitted_to(tenancy, caller, access, found)

    def _lent(self, caller: Caller, tenant: str) -> Tenancy | Problem | None:
        """Another organization's tenant, where somebody there let the connection in."""
        try:
            return lent(self._documents, caller, tenant)
        except Problem as problem:
            problem.drop_traceback()
            return problem

    def _admit_key(self, key: ApiKey, surface: Surface, reads: Reads, tenant: str) -> Admitted:
        path = f"api_keys/{key.id}"
        own = (path, *(tenant_reads(tenant, key.id) if tenant else ()))
        predicted = self._org_of_key.get(key.id)
        asked, seen = self._predicted(own, predicted, reads)
        found = self._documents.get_many(asked)
        record = found.get(path)
        digest = record.data["digest"] if record else bytes(len(key.digest))
        matches = hmac.compare_digest(digest, key.digest)
        if record is None or not matches or not self._usable(record.data):
            raise Problem("unauthenticated", "Invalid API key")
        if bool(record.data.get("audience")) != (surface == "destinations"):
            raise Problem("unauthenticated", "Invalid API key")  # for something else altogether
        org = record.data["org"]
        if org != predicted:
            _remember(self._org_of_key, key.id, org)
            more, seen = self._predicted((), org, reads)
            found |= self._documents.get_many(more)
            asked += more
        access = self._access(org, found)
        if access is None or access.state != "active":
            raise Problem("api_key_org_type_forbidden", "This API key's organization is disabled.")
        created: datetime = record.data["createdAt"]
        if created.timestamp() <= access.valid_after:
            raise Problem("unauthenticated", "Invalid API key")
        caller = Caller(surface, key.id, org, access.type, "key", KEYS_MAY.get(surface), None)
        if access is not seen:
            self._complete(found, asked, reads(access))
        if not tenant:
            return Admitted(caller, access, found, role_in_organization(caller))
        return _admitted_to(_tenancy(tenant, caller, found, record.data), caller, access, found)

    def _predicted(
        self, paths: Iterable[str], org: str | None, reads: Reads
    ) -> tuple[list[str], Access | None]:
        """These paths, the organization's access, and what the call is expected to touch.

        Also the access that this was predicted from.
        """
        if org is None:
            return [*paths], None
        seen = self._seen.get(org)
        return [*paths, f"access/{org}", *(() if seen is None else reads(seen))], seen

    def _access(self, org: str, found: Mapping[str, Snapshot]) -> Access | None:
        snapshot = found.get(f"access/{org}")
        if snapshot is None:
            return None
        seen = self._seen.get(org)
        access = seen if seen and seen.version == snapshot.version else Access.of(snapshot)
        _remember(self._seen, org, access)
        return access

    def _complete(
        self, found: dict[str, Snapshot], asked: Iterable[str], touched: Iterable[str]
    ) -> None:
        """Read what the call touches by the grants just seen, as far as it was not asked for."""
        missing = set(touched).difference(asked)
        if missing:
            found |= self._documents.get_many(sorted(missing))

    def _judge_session(self, token: Token, session: Snapshot | None) -> None:
        if session is None:
            if token.issuer == "own":
                raise _ended()
            return
        data = session.data
        if data.get("state") != "active" or not self._unexpired(data):
            raise _ended()
        if data.get("principal", token.principal) != token.principal:
            raise _ended()

    def _usable(self, record: Mapping[str, Any]) -> bool:
        return record.get("state") == "active" and self._unexpired(record)

    def _unexpired(self, record: Mapping[str, Any]) -> bool:
        expires: datetime | None = record.get("expiresAt")
        return expires is None or expires > self._clock.now()


def _judge_age(token: Token, session: Snapshot | None, member: Snapshot, access: Access) -> None:
    """Refuse what was ended, or issued before its person was removed or its organization disabled.

    Losing a role counts too. So being let in again revives nothing. Tokens say their time in whole
    seconds.
    """
    if session and token.authorization in session.data.get("ended", {}):
        raise _ended()
    removed: datetime | None = member.data.get("validAfter")
    if removed is None and not access.valid_after:
        return
    since = max(access.valid_after, removed.timestamp() if removed else 0.0)
    if token.issued_at < math.ceil(since):
        raise _ended()


def _tenancy(
    tenant: str,
    caller: Caller,
    found: Mapping[str, Snapshot],
    key: Mapping[str, Any] | None = None,
) -> Tenancy | Problem:
    try:
        return judged(tenant, caller, found, key)
    except Problem as problem:
        problem.drop_traceback()
        return problem


def _admitted_to(
    tenancy: Tenancy | Problem, caller: Caller, access: Access, found: Mapping[str, Snapshot]
) -> Admitted:
    role = tenancy.role if isinstance(tenancy, Tenancy) else None
    return Admitted(caller, access, found, role, tenancy)


def is_safe_id(text: str) -> bool:
    """Whether a token's own words can be part of a document's path."""
    return _SAFE_ID.fullmatch(text) is not None


@lru_cache(maxsize=MOST_REMEMBERED)
def _paths(issuer: str, session: str, org: str, principal: str) -> tuple[str, str]:
    """Where a token's session and membership are kept. Raises for ids that no path can hold."""
    if not is_safe_id(org):
        raise _forbidden("The access token's organization is unknown here.", "no_organization")
    if not is_safe_id(principal):
        raise _forbidden("You are not a member of this organization.", NOT_A_MEMBER)
    return session_path(issuer, session), f"memberships/{org}:{principal}"


def session_path(issuer: str, session: str) -> str:
    """Where a session is kept. Ids of other issuers that no path can hold are refused."""
    if not is_safe_id(session):
        raise Problem("unauthenticated", "The access token's session id cannot be used here.")
    return f"sessions/{issuer}:{session}"


def _remember(memory: OrderedDict[str, Any], name: str, value: Any) -> None:
    memory.pop(name, None)
    memory[name] = value
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)


def _ended() -> Problem:
    return Problem("unauthenticated", "This session has ended. Sign in again.")


def _forbidden(message: str, reason: str) -> Problem:
    return Problem("forbidden", message, reason=reason)
