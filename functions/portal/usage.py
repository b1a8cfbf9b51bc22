"""What the organization used in 30 days, its budget now, and what went wrong."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from functions.portal import chart
from functions.portal.visit import Visit
from shared.identity import own_usage
from shared.serve.pages.web import Outgoing

MOST_SERIES: Final = 5
"""How many tools have a colour of their own; the rest share one."""


class Row(NamedTuple):
    """A row of the table: calls of one tool over one surface."""

    tool: str
    surface: str
    bars: Markup
    calls: int
    today: int
    failed: int


def show(visit: Visit) -> Outgoing:
    """The chart, and the same as a table."""
    usage = visit.run(own_usage.family["get_own_usage"], days=30)
    tools, days = usage["tools"], [date.fromisoformat(day) for day in usage["days"]]
    series, rows = _series(tools), [*map(_row, tools)]
    return visit.page(
        "usage.html",
        usage=usage,
        chart=chart.stacked(days, series, visit.language),
        series=[name for name, _ in series],
        rows=rows,
        total=sum(row.calls for row in rows),
        failed=sum(row.failed for row in rows),
    )


def _row(used: Mapping[str, Any]) -> Row:
    calls = used["calls"]
    bars = chart.alone(calls)
    return Row(used["tool"], used["surface"].upper(), bars, sum(calls), calls[-1], used["failed"])


def _series(tools: Sequence[Mapping[str, Any]]) -> list[tuple[str, Sequence[int]]]:
    """The most used tools by name and surface, and the rest together."""
    named = [(f"{each['tool']} ({each['surface'].upper()})", each["calls"]) for each in tools]
    if len(named) <= MOST_SERIES + 1:
        return [*named]
    rest = [
        sum(column) for column in zip(*(calls for _, calls in named[MOST_SERIES:]), strict=True)
    ]
    return [*named[:MOST_SERIES], ("everything else", rest)]
