"""Pages in their frame, and blank forms: each made once while all that it shows stays the same.

A page is remembered by all that it shows: who is signed in, with which proof for forms, where, and
each document that was read for this request. So nothing is older than what was read, and nothing is
somebody else's.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from markupsafe import Markup

from functions.portal import portal
from functions.portal.refused import NOTHING_REFUSED, Refused

MOST_PAGES: Final = 256
MOST_READ: Final = 16_384
"""Bytes of documents that a remembered page shows: most have fewer, some products megabytes."""

Values = Callable[..., Mapping[str, Any]]


class Frame(NamedTuple):
    """What a page has around it: whose sign-in it is for, and where among the pages it is.

    `who` is what `get_account` says, as JSON.
    """

    portal: portal.Portal
    who: bytes
    path: str
    csrf: str
    language: str


class Top(NamedTuple):
    """What stands above the pages of one sign-in."""

    base: str
    path: str
    organization: str
    type: str
    person: str
    is_owner: bool
    csrf: str


class _Form(NamedTuple):
    """What a form has that nothing was typed into, and nothing is wrong with."""

    base: str
    csrf: str
    more: tuple[tuple[str, Hashable], ...]


def page(
    frame: Frame, note: Mapping[str, str] | None, template: str, values: Values, *of: Any
) -> bytes:
    """A page that shows what `values(*of)` gives; of `of`, what is `bytes` is handed over read."""
    account = orjson.loads(frame.who)
    base, is_owner = frame.portal.base, account["role"] == "owner"
    top = Top(
        base=base,
        path=frame.path,
        organization=account["organizationName"],
        type=account["organizationType"],
        person=account["email"] or account["principal"],
        is_owner=is_owner,
        csrf=frame.csrf,
    )
    return frame.portal.html(
        template,
        account=account,
        is_owner=is_owner,
        csrf=frame.csrf,
        path=frame.path,
        top=portal.part("top.html", Top._asdict, top),
        language=frame.language,
        note=note,
        **values(*map(_read, of)),
    )


def is_little(*of: Any) -> bool:
    """Whether a page of these may be remembered."""
    return sum(len(each) for each in of if isinstance(each, bytes)) <= MOST_READ


@lru_cache(maxsize=MOST_PAGES)
def remembered(frame: Frame, template: str, values: Values, *of: Hashable) -> bytes:
    """The same without a note."""
    return page(frame, None, template, values, *of)


def form(template: str, refused: Refused, base: str, csrf: str, more: Mapping[str, Any]) -> Markup:
    """A form, with what was refused of it; `more` is what else its template shows."""
    own = _Form(base, csrf, tuple(more.items()))
    if refused is NOTHING_REFUSED:
        return portal.part(template, _blank, own)
    return portal.made(template, _filled(own, refused))


def _blank(form: _Form) -> dict[str, Any]:
    return _filled(form, NOTHING_REFUSED)


def _filled(form: _Form, refused: Refused) -> dict[str, Any]:
    return {"base": form.base, "csrf": form.csrf, "refused": refused, **dict(form.more)}


def _read(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, bytes) else value
