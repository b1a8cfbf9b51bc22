"""Key rings: what we sign access tokens with, and what we seal texts with that come back to us.

Each is a secret of its own, so that every instance of a function has the same, and no function has
more than it needs. Signing keys are ES256 (RFC 7518 3.4), named by their thumbprint (RFC 7638). A
ring has a current key, and may have a next one (published ahead) and previous ones (published until
their tokens have expired). Who only verifies reads the public halves.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, TypeVar

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwt.algorithms import ECAlgorithm

from shared.errors import Conflict
from shared.ports.clock import Clock
from shared.ports.secrets import Secrets

SIGNING: Final = "signing-keys"
VERIFYING: Final = "verifying-keys"
"""The public halves of the signing keys, as the JWKS document that is published."""
SEALING: Final = "sealing-keys"
"""What the authorization server alone seals with: refresh tokens, ids of clients, its pages."""
CURSORS: Final = "cursor-keys"
PORTAL: Final = "portal-keys"
"""What the portal seals its cookies and forms with."""
SEALS: Final = (SEALING, CURSORS, PORTAL)
Role = Literal["next", "current", "previous"]
R = TypeVar("R")


@dataclass(frozen=True)
class SigningKey:
    """One ES256 key: its thumbprint, its role in the ring, and the private key as PEM.

    `since` is when it took that role, epoch seconds; 0 is before anybody asks.
    """

    kid: str
    role: Role
    pem: str
    since: float = 0.0

    @cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The parsed private key."""
        key = serialization.load_pem_private_key(self.pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("a signing key must be an EC P-256 key")
        return key

    @cached_property
    def public(self) -> ec.EllipticCurvePublicKey:
        """The public half, which verifies."""
        return self.private.public_key()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half as a JSON Web Key (RFC 7517)."""
        return {**_public_jwk(self.public), "kid": self.kid, "use": "sig", "alg": "ES256"}


@dataclass(frozen=True)
class SigningRing:
    """The signing keys of one deployment."""

    keys: tuple[SigningKey, ...]

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        return next(key for key in self.keys if key.role == "current")

    def key(self, kid: str) -> SigningKey | None:
        """The key of that id, whatever its role."""
        return next((key for key in self.keys if key.kid == kid), None)

    @property
    def jwks(self) -> dict[str, Any]:
        """The published key set (RFC 7517 5)."""
        return {"keys": [key.jwk for key in self.keys]}

    def pack_public(self) -> bytes:
        """The bytes of the secret that those who only verify read."""
        return orjson.dumps(self.jwks)

    def pack(self) -> bytes:
        """The secret's bytes."""
        return orjson.dumps(
            {
                "keys": [
                    {"kid": key.kid, "role": key.role, "pem": key.pem, "since": key.since}
                    for key in self.keys
                ]
            }
        )

    @classmethod
    def unpack(cls, data: bytes) -> "SigningRing":
        """Read the secret's bytes."""
        return cls(tuple(SigningKey(**key) for key in orjson.loads(data)["keys"]))


@dataclass(frozen=True)
class VerifyingRing:
    """The public halves, by key id."""

    keys: Mapping[str, ec.EllipticCurvePublicKey]

    @classmethod
    def unpack(cls, data: bytes) -> "VerifyingRing":
        """Read the secret's bytes."""
        read = orjson.loads(data)["keys"]
        return cls({jwk["kid"]: _public_key(jwk) for jwk in read})


@dataclass(frozen=True)
class SealingRing:
    """Symmetric keys (32 bytes): the first seals, all of them open.

    `prepared` is when the last one was added, to be the first soon; 0 when none waits.
    """

    keys: tuple[bytes, ...]
    prepared: float = 0.0

    def seal(self, purpose: str, message: bytes) -> bytes:
        """A 16-byte HMAC-SHA256 tag; differs by purpose, so a tag is good for one thing only."""
        return _tag(self.keys[0], purpose, message)

    def holds(self, purpose: str, message: bytes, tag: bytes) -> bool:
        """Whether one of our keys made this tag for this purpose."""
        return any(hmac.compare_digest(_tag(key, purpose, message), tag) for key in self.keys)

    def hide(self, purpose: str, message: bytes) -> bytes:
        """The message, encrypted (AES-256-GCM, a key for each purpose): readable by us alone."""
        nonce = random.token_bytes(12)
        return nonce + AESGCM(_derived(self.keys[0], purpose)).encrypt(nonce, message, None)

    def reveal(self, purpose: str, hidden: bytes) -> bytes | None:
        """What was hidden with one of our keys for this purpose, or None."""
        for key in self.keys:
            try:
                return AESGCM(_derived(key, purpose)).decrypt(hidden[:12], hidden[12:], None)
            except (InvalidTag, ValueError):
                continue
        return None

    def pack(self) -> bytes:
        """The secret's bytes."""
        keys = [base64.b64encode(key).decode() for key in self.keys]
        return orjson.dumps({"keys": keys, "prepared": self.prepared})

    @classmethod
    def unpack(cls, data: bytes) -> "SealingRing":
        """Read the secret's bytes."""
        read = orjson.loads(data)
        keys = tuple(base64.b64decode(key) for key in read["keys"])
        return cls(keys, read.get("prepared", 0.0))


def new_signing_key(role: Role) -> SigningKey:
    """A fresh ES256 key."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    jwk = _public_jwk(private.public_key())
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    thumbprint = hashlib.sha256(orjson.dumps(required, option=orjson.OPT_SORT_KEYS)).digest()
    kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return SigningKey(kid=kid, role=role, pem=pem)


def create_missing(secrets: Secrets) -> None:
    """Create the rings that do not exist yet; racing processes end with the same ones."""
    _create(secrets, SIGNING, SigningRing((new_signing_key("current"),)).pack())
    _create(secrets, VERIFYING, SigningRing.unpack(secrets.read(SIGNING)).pack_public())
    for name in SEALS:
        _create(secrets, name, SealingRing((random.token_bytes(32),)).pack())


def store_signing(secrets: Secrets, ring: SigningRing) -> None:
    """Keep a changed signing ring, first for those who verify.

    A key must be known before it signs, and one that leaked refused even where this ends half-way.
    """
    secrets.write(VERIFYING, ring.pack_public())
    secrets.write(SIGNING, ring.pack())


def _create(secrets: Secrets, name: str, value: bytes) -> None:
    with suppress(Conflict):
        secrets.write(name, value, if_absent=True)


class KeyRings:
    """The rings as a process sees them, read again at most every `SECONDS` and on demand.

    Their age is of passed seconds: a clock that is set back must not keep a revoked key alive.
    Reading one raises `not_found` before it was created.
    """

    SECONDS: Final = 60.0

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._held: dict[str, tuple[float, Any]] = {}

    def signing(self) -> SigningRing:
        """The signing ring."""
        return self._ring(SIGNING, SigningRing.unpack, lambda _: False)

    def verifying(self, *, needing: str) -> VerifyingRing:
        """The keys that verify.

        `needing`: a key id the caller looks for. When the ring at hand lacks it, the ring is read
        again, at most once a second, so that unknown ids cannot be used to make us read.
        """
        return self._ring(VERIFYING, VerifyingRing.unpack, lambda ring: needing not in ring.keys)

    def sealing(self, name: str = SEALING) -> SealingRing:
        """The sealing ring of this name."""
        return self._ring(name, SealingRing.unpack, lambda _: False)

    def _ring(self, name: str, unpack: Callable[[bytes], R], lacks: Callable[[R], bool]) -> R:
        now = self._clock.elapsed()
        held: tuple[float, R] | None = self._held.get(name)
        if held is not None:
            age = now - held[0]
            if age < self.SECONDS and not (age >= 1.0 and lacks(held[1])):
                return held[1]
        ring = unpack(self._secrets.read(name))
        self._held[name] = (now, ring)
        return ring


def _public_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    key = ECAlgorithm.from_jwk(dict(jwk))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("a verifying key must be a public EC key")
    return key


def _public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    return dict(ECAlgorithm.to_jwk(key, as_dict=True))


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose (HKDF's expand step for 32 bytes, RFC 5869 2.3)."""
    return hmac.digest(key, f"hide {purpose}".encode() + b"\x01", "sha256")


def _tag(key: bytes, purpose: str, message: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\x00" + message, "sha256")[:16]
