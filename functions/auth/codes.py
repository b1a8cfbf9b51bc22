"""Authorization codes (RFC 6749 4.1.2): a minute, once, for one client, address and challenge."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Final

from functions.auth import pending
from functions.auth.browser import Browser
from functions.auth.client_documents import find_client
from functions.auth.records import CODES, Code
from functions.auth.server import AuthServer
from shared.errors import Conflict
from shared.identity import authorizations
from shared.identity.records import Authorization
from shared.ports.documents import ABSENT, Write
from shared.records import Found
from shared.serve.pages.web import Incoming, OAuthError, Params
from shared.tool import Call

GOOD_FOR: Final = timedelta(seconds=60)
KEPT: Final = timedelta(hours=1)
"""How long a used code is remembered, so that its replay ends what it gave."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def issue(
    server: AuthServer,
    call: Call,
    browser: Browser,
    asked: pending.Pending,
    code: str,
    once: Write,
) -> None:
    """Keep a code's hash and what it stands for, with the decision. Raises Conflict."""
    record = Code(
        person=browser.person,
        org=call.caller.org,
        session=browser.session or "",
        client=asked.client,
        client_name=find_client(server, asked.client).shown_name,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        scopes=asked.scopes,
        audience=asked.audience,
        good_until=call.now + GOOD_FOR,
        expires_at=call.now + KEPT,
    )
    call.commit(
        [once, CODES.put(_name(code), record, if_version=ABSENT)],
        event="consent.given",
        target=asked.id,
        client=record.client_name,
        scopes=list(record.scopes),
    )


def redeem(
    server: AuthServer, request: Incoming, form: Params, client: str
) -> tuple[Call, Found[Authorization]]:
    """Exchange a code. Raises OAuthError `invalid_grant`, `invalid_target`, `invalid_request`."""
    code, verifier = form.need("code"), form.need("code_verifier")
    uri, resources = form.get("redirect_uri"), form.every("resource")
    if not _VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_request", "code_verifier is 43 to 128 of A-Z a-z 0-9 - . _ ~.")
    found = CODES.find(server.app.documents, _name(code))
    if found is None or found.value.client != client:
        raise _bad("The code is unknown or belongs to another client.")
    record = found.value
    if record.authorization is not None:
        _end_replayed(server, request, record)
    if record.good_until <= server.app.clock.now():
        raise _bad("The code has expired.")
    if uri not in (None, record.redirect_uri) or not _fits(record.challenge, verifier):
        raise _bad("The code was issued for another redirect_uri or code_challenge.")
    if resources and server.resource(resources).audience != record.audience:
        raise OAuthError("invalid_target", "The code was issued for another resource.")
    call = server.admit(
        record.person,
        record.org,
        record.session,
        request.head.request_id,
        since=record.good_until - GOOD_FOR,
    )
    begun = authorizations.prepared(
        call,
        client=client,
        client_name=record.client_name,
        audience=record.audience,
        scopes=record.scopes,
        session=record.session,
    )
    used = record.model_copy(update={"authorization": begun.id})
    put = CODES.put(found.id, used, if_version=found.version)
    try:
        authorizations.begin(call, begun, [put])
    except Conflict:
        again = CODES.get(server.app.documents, found.id).value
        _end_replayed(server, request, again)
    return call, begun


def _end_replayed(server: AuthServer, request: Incoming, record: Code) -> None:
    """A code came twice: end what the first gave (RFC 6749 4.1.2). Always raises."""
    call = server.call(record.person, record.org, request.head.request_id)
    if record.authorization is not None:
        authorizations.end(call, record.authorization, because="replayed")
    raise _bad("The code was used before.")


def _fits(challenge: str, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _name(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _bad(message: str) -> OAuthError:
    return OAuthError("invalid_grant", message)
