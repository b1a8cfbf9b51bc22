"""Reviews: a person corrects a draft on a page of the portal, and submits or declines it there.

A review is for the person whose assistant made the draft, in one tenant, and for an hour. It keeps
the draft and nothing else, so there is nothing to undo. What came of it is told for a day.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import orjson
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from shared.errors import Conflict, Problem
from shared.pipeline.drafts import Draft, Issue, ReviewShown, ReviewState
from shared.ports.documents import ABSENT
from shared.records import Found, Record, Records
from shared.studio.arguments import StudioArgs, Written
from shared.tool import Call, Result

LASTS: Final = timedelta(hours=1)
TOLD_FOR: Final = timedelta(days=1)
"""How long afterwards it is still told what came of one."""
HELD: Final = timedelta(minutes=1)
"""How long a submission keeps others away; that of a process that was killed ends with it."""
MOST_BYTES: Final = 400_000
"""Of a draft as JSON: its record holds it twice, and a record has at most 1 MiB."""
REVIEW_ID: Final = r"^[0-9a-f]{24}$"
_NOT_GIVEN: Final = {"review_id", "dry_run"}
A = TypeVar("A", bound="FromDraft")
R = TypeVar("R", bound=Result)


class Reviewed(StudioArgs):
    """What a draft takes, or which draft that a person was shown."""

    review_id: Annotated[
        str, Field(pattern=f"{REVIEW_ID}|^$", description="Tell what became of that draft.")
    ] = ""


class FromDraft(Written):
    """What a create tool takes, and which draft a page in a client submits with it.

    No schema shows that: every client pays for a schema, and only the page knows the draft.
    """

    review_id: SkipJsonSchema[
        Annotated[str, Field(pattern=f"{REVIEW_ID}|^$", description="Which draft this was.")]
    ] = ""


class Review(Record):
    """One draft and what came of it, `reviews/{tenant}:{id}`.

    Attributes:
        by: who may see it.
        tool: the tool that creates what is drafted.
        drafted: the draft as JSON.
        ends_at: until when it can be submitted.
        expires_at: until when it is told what came of it; the store forgets it some time after.
        hold, until: which submission is under way, and when another may begin.
        arguments: what a person submitted, as JSON.
        result: what the tool answered, as JSON.
        note: why it was declined, in the person's words.
    """

    tenant: str
    by: str
    tool: str
    drafted: bytes
    state: Literal["pending", "submitted", "declined"] = "pending"
    created_at: datetime
    ends_at: datetime
    expires_at: datetime
    hold: str | None = None
    until: datetime | None = None
    arguments: bytes = b"{}"
    result: bytes = b"{}"
    note: str = ""

    def state_at(self, now: datetime) -> ReviewState:
        """What is so at a moment."""
        return "expired" if self.state == "pending" and self.ends_at <= now else self.state

    def draft(self) -> Draft:
        """The draft as it was made; as it was submitted where it was."""
        draft = Draft.model_validate_json(self.drafted)
        if self.state != "submitted":
            return _filled(draft, draft.draft)
        arguments = orjson.loads(self.arguments)
        importing = draft.import_arguments
        if importing:
            importing = {**importing, "source_id": arguments.get("id", "")}
        return _filled(draft, arguments).model_copy(update={"import_arguments": importing})


REVIEWS: Final = Records("reviews", Review, "draft")


def for_review(call: Call, args: Reviewed, tool: str, draft: Callable[[], Draft]) -> Draft:
    """A new draft with the page for it, or what became of the one that the arguments name."""
    return told(call, args, tool) if args.review_id else with_page(call, draft())


def with_page(call: Call, draft: Draft) -> Draft:
    """The draft with a page where its person corrects and submits it.

    One that is too large for a page says so.
    """
    kept = _kept(draft).model_dump_json(by_alias=False).encode()
    if len(kept) > MOST_BYTES:
        message = f"This is too large for a page. Show it, then use {draft.form.submit_tool}."
        note = Issue(severity="note", field="review_url", message=message)
        return draft.model_copy(update={"issues": [*draft.issues, note]})
    id_ = secrets.token_hex(12)
    review = Review(
        tenant=call.tenant,
        by=call.caller.subject,
        tool=draft.form.submit_tool,
        drafted=kept,
        created_at=call.now,
        ends_at=call.now + LASTS,
        expires_at=call.now + LASTS + TOLD_FOR,
    )
    call.app.documents.commit([REVIEWS.put(_own(call, id_), review, if_version=ABSENT)])
    return _shown(call, id_, review, draft)


def told(call: Call, args: Reviewed, tool: str) -> Draft:
    """What became of a draft. Raises `not_found`."""
    review = find(call, args.review_id).value
    if review.tool != tool:
        message = f"That draft is one for {review.tool}: ask the tool that made it."
        raise Problem("not_found", message, field="review_id")
    draft = _shown(call, args.review_id, review, review.draft())
    state = review.state_at(call.now)
    issues = [] if state == "submitted" else draft.issues
    issues = [*issues, Issue(field="review_id", **_SAID[state])]
    needed = {name for name, each in type(args).model_fields.items() if each.is_required()}
    unused = args.model_fields_set - {"review_id", "wait", *needed}
    if unused:
        message = f"Of no use beside review_id: {', '.join(sorted(unused))}."
        issues.append(Issue(severity="note", field="review_id", message=message))
    ready = draft.ready and state == "pending"
    return draft.model_copy(update={"issues": issues, "ready": ready})


_SAID: Final[dict[ReviewState, dict[str, Any]]] = {
    "pending": {"severity": "note", "message": "The person has not decided yet. Ask again later."},
    "submitted": {
        "severity": "note",
        "message": "A person submitted it as `draft` is now; `review.result` says what was made.",
    },
    "declined": {
        "severity": "error",
        "message": "The person declined it: `review.note` says why, if they did. Ask them.",
    },
    "expired": {
        "severity": "error",
        "message": "Nobody submitted it within its hour. Draft it again if it is still wanted.",
    },
}


def find(call: Call, id_: str) -> Found[Review]:
    """A draft of the caller. Raises `not_found`, in plain words for one of somebody else."""
    found = REVIEWS.find(call.app.documents, _own(call, id_))
    if found is None or found.value.expires_at <= call.now:
        message = f"There is no draft {id_!r}, or it was made long ago. Have it made again."
        raise Problem("not_found", message, field="review_id")
    if found.value.by != call.caller.subject:
        message = "This draft was made for another person. Nobody else can see or submit it."
        raise Problem("not_found", message, field="review_id")
    return found


def start(call: Call, id_: str, arguments: dict[str, Any]) -> str:
    """Begin to submit, and keep others from it for a minute; the hold that `end` needs.

    Raises `conflict` where it is over, or being submitted; `too_large`.
    """
    found = find(call, id_)
    _check_open(call, found.value)
    given = orjson.dumps(arguments)
    if len(given) > MOST_BYTES:
        raise Problem("too_large", "This is too large for a page. Make it smaller.")
    hold = secrets.token_hex(8)
    _put(call, found, hold=hold, until=call.now + HELD, arguments=given)
    return hold


def end(call: Call, id_: str, hold: str, result: dict[str, Any] | None) -> None:
    """Say what a submission came to; None where it was refused, so that it can be corrected.

    One whose minute was over says nothing: another may be under way.
    """
    found = find(call, id_)
    if found.value.hold != hold:
        return
    if result is None:
        _put(call, found, hold=None, until=None)
    else:
        made = orjson.dumps(result)
        _put(call, found, hold=None, until=None, state="submitted", result=made)


def from_draft(create: Callable[[Call, A], R]) -> Callable[[Call, A], R]:
    """The same create tool, which also says that a draft was submitted where it is given one.

    As on the page of the portal, a draft creates once, and one that is refused stays open. Raises
    `not_found`, and `conflict` where it is over or being submitted.
    """

    @wraps(create)
    def created(call: Call, args: A) -> R:
        if not args.review_id or args.dry_run:
            return create(call, args)
        if find(call, args.review_id).value.tool != create.__name__:
            raise Problem("not_found", "That draft is one for another tool.", field="review_id")
        given = args.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_NOT_GIVEN)
        hold = start(call, args.review_id, given)
        made: R | None = None
        try:
            made = create(call, args)
        finally:
            shown = None if made is None else made.model_dump(mode="json")
            with suppress(Problem):  # what is created is, whether or not the draft can be told so
                end(call, args.review_id, hold, shown)
        return made

    return created


def decline(call: Call, id_: str, note: str) -> None:
    """A person does not want it. Raises `conflict` where it is over, or being submitted."""
    found = find(call, id_)
    _check_open(call, found.value)
    _put(call, found, state="declined", note=note)


def is_held(review: Review, now: datetime) -> bool:
    """Whether it is being submitted."""
    return review.hold is not None and review.until is not None and review.until > now


def _check_open(call: Call, review: Review) -> None:
    state = review.state_at(call.now)
    if state != "pending":
        raise Problem("conflict", f"This draft is {state} already.", state=state)
    if is_held(review, call.now):
        raise Problem("conflict", "This draft is being submitted in another window.")


def _put(call: Call, found: Found[Review], **changes: Any) -> None:
    after = found.value.model_copy(update=changes)
    try:
        call.app.documents.commit([REVIEWS.put(found.id, after, if_version=found.version)])
    except Conflict:
        message = "This draft was changed in another window. Load the page again."
        raise Problem("conflict", message) from None


def _own(call: Call, id_: str) -> str:
    """The id of its record: nobody else's tenant has it."""
    return f"{call.tenant}:{id_}"


def _shown(call: Call, id_: str, review: Review, draft: Draft) -> Draft:
    query = urlencode({"tenant": call.tenant, "id": id_})
    url = f"{call.app.settings.portal_url}/review?{query}"
    shown = ReviewShown(
        id=id_,
        state=review.state_at(call.now),
        result=orjson.loads(review.result),
        note=review.note,
    )
    return draft.model_copy(update={"review_url": url, "review": shown})


def _kept(draft: Draft) -> Draft:
    """The draft with everything once, and of what it would have only how many."""
    bare = _filled(draft, {})
    counts = {name: each for name, each in draft.preview.items() if isinstance(each, int)}
    return bare.model_copy(update={"draft": draft.draft, "preview": counts})


def _filled(draft: Draft, arguments: dict[str, Any]) -> Draft:
    fields = [
        each.model_copy(update={"value": arguments.get(each.name, "")})
        for each in draft.form.fields
    ]
    form = draft.form.model_copy(update={"fields": fields, "submit_arguments": arguments})
    return draft.model_copy(update={"draft": arguments, "form": form})
