"""One request of somebody who is signed in: whom it is from, what it may ask, how it is answered.

Everything a page shows or changes goes through `run`, the one way a tool runs.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import orjson
from markupsafe import Markup

from functions.portal.portal import Portal, language_of, made, part
from shared.auth.caller import Token
from shared.auth.keyring import SealingRing
from shared.errors import Problem
from shared.identity import account
from shared.invoke import Asked, Reply, Request
from shared.serve.pages.site import proof_of
from shared.serve.pages.web import Incoming, Outgoing, Pair, redirect
from shared.serve.run import attempt_each
from shared.tool import Tool


class Again(Exception):  # noqa: N818  an answer, not a failure
    """The page with the form that was refused; the host answers with it."""

    def __init__(self, page: Outgoing) -> None:
        super().__init__("a form was refused")
        self.page = page


NOTE: Final = "portal-note"
_PURPOSE: Final = "portal-form"
_NOTE_FOR: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Refused:
    """What was typed into a form, and why it was not taken: by field, and for the whole form.

    `form` says which form of a page it was.
    """

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    code: str = ""

    def of(self, form: str) -> "Refused":
        """This, if it is about that form; else nothing typed, nothing wrong."""
        return self if self.form == form else NOTHING_REFUSED

    @classmethod
    def because(cls, form: str, typed: Mapping[str, str], problem: Problem) -> "Refused":
        """A problem, at the fields it is about."""
        fields = {
            str(part): _in_words(each)
            for each in reversed(_errors(problem))
            for part in each["loc"]
            if part in typed
        }
        if problem.code in _FIELD_OF_CODE:
            fields = {_FIELD_OF_CODE[problem.code]: problem.message}
        if not fields and problem.details.get("field") in typed:
            fields = {problem.details["field"]: problem.message}
        return cls(form, typed, fields, "" if fields else problem.message, problem.code)


_FIELD_OF_CODE: Final = {
    "invalid_project": "subscriberProjectId",
    "invalid_principal": "subscriberPrincipal",
}
"""Problems that are about one field without naming it."""
NOTHING_REFUSED: Final = Refused()


_IN_WORDS: Final = {
    "missing": "This is needed.",
    "string_too_short": "This is needed.",
    "string_too_long": "At most {max_length} characters.",
    "string_pattern_mismatch": "This does not have the right form.",
    "int_parsing": "This is not a whole number.",
    "float_type": "This is not a number.",
    "datetime_from_date_parsing": "This is not a date.",
}
"""What a form says of an argument that does not fit, by pydantic's type of error."""


def _in_words(error: Mapping[str, Any]) -> str:
    words = _IN_WORDS.get(error["type"])
    return str(error["msg"]) if words is None else words.format(**error.get("ctx", {}))


def _errors(problem: Problem) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = problem.details.get("errors", ())
    return found


class Top(NamedTuple):
    """What stands above every page of one sign-in, and where among the pages this one is."""

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


def _blank(form: _Form) -> dict[str, Any]:
    return _filled(form, NOTHING_REFUSED)


def _filled(form: _Form, refused: Refused) -> dict[str, Any]:
    return {"base": form.base, "csrf": form.csrf, "refused": refused, **dict(form.more)}


_WHO: Final = Asked(account.family["get_account"], {})
_WHO_ALONG: Final = Asked(account.family["get_account"], {}, aside=True)


@dataclass
class Visit:
    """One request of a signed-in person. `cookies` are given to the browser with the answer."""

    portal: Portal
    request: Incoming
    token: Token
    cookies: list[Pair] = field(default_factory=list)
    _account: dict[str, Any] | None = None

    def run(self, tool: Tool[Any], **arguments: Any) -> Any:
        """A tool's JSON value. Raises the Problem it came to."""
        (value,) = self.run_each((tool, arguments))
        return value

    def run_each(self, *asked: tuple[Tool[Any], Mapping[str, Any]]) -> list[Any]:
        """Several tools' JSON values, on one read of who is calling.

        Where a page will be shown, whose it is is asked along. Raises the first Problem.
        """
        wanted = [Asked(tool, arguments) for tool, arguments in asked]
        if self._account is not None or self.request.head.method == "POST":
            return [_value(reply) for reply in self._replies(wanted)]
        who, *replies = self._replies([_WHO_ALONG, *wanted])
        self._account = _value(who)
        return [_value(reply) for reply in replies]

    def _replies(self, asked: Sequence[Asked[Any]]) -> list[Reply]:
        request = Request(self.token, "portal", self.request.head.request_id)
        return attempt_each(asked, self.portal.app, request)

    @property
    def account(self) -> dict[str, Any]:
        """Who this is, for which organization."""
        if self._account is None:
            self._account = _value(self._replies([_WHO])[0])
        return self._account

    @property
    def path(self) -> str:
        """Which page this is, below the portal's base."""
        return self.request.head.path.removeprefix(self.portal.base) or "/"

    @property
    def is_owner(self) -> bool:
        """Whether this is an owner of the organization."""
        return bool(self.account["role"] == "owner")

    @property
    def language(self) -> str:
        """How numbers are shown to this reader."""
        return language_of(self.request.head.headers.get("accept-language", ""))

    @cached_property
    def form_token(self) -> str:
        """What our own forms carry: good for this sign-in only."""
        ring = self.portal.app.keys.sealing()
        return _form_token(ring, self.token.session, self.token.principal)

    def sent_by_us(self) -> bool:
        """Whether a form of ours, in this sign-in, sent this request."""
        sent = self.request.form.get("csrf") or ""
        parts = (self.token.session, self.token.principal)
        return self.portal.is_from_here(self.request) and self.portal.proves(sent, _PURPOSE, *parts)

    def asked(self, name: str) -> str:
        """A parameter of the address, trimmed; the empty text where there is none."""
        return (self.request.query.get(name) or "").strip()

    def typed(self, *names: str) -> dict[str, str]:
        """What was typed into these fields, trimmed; the empty text where nothing was."""
        form = self.request.form
        return {name: (form.get(name) or "").strip() for name in names}

    def change(
        self,
        tool: Tool[Any],
        arguments: Mapping[str, Any],
        *,
        typed: Mapping[str, str],
        again: Callable[[Refused], Outgoing],
        form: str = "",
    ) -> Any:
        """A tool's JSON value after a form was sent; where it refuses, the page `again`, raised.

        What was typed is kept, and what is wrong is said at its field.
        """
        try:
            return self.run(tool, **arguments)
        except Problem as problem:
            if problem.code in ("unauthenticated", "forbidden", "internal"):
                raise
            page = again(Refused.because(form, typed, problem))
            raise Again(page._replace(status=problem.status)) from None

    def page(self, template: str, status: int = 200, **values: Any) -> Outgoing:
        """A page of the portal."""
        return self.portal.page(
            template,
            status,
            account=self.account,
            is_owner=self.is_owner,
            csrf=self.form_token,
            path=self.path,
            top=part("top.html", Top._asdict, self._top()),
            language=self.language,
            note=self._note(),
            **values,
        )

    def form(self, template: str, refused: Refused, **more: Hashable) -> Markup:
        """A form of a page; while nothing is wrong with it, it is made once a sign-in."""
        own = _Form(self.portal.base, self.form_token, tuple(more.items()))
        if refused is NOTHING_REFUSED:
            return part(template, _blank, own)
        return made(template, _filled(own, refused))

    def _top(self) -> Top:
        account = self.account
        return Top(
            base=self.portal.base,
            path=self.path,
            organization=account["organizationName"],
            type=account["organizationType"],
            person=account["email"] or account["principal"],
            is_owner=self.is_owner,
            csrf=self.form_token,
        )

    def go(self, place: str, note: str = "", **more: str) -> Outgoing:
        """Send the browser to a page of ours after a change (Post/Redirect/Get), with a note."""
        if note:
            body = orjson.dumps({"text": note, **more})
            self.cookies.append(
                self.portal.set_cookie(NOTE, self.portal.hide(NOTE, body), _NOTE_FOR)
            )
        return redirect(f"{self.portal.url}{place}")

    def _note(self) -> dict[str, str] | None:
        """What the last change left to say; said once."""
        text = self.request.cookies.get(self.portal.cookie(NOTE))
        hidden = self.portal.reveal(NOTE, text) if text else None
        if hidden is None:
            return None
        self.cookies.append(self.portal.set_cookie(NOTE, "", timedelta(0)))
        note: dict[str, str] = orjson.loads(hidden)
        return note


@lru_cache(maxsize=1024)
def _form_token(ring: SealingRing, session: str, principal: str) -> str:
    return proof_of(ring, _PURPOSE, session, principal)


def _value(reply: Reply) -> Any:
    if reply.problem is not None:
        raise reply.problem
    return orjson.loads(reply.body or b"null")
