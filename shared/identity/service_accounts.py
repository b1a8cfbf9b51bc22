"""Operations on service accounts: programs of an organization, known by their public keys."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from jwt import PyJWK
from jwt.exceptions import PyJWTError
from pydantic import Field

from shared.auth.faces import PARTNER, scopes_of
from shared.errors import Problem
from shared.identity.names import PLAIN
from shared.identity.of_organization import OfOrganization
from shared.identity.principals import SERVICE_ACCOUNT_PATTERN
from shared.identity.records import (
    MEMBERSHIPS,
    ORGANIZATIONS,
    SERVICE_ACCOUNTS,
    SESSIONS,
    Membership,
    OrgId,
    ServiceAccount,
    Session,
)
from shared.paging import PageOf
from shared.ports.documents import ABSENT
from shared.queries import SERVICE_ACCOUNTS_OF_ORGANIZATION
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("service_accounts", org_types=frozenset({"operator"}))

_ALGORITHMS = {"EC": "ES256", "RSA": "RS256"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_PUBLIC = {"EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_RSA_BITS = 2048


class ServiceAccountView(Result):
    """A service account. `id` is its OAuth client id and its tokens' subject."""

    id: str
    org: str
    name: str
    state: Literal["active", "ended"]
    scopes: tuple[str, ...]
    session: str
    created_at: datetime
    created_by: str


class CreateServiceAccount(Args):
    """A new service account of an organization."""

    org: OrgId
    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for."), PLAIN]
    keys: Annotated[
        tuple[dict[str, Any], ...],
        Field(min_length=1, max_length=4, description="Its public keys, as JWKs: P-256 or RSA."),
    ]
    scopes: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(PARTNER.scopes)


@family.tool(
    scope="identity:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Create a service account"
)
def create_service_account(call: Call, args: CreateServiceAccount) -> ServiceAccountView:
    """Create a service account that signs in with client_credentials and private_key_jwt."""
    ORGANIZATIONS.get(call.app.documents, args.org)
    known = scopes_of(call.app.settings)
    if not set(args.scopes) <= known.keys():
        raise Problem("invalid", "One of the scopes does not exist.", known=list(known))
    id_, session = f"sa-{secrets.token_hex(8)}", secrets.token_urlsafe(18)
    account = ServiceAccount(
        org=args.org,
        name=args.name,
        keys=tuple(_public(key) for key in args.keys),
        scopes=tuple(sorted(set(args.scopes))),
        session=session,
        created_at=call.now,
        created_by=call.caller.subject,
    )
    member = Membership(org=args.org, principal=id_, role="member", created_at=call.now)
    call.commit(
        [
            SERVICE_ACCOUNTS.put(id_, account, if_version=ABSENT),
            MEMBERSHIPS.put(f"{args.org}:{id_}", member, if_version=ABSENT),
            SESSIONS.put(
                f"own:{session}",
                Session(issuer="own", principal=id_, created_at=call.now),
                if_version=ABSENT,
            ),
        ],
        event="service_account.created",
        target=id_,
        org=args.org,
        name=args.name,
    )
    return _view(id_, account)


class EndServiceAccount(Args):
    """Which service account."""

    id: Annotated[str, Field(pattern=SERVICE_ACCOUNT_PATTERN)]


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="End a service account",
    idempotent=True,
)
def end_service_account(call: Call, args: EndServiceAccount) -> ServiceAccountView:
    """End a service account for good. Its tokens are refused on the next request."""
    return _view(args.id, end(call, args.id))


def end(call: Call, id_: str) -> ServiceAccount:
    """End a service account, or leave one that has. Raises `not_found`, Conflict."""
    found = SERVICE_ACCOUNTS.get(call.app.documents, id_)
    if found.value.state == "ended":
        return found.value
    over = found.value.model_copy(update={"state": "ended"})
    session = SESSIONS.get(call.app.documents, f"own:{over.session}")
    ended = session.value.model_copy(update={"state": "ended"})
    call.commit(
        [
            SERVICE_ACCOUNTS.put(id_, over, if_version=found.version),
            SESSIONS.put(session.id, ended, if_version=session.version),
        ],
        event="service_account.ended",
        target=id_,
        org=over.org,
    )
    return over


@family.tool(
    scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List service accounts"
)
def list_service_accounts(call: Call, args: OfOrganization) -> PageOf[ServiceAccountView]:
    """List an organization's service accounts, oldest first, 100 a page."""
    query = args.of(SERVICE_ACCOUNTS_OF_ORGANIZATION, org=args.org)
    found, cursor = SERVICE_ACCOUNTS.page(call.app.documents, query)
    items = [_view(record.id, record.value) for record in found]
    return PageOf[ServiceAccountView](items=items, next_cursor=cursor)


def _public(key: dict[str, Any]) -> dict[str, str]:
    """The parts of a public key that verify, with the one algorithm it is used with."""
    kind = key.get("kty")
    algorithm = _ALGORITHMS.get(str(kind))
    if algorithm is None or _PRIVATE & key.keys():
        raise Problem("invalid", "A key is the public half of a P-256 or RSA key, as a JWK.")
    parts = {name: str(key.get(name)) for name in ("kty", *_PUBLIC[str(kind)])}
    named = {"kid": str(key["kid"])[:100]} if "kid" in key else {}
    kept = {**parts, "alg": algorithm, **named}
    try:
        size = getattr(PyJWK(kept).key, "key_size", 0)
    except PyJWTError:
        size = 0
    weak = size < _RSA_BITS if kind == "RSA" else parts["crv"] != "P-256" or not size
    if weak:
        raise Problem("invalid", "A key is P-256, or RSA of at least 2048 bits.")
    return kept


def _view(id_: str, account: ServiceAccount) -> ServiceAccountView:
    return ServiceAccountView(id=id_, **account.model_dump(exclude={"keys"}))
