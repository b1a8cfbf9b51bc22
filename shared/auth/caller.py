"""Who is calling: what a credential proves, before anything was read, and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

OrgType = Literal["catalog_partner", "catalog_owner", "operator"]
"""What an organization is here for."""
EVERY_TYPE: Final[frozenset[str]] = frozenset(get_args(OrgType))

Surface = Literal[
    "mcp", "rest", "cli", "auth", "tasks", "engine", "portal", "studio", "admin", "destinations"
]
"""By which way a call came in: partners' MCP, REST, an operator's command line, sign-in, the work
queue, the engine's, the portal, the studio's MCP, operators' MCP, or what applications read."""


KEYS_MAY: Final[Mapping[Surface, frozenset[str]]] = {"mcp": frozenset({"catalog:read"})}
"""The scopes of an API key, by surface; all where none are said.

Over MCP it reads catalogs, as over REST: what else stands there takes a person."""


@dataclass(frozen=True, slots=True)
class Token:
    """A verified access token (RFC 9068): the signature, audience and times held.

    `issuer` is the issuer's short id (`own` for ours). `session` is its `sid`, and `authorization`
    the refresh family it came from (ours only). `principal` is the id memberships are kept under.
    `issued_at` (epoch seconds) is when it was, or when what it continues was allowed.
    `client_name` is what the client calls itself, which nobody has verified; its id elsewhere.
    """

    issuer: str
    subject: str
    principal: str
    org: str
    client: str
    session: str
    authorization: str | None
    scopes: frozenset[str]
    expires_at: float
    issued_at: float = 0.0
    client_name: str = ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed API key: its public id and the SHA-256 of its secret, not yet compared."""

    id: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Operator:
    """A person at the platform's own command line, with their own cloud credentials."""

    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """The service account behind Cloud Tasks and Cloud Scheduler, proven by its OIDC token."""

    account: str


Credential = Token | ApiKey | Operator | Service


class Caller(NamedTuple):
    """Who is calling, after session, membership, key and organization were read and found good.

    Attributes:
        subject: the principal, API key id or operator's name; what audit records say.
        org: the organization it acts for; empty for an operator and for a service.
        org_type: `catalog_partner`, `catalog_owner`, `operator`, or `service` for the work queue.
        role: the membership's role; `key` for an API key.
        scopes: what the credential may do; None means no limit (API keys, operators).
        client: the OAuth client id, or None.
        session: `{issuer}:{sid}` of the sign-in the call is made in; empty where there is none.
        authorization: what a person let a client do, that the token came from; empty where none is.
        expires_at: when the token does (epoch seconds); 0 where there is none.
        client_name: what the client calls itself, unverified; empty where there is none.
    """

    surface: Surface
    subject: str
    org: str
    org_type: str
    role: str
    scopes: frozenset[str] | None
    client: str | None
    session: str = ""
    authorization: str = ""
    expires_at: float = 0.0
    client_name: str = ""
