"""The Authorization header, and what a refusal answers (RFC 6750, RFC 9728 5.1)."""

from collections.abc import Iterable

from shared.auth import api_keys
from shared.auth.caller import ApiKey
from shared.errors import Problem
from shared.serve.http import Head


def bearer(head: Head) -> str | None:
    """The bearer token's text, or None where none was sent (RFC 6750 2.1; nowhere else).

    Of two Authorization headers neither counts: who would say which one was checked upstream?
    """
    if "authorization" in head.repeated:
        return None
    scheme, _, text = head.headers.get("authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


def api_key(head: Head, prefix: str) -> ApiKey:
    """The API key of a REST request. Raises `unauthenticated` in the words of docs/protocol.md."""
    text = bearer(head)
    if text is None:
        raise Problem("unauthenticated", "Authorization Bearer token required")
    key = api_keys.parse(text, prefix)
    if key is None:
        raise Problem("unauthenticated", "Invalid API key")
    return key


def challenge(
    *,
    metadata: str | None,
    scopes: Iterable[str],
    problem: Problem | None = None,
) -> tuple[bytes, bytes]:
    """The WWW-Authenticate header.

    Args:
        metadata: the address of the resource metadata; None where no sign-in exists.
        scopes: every scope that is needed.
        problem: what was wrong with the token; None when none was sent, because RFC 6750 3.1 then
            wants no error code.
    """
    parts = []
    if problem is not None:
        error = "insufficient_scope" if problem.code == "insufficient_scope" else "invalid_token"
        parts += [f'error="{error}"', f'error_description="{problem.message}"']
    wanted = " ".join(scopes)
    if wanted:
        parts.append(f'scope="{wanted}"')
    if metadata:
        parts.append(f'resource_metadata="{metadata}"')
    return b"www-authenticate", f"Bearer {', '.join(parts)}".strip().encode("latin-1")
