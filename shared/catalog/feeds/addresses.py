"""Which texts are addresses: absolute http(s), or a path of the shop that begins with a slash.

Feeds are filled by programs, and a program that has no address writes `#`, `null`, `N/A` or its own
template. Resolved against the shop they would all be pages of it that are none.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from shared.catalog.products.urls import web_url
from shared.errors import Problem

_ABSOLUTE: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_WWW: Final = re.compile(r"www\.[^\s/]+\.[^\s/]+", re.IGNORECASE)
_TEMPLATE: Final = re.compile(
    r"\{\{|\{%|\$\{|<%|\[\[|%7B%7B|##|\{\s*[a-z_][\w.\s]*\}", re.IGNORECASE
)
_NOTHING: Final = frozenset(
    {"null", "undefined", "nan", "none", "n/a", "na", "#n/a", "nil", "false", "true", "0", "-"}
    | {"no_selection", "tbd", "todo", "#ref!", "#value!", "#name?", "about:blank"}
)
_NO_NAME: Final = frozenset(
    {"null", "(null)", "none", "undefined", "nan", "no_selection", "[object object]"}
)
"""Last parts of paths that programs make of a value they do not have."""
_JOINT: Final = re.compile(r"\s*[,;|]\s*(?=https?://|//)|\s+(?=https?://)", re.IGNORECASE)
_SUSPICIOUS: Final = re.compile(r"[\s{}\[<$%#,;|]")
"""An address has to have one of these to hold a template or a second address."""
_PLACEHOLDER: Final = "a placeholder, not an address. Leave it empty, or give the address."


def address(value: str, base: str | None) -> str:
    """The absolute address a text means; a path is resolved against `base`.

    `www.host/…` is read as https. Raises Problem, its message a sentence of what is wrong.
    """
    text = value.strip()
    if text.casefold() in _NOTHING:
        raise _no_address(_PLACEHOLDER)
    if _SUSPICIOUS.search(text):
        if text.startswith("#") or _TEMPLATE.search(text):
            raise _no_address(_PLACEHOLDER)
        if _JOINT.search(text):
            raise _no_address("several addresses in one. Give one.")
    if _WWW.match(text):
        text = f"https://{text}"
    if not _ABSOLUTE.match(text):
        if not text.startswith("/") and not _SCHEME.match(text):
            raise _no_address(
                "not an address. Begin it with https://, or with / for a path of the shop."
            )
        if text in ("/", "//"):
            raise _no_address("the shop's home page. Give the address of the page itself.")
    url = web_url(text, base)
    last = url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    if unquote(last).casefold() in _NO_NAME:
        raise _no_address(_PLACEHOLDER)
    return url


def addresses(value: str) -> Iterator[str]:
    """The addresses of a text that joins several by commas."""
    parts = _JOINT.split(value) if _SUSPICIOUS.search(value) else (value,)
    yield from (part for part in parts if part.strip())


def without_template(value: str) -> str | None:
    """The address of a Google link template: without the parameters that Google fills in.

    None where something else than a parameter is filled in.
    """
    plain = re.sub(r"[?&][^?&#=]*=\{[^{}&#]*\}", _kept_mark, value.strip())
    plain = plain.replace("?&", "?").rstrip("?&")
    return None if "{" in plain else plain


def _kept_mark(match: re.Match[str]) -> str:
    return "?" if match[0][0] == "?" else ""


def _no_address(why: str) -> Problem:
    return Problem("invalid_product_url", why)
