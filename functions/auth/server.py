"""What every endpoint stands on: the app, the sealed texts, the resources, and who is calling."""

from urllib.parse import urlsplit

from shared.app import App
from shared.auth.caller import Caller, Token
from shared.auth.scopes import PARTNER, SCOPES
from shared.serve.pages.site import Site
from shared.serve.pages.web import OAuthError
from shared.tool import Call


class AuthServer(Site):
    """One process's authorization server. Holds nothing that another instance would miss."""

    def __init__(self, app: App) -> None:
        super().__init__(app, app.settings.auth_url)
        self.issuer = self.url
        self.browser_cookie = self.cookie("browser")
        self.session_cookie = self.cookie("session")
        self._audiences = _aliases(app)

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
