"""Why something is not where it was expected."""

from typing import Annotated, Any

from pydantic import Field

from functions.studio.arguments import StudioArgs, touched
from functions.studio.tools.endpoints import EndpointId
from shared.auth.faces import STUDIO
from shared.pipeline import why
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Effect, Family, Result, Risk

family = Family(
    "diagnosis", org_types=STUDIO.org_types, tenant=True, toolset="destinations", touched=touched
)


class CheckShown(Result):
    """One thing that was looked at, with what was compared; `cause` where it blocks."""

    name: str
    cause: str
    detail: str
    evidence: dict[str, Any]


class FixShown(Result):
    """A call that makes the difference."""

    tool: str
    arguments: dict[str, Any]


class Diagnosis(Result):
    """Whether it is there; the first cause why not, and all that was looked at, in order."""

    published: bool
    cause: str
    verdict: str
    fixes: list[FixShown]
    checks: list[CheckShown]


class WhyNotPublished(StudioArgs):
    """Which card of which endpoint."""

    endpoint_id: EndpointId
    card_id: Annotated[str, Field(min_length=1, max_length=256, description="The card's key.")]
    language: Annotated[str, Field(max_length=20, description="Expected in this one.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Why not published")
def why_not_published(call: Call, args: WhyNotPublished) -> Diagnosis:
    """Say why an endpoint does not show a card: the first cause, what was compared, what to do.

    Use it when something is missing at an application. Done, the fix makes the card appear, or
    shows the next cause.
    """
    found = why.checks(Workspace(call), args.endpoint_id, args.card_id, args.language)
    first = next((each for each in found if each.cause), None)
    fix = first.fix if first else None
    return Diagnosis(
        published=first is None,
        cause=first.cause or "" if first else "",
        verdict=first.detail if first else "It is published.",
        fixes=[FixShown(tool=fix.tool, arguments=dict(fix.arguments))] if fix else [],
        checks=[
            CheckShown(
                name=each.name,
                cause=each.cause or "",
                detail=each.detail,
                evidence=dict(each.evidence),
            )
            for each in found
        ],
    )
