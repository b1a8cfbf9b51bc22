"""The page that shows a draft as a form beside the answers of tools that draft."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.serve.apps.page import AppPage
from shared.serve.forms import HINTS, LONGEST, LONGEST_LINE, asked_by
from shared.studio.tools import card_definitions, destinations, endpoints, segments, sources
from shared.tool import Tool

_DRAFTS: Final[Mapping[str, Tool[Any]]] = {
    "draft_data_source": sources.family["create_data_source"],
    "draft_card_definition": card_definitions.family["create_card_definition"],
    "draft_segment": segments.family["create_segment"],
    "draft_destination": destinations.family["create_destination"],
    "draft_api_version": destinations.family["create_api_version"],
    "draft_endpoint": endpoints.family["create_endpoint"],
}
"""What drafts, and what creates what it drafts."""


def _facts() -> dict[str, Any]:
    """The arguments of what creates, each as a list, so that names of members cost nothing."""
    forms = {
        tool.name: [list(asked) for asked in asked_by(tool).values()] for tool in _DRAFTS.values()
    }
    return {"FORMS": forms, "HINTS": HINTS, "LONGEST": LONGEST, "LONGEST_LINE": LONGEST_LINE}


REVIEW: Final = AppPage(
    uri="ui://catalog-mcp/review",
    name="review",
    title="Review a draft",
    description="A draft as a form: a person corrects it, and creates what it drafts.",
    tools=tuple(_DRAFTS),
    folder=Path(__file__).parent / "app",
    stem="review",
    facts=_facts,
)
