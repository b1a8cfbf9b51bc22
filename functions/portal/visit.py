"""One request of somebody who is signed in: whom it is from, what it may ask, how it is answered.

Everything a page shows or changes comes from tools, each run as for any other caller.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

import orjson

from functions.portal.menu import menu
from functions.portal.portal import Portal, language_of
from functions.portal.refused import Refused
from shared.auth.caller import Token
from shared.errors import Problem
from shared.identity import account
from shared.invoke import Asked, Reply, Request
from shared.serve.habits import of_text
from shared.serve.pages.web import Incoming, Outgoing, Pair, redirect
from shared.serve.run import attempt_each
from shared.spelling import PLAIN, Spelling
from shared.tool import Tool


class Again(Exception):  # noqa: N818  an answer, not a failure
    """The page with the form that was refused; the host answers with it."""

    def __init__(self, page: Outgoing) -> None:
        super().__init__("a form was refused")
        self.page = page


NOTE: Final = "portal-note"
_PURPOSE: Final = "portal-form"
_NOTE_FOR: Final = timedelta(minutes=2)
_WHO: Final = Asked(account.family["get_account"], {})
_WHO_ALONG: Final = Asked(account.family["get_account"], {}, aside=True)


@dataclass
class Visit:
    """One request of a signed-in person.

    Attributes:
        cookies: what is given to the browser with the answer.
        tenant: which of the organization's tenants what is asked is about; none where empty.
        spelling: how the tools' names are spelled; camelCase as everywhere, where nobody says.
    """

    portal: Portal
    request: Incoming
    token: Token
    cookies: list[Pair] = field(default_factory=list)
    tenant: str = ""
    spelling: Spelling = PLAIN
    _account: dict[str, Any] | None = None

    def run(self, tool: Tool[Any], **arguments: Any) -> Any:
        """A tool's JSON value. Raises the Problem it came to."""
        (value,) = self.run_each((tool, arguments))
        return value

    def run_each(self, *asked: tuple[Tool[Any], Mapping[str, Any]]) -> list[Any]:
        """Several tools' JSON values, on one read of who is calling.

        Where a page will be shown, whose it is is asked along. Raises the first Problem.
        """
        wanted = [Asked(tool, of_text(tool, arguments)) for tool, arguments in asked]
        if self._account is not None or self.request.head.method == "POST":
            replies = self._replies(wanted)
        else:
            who, *replies = self._replies([_WHO_ALONG, *wanted])
            self._account = _value(who)  # also for the page that says what was refused
        return list(map(_value, replies))

    def _replies(self, asked: Sequence[Asked[Any]]) -> list[Reply]:
        own = self.request.head.request_id
        request = Request(self.token, "portal", own, tenant=self.tenant, spelling=self.spelling)
        return attempt_each(asked, self.portal.app, request)

    @property
    def account(self) -> dict[str, Any]:
        """Who this is, for which organization: what `get_account` says."""
        if self._account is None:
            self._account = _value(*self._replies([_WHO]))
        return self._account

    @property
    def path(self) -> str:
        """Which page this is, below the portal's base."""
        return self.request.head.path.removeprefix(self.portal.base) or "/"

    @property
    def language(self) -> str:
        """How numbers are shown to this reader."""
        return language_of(self.request.head.headers.get("accept-language", ""))

    @property
    def form_token(self) -> str:
        """What our own forms carry: good for this sign-in only."""
        return self.portal.proof(_PURPOSE, self.token.session, self.token.principal)

    def sent_by_us(self) -> bool:
        """Whether a form of ours, in this sign-in, sent this request."""
        sent = self.request.form.get("csrf") or ""
        parts = (self.token.session, self.token.principal)
        return self.portal.is_from_here(self.request) and self.portal.proves(sent, _PURPOSE, *parts)

    def in_tenant(self) -> str:
        """Have what is asked be about the tenant that the address or the form names."""
        self.tenant = self.asked("tenant") or self.typed("tenant")["tenant"]
        return self.tenant

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
        """A page of the portal, in the frame of this sign-in."""
        return self.portal.page(
            template,
            status,
            account=self.account,
            is_owner=self.account["role"] == "owner",
            menu=menu(self.account),
            csrf=self.form_token,
            path=self.path,
            language=self.language,
            note=self._note,
            **values,
        )

    def go(self, place: str, note: str = "", **more: str) -> Outgoing:
        """Send the browser to a page of ours after a change (Post/Redirect/Get), with a note."""
        if note:
            body = orjson.dumps({"text": note, **more})
            self.cookies.append(
                self.portal.set_cookie(NOTE, self.portal.hide(NOTE, body), _NOTE_FOR)
            )
        return redirect(f"{self.portal.url}{place}")

    @cached_property
    def _note(self) -> dict[str, str] | None:
        """What the last change left to say; said once."""
        text = self.request.cookies.get(self.portal.cookie(NOTE))
        hidden = self.portal.reveal(NOTE, text) if text else None
        if hidden is None:
            return None
        self.cookies.append(self.portal.set_cookie(NOTE, "", timedelta(0)))
        note: dict[str, str] = orjson.loads(hidden)
        return note


def _value(reply: Reply) -> Any:
    if reply.problem is not None:
        raise reply.problem
    return orjson.loads(reply.body or b"null")
