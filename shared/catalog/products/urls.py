"""Product page URLs: one normal form for indexing and for asking, and how the two meet.

Source: RFC 3986 6.2 and 5.2.4; UTS 46 for host names. No DNS: a host is judged by its text alone.

What a product claims (`index_forms`) and what a caller means (`lookup_forms`) are ordered lists of
normal forms; a lookup takes the first form asked for that anybody claims, and `winner` decides
between claims. A fragment that is a route (`#/size-m`, `#!/p/12`) is part of the address, as shops
made in the browser have it; any other is not. A parameter known to choose a variant may be missing
or wrong and the page is still the product's; one known to name the product (`id=`) may not; any
other may, as long as only one product can be meant.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple
from urllib.parse import quote, urljoin

import idna

from shared.catalog.products.url_parameters import is_identity, is_tracking, is_variant
from shared.errors import Problem

MAX_URL: Final = 4096
"""Longest URL taken, and longest normal form given, in characters."""

NORMALIZED_EXACT: Final = "normalized_exact"
"""`matchedVia`: the URL asked for and the indexed one have the same normal form."""
STRUCTURAL_ALIAS: Final = "structural_alias"
"""`matchedVia`: the same page by another Shopify path (within a collection, or a locale)."""
LOOSE: Final = "loose"
"""`matchedVia`: the page, by leaving out query parameters or letter case of the path."""

_MOST_COMBINED: Final = 4
_URL: Final = re.compile(
    r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*:", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PLAIN_HOST: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_ROUTE: Final = re.compile(r"!?/.")
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*")  # as most text is
_ESCAPABLE: Final = re.compile(r"%([0-9A-Fa-f]{2})|(%|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+)")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LOCALE: Final = r"/[A-Za-z]{2}(?:-[A-Za-z]{2,4})?"
_COLLECTION: Final = re.compile(rf"({_LOCALE})?/collections/[^/]+(/products/[^/]+)")
_LOCALIZED: Final = re.compile(rf"{_LOCALE}(/products/[^/]+)")

_PRIVATE_SUFFIXES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".onion")


class Claim(IntEnum):
    """How strongly a product stands behind a form: the lowest wins."""

    OWN = 0
    """The normal form of its own URL, or of a variant's."""
    PAGE = 1
    """Its page: without the known variant parameters, or without the Shopify locale."""
    LOOSE = 2
    """Its page if no other product's: without unknown parameters, or the path in lower case."""


class IndexForm(NamedTuple):
    """A form a product's URL is found by, and how strongly it is claimed."""

    form: str
    claim: Claim


class LookupForm(NamedTuple):
    """A form to look up, and what `matchedVia` says when it is found."""

    form: str
    via: str


class NormalizedUrl(NamedTuple):
    """A product page URL in normal form.

    Attributes:
        exact: `https://host[:port]/path[?query][#route]`, the query sorted and without tracking
            parameters.
        page: the same without the known variant parameters and the route.
        host: lower case, ASCII (IDNA A-labels), without `www.` and port.
    """

    exact: str
    page: str
    host: str


class _Url(NamedTuple):
    host: str
    origin: str
    path: str
    params: tuple[str, ...]
    route: str
    rewritten: bool

    def form(self, path: str, params: tuple[str, ...], route: str = "") -> str:
        query = f"?{'&'.join(params)}" if params else ""
        return f"{self.origin}{path}{query}{route}"


def require_safe_url(raw: str) -> None:
    """Refuse a URL that must not be used at all.

    Raises `unsafe_url` for userinfo, a scheme other than http(s), or a host that is not public
    (private or loopback addresses, single labels, `.local` and the like); `invalid_product_url`
    for what is not a URL.
    """
    _parse(raw)


def normalize_url(raw: str) -> NormalizedUrl:
    """The normal form of a product page URL. Idempotent: a form is its own normal form.

    Runs of slashes are one slash, as web servers serve them. Raises `invalid_product_url` for
    anything that is not an absolute http(s) URL on a public host.
    """
    url = _parse_product(raw)
    return NormalizedUrl(
        exact=url.form(url.path, url.params, url.route),
        page=url.form(url.path, tuple(p for p in url.params if not is_variant(p))),
        host=url.host,
    )


def page_host(raw: str) -> str:
    """The host of a product page URL's normal form. Raises `invalid_product_url`."""
    return _parse_product(raw).host


def web_url(raw: str, base: str | None = None) -> str:
    """An absolute http(s) URL on a public host, in ASCII, otherwise as it was given.

    A relative URL is resolved against `base`. Raises `unsafe_url` or `invalid_product_url`.
    """
    text = _text(raw)
    if base is not None and not _URL.fullmatch(text) and not _SCHEME.match(text):
        try:
            text = urljoin(base, text)
        except ValueError:
            raise _invalid("The URL cannot be read.") from None
    scheme, authority, path, query, fragment = _split(text)
    host, port = _host_and_port(authority)
    origin = f"{scheme.lower()}://{host}" + (f":{port}" if port is not None else "")
    rest = (f"?{_escaped(query)}" if query else "") + (f"#{_escaped(fragment)}" if fragment else "")
    return _no_longer(f"{origin}{_escaped(path)}{rest}")


def index_forms(raw: str) -> tuple[IndexForm, ...]:
    """Every form a product (or variant) with this URL is found by, each once, strongest first.

    Raises `invalid_product_url`.
    """
    url = _parse_product(raw)
    queries = {url.params: Claim.OWN}
    if url.params:
        variant = {param for param in url.params if is_variant(param)}
        identity = {param for param in url.params if is_identity(param)}
        queries.setdefault(_only(url.params, set(url.params) - variant), Claim.PAGE)
        queries.setdefault(_only(url.params, variant | identity), Claim.LOOSE)
        queries.setdefault(_only(url.params, identity), Claim.LOOSE)
    paths = {url.path: Claim.OWN}
    if localized := _LOCALIZED.fullmatch(url.path):
        paths[localized[1]] = Claim.PAGE
    for path in tuple(paths):
        paths.setdefault(_folded(path), Claim.LOOSE)
    claims: dict[str, Claim] = {}
    for path, path_claim in paths.items():
        for params, claim in queries.items():
            claims.setdefault(url.form(path, params, url.route), max(claim, path_claim))
    if url.route:
        for path in paths:
            claims.setdefault(url.form(path, url.params), Claim.LOOSE)
    return tuple(IndexForm(*item) for item in sorted(claims.items(), key=lambda item: item[1]))


def lookup_forms(raw: str) -> tuple[LookupForm, ...]:
    """What a URL may mean, in the order to try; each form once.

    A strict lookup keeps only the forms `via` NORMALIZED_EXACT. Raises `invalid_product_url`.
    """
    url = _parse_product(raw)
    via = STRUCTURAL_ALIAS if url.rewritten else NORMALIZED_EXACT
    found = {url.form(url.path, url.params, url.route): via}
    paths = {url.path: LOOSE}
    if localized := _LOCALIZED.fullmatch(url.path):
        paths[localized[1]] = STRUCTURAL_ALIAS
    for path in tuple(paths):
        paths.setdefault(_folded(path), LOOSE)
    for route in dict.fromkeys((url.route, "")):
        for params in _fewer(url.params):
            for path, path_via in paths.items():
                whole = params == url.params and route == url.route
                found.setdefault(url.form(path, params, route), path_via if whole else LOOSE)
    return tuple(LookupForm(form, via) for form, via in found.items())


def winner(claims: Iterable[tuple[Claim, str]]) -> tuple[str | None, bool]:
    """Which product key a form resolves to, and whether products disagree about it.

    The strongest claim wins. Several products that own a URL or a page disagree: the lower key wins
    and publish reports it. A LOOSE form that several products claim means none of them.
    """
    strongest: dict[str, Claim] = {}
    for claim, key in claims:
        strongest[key] = min(claim, strongest.get(key, claim))
    if not strongest:
        return None, False
    best = min(strongest.values())
    keys = [key for key, claim in strongest.items() if claim is best]
    if len(keys) == 1:
        return keys[0], False
    return (None, False) if best is Claim.LOOSE else (min(keys), True)


@lru_cache(maxsize=64)  # a call asks about its URL several times: which heads, which forms
def _parse_product(raw: str) -> _Url:
    try:
        return _parse(raw)
    except Problem as problem:
        if problem.code == "unsafe_url":
            raise Problem("invalid_product_url", problem.message) from None
        raise


def _parse(raw: str) -> _Url:
    scheme, authority, raw_path, query, fragment = _split(_text(raw))
    host, port = _host_and_port(authority)
    while host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    origin = f"https://{host}"
    if port not in (None, 443) and not (port == 80 and scheme.lower() == "http"):  # noqa: PLR2004  the default ports of RFC 9110
        origin = f"{origin}:{port}"
    path = _path(raw_path)
    collection = _COLLECTION.fullmatch(path)
    if collection:
        path = f"{collection[1] or ''}{collection[2]}"
    params, route = _params(query) if query else (), _route(fragment or "")
    url = _Url(host, origin, path, params, route, rewritten=bool(collection))
    _no_longer(url.form(url.path, url.params, url.route))
    return url


def _no_longer(url: str) -> str:
    if len(url) + 2 * url.count("+") > MAX_URL:  # a plus becomes %20 in the normal form
        raise _invalid(f"The URL is longer than {MAX_URL} characters when percent-encoded.")
    return url


def _text(raw: str) -> str:
    text = raw.strip()
    if len(text) > MAX_URL:
        raise _invalid(f"The URL is longer than {MAX_URL} characters.")
    if _FORBIDDEN.search(text):
        raise _invalid("The URL holds control characters or backslashes.")
    return text


def _split(text: str) -> tuple[str, str, str, str | None, str | None]:
    match = _URL.fullmatch(text)
    if match is None:
        if _SCHEME.match(text) and not text[:5].lower().startswith("http"):
            raise _unsafe("Only http and https URLs are taken.")
        raise _invalid("Give the full address, beginning with https://.")
    return match[1], match[2], match[3], match[4], match[5]


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise _unsafe("The URL carries a user name or password. Leave it out.")
    host, colon, digits = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, digits = authority, ""
    if digits and not (digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65536):  # noqa: PLR2004  RFC 9293
        raise _invalid("The URL's port is not a number from 1 to 65535.")
    return _public_host(host), int(digits) if digits else None


@lru_cache(maxsize=256)  # a feed's addresses are of few hosts
def _public_host(raw: str) -> str:
    host = raw.lower().removesuffix(".")
    if not host.isascii():
        try:
            host = idna.encode(host[:254], uts46=True).decode().removesuffix(".")
        except idna.IDNAError:
            raise _invalid("The URL's host is not a valid internationalized name.") from None
    last = host.rpartition(".")[2]
    if "%" in host:
        raise _invalid("The URL's host is percent-encoded.")
    if host.startswith("[") or last.isdigit() or last.startswith("0x"):
        return _public_address(host)
    if len(host) > 253 or not _PLAIN_HOST.fullmatch(host):  # noqa: PLR2004  RFC 1035 2.3.4
        raise _invalid("The URL has no valid host.")
    if "." not in host or host.endswith(_PRIVATE_SUFFIXES):
        raise _unsafe("The URL's host is not on the public internet.")
    return host


def _public_address(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise _unsafe("The URL's host is an unusual spelling of an address.") from None
    inner = getattr(address, "ipv4_mapped", None) or address
    if not inner.is_global or inner.is_multicast:
        raise _unsafe("The URL's host is not on the public internet.")
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  IPv6


def _path(raw: str) -> str:
    path = _escaped(raw)
    if "//" not in path and "/." not in path:
        return path.removesuffix("/")
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def _route(fragment: str) -> str:
    """The fragment of a normal form: a route with its own parameters, or nothing."""
    if not _ROUTE.match(fragment):
        return ""
    place, _, query = fragment.partition("?")
    params = _params(query) if query else ()
    return f"#{_escaped(place).rstrip('/')}" + (f"?{'&'.join(params)}" if params else "")


def _params(query: str) -> tuple[str, ...]:
    kept = set()
    for raw in query.split("&"):
        param = _escaped(raw.replace("+", "%20"))
        if param and not is_tracking(param):
            kept.add(param)
    return tuple(sorted(kept))


def _escaped(text: str) -> str:
    """RFC 3986 6.2.2: unreserved characters plain, all others as upper-case escapes."""
    if _PLAIN.fullmatch(text):
        return text
    try:
        return _ESCAPABLE.sub(_escape, text)
    except UnicodeEncodeError:
        raise _invalid("The URL holds characters that are not text.") from None


def _escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return quote(match[2], safe="")
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else f"%{match[1].upper()}"


def _folded(path: str) -> str:
    """The path in lower case, its escapes as they are."""
    if path.islower():
        return path
    return _ESCAPABLE.sub(lambda match: match[0].upper(), path.lower())


def _only(params: tuple[str, ...], kept: set[str]) -> tuple[str, ...]:
    return tuple(param for param in params if param in kept)


def _fewer(params: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The parameters, then fewer and fewer of them, known variant ones kept longest.

    All combinations while they are few; otherwise all, the known ones, each alone, none.
    """
    ranked = sorted(params, key=lambda param: (not is_variant(param), param))
    if len(params) <= _MOST_COMBINED:
        for size in range(len(params), -1, -1):
            for kept in combinations(ranked, size):
                yield tuple(sorted(kept))
        return
    yield params
    yield tuple(param for param in params if is_variant(param))
    for param in ranked:
        yield (param,)
    yield ()


def _invalid(message: str) -> Problem:
    return Problem("invalid_product_url", message)


def _unsafe(message: str) -> Problem:
    return Problem("unsafe_url", message)
