"""Charts as plain numbers: a template draws them as SVG, which needs no script to be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

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


@dataclass(frozen=True)
class Bar:
    """One rectangle; `series` says which colour, `title` what it counts."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    """A line across the chart with its number."""

    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    """Stacked bars by day; `labels` are x positions and days."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[tuple[float, date], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def stacked(days: Sequence[date], series: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """Bars of each series upon those before, on one scale."""
    totals = [sum(counts[number] for _, counts in series) for number in range(len(days))]
    top = rounded_up(max(totals, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    bars = []
    for number, day in enumerate(days):
        y = float(HEIGHT)
        for place, (name, counts) in enumerate(series):
            if counts[number]:
                height = counts[number] / top * HEIGHT
                y -= height
                x = LEFT + step * (number + GAP / 2)
                title = f"{day:%d %b}: {counts[number]:,} x {name}"
                bars.append(
                    Bar(round(x, 1), round(y, 1), round(step * (1 - GAP), 1), round(height, 1),
                        place, title)
                )  # fmt: skip
    ticks = tuple(Tick(round(HEIGHT - HEIGHT * part / 4, 1), top * part // 4) for part in range(5))
    every = max(1, len(days) // 5)
    labels = tuple(
        (round(LEFT + step * (number + 0.5), 1), days[number])
        for number in range(len(days) - 1, -1, -every)
    )
    return Chart(tuple(bars), ticks, labels)


def rounded_up(most: int) -> int:
    """A round number that is not below this one, and divides by four."""
    unit = 1
    while True:
        for tenths in _STEPS:
            step, rest = divmod(tenths * unit, 10)
            if not rest and 4 * step >= most:
                return 4 * step
        unit *= 10
