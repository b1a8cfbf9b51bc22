"""Charts of calls by day, drawn as SVG on the server, which needs no script to be seen.

Bars are hundreds of elements that differ in their numbers: they are formatted here, and what stands
around them is a template's.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from functions.portal.portal import MONTHS

WIDTH: Final = 900
HEIGHT: Final = 220
LEFT: Final = 56
"""Where the bars begin; numbers stand before."""
RIGHT: Final = 20
"""What stays free behind them, for half a label."""
_STEPS: Final = (10, 15, 20, 25, 30, 40, 50, 60, 80)
"""Tenths of what two lines may be apart."""
GAP: Final = 0.25
"""The part of a day's width that stays empty."""

Series = Sequence[tuple[str, Sequence[int]]]
"""Names, and for each its calls by day."""


class Tick(NamedTuple):
    """A line across the chart with its number."""

    y: float
    value: int


class Chart(NamedTuple):
    """Stacked bars by day, on a scale that ends at `top`; `labels` are where some days stand."""

    top: int
    bars: Markup
    labels: Sequence[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def ticks(self) -> list[Tick]:
        """Five lines, the lowest first."""
        return [
            Tick(round(HEIGHT - HEIGHT * part / 4, 1), self.top * part // 4) for part in range(5)
        ]


def stacked(days: Sequence[date], series: Series) -> Chart:
    """Bars of each series upon those before, each with a title that says what it counts."""
    names = [escape(name) for name, _ in series]
    labels = [f"{day:%d} {MONTHS[day.month - 1]}" for day in days]
    by_day = list(zip(*(counts for _, counts in series), strict=True))
    top = rounded_up(max(map(sum, by_day), default=0))
    bars = []
    for x, label, counts in zip(_places(len(days)), labels, by_day, strict=False):
        y = float(HEIGHT)
        for place, count in enumerate(counts):
            if count:
                height = count / top * HEIGHT
                y -= height
                bars.append(
                    f'<rect class="s{place}" x="{x}" y="{y:.1f}" width="{width}"'
                    f' height="{height:.1f}"><title>{label}: {count:,} x {names[place]}</title></rect>\n'
                )
    return Chart(top, Markup("".join(bars)), _labels(labels))


def small(counts: Sequence[int]) -> Markup:
    """The bars of one series alone, on a scale of their own."""
