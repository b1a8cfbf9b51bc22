"""Finding a client: by its self-describing id, or by the URL of a metadata document.

Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): the id is an https URL
and what stands there describes the client. Fetched behind the SSRF guard, kept for a few minutes;
failures are kept too, so that nobody can use us to hammer a host.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from functions.auth.clients import Client, read_client, registered
from functions.auth.server import AuthServer
from shared.app import App
from shared.errors import Problem
from shared.serve.pages.web import OAuthError

PORTAL_NAME: Final = "Portal"
FRESH: Final = 600.0
FAILED: Final = 60.0
SILENT: Final = 10.0
"""Seconds in which a host that did not answer is not asked for any document."""
LAST_GOOD: Final = 86_400.0
"""How long a document that was good serves while its host does not answer."""
TIMEOUT: Final = 3.0
MOST_BYTES: Final = 10_240
MOST_URL: Final = 512
MOST_KEPT: Final = 512
_DOTS: Final = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_SECRETS: Final = ("client_secret", "client_secret_expires_at")
_MEANT: Final = (
    "redirect_uris",
    "client_name",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "application_type",
    "scope",
)


@dataclass
class _Kept:
    """Documents as they were found; a cache that may be lost at any time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: OrderedDict[str, tuple[float, Client | None]] = field(default_factory=OrderedDict)
    silent: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def keep(self, url: str, at: float, client: Client | None) -> None:
        """Keep what was found then: a client, or that there is none."""
        with self.lock:
            self.found[url] = (at, client)
            _shorten(self.found)

    def keep_silent(self, host: str, until: float) -> None:
        """Keep that a host did not answer."""
        with self.lock:
            self.silent[host] = until
            _shorten(self.silent)


class _Silent(Exception):  # noqa: N818  a signal, not a failure
    """The host of a document did not answer in time."""


def find_client(server: AuthServer, id_: str) -> Client:
    """The client of this id. Raises `invalid_client` (401) when there is none."""
    client = portal_client(server) if is_portal(server, id_) else registered(server, id_)
    if client is None and server.settings.takes_client_documents and is_document_url(id_):
        client = _document(server, id_)
    if client is None:
        raise OAuthError("invalid_client", "This client is not known here.", status=401)
    return client


def is_portal(server: AuthServer, id_: str) -> bool:
    """Whether an id is the portal's own: its address. Nobody else can be sent back there."""
    return id_ == server.settings.portal_url


def portal_client(server: AuthServer) -> Client:
    """The portal, the one client that is ours."""
    return Client(
        redirect_uris=(f"{server.settings.portal_url}/signed-in",), client_name=PORTAL_NAME
    )


def is_document_url(id_: str) -> bool:
    """Whether an id is a URL a document may stand at: https, a path, and no way to disguise it.

    Which hosts, addresses and ports are reached is for Fetch to say.
    """
    if len(id_) > MOST_URL or not id_.startswith("https://") or not id_.isascii():
        return False
    try:
        parts = urlsplit(id_)
    except ValueError:
        return False
    plain = "#" not in id_ and "\\" not in id_ and "@" not in parts.netloc
    return plain and len(parts.path) > 1 and not _DOTS.search(parts.path) and id_.isprintable()


def _document(server: AuthServer, url: str) -> Client | None:
    """What stands there; what stood there last, while it cannot be read.

    Raises `unavailable` where its host does not answer and nothing stood there before: that does
    not say that there is no such client.
    """
    kept = server.app.once(_keep)
    now = server.app.clock.elapsed()
    host = urlsplit(url).hostname or ""
    with kept.lock:
        held = kept.found.get(url)
        silent = now < kept.silent.get(host, 0.0)
    at, last = held or (-LAST_GOOD, None)
    if held is not None and now - at < (FRESH if last else FAILED):
        return last
    if not silent:
        try:
            client = _fetch(server, url)
        except _Silent:
            kept.keep_silent(host, now + SILENT)
        else:
            kept.keep(url, now, client)
            return client
    if last is None or now - at >= LAST_GOOD:
        raise Problem("unavailable", f"{host} does not answer. Try again in some seconds.")
    return last


def _fetch(server: AuthServer, url: str) -> Client | None:
    """The client that a document describes. Raises _Silent where nothing came back in time."""
    try:
        answer = server.app.fetch.get(url, timeout=TIMEOUT, max_bytes=MOST_BYTES)
        document = orjson.loads(answer.body)
        if answer.status != 200 or not isinstance(document, dict):  # noqa: PLR2004  HTTP OK
            return None
        return _described(url, document)
    except Problem as problem:
        if problem.code == "unavailable":
            raise _Silent from None
        return None
    except (OAuthError, orjson.JSONDecodeError):
        return None


def _described(url: str, document: dict[str, Any]) -> Client | None:
    method = document.get("token_endpoint_auth_method", "none")
    if document.get("client_id") != url or method != "none":
        return None
    if any(name in document for name in _SECRETS):
        return None
    return read_client({name: document[name] for name in _MEANT if name in document})


def _shorten(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def _keep(app: App) -> _Kept:
    del app
    return _Kept()
