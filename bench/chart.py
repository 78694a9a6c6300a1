"""Chart: series over a logarithmic plane as one SVG, told apart by a name at each line's end, readable on light and dark paper."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 46, 52
NAME_APART = 15
# Okabe and Ito's, which the colour-blind can tell apart; yellow, unreadable on white, is left out.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
# It brings its own paper, so that ink and paper fit whatever the page around it is.
STYLE = (
    "svg{font:12px system-ui,sans-serif}.paper{fill:#fff}text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d8dee4}"
    "@media(prefers-color-scheme:dark){.paper{fill:#0d1117}text{fill:#e6edf3}.quiet{fill:#9198a1}.grid{stroke:#30363d}}"
)

Point = tuple[float, float]


class Chart(NamedTuple):
    """What is to be drawn; all values above zero."""

    title: str
    across: str
    up: str
    series: Mapping[str, Sequence[Point]]


class _Axis:
    """A logarithmic scale from one end of the paper to another."""

    def __init__(self, values: Sequence[float], low: float, high: float, start: float, end: float) -> None:
        assert values
        assert min(values) > 0, "a logarithm of nothing was asked for"
        self._low, self._span = math.log10(low), math.log10(high) - math.log10(low) or 1.0
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        return round(self._start + (math.log10(value) - self._low) / self._span * (self._end - self._start), 1)


def svg_of(chart: Chart) -> str:
    """The same chart gives the same bytes."""
    across = sorted({x for points in chart.series.values() for x, _ in points})
    heights = [y for points in chart.series.values() for _, y in points]
    marks = _marks(min(heights), max(heights))
    xs = _Axis(across, across[0], across[-1], LEFT, WIDTH - RIGHT)
    ys = _Axis(heights, min(*marks, *heights), max(*marks, *heights), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_quoted(chart.title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        _text(LEFT, 20, chart.title, extra=' font-weight="600"'),
        _text(LEFT, 36, chart.up, "quiet"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, chart.across, "quiet", ' text-anchor="middle"'),
    ]
    for mark in marks:
        y = ys.place(mark)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, y + 4, _number(mark), "quiet", ' text-anchor="end"'))
    parts += [_text(xs.place(x), HEIGHT - BOTTOM + 18, _number(x), "quiet", ' text-anchor="middle"') for x in across]
    parts += _lines(chart, xs, ys)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _lines(chart: Chart, xs: _Axis, ys: _Axis) -> list[str]:
    parts, ends = [], []
    for colour, (name, points) in zip(COLOURS, chart.series.items(), strict=False):
        placed = [(xs.place(x), ys.place(y)) for x, y in sorted(points)]
        path = "L".join(f"{x} {y}" for x, y in placed)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in placed]
        ends.append((placed[-1][1], name, colour))
    at = -math.inf
    for y, name, colour in sorted(ends):
        at = max(y, at + NAME_APART)
        parts.append(f'<circle cx="{WIDTH - RIGHT + 18}" cy="{round(at, 1)}" r="4" fill="{colour}"/>')
        parts.append(_text(WIDTH - RIGHT + 28, at + 4, name))
    return parts


def _marks(low: float, high: float) -> list[float]:
    """Powers of ten around what is drawn; within two of them also their doubles and halves."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    marks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    below = max((mark for mark in marks if mark <= low), default=marks[0])
    above = min((mark for mark in marks if mark >= high), default=marks[-1])
    return [mark for mark in marks if below <= mark <= above]


def _text(x: float, y: float, text: str, kind: str = "", extra: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{round(x, 1):g}" y="{round(y, 1):g}"{named}{extra}>{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})
