"""Who signs the identity tokens of Cloud Tasks and Cloud Scheduler, with its keys on a server."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://accounts.google.com"


class GoogleIdentity:
    """Signs ID tokens (OpenID Connect Core 2), and serves its key set while used as a context."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.keys = json.dumps({"keys": [{**public, "kid": "google-1", "use": "sig"}]}).encode()

    def __enter__(self):
        keys = self.keys

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.jwks_url = f"http://127.0.0.1:{self._server.server_port}/certs"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def sign(self, email, audience, *, key=None, headers=None, **claims):
        """A service account's token; a claim of None is left out."""
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": audience,
            "sub": "1" * 21,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
        }
        kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(kept, key or self.key, "RS256", {"kid": "google-1", **(headers or {})})
