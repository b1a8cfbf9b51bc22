"""Drafts of segments: what they would have, for a person to see."""

from collections.abc import Callable
from typing import Any, Final

from shared.pipeline.drafts import Draft, reviewed
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
    made = {**arguments, "id": segment_id} if segment_id else arguments
    return reviewed("New segment", "create_segment", _FIELDS, made, lambda: preview().model_dump())
