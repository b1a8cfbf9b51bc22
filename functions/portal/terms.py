"""The part of a form that says on which terms a catalog is granted."""

from typing import Any, Final

from functions.portal.forms import end_of_day, facets_of, given
from functions.portal.refused import Refused
from functions.portal.visit import Visit

SURFACES: Final = ("mcp", "rest", "bigquery")


def terms(visit: Visit) -> tuple[dict[str, str], dict[str, Any]]:
    """What was typed, and the same as a grant takes it: over what, which products, until when."""
    typed = visit.typed("only", "expires_at")
    chosen = visit.request.form.every("surface")
    typed["surfaces"] = " ".join(chosen)
    arguments: dict[str, Any] = given({"expires_at": end_of_day(typed["expires_at"])})
    if typed["only"]:
        arguments["only"] = facets_of(typed["only"])
    if set(chosen) != set(SURFACES):
        arguments["surfaces"] = chosen
    return typed, arguments


def chosen(refused: Refused) -> list[str]:
    """The surfaces to show as chosen: those that were, in a form that was refused; else all."""
    return refused.typed.get("surfaces", " ".join(SURFACES)).split()
