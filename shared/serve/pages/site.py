"""A function with pages: its address, its cookies, and the texts it seals."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import timedelta
from urllib.parse import urlsplit

from shared.app import App
from shared.auth.keyring import SealingRing
from shared.serve.pages.web import Incoming, Pair


class Site:
    """One process's view of a site. Holds nothing that another instance would miss.

    Args:
        app: what it runs on.
        url: its public address, without a slash at the end.
        ring: what it seals with.

    Attributes:
        base: the path its pages stand below; empty where it has a host of its own.
        always: headers of every answer.
    """

    def __init__(self, app: App, url: str, ring: str) -> None:
        self.app = app
        self.settings = app.settings
        self.url = url
        self._ring_name = ring
        parts = urlsplit(url)
        self.base = parts.path
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.secure = parts.scheme == "https"
        secure: tuple[Pair, ...] = (("strict-transport-security", "max-age=31536000"),)
        self.always = secure if self.secure else ()

    @property
    def _ring(self) -> SealingRing:
        return self.app.keys.sealing(self._ring_name)

    def cookie(self, name: str) -> str:
        """A cookie's name. `__Host-` needs https, which a laptop does not have."""
        return f"__Host-{name}" if self.secure else f"catalog_mcp_{name}"

    def set_cookie(self, name: str, value: str, age: timedelta) -> Pair:
        """The header that gives a browser a cookie; an age of nothing takes it away."""
        parts = [
            f"{self.cookie(name)}={value}",
            "Path=/",
            f"Max-Age={int(age.total_seconds())}",
            "HttpOnly",
            "SameSite=Lax",
            *(["Secure"] if self.secure else []),
        ]
        return "set-cookie", "; ".join(parts)

    def is_from_here(self, request: Incoming) -> bool:
        """Whether a form was sent by a page of this origin, as far as the browser says."""
        return request.head.headers.get("origin") in (None, self.origin)

    def seal(self, purpose: str, message: bytes) -> str:
        """The message, readable by anybody, with proof that we wrote it for this purpose."""
        tag = self._ring.seal(purpose, message)
        return f"{_encode(message)}.{_encode(tag)}"

    def unseal(self, purpose: str, text: str) -> bytes | None:
        """The message, or None when we did not seal this text for this purpose."""
        message, _, tag = text.partition(".")
        try:
            raw, proof = _decode(message), _decode(tag)
        except (NotBase64, ValueError):
            return None
        return raw if self._ring.holds(purpose, raw, proof) else None

    def hide(self, purpose: str, message: bytes) -> str:
        """The message, readable by us alone."""
        return _encode(self._ring.hide(purpose, message))

    def reveal(self, purpose: str, text: str) -> bytes | None:
        """The message, or None when we did not hide this text for this purpose."""
        try:
            hidden = _decode(text)
        except (NotBase64, ValueError):
            return None
        return self._ring.reveal(purpose, hidden)

    def proof(self, purpose: str, *parts: str) -> str:
        """A short tag over parts, for what can be recomputed."""
        return _encode(self._ring.seal(purpose, "\x00".join(parts).encode()))

    def proves(self, tag: str, purpose: str, *parts: str) -> bool:
        """Whether `proof` gave this tag for these parts."""
        try:
            raw = _decode(tag)
        except (NotBase64, ValueError):
            return False
        return self._ring.holds(purpose, "\x00".join(parts).encode(), raw)


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strict: one spelling for each value, so that a sealed text cannot be varied."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
