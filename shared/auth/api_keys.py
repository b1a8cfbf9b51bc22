"""API keys: `<prefix>_<32 hex key id>_<base64url secret>`, shown once, kept as a SHA-256.

The secret has 256 random bits, so a fast hash is enough.
"""

import hashlib
import re
import secrets

from shared.auth.caller import ApiKey

_FORM = re.compile(
    r"(?P<prefix>[a-z][a-z0-9_]*)_(?P<id>[0-9a-f]{32})_(?P<secret>[A-Za-z0-9_-]{43})"
)


def mint(prefix: str) -> tuple[str, ApiKey]:
    """A new key: the text to show once, and what is kept of it."""
    key_id, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
    return f"{prefix}_{key_id}_{secret}", ApiKey(key_id, digest(secret))


def parse(text: str, prefix: str) -> ApiKey | None:
    """The key a text has the form of, or None. Whether it exists is for the gate to say."""
    match = _FORM.fullmatch(text)
    if match is None or match["prefix"] != prefix:
        return None
    return ApiKey(match["id"], digest(match["secret"]))


def digest(secret: str) -> bytes:
    """SHA-256 of a key's secret part."""
    return hashlib.sha256(secret.encode()).digest()
