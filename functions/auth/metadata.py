"""What anybody may read: our metadata and the keys we sign with."""

from typing import Final

from functions.auth.server import AuthServer
from shared.serve.discovery import authorization_server
from shared.serve.pages.web import Incoming, Outgoing, as_json

CACHED: Final = (("cache-control", "public, max-age=300"),)
"""Seconds clients may keep these; a next key is published longer ahead."""


def metadata(server: AuthServer, request: Incoming) -> Outgoing:
    """The authorization server's metadata (RFC 8414)."""
    del request
    return as_json(authorization_server(server.settings), headers=CACHED)


def jwks(server: AuthServer, request: Incoming) -> Outgoing:
    """The keys our access tokens are verified with (RFC 7517)."""
    del request
    return as_json(server.app.keys.signing().jwks, headers=CACHED)
