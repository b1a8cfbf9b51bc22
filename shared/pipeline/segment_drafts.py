"""Drafts of segments: what they would have, for a person to see."""

from collections.abc import Callable
from typing import Any, Final

from shared.errors import Problem
from shared.pipeline.drafts import Draft, Form, FormField, Issue
from shared.tool import Result

_FIELDS: Final = (
    ("name", "Name", True),
    ("segment_definition_id", "Kind", False),
    ("filter", "What cards match", False),
    ("card_ids", "Cards one by one", False),
    ("exclude_card_ids", "Left out", False),
    ("schedule", "When", False),
)


class PreviewShown(Result):
    """How many cards a segment has then, how many of them enter, how many leave, and some."""

    count: int
    entered: int
    left: int
    examples: list[str]


def drafted(
    arguments: dict[str, Any], preview: Callable[[], PreviewShown], *, segment_id: str
) -> Draft:
    """The draft of a new segment."""
    issues: list[Issue] = []
    made = {**arguments, "id": segment_id} if segment_id else arguments
    found = {}
    try:
        found = preview().model_dump()
    except Problem as problem:
        field = problem.details.get("field", "filter")
        wrong = problem.details.get("errors") or [{"path": field, "message": problem.message}]
        issues = [
            Issue(severity="error", field=each["path"], message=each["message"]) for each in wrong
        ]
    return Draft(
        draft=made,
        form=Form(
            title="New segment",
            fields=[
                FormField(name=key, label=label, required=needed, value=made.get(key, ""))
                for key, label, needed in _FIELDS
            ],
            submit_tool="create_segment",
            submit_arguments=made,
        ),
        issues=issues,
        ready=not issues,
        preview=found,
    )
