"""E-mail addresses, compared exactly: one spelling for each, and two that look alike stay two.

A local part is an RFC 5321 dot-atom of ASCII, in lower case by ASCII's rules; a domain is in lower
case by the same rules, and in its IDNA form where it is international. Nothing else is folded: by
Unicode's case folding the long s would be an s, the sharp s two of them, the Kelvin sign a k, and
whoever owns the one address would sign in as the owner of the other.
"""

import hashlib
import re
from typing import Annotated, Final

import idna
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MOST: Final = 254
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,190}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_UPPER: Final = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def exact(text: str) -> str | None:
    """The one spelling of an address, or None for what is none that we take."""
    local, at, domain = text.rpartition("@")
    known = domain_of(domain) if at and _LOCAL.fullmatch(local) and len(text) <= MOST else None
    return None if known is None else f"{local.translate(_UPPER)}@{known}"


def domain_of(text: str) -> str | None:
    """The one spelling of a domain, in ASCII; None for what is none."""
    name = text.translate(_UPPER)
    try:
        if not name.isascii():
            name = idna.encode(name).decode()
        elif "xn--" in name:
            idna.decode(name)
    except UnicodeError:
        return None
    return name if _DOMAIN.fullmatch(name) else None


def _checked(text: str) -> str:
    known = exact(text)
    if known is None:
        raise PydanticCustomError(
            "email_address",
            "This is no e-mail address we can take. Its part before the @ is letters a to z, "
            "digits and .!#$%&'*+/=?^_`{{|}}~-, its domain a domain name.",
        )
    return known


Email = Annotated[
    str,
    Field(max_length=MOST, json_schema_extra={"format": "email"}),
    AfterValidator(_checked),
]
"""An argument that is an address: read into its one spelling, or refused."""


def email_id(email: str) -> str:
    """The id of `emails/{id}`, of an address in its one spelling."""
    return hashlib.sha256(email.encode()).hexdigest()


def stored_email_id(email: str) -> str:
    """The id an address is kept under that may have been stored before there was one spelling."""
    return email_id(email.strip().casefold())
