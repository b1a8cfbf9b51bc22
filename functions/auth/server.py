"""What every endpoint stands on: the app, the sealed texts, the resources, and who is calling."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Final
from urllib.parse import urlsplit

from functions.auth.web import OAuthError
from shared.app import App
from shared.auth.caller import Caller, Token
from shared.auth.scopes import PARTNER, SCOPES
from shared.tool import Call

TAG_BYTES: Final = 16


class AuthServer:
    """One process's authorization server. Holds nothing that another instance would miss."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.settings = app.settings
        self.issuer = app.settings.auth_url
        parts = urlsplit(self.issuer)
        self.base = parts.path
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.secure = parts.scheme == "https"
        self.browser_cookie = self.cookie("browser")
        self.session_cookie = self.cookie("session")
        self._audiences = _aliases(app)

    def cookie(self, name: str) -> str:
        """A cookie's name. `__Host-` needs https, which a laptop does not have."""
        return f"__Host-{name}" if self.secure else f"catalog_mcp_{name}"

    def audience(self, named: list[str]) -> str:
        """The one audience all named resources stand for (RFC 8707), the default for none.

        Raises `invalid_target`. Clients send the endpoint, its host, either with a slash, or the
        same twice; old ones send nothing (auth.md 0.1, 1.7).
        """
        found = {self._audiences.get(name) for name in named} or {self.settings.mcp_url}
        audience = found.pop()
        if found or audience is None:
            raise OAuthError("invalid_target", "That resource is not served here.")
        return audience

    def seal(self, purpose: str, message: bytes) -> str:
        """The message, readable by anybody, with proof that we wrote it for this purpose."""
        tag = self.app.keys.sealing().seal(purpose, message)
        return f"{_encode(message)}.{_encode(tag)}"

    def unseal(self, purpose: str, text: str) -> bytes | None:
        """The message, or None when we did not seal this text for this purpose."""
        message, _, tag = text.partition(".")
        try:
            raw, proof = _decode(message), _decode(tag)
        except (NotBase64, ValueError):
            return None
        return raw if self.app.keys.sealing().holds(purpose, raw, proof) else None

    def proof(self, purpose: str, *parts: str) -> str:
        """A short tag over parts, for what can be recomputed."""
        return _encode(self.app.keys.sealing().seal(purpose, "\x00".join(parts).encode()))

    def proves(self, tag: str, purpose: str, *parts: str) -> bool:
        """Whether `proof` gave this tag for these parts."""
        try:
            raw = _decode(tag)
        except (NotBase64, ValueError):
            return False
        return self.app.keys.sealing().holds(purpose, "\x00".join(parts).encode(), raw)

    def call(self, person: str, org: str, request_id: str, *, client: str | None = None) -> Call:
        """A change made in the course of signing in, by this person for this organization."""
        caller = Caller("auth", person, org, "", "", None, client)
        return Call(self.app, caller, "auth", request_id, self.app.clock.now(), {}, None)

    def admit(
        self, person: str, org: str, session: str, request_id: str, *, authorization: str = ""
    ) -> Call:
        """A call of somebody whose session, membership and organization are good right now.

        Raises `unauthenticated` or `forbidden`, as any of their requests would.
        """
        token = Token(
            "own", person, person, org, "", session, authorization or None, frozenset(), 0
        )
        admitted = self.app.gate.admit(token, "auth", lambda _: ())
        now = self.app.clock.now()
        return Call(
            self.app, admitted.caller, "auth", request_id, now, admitted.found, admitted.access
        )


def wanted_scopes(text: str | None) -> tuple[str, ...]:
    """Our scopes among those asked for; all of the endpoint's when there is none of them.

    Scopes we do not know are dropped: clients add `offline_access`, `openid`, `profile`.
    """
    asked = [scope for scope in (text or "").split() if scope in SCOPES]
    return tuple(sorted(set(asked))) or PARTNER


def _aliases(app: App) -> dict[str, str]:
    """Every spelling of a resource that clients send, and the audience it stands for."""
    resource = urlsplit(app.settings.mcp_url)
    hosts = {resource.netloc, *app.settings.hosts}
    spellings = ("", "/", resource.path, f"{resource.path}/")
    return {
        f"{resource.scheme}://{host}{spelling}": app.settings.mcp_url
        for host in hosts
        for spelling in spellings
    }


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strict: one spelling for each value, so that a sealed text cannot be varied."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
