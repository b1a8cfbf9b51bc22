"""Charts of calls by day, drawn as SVG on the server, which needs no script to be seen.

Bars are hundreds of elements that differ in their numbers. They are formatted here and not in a
template: in whole numbers, which take half the time of decimals, and without separators, which
would take as long as all else of a bar.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from functions.portal.portal import MONTHS, shown_number

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
ROW_DAY: Final = 3 + 1
"""The width of a day where bars of one series stand alone: a bar and what stays empty."""

_BARS: Final = tuple(f"v-{height}h3v{height}h1" for height in range(HEIGHT + 1))
"""A bar of each height, and what stays empty behind it."""

Series = Sequence[tuple[str, Sequence[int]]]
"""Names, and for each its calls by day."""


class Chart(NamedTuple):
    """A drawing of stacked bars by day, with its axes, as SVG elements."""

    drawing: Markup
    width: int = WIDTH
    height: int = HEIGHT


def stacked(days: Sequence[date], series: Series, language: str = "") -> Chart:
    """Bars of each series upon those before, each with a title that says what it counts.

    `language`: how the numbers of the axis are shown, see `shown_number`.
    """
    names = [str(escape(name)) for name, _ in series]
    by_day = list(zip(*(counts for _, counts in series), strict=True))
    top = rounded_up(max(map(sum, by_day), default=0))
    step = _step(len(days))
    width = f"{step * (1 - GAP):.1f}"
    drawn = [*_rules(top, language)]
    for at, (day, counts) in enumerate(zip(days, by_day, strict=False)):
        label, x = _label(day), f"{LEFT + step * (at + GAP / 2):.1f}"
        below, total = HEIGHT, 0
        for number, count in enumerate(counts):
            if count:
                total += count
                y = HEIGHT - HEIGHT * total // top
                drawn.append(
                    f'<rect class="s{number}" x="{x}" y="{y}" width="{width}" height="{below - y}">'
                    f"<title>{label}: {count} x {names[number]}</title></rect>\n"
                )
                below = y
    drawn.extend(_labels(days, step))
    return Chart(Markup("".join(drawn)))  # noqa: S704  numbers, and names that were escaped


def _rules(top: int, language: str) -> Iterator[str]:
    """Five lines across the chart with their numbers, the lowest first."""
    for part in range(5):
        y = HEIGHT - HEIGHT * part // 4
        number = shown_number(top * part // 4, language)
        yield (
            f'<line class="rule" x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}"></line>\n'
            f'<text class="axis end" x="{LEFT - 8}" y="{y + 4}">{number}</text>\n'
        )


def _labels(days: Sequence[date], step: float) -> Iterator[str]:
    """The names of some days below their bars, the last one first."""
    every = max(1, len(days) // 5)
    for at in range(len(days) - 1, -1, -every):
        x = f"{LEFT + step * (at + 0.5):.1f}"
        yield f'<text class="axis middle" x="{x}" y="{HEIGHT + 20}">{_label(days[at])}</text>\n'


def alone(counts: Sequence[int]) -> Markup:
    """The bars of one series by day, without titles: a picture that may be stretched.

    Its highest bar is as high as the picture.
    """
    top = max(counts, default=0) or 1
    bars = "".join([_BARS[HEIGHT * count // top] for count in counts])
    return Markup(  # noqa: S704  numbers
        f'<svg class="spark" viewBox="0 0 {ROW_DAY * len(counts)} {HEIGHT}"'
        f' preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="s0" d="M0 {HEIGHT}{bars}"></path></svg>'
    )


def _step(days: int) -> float:
    """The width of a day."""
    return (WIDTH - LEFT - RIGHT) / max(1, days)


def _label(day: date) -> str:
    return f"{day.day:02} {MONTHS[day.month - 1]}"


def rounded_up(most: int) -> int:
    """A round number that is not below this one, and divides by four."""
    unit: int = 10 ** max(0, len(str(most)) - 3)
    while True:
        for tenths in _STEPS:
            step, rest = divmod(tenths * unit, 10)
            if not rest and 4 * step >= most:
                return 4 * step
        unit *= 10
