"""A small real OpenID provider: discovery, code flow with PKCE, signed ID tokens, key rotation."""

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "catalog-mcp-client", "the upstream secret"


class OpenIdProvider:
    """Lives on a WebServer. `claims` change what its ID tokens say; None leaves one out."""

    def __init__(self, web, clock):
        self.web = web
        self.clock = clock
        self.issuer = web.origin
        self.codes, self.claims = {}, {}
        self.algorithm = "RS256"
        self.rotate()
        web.answers["/.well-known/openid-configuration"] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        web.answers["/jwks"] = lambda _: {"keys": [self.jwk]}
        web.answers["/token"] = self.token

    def rotate(self):
        """Sign with a new key from now on, and publish only that."""
        self.key = rsa.generate_private_key(65537, 2048)
        self.kid = secrets.token_hex(4)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwk = {**public, "kid": self.kid, "use": "sig"}

    def sign_in(self, url, sub="google-1", email="ada@example.com"):
        """A person signs in at the address they were sent to: where they are sent back."""
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert parts.path == "/authorize"
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        code = secrets.token_urlsafe(16)
        self.codes[code] = (asked, sub, email)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form):
        asked, sub, email = self.codes.pop(form["code"], (None, None, None))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = asked is not None and (
            form["client_id"], form["client_secret"], form["redirect_uri"], challenge
        ) == (CLIENT, SECRET, asked["redirect_uri"], asked["code_challenge"])  # fmt: skip
        if not good:
            return 400, json.dumps({"error": "invalid_grant"}).encode(), {}
        now = int(self.clock.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": sub,
            "email": email,
            "email_verified": True,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        key = "a shared secret of thirty-two bytes!" if self.algorithm == "HS256" else self.key
        text = jwt.encode(kept, key, algorithm=self.algorithm, headers={"kid": self.kid})
        return {"id_token": text, "access_token": "unused", "token_type": "Bearer"}
