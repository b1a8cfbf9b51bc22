"""What a person does with a draft that their assistant made for them."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import Field

from shared.auth.faces import STUDIO
from shared.pipeline.drafts import Draft, ReviewState
from shared.studio import reviews
from shared.studio.reviews import REVIEW_ID
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_reviews", org_types=STUDIO.org_types, tenant=True, free=True)


class WhichReview(Args):
    """Which draft of the tenant."""

    id: Annotated[str, Field(pattern=REVIEW_ID, description="The review's id.")]


class OwnReview(Result):
    """A draft, what came of it, and whether it is being submitted now."""

    tool: str
    draft: Draft
    state: ReviewState
    note: str
    result: dict[str, Any]
    is_held: bool
    ends_at: datetime


@family.tool(scope="organization:read", effect=Effect.READ, risk=Risk.LOW, title="See a draft")
def get_own_review(call: Call, args: WhichReview) -> OwnReview:
    """Show a draft that the caller's assistant made, and what came of it."""
    review = reviews.find(call, args.id).value
    return OwnReview(
        tool=review.tool,
        draft=review.draft(),
        state=review.state_at(call.now),
        note=review.note,
        result=orjson.loads(review.result),
        is_held=reviews.is_held(review, call.now),
        ends_at=review.ends_at,
    )


class StartReview(WhichReview):
    """Which draft, and what a person made of it."""

    arguments: Annotated[dict[str, Any], Field(description="What the create tool will take.")]


class Hold(Result):
    """What a submission ends with."""

    hold: str


@family.tool(
    scope="organization:write", effect=Effect.WRITE, risk=Risk.LOW, title="Begin to submit a draft"
)
def start_own_review(call: Call, args: StartReview) -> Hold:
    """Keep other windows from submitting the same draft, for a minute."""
    return Hold(hold=reviews.start(call, args.id, args.arguments))


class EndReview(WhichReview):
    """Which draft, and what its submission came to."""

    hold: Annotated[str, Field(max_length=16, description="As it began.")]
    result: Annotated[
        dict[str, Any] | None, Field(description="What was answered; nothing if refused.")
    ] = None


class Settled(Result):
    """What is so now."""

    state: ReviewState


@family.tool(
    scope="organization:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="End submitting a draft",
    idempotent=True,
)
def end_own_review(call: Call, args: EndReview) -> Settled:
    """Tell the assistant what the create tool answered, or let the draft be corrected again."""
    reviews.end(call, args.id, args.hold, args.result)
    return Settled(state=reviews.find(call, args.id).value.state_at(call.now))


class DeclineReview(WhichReview):
    """Which draft, and why not."""

    note: Annotated[str, Field(max_length=500, description="For the assistant.")] = ""


@family.tool(
    scope="organization:write", effect=Effect.WRITE, risk=Risk.LOW, title="Decline a draft"
)
def decline_own_review(call: Call, args: DeclineReview) -> Settled:
    """Say that a draft is not wanted; nothing is created."""
    reviews.decline(call, args.id, args.note)
    return Settled(state="declined")
