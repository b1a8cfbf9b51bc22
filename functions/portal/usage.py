"""What the organization used in 30 days, its budget now, and what went wrong."""

from datetime import date
from typing import Any, Final

from functions.portal.chart import stacked
from functions.portal.visit import Visit
from shared.identity import own_usage
from shared.serve.pages.web import Outgoing

MOST_SERIES: Final = 5
"""How many tools have a colour of their own; the rest share one."""


def show(visit: Visit) -> Outgoing:
    """The chart, and the same as a table."""
    usage = visit.run(own_usage.family["get_own_usage"], days=30)
    days = [date.fromisoformat(each) for each in usage["days"]]
    series = _series(usage["tools"])
    total = sum(sum(each["calls"]) for each in usage["tools"])
    return visit.page(
        "usage.html",
        usage=usage,
        series=[name for name, _ in series],
        chart=stacked(days, series),
        small=[(each, stacked(days, [("", each["calls"])])) for each in usage["tools"]],
        total=total,
        failed=sum(each["failed"] for each in usage["tools"]),
    )


def _series(tools: list[dict[str, Any]]) -> list[tuple[str, list[int]]]:
    """The most used tools by name and surface, and the rest together."""
    named = [(f"{each['tool']} ({each['surface'].upper()})", each["calls"]) for each in tools]
    if len(named) <= MOST_SERIES + 1:
        return named
    rest = [
        sum(column) for column in zip(*(calls for _, calls in named[MOST_SERIES:]), strict=True)
    ]
    return [*named[:MOST_SERIES], ("everything else", rest)]
