"""Access tokens: minting ours (RFC 9068) and verifying those of every configured issuer.

An issuer is looked up before any key is; its algorithms, audiences and claim names are pinned by
settings, never taken from the token's own header (RFC 8725 3.1, 3.8, 3.9).
"""

import hashlib
import math
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt import PyJWK

from shared.auth.caller import Token
from shared.auth.faces import PORTAL, Face, deployed_faces
from shared.auth.jwks import RemoteKeys
from shared.auth.keyring import KeyRings
from shared.errors import Problem
from shared.ports.clock import Clock
from shared.servers import ClaimNames, ExternalIssuer
from shared.settings import Settings

REMEMBERED: Final = 60.0
MOST_REMEMBERED: Final = 4096
MOST_BYTES: Final = 8192
MOST_OF_NAME: Final = 80
"""Characters of another issuer's client id, where what the client calls itself is unknown."""
_OWN_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
_TYPES: Final = _OWN_TYPES | {"jwt"}


class KeysNeeded(Exception):  # noqa: N818  a signal, not a failure
    """Verifying this token needs keys that must be fetched first: ask again from a thread."""


@dataclass(frozen=True)
class _Trusted:
    id: str
    issuer: str
    algorithms: tuple[str, ...]
    audiences: Mapping[str, frozenset[str]]
    claims: ClaimNames
    default_scopes: Mapping[str, frozenset[str]]
    organizations: frozenset[str] | None
    remote: RemoteKeys | None


class Tokens:
    """Mints and verifies access tokens.

    Args:
        settings: issuers, and our own address and audience.
        keys: our rings.
        remote: external issuers' keys, by the issuer's short id.
        clock: what "now" is.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyRings,
        remote: Mapping[str, RemoteKeys],
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = settings.auth_url
        self._lifetime = settings.access_seconds
        faces = deployed_faces(settings)
        own = _Trusted(
            "own",
            settings.auth_url,
            ("ES256",),
            {face.name: frozenset({settings.addresses[face.name]}) for face in faces},
            ClaimNames(),
            {},
            None,
            None,
        )
        external = (
            _external(issuer, remote[issuer.id], settings, faces) for issuer in settings.issuers
        )
        self._trusted = {trusted.issuer: trusted for trusted in (own, *external)}
        self._verified: OrderedDict[bytes, tuple[float, Token]] = OrderedDict()

    def mint(
        self,
        *,
        subject: str,
        org: str,
        client: str,
        session: str,
        scopes: Iterable[str],
        audience: str,
        authorization: str | None = None,
        client_name: str = "",
        lifetime: int | None = None,
    ) -> str:
        """An access token of ours for one audience, good for `lifetime` or the set seconds."""
        now = int(self._clock.time())
        claims = {
            "iss": self._issuer,
            "sub": subject,
            "aud": audience,
            "client_id": client,
            "org_id": org,
            "scope": " ".join(sorted(scopes)),
            "sid": session,
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": now + (lifetime or self._lifetime),
            **({"authz": authorization} if authorization else {}),
            **({"client_name": client_name} if client_name else {}),
        }
        key = self._keys.signing().current
        return jwt.encode(
            claims, key.private, algorithm="ES256", headers={"typ": "at+jwt", "kid": key.kid}
        )

    def verify(self, text: str, face: Face, *, wait: bool = True) -> Token:
        """What the token proves at this face. It opens no other.

        With `wait=False` no I/O is done; KeysNeeded then says that keys must be fetched. A token
        verified within the last minute is not verified again; whether its session still holds is
        never remembered, that is the gate's read.

        Raises `unauthenticated` for a token that is not good now, `forbidden` for a good one
        without an organization, `unavailable` when an issuer's keys cannot be had.
        """
        name = hashlib.sha256(f"{face.name} {text}".encode()).digest()
        now = self._clock.time()
        passed = self._clock.elapsed()
        held = self._verified.get(name)
        if held is not None and passed < held[0] and now < held[1].expires_at:
            return held[1]
        token = self._verify(text, now, face, wait=wait)
        self._verified[name] = (passed + REMEMBERED, token)
        while len(self._verified) > MOST_REMEMBERED:
            self._verified.popitem(last=False)
        return token

    def _verify(self, text: str, now: float, face: Face, *, wait: bool) -> Token:
        if len(text) > MOST_BYTES:
            raise _refused("The access token is too long.")
        try:
            header = jwt.get_unverified_header(text)
            claims = jwt.decode(text, options={"verify_signature": False})
        except (jwt.PyJWTError, RecursionError):
            raise _refused("The access token is not a JWT.") from None
        trusted = self._trusted.get(str(claims.get("iss")))
        types = _OWN_TYPES if trusted is not None and trusted.remote is None else _TYPES
        if trusted is None or str(header.get("typ", "")).lower() not in types:
            raise _refused("The access token is not from an issuer this endpoint trusts.")
        if header.get("alg") not in trusted.algorithms:
            raise _refused("The access token is signed with an algorithm its issuer does not use.")
        key = self._key(trusted, str(header.get("kid")), wait=wait)
        try:
            claims = jwt.decode(
                text,
                key,
                algorithms=list(trusted.algorithms),
                options={
                    "enforce_minimum_key_length": True,
                    "require": ["exp", "iat", "sub"],
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError:
            raise _refused("The access token's signature does not hold.") from None
        _check_times(claims, now)
        _check_audience(claims, trusted, face)
        return _token(claims, trusted, face)

    def _key(self, trusted: _Trusted, kid: str, *, wait: bool) -> Any:
        if trusted.remote is None:
            own = self._keys.verifying(needing=kid).keys.get(kid)
            if own is None:
                raise _refused("The access token is signed with a key that is not ours.")
            return own
        key: PyJWK | None = trusted.remote.held(kid)
        if key is None:
            if not wait:
                raise KeysNeeded
            key = trusted.remote.key(kid)
        if key is None:
            raise _refused("The access token is signed with a key its issuer does not publish.")
        return key


def principal_id(issuer: str, subject: str) -> str:
    """The id memberships are kept under: our own subjects as they are, others hashed."""
    if issuer == "own":
        return subject
    return f"{issuer}-{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


def _external(
    issuer: ExternalIssuer, keys: RemoteKeys, settings: Settings, faces: tuple[Face, ...]
) -> _Trusted:
    """What is trusted of another's tokens. Those of the portal's client there carry no scopes."""
    audiences = {name: frozenset(named) for name, named in issuer.audiences.items()}
    given = frozenset(issuer.default_scopes)
    scopes = {face.name: given & face.scopes.keys() for face in faces}
    client = settings.portal_client
    if client is not None and client.issuer == issuer.id:
        audiences[PORTAL.name] = frozenset({client.audience})
        scopes[PORTAL.name] = frozenset(PORTAL.scopes)
    return _Trusted(
        issuer.id,
        issuer.issuer,
        issuer.algorithms,
        audiences,
        issuer.claims,
        scopes,
        frozenset(issuer.organizations),
        keys,
    )


def _check_times(claims: dict[str, Any], now: float) -> None:
    try:
        expires, not_before = float(claims["exp"]), float(claims.get("nbf", 0))
        issued = float(claims["iat"])
    except (TypeError, ValueError, OverflowError):
        expires = not_before = issued = math.nan
    if not all(map(math.isfinite, (expires, not_before, issued))):
        raise _refused("The access token's times are not numbers.")
    if now >= expires:
        raise _refused("The access token has expired. Refresh it.")
    if not_before > now + 30 or issued > now + 30:
        raise _refused("The access token is not valid yet.")


def _check_audience(claims: dict[str, Any], trusted: _Trusted, face: Face) -> None:
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not named:
        raise _refused("The access token names no audience.")
    good = [name for name in named if name in trusted.audiences.get(face.name, ())]
    if not good or (trusted.remote is None and len(named) != 1):
        raise _refused("The access token is for another resource.")


def _token(claims: dict[str, Any], trusted: _Trusted, face: Face) -> Token:
    names = trusted.claims
    org = claims.get(names.organization)
    if not isinstance(org, str) or not org:
        raise Problem(
            "forbidden",
            "The access token names no organization. Sign in again and choose one.",
            reason="no_organization",
        )
    if trusted.organizations is not None and org not in trusted.organizations:
        raise Problem(
            "forbidden",
            "The issuer of this access token does not speak for that organization.",
            reason="issuer_organization",
        )
    session = claims.get(names.session) or claims.get("jti")
    if not isinstance(session, str) or not session:
        raise _refused("The access token belongs to no session.")
    scopes = _scopes(claims.get(names.scopes)) & face.scopes.keys()
    subject = str(claims["sub"])
    client = str(claims.get(names.client) or claims.get("azp") or "")
    return Token(
        issuer=trusted.id,
        subject=subject,
        principal=principal_id(trusted.id, subject),
        org=org,
        client=client,
        session=session,
        authorization=claims.get("authz") if trusted.remote is None else None,
        scopes=scopes or trusted.default_scopes.get(face.name, frozenset()),
        expires_at=float(claims["exp"]),
        issued_at=float(claims["iat"]),
        client_name=client[:MOST_OF_NAME] if trusted.remote else str(claims.get("client_name", "")),
    )


def _scopes(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()


def _refused(message: str) -> Problem:
    return Problem("unauthenticated", message)
