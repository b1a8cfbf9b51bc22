"""Access tokens that were never issued, made with a deployment's own keys.

Each takes what has `token()`, `key()`, `app` and `settings`: a platform of the tests, or one that
runs.
"""

import base64
import hashlib
import hmac

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def claims_of(platform, **changes):
    """The claims of a good token of ours, changed; None leaves one out."""
    text = platform.token()
    claims = {**jwt.decode(text, options={"verify_signature": False}), **changes}
    return {name: given for name, given in claims.items() if given is not None}


def signed(platform, claims, *, key=None, algorithm="ES256", **header):
    current = platform.app.keys.signing().current
    given = {"typ": "at+jwt", "kid": current.kid, **header}
    return jwt.encode(claims, key or current.private, algorithm=algorithm, headers=given)


def confused(platform, claims):
    """HS256 with our public key as the secret (RFC 8725 2.1)."""
    current = platform.app.keys.signing().current
    secret = current.public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = ({"alg": "HS256", "typ": "at+jwt", "kid": current.kid}, claims)
    body = ".".join(
        base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts
    )
    tag = hmac.digest(secret, body.encode(), hashlib.sha256)
    return f"{body}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


TOKENS = {
    "no signature": lambda p: jwt.encode(
        claims_of(p), None, algorithm="none", headers={"typ": "at+jwt"}
    ),
    "our public key as a secret": lambda p: confused(p, claims_of(p)),
    "an unknown key id": lambda p: signed(p, claims_of(p), kid="unknown"),
    "another key": lambda p: signed(p, claims_of(p), key=ec.generate_private_key(ec.SECP256R1())),
    "another issuer": lambda p: signed(p, claims_of(p, iss="https://evil.example")),
    "our issuer with a slash": lambda p: signed(p, claims_of(p, iss=f"{p.settings.auth_url}/")),
    "another audience": lambda p: signed(p, claims_of(p, aud="https://elsewhere.example")),
    "two audiences": lambda p: signed(
        p, claims_of(p, aud=[p.settings.mcp_url, "https://elsewhere.example"])
    ),
    "no audience": lambda p: signed(p, claims_of(p, aud=None)),
    "a past expiry": lambda p: signed(p, claims_of(p, exp=1)),
    "no expiry": lambda p: signed(p, claims_of(p, exp=None)),
    "a time to come": lambda p: signed(p, claims_of(p, nbf=9_999_999_999)),
    "no subject": lambda p: signed(p, claims_of(p, sub=None)),
    "no session": lambda p: signed(p, claims_of(p, sid=None, jti=None)),
    "an ID token's type": lambda p: signed(p, claims_of(p), typ="id+jwt"),
    "a refresh token's form": lambda _: f"ort_{'a' * 32}_1_{'A' * 22}",
    "nine kilobytes": lambda p: signed(p, claims_of(p, more="x" * 9000)),
    "no text at all": lambda _: "...",
}
