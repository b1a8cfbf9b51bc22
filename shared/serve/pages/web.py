"""One request as the functions with pages see it, and what they answer with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from shared.serve.http import OWS, Head

Pair = tuple[str, str]


class OAuthError(Exception):
    """An OAuth error answer (RFC 6749 5.2 and its extensions).

    Args:
        error: the registered code.
        description: our words; never what was sent.
        status: 400, or 401 for `invalid_client`.
    """

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers: tuple[Pair, ...] = ()


class Params:
    """Query or form parameters. Empty ones count as left out (RFC 6749 3.1)."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = [(name, value) for name, value in pairs if value]

    @classmethod
    def parse(cls, text: str) -> "Params":
        """Read `application/x-www-form-urlencoded`. Raises OAuthError `invalid_request`."""
        try:
            return cls(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50))
        except ValueError:
            raise OAuthError("invalid_request", "The parameters cannot be read.") from None

    def get(self, name: str) -> str | None:
        """The parameter, or None. Raises `invalid_request` when it came twice."""
        values = self.every(name)
        if len(values) > 1:
            raise OAuthError("invalid_request", f"The parameter {name} came more than once.")
        return values[0] if values else None

    def need(self, name: str) -> str:
        """The parameter. Raises `invalid_request` when it is missing."""
        value = self.get(name)
        if value is None:
            raise OAuthError("invalid_request", f"The parameter {name} is missing.")
        return value

    def every(self, name: str) -> list[str]:
        """All values of a parameter that may be repeated."""
        return [value for each, value in self._pairs if each == name]

    def encoded(self) -> str:
        """The parameters as an address or a form has them, without the empty ones."""
        return urlencode(self._pairs)

    def only_once(self, *names: str) -> None:
        """Raise `invalid_request` when one of these came more than once."""
        for name in names:
            self.get(name)


@dataclass(frozen=True)
class Incoming:
    """One request: its head, what it carries, and the address it came from."""

    head: Head
    query: Params
    body: bytes
    address: str
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case."""
        return self.head.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def form(self) -> Params:
        """The body as a form. Raises `invalid_request` when it is none."""
        if self.content_type != "application/x-www-form-urlencoded":
            raise OAuthError(
                "invalid_request", "Send the body as application/x-www-form-urlencoded."
            )
        try:
            return Params.parse(self.body.decode("ascii"))
        except UnicodeDecodeError:
            raise OAuthError("invalid_request", "The parameters cannot be read.") from None


class Outgoing(NamedTuple):
    """One response."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: tuple[Pair, ...] = ()

    def having(self, *headers: Pair) -> "Outgoing":
        """The same with further headers."""
        return self._replace(headers=(*self.headers, *headers)) if headers else self


def as_json(value: Any, status: int = 200, headers: tuple[Pair, ...] = ()) -> Outgoing:
    """A JSON answer."""
    return Outgoing(status, orjson.dumps(value), "application/json", headers)


def redirect(url: str, headers: tuple[Pair, ...] = ()) -> Outgoing:
    """Send the browser elsewhere with GET (RFC 9110 15.4.4), whatever it sent here."""
    return Outgoing(303, headers=(("location", url), *headers))


def with_query(url: str, pairs: Mapping[str, str | None]) -> str:
    """The URL with parameters added, None left out, what it had before kept (RFC 6749 3.1.2)."""
    added = urlencode({name: value for name, value in pairs.items() if value is not None})
    parts = urlsplit(url)
    return parts._replace(query=f"{parts.query}&{added}" if parts.query else added).geturl()


async def send(send: Any, head: Head, answer: Outgoing, more: tuple[Pair, ...]) -> None:
    """Send an answer, with `more` headers; kept by nobody unless it says otherwise."""
    headers = [*answer.headers, ("x-content-type-options", "nosniff"), *more]
    if not any(name == "cache-control" for name, _ in headers):
        headers.append(("cache-control", "no-store"))
    if answer.body:
        headers.append(("content-type", answer.content_type))
    headers.append(("content-length", str(len(answer.body))))
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    body = b"" if head.method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a request (RFC 6265 4.2.1); what is no pair is left out.

    A name is what the browser takes it for: where `__Host-` is behind another character, it has not
    seen to who set it.
    """
    pairs = (each.partition("=") for each in header.split(";"))
    return {name.strip(OWS): value.strip(OWS) for name, equals, value in pairs if equals}
