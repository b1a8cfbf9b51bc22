"""What every endpoint stands on: the app, the sealed texts, the resources, and who is calling."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from shared.app import App
from shared.auth.caller import Caller, Token
from shared.auth.faces import ENDPOINT, PARTNER, Face, deployed_faces
from shared.auth.keyring import SEALING
from shared.auth.tenancy import TENANT_PATTERN
from shared.serve.http import plain_host
from shared.serve.pages.site import Site
from shared.serve.pages.web import OAuthError
from shared.tool import Call

_TENANT: Final = re.compile(TENANT_PATTERN)


class Resource(NamedTuple):
    """What a token is asked for: a face, and the tenant whose address was named, if one was."""

    face: Face
    audience: str
    tenant: str = ""


class AuthServer(Site):
    """One process's authorization server. Holds nothing that another instance would miss."""

    def __init__(self, app: App) -> None:
        super().__init__(app, app.settings.auth_url, SEALING)
        self.issuer = self.url
        self.browser_cookie = self.cookie("browser")
        self.session_cookie = self.cookie("session")
        self.faces = deployed_faces(app.settings)
        self._bases = _bases(app, self.faces)

    def resource(self, named: Iterable[str]) -> Resource:
        """The one resource that all named ones stand for (RFC 8707), the default for none.

        Raises `invalid_target`. Clients send the endpoint, its host, either with a slash, or the
        same twice; old ones send nothing, which means the partner endpoint.
        """
        found = {self._resource(name) for name in named} or {self._of(PARTNER)}
        if len(found) > 1 or None in found:
            raise OAuthError("invalid_target", "That resource is not served here.")
        return next(each for each in found if each is not None)

    def face_of(self, audience: str) -> Face:
        """The face whose tokens are for this audience. Raises `invalid_target`."""
        for face in self.faces:
            if self.settings.addresses[face.name] == audience:
                return face
        raise OAuthError("invalid_target", "That resource is not served here any more.")

    def _of(self, face: Face, tenant: str = "") -> Resource:
        return Resource(face, self.settings.addresses[face.name], tenant)

    def _resource(self, name: str) -> Resource | None:
        """What one spelling stands for. A query only narrows a connection, so it says nothing."""
        text = _comparable(name.partition("?")[0].removesuffix("/"))
        base = text.removesuffix(ENDPOINT)
        face = self._bases.get(base)
        if face is not None:
            return self._of(face)
        base, _, tenant = base.rpartition("/")
        face = self._bases.get(base)
        at_endpoint = text.endswith(ENDPOINT) and _TENANT.fullmatch(tenant)
        return self._of(face, tenant) if face and face.tenants and at_endpoint else None

    def call(self, person: str, org: str, request_id: str, *, client: str | None = None) -> Call:
        """A change made in the course of signing in, by this person for this organization."""
        caller = Caller("auth", person, org, "", "", None, client)
        return Call(self.app, caller, "auth", request_id, self.app.clock.now(), {}, None)

    def admit(
        self, person: str, org: str, session: str, request_id: str, *, since: datetime
    ) -> Call:
        """A call of somebody whose session, membership and organization are good right now.

        `since`: when what they show was allowed; being removed meanwhile ended it. Raises
        `unauthenticated` or `forbidden`, as any of their requests would.
        """
        token = Token(
            "own", person, person, org, "", session, None, frozenset(), 0, since.timestamp()
        )
        admitted = self.app.gate.admit(token, "auth", lambda _: ())
        now = self.app.clock.now()
        return Call(
            self.app, admitted.caller, "auth", request_id, now, admitted.found, admitted.access
        )


def _comparable(address: str) -> str:
    """An address as it is compared: scheme and host in lower case, without a default port."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts._replace(netloc=plain_host(parts.netloc)).geturl()


def _bases(app: App, faces: Iterable[Face]) -> dict[str, Face]:
    """What every spelling of a face's addresses begins with that clients send.

    The further hosts of the settings are other names of the partner endpoint's host, so a face on
    that same host has them too.
    """
    settings = app.settings
    own = urlsplit(settings.mcp_url).netloc
    found: dict[str, Face] = {}
    for face in faces:
        if face.is_own_client:
            continue
        base = urlsplit(face.base(settings))
        further = settings.hosts if base.netloc == own else ()
        for host in (base.netloc, *further):
            found.setdefault(base._replace(netloc=plain_host(host)).geturl(), face)
    return found
