"""Dynamic client registration (RFC 7591): nothing is stored, the id says it all."""

from typing import Final

import orjson

from functions.auth.clients import client_id, read_client
from functions.auth.server import AuthServer
from shared.serve.json_body import TooDeep, read_json
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, as_json

MOST_BYTES: Final = 65_536


def register(server: AuthServer, request: Incoming) -> Outgoing:
    """201 with what was registered, which may be less than was asked for."""
    if request.content_type != "application/json":
        raise OAuthError("invalid_client_metadata", "Send the body as application/json.")
    try:
        metadata = read_json(request.body)
    except (orjson.JSONDecodeError, TooDeep):
        raise OAuthError("invalid_client_metadata", "The body is not plain JSON.") from None
    if not isinstance(metadata, dict):
        raise OAuthError("invalid_client_metadata", "The body is not a JSON object.")
    client = read_client(metadata)
    described = client.model_dump(mode="json", exclude_none=True)
    return as_json(
        {
            **described,
            "client_id": client_id(server, client),
            "client_id_issued_at": int(server.app.clock.time()),
            "response_types": ["code"] if client.may("authorization_code") else [],
            "token_endpoint_auth_method": "none",
        },
        201,
    )
