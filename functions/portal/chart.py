"""Charts as plain numbers: a template draws them as SVG, which needs no script to be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

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


class Bar(NamedTuple):
    """One rectangle; `series` says which colour, `title` what it counts."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


class Tick(NamedTuple):
    """A line across the chart with its number."""

    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    """Stacked bars by day, on a scale that ends at `top`."""

    days: Sequence[date]
    top: int
    bars: Sequence[Bar]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def ticks(self) -> list[Tick]:
        """Five lines, the lowest first."""
        return [
            Tick(round(HEIGHT - HEIGHT * part / 4, 1), self.top * part // 4) for part in range(5)
        ]

    @property
    def labels(self) -> list[tuple[float, date]]:
        """The x positions of some days, the last one first."""
        step, every = _step(self.days), max(1, len(self.days) // 5)
        return [
            (round(LEFT + step * (number + 0.5), 1), self.days[number])
            for number in range(len(self.days) - 1, -1, -every)
        ]


def stacked(days: Sequence[date], series: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """Bars of each series upon those before, on one scale."""
    used = sorted({day for _, counts in series for day, count in enumerate(counts) if count})
    totals = [sum(counts[day] for _, counts in series) for day in used]
    top = rounded_up(max(totals, default=0))
    step = _step(days)
    width = round(step * (1 - GAP), 1)
    bars = []
    for day in used:
        x, y = round(LEFT + step * (day + GAP / 2), 1), float(HEIGHT)
        for place, (name, counts) in enumerate(series):
            count = counts[day]
            if count:
                height = count / top * HEIGHT
                y -= height
                title = f"{days[day]:%d %b}: {count:,} x {name}"
                bars.append(Bar(x, round(y, 1), width, round(height, 1), place, title))
    return Chart(days, top, bars)


def _step(days: Sequence[date]) -> float:
    """The width of a day."""
    return (WIDTH - LEFT - RIGHT) / max(1, len(days))


def rounded_up(most: int) -> int:
    """A round number that is not below this one, and divides by four."""
    unit = 1
    while True:
        for tenths in _STEPS:
            step, rest = divmod(tenths * unit, 10)
            if not rest and 4 * step >= most:
                return 4 * step
        unit *= 10
