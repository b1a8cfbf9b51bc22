"""What the organization used in 30 days, its budget now, and what went wrong."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from functions.portal import chart
from functions.portal.portal import part
from functions.portal.visit import Visit
from shared.identity import own_usage
from shared.serve.pages.web import Outgoing

MOST_SERIES: Final = 5
"""How many tools have a colour of their own; the rest share one."""


class Used(NamedTuple):
    """Calls of one tool over one surface, by day."""

    tool: str
    surface: str
    calls: tuple[int, ...]
    failed: int


def show(visit: Visit) -> Outgoing:
    """The chart, and the same as a table."""
    usage = visit.read(own_usage.family["get_own_usage"], days=30)
    return visit.page("usage.html", _shown, usage, visit.language)


def _shown(usage: dict[str, Any], language: str) -> dict[str, Any]:
    """What the page shows; each row of the table is drawn anew when its numbers changed."""
    tools = tuple(
        Used(each["tool"], each["surface"], tuple(each["calls"]), each["failed"])
        for each in usage["tools"]
    )
    days = tuple(usage["days"])
    rows = "".join(part("usage_row.html", _row, each, language) for each in tools)
    return {
        "usage": usage,
        "chart": part("chart.html", _chart, days, tools, language) if tools else "",
        "rows": Markup(rows),  # noqa: S704  parts of ours
        "total": sum(sum(each.calls) for each in tools),
        "failed": sum(each.failed for each in tools),
    }


def _chart(days: Sequence[str], tools: Sequence[Used], language: str) -> dict[str, Any]:
    series = _series(tools)
    return {
        "series": [name for name, _ in series],
        "chart": chart.stacked([date.fromisoformat(day) for day in days], series),
        "language": language,
    }


def _row(used: Used, language: str) -> dict[str, Any]:
    return {
        "used": used,
        "bars": chart.alone(used.calls),
        "left": chart.LEFT,
        "width": chart.WIDTH - chart.LEFT,
        "height": chart.HEIGHT,
        "language": language,
    }


def _series(tools: Sequence[Used]) -> list[tuple[str, Sequence[int]]]:
    """The most used tools by name and surface, and the rest together."""
    named = [(f"{each.tool} ({each.surface.upper()})", each.calls) for each in tools]
    if len(named) <= MOST_SERIES + 1:
        return [*named]
    rest = [
        sum(column) for column in zip(*(calls for _, calls in named[MOST_SERIES:]), strict=True)
    ]
    return [*named[:MOST_SERIES], ("everything else", rest)]
