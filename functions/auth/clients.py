"""Clients: programs that ask for access. Known by what they say, so nothing about them is stored.

A registered client's id is its own metadata, compressed and sealed: it outlives any
loss of data. A client may instead be named by the URL of a document it publishes
(`functions/auth/client_documents.py`).
"""

import re
import zlib
from ipaddress import ip_address
from typing import Annotated, Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field

from functions.auth.server import AuthServer
from shared.identity.names import is_plain
from shared.serve.discovery import DEVICE_CODE
from shared.serve.pages.web import OAuthError

MOST_URIS: Final = 20
MOST_ID: Final = 3000
"""Characters of a client id: it travels in addresses and inside tokens."""
_PURPOSE: Final = "client-id"
_PREFIX: Final = "c1."
KNOWN_SCHEMES: Final = frozenset(
    {"cursor", "vscode", "vscode-insiders", "windsurf", "zed", "claude", "goose", "raycast", "warp"}
)
"""Schemes of known clients that have no dot, which those of others need (RFC 8252 7.1)."""
_GRANTS: Final = ("authorization_code", "refresh_token", DEVICE_CODE)
_REPLACED_METHODS: Final = (None, "none", "client_secret_basic", "client_secret_post")
"""Methods that registration replaces by `none`, as RFC 7591 2 lets it: the answer says so."""
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_URI_CHARACTERS: Final = re.compile(r"[!-~]+")


class Client(BaseModel):
    """A client's metadata (RFC 7591 2), as far as it means something here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    redirect_uris: Annotated[tuple[str, ...], Field(max_length=MOST_URIS)] = ()
    client_name: str = ""
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    application_type: Literal["native", "web"] | None = None
    scope: str | None = None

    @property
    def shown_name(self) -> str:
        """Its name for people: what it says, and nobody has verified."""
        return self.client_name or "An application without a name"

    def may(self, grant: str) -> bool:
        """Whether it registered for a grant type."""
        return grant in self.grant_types

    def redirects_to(self, uri: str) -> bool:
        """Whether it registered this address: the same text, a loopback address at any port.

        RFC 8252 7.3; `localhost` counts as loopback because command-line clients use it, and is
        never the same as 127.0.0.1.
        """
        return any(_same(known, uri) for known in self.redirect_uris)


def client_id(server: AuthServer, client: Client) -> str:
    """The self-describing id. Raises `invalid_client_metadata` when it would be too long."""
    raw = zlib.compress(client.model_dump_json(exclude_defaults=True).encode(), 9)
    id_ = f"{_PREFIX}{server.seal(_PURPOSE, raw)}"
    if len(id_) > MOST_ID:
        raise OAuthError("invalid_client_metadata", "Register fewer or shorter values.")
    return id_


def registered(server: AuthServer, id_: str) -> Client | None:
    """The client an id of ours describes, or None."""
    if not id_.startswith(_PREFIX) or len(id_) > MOST_ID:
        return None
    raw = server.unseal(_PURPOSE, id_.removeprefix(_PREFIX))
    return None if raw is None else Client(**orjson.loads(zlib.decompress(raw)))


def read_client(metadata: dict[str, Any]) -> Client:
    """A client as RFC 7591 metadata describes it; what is not offered here is left out.

    Raises `invalid_redirect_uri` and `invalid_client_metadata`.
    """
    uris = _texts(metadata, "redirect_uris", ())
    asked = _texts(metadata, "grant_types", ("authorization_code", "refresh_token"))
    grants = [grant for grant in asked if grant in _GRANTS]
    if not {"authorization_code", DEVICE_CODE} & set(grants):
        raise OAuthError("invalid_client_metadata", "grant_types holds none offered here.")
    responses = _texts(metadata, "response_types", ("code",))
    if "authorization_code" in grants and "code" not in responses:
        raise OAuthError("invalid_client_metadata", "response_types must hold code.")
    if metadata.get("token_endpoint_auth_method") not in _REPLACED_METHODS:
        raise OAuthError(
            "invalid_client_metadata",
            "Clients are public here: token_endpoint_auth_method is none, with PKCE.",
        )
    if "authorization_code" in grants and not uris:
        raise OAuthError("invalid_redirect_uri", "redirect_uris is missing.")
    if len(uris) > MOST_URIS:
        raise OAuthError("invalid_redirect_uri", f"At most {MOST_URIS} redirect_uris.")
    for uri in uris:
        check_redirect(uri)
    kind, name, scope = (
        metadata.get(field) for field in ("application_type", "client_name", "scope")
    )
    if kind not in (None, "native", "web"):
        raise OAuthError("invalid_client_metadata", "application_type is native or web.")
    if not all(isinstance(value, str | None) for value in (name, scope)):
        raise OAuthError("invalid_client_metadata", "client_name and scope are text.")
    if not is_plain(name or ""):
        raise OAuthError("invalid_client_metadata", "client_name holds characters nobody sees.")
    return Client(
        redirect_uris=tuple(dict.fromkeys(uris)),
        client_name=" ".join((name or "").split())[:80],
        grant_types=tuple(dict.fromkeys(grants)),
        application_type=kind,
        scope=scope or None,
    )


def check_redirect(uri: str) -> SplitResult:
    """The parts of a redirect address that may be registered. Raises `invalid_redirect_uri`.

    https, http to this machine, or an application's own scheme: one with a dot (RFC 8252 7.1), or
    of a known client. No fragment (RFC 6749 3.1.2), no user name.
    """
    parts = _split(uri)
    if parts is None or "#" in uri:
        raise _bad_redirect("is not an absolute address without fragment")
    if not _is_taken(parts.scheme):
        raise _bad_redirect("is https, http to this machine, or has a scheme with a dot in it")
    if "@" in parts.netloc:
        raise _bad_redirect("holds a user name")
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise _bad_redirect("has no host")
    if parts.scheme == "http" and not is_loopback(parts):
        raise _bad_redirect("is http and not on this machine")
    return parts


def _is_taken(scheme: str) -> bool:
    own = _SCHEME.fullmatch(scheme) is not None and "." in scheme
    return scheme in ("https", "http") or own or scheme in KNOWN_SCHEMES


def is_loopback(parts: SplitResult) -> bool:
    """Whether an http address leads to the machine the browser runs on."""
    if parts.scheme != "http" or "@" in parts.netloc:
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _same(known: str, uri: str) -> bool:
    if known == uri:
        return True
    one, other = _split(known), _split(uri)
    if one is None or other is None or not (is_loopback(one) and is_loopback(other)):
        return False
    return (one.hostname, one.path or "/", one.query) == (
        other.hostname,
        other.path or "/",
        other.query,
    ) and "#" not in uri


def _split(uri: str) -> SplitResult | None:
    if not _URI_CHARACTERS.fullmatch(uri) or "\\" in uri:
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme else None


def _texts(metadata: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = metadata.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise OAuthError("invalid_client_metadata", f"{name} is a list of texts.")
    return tuple(value)


def _bad_redirect(reason: str) -> OAuthError:
    return OAuthError("invalid_redirect_uri", f"A redirect address {reason}.")
