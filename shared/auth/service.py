"""Who calls the functions that queues call: Cloud Tasks and Cloud Scheduler, by their OIDC tokens.

Google signs an ID token (OpenID Connect Core 2) for the service account named in the task or job,
with the audience named there. On a laptop our own ring signs the same token for the local queue.
"""

from typing import Any, Final

import jwt

from shared.auth.caller import Service
from shared.auth.jwks import RemoteKeys
from shared.auth.keyring import KeyRings
from shared.errors import Problem
from shared.ports.clock import Clock
from shared.settings import Settings

LIFETIME: Final = 300
LEEWAY: Final = 30
MOST_BYTES: Final = 4096


class ServiceTokens:
    """Verifies them, and on a laptop mints them.

    Args:
        settings: the issuer and the service account that are expected.
        keys: our ring, trusted only where no issuer is set, which is never the cloud.
        remote: the issuer's keys.
        clock: what "now" is.
    """

    def __init__(
        self, settings: Settings, keys: KeyRings, remote: RemoteKeys | None, clock: Clock
    ) -> None:
        self._account = settings.tasks_account
        self._keys = keys
        self._remote = remote
        self._clock = clock
        issuer = settings.trusted_task_issuer
        self._issuer = issuer.issuer if issuer else settings.auth_url
        self._algorithm = "RS256" if issuer else "ES256"

    def verify(self, text: str, audience: str) -> Service:
        """The service account that a token for this audience proves. May fetch the issuer's keys.

        Raises `unauthenticated` for anything but a token of this issuer, signed and in time, for
        this audience and this account; `unavailable` when the keys cannot be had.
        """
        claims = self._claims(text)
        now = self._clock.time()
        try:
            in_time = claims["iat"] - LEEWAY <= now < claims["exp"] + LEEWAY
        except TypeError:
            in_time = False
        email = claims.get("email")
        if not in_time:
            raise _refused("is not valid now")
        if claims["iss"] != self._issuer or claims["aud"] != audience:
            raise _refused("is of another issuer, or for another audience")
        if not self._account or email != self._account or claims.get("email_verified") is not True:
            raise _refused("is not of the service account that may call")
        return Service(self._account)

    def mint(self, audience: str) -> str:
        """A token of our own, for the local queue. Only where no issuer is set."""
        if self._remote is not None:
            raise ValueError("tokens for tasks come from their issuer here")
        now = int(self._clock.time())
        key = self._keys.signing().current
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "sub": self._account,
            "email": self._account,
            "email_verified": True,
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid})

    def _claims(self, text: str) -> dict[str, Any]:
        """The claims of a token whose signature holds."""
        if len(text) > MOST_BYTES:
            raise _refused("is too long")
        try:
            kid = str(jwt.get_unverified_header(text).get("kid"))
            key = self._key(kid)
            if key is None:
                raise _refused("is signed with an unknown key")
            claims: dict[str, Any] = jwt.decode(
                text,
                key,
                algorithms=[self._algorithm],
                options={
                    "require": ["iss", "aud", "iat", "exp"],
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, RecursionError):
            raise _refused("is not one, or its signature does not hold") from None
        return claims

    def _key(self, kid: str) -> Any:
        if self._remote is not None:
            return self._remote.key(kid)
        return self._keys.verifying(needing=kid).keys.get(kid)


def _refused(why: str) -> Problem:
    return Problem("unauthenticated", f"The identity token {why}.")
