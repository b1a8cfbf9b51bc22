"""Revocation (RFC 7009): a client gives back what it was given. It ends the whole authorization."""

from contextlib import suppress

from functions.auth.server import AuthServer
from functions.auth.token import public_client
from shared.auth.caller import Token
from shared.errors import Problem
from shared.identity import authorizations
from shared.serve.pages.web import Incoming, OAuthError, Outgoing


def revoke(server: AuthServer, request: Incoming) -> Outgoing:
    """200 for any token that is not good (any more); refused for one of another client."""
    form = request.form
    client = public_client(server, form)
    found = _authorization(server, request, form.need("token"))
    if found is None:
        return Outgoing(200)
    id_, owner, person, org = found
    if owner != client:
        raise OAuthError("invalid_grant", "The token was issued to another client.")
    call = server.call(person, org, request.head.request_id, client=client)
    authorizations.end(call, id_, because="revoked by the client")
    return Outgoing(200)


def _authorization(
    server: AuthServer, request: Incoming, text: str
) -> tuple[str, str, str, str] | None:
    """Which authorization a token belongs to, its client, person and organization."""
    parsed = authorizations.RefreshToken.parse(text)
    if parsed is not None:
        found = authorizations.proven(server.call("", "", request.head.request_id), parsed)
        if found is None:
            return None
        return found.id, found.value.client, found.value.person, found.value.org
    token = _access_token(server, text)
    if token is None or token.issuer != "own" or token.authorization is None:
        return None
    return token.authorization, token.client, token.principal, token.org


def _access_token(server: AuthServer, text: str) -> Token | None:
    """An access token of whichever face it opens."""
    for face in server.faces:
        with suppress(Problem):
            return server.app.tokens.verify(text, face)
    return None
