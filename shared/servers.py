"""Servers of others that a deployment names: who signs tokens, signs people in, sends mail."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Algorithm = Literal["ES256", "RS256"]


def _bare_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be an absolute http(s) URL without query or fragment")
    if value.endswith("/"):
        raise ValueError("must not end in a slash: clients compare this text byte by byte")
    return value


Url = Annotated[str, AfterValidator(_bare_url)]


class Frozen(BaseModel):
    """Settings do not change while a process lives, and have no fields we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _by_face(value: Any) -> Any:
    return {"partner": tuple(value)} if isinstance(value, (list, tuple)) else value


class ClaimNames(Frozen):
    """Where an external issuer keeps what we need."""

    organization: str = "org_id"
    client: str = "client_id"
    session: str = "sid"
    scopes: str = "scope"


class ExternalIssuer(Frozen):
    """An authorization server that is not ours, trusted to sign access tokens.

    Attributes:
        id: a short name, the first part of `sessions/{id}:{sid}`; never change it.
        issuer: its `iss`, byte for byte.
        jwks_url: where its keys are.
        algorithms: what it signs with; the token's own header decides nothing.
        audiences: accepted `aud` values, by the name of the face they open. A list is the partner
            face's.
        default_scopes: what a token without any of the face's scopes may do, of those.
        organizations: the ids of the organizations it may speak for; a token for any other is
            refused.
        create_memberships: whether its token makes a person a member of one of those.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    issuer: str
    jwks_url: Url
    algorithms: tuple[Algorithm, ...] = ("RS256",)
    audiences: Annotated[dict[str, tuple[str, ...]], Field(min_length=1), BeforeValidator(_by_face)]
    claims: ClaimNames = ClaimNames()
    default_scopes: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    create_memberships: bool = False

    @model_validator(mode="after")
    def _speaks_for_its_own(self) -> "ExternalIssuer":
        if not self.organizations:
            raise ValueError(
                f"the issuer {self.id!r} names no organizations it may speak for: add"
                ' "organizations": ["ORG", ...] with their ids'
            )
        return self


class Upstream(Frozen):
    """An OpenID provider that people sign in with (Google, WorkOS AuthKit, Keycloak, …).

    Attributes:
        id: a short name, part of our callback's address and of stored identities; never change it.
        name: what the sign-in button says.
        issuer: its `iss`, byte for byte; its discovery document stands below it.
        client_id: what it knows us by.
        secret: the name, in the deployment's secrets, of what it authenticates us with.
        algorithms: what it signs ID tokens with; the token's own header decides nothing.
        domains: the domains of the verified e-mail addresses it may assert, lower case, in ASCII.
        any_domain: it may assert any address, as a consumer provider such as Google does.
        organizations: who signed in with it acts for these alone; for any of theirs where empty.
        operators: whether who signed in with it may act for an operating organization.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: str
    client_id: str
    secret: str
    algorithms: tuple[Algorithm, ...] = ("RS256",)
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    domains: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,190}$")], ...] = ()
    any_domain: bool = False
    organizations: tuple[str, ...] = ()
    operators: bool = False

    @model_validator(mode="after")
    def _asserts_its_own(self) -> "Upstream":
        if bool(self.domains) == self.any_domain:
            raise ValueError(
                f"the upstream {self.id!r} must name the addresses it may assert: add"
                ' "domains": ["company.example", ...], or "any_domain": true for a consumer'
                " provider, and not both"
            )
        return self

    def may_assert(self, email: str) -> bool:
        """Whether an address (in its one spelling) is of a domain it speaks for."""
        return self.any_domain or email.rpartition("@")[2] in self.domains

    def acts_for(self, org: str, org_type: str) -> bool:
        """Whether somebody who signed in with it may act for an organization of theirs."""
        named = not self.organizations or org in self.organizations
        return named and (self.operators or org_type != "operator")


class PortalClient(Frozen):
    """How the portal signs people in at an external authorization server, as a public client.

    Attributes:
        issuer: the id of one of `issuers`.
        client_id: what that server knows the portal by; `{portal_url}/signed-in` is its address.
        audience: the `aud` of the access tokens it gets there, accepted by nothing else of ours.
        authorize_url, token_url: the server's endpoints.
        scopes: what it asks for, so that it is given a refresh token.
    """

    issuer: str
    client_id: Annotated[str, Field(min_length=1)]
    audience: Annotated[str, Field(min_length=1)]
    authorize_url: Url
    token_url: Url
    scopes: tuple[str, ...] = ("openid", "email", "offline_access")


class Smtp(Frozen):
    """Where mail is handed in (RFC 6409), always over TLS unless the host is this machine.

    Attributes:
        sender: the From address.
        user, secret: how we authenticate; `secret` is a name in the deployment's secrets.
        starttls: upgrade a plain connection (port 587) instead of TLS from the start (465).
    """

    host: str
    port: int = 587
    sender: str
    user: str = ""
    secret: str = ""
    starttls: bool = True


class TaskIssuer(Frozen):
    """Who signs the identity tokens of Cloud Tasks and Cloud Scheduler, and where its keys are."""

    issuer: str = "https://accounts.google.com"
    jwks_url: Url = "https://www.googleapis.com/oauth2/v3/certs"
