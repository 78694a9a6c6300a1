"""Charts: gauges and the equity curve as SVG drawn on the server, without a style attribute, so that they work under the CSP
and without JavaScript. Coordinates are whole units; money is read off integers.
"""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec
from markupsafe import Markup, escape

from storage.readmodels.marks import Mark

WIDTH, HEIGHT = 960, 300
PAD_LEFT, PAD_RIGHT, PAD_TOP, PAD_BOTTOM = 8, 118, 14, 26
TICKS_MAX = 5


Steps = tuple[tuple[int, int], ...]
"""(instant, level) pairs in their order: each level holds until the next one's instant."""


class Line(msgspec.Struct, frozen=True):
    """A stepped line across the chart: `kind` is its class in the stylesheet (daily, floor, target, start)."""

    label: str
    kind: str
    steps: Steps

    @property
    def level(self) -> int:
        """Where it lies at the end."""
        return self.steps[-1][1]

    def level_at(self, at_us: int) -> int | None:
        """Where it lies at an instant; None before its first step."""
        place = bisect_right(self.steps, at_us, key=lambda step: step[0])
        return self.steps[place - 1][1] if place else None

    def until(self, at_us: int, level: int) -> "Line":
        """The same with the level that is known to hold at the end."""
        return self if level == self.level else Line(self.label, self.kind, (*self.steps, (at_us, level)))

    def between(self, from_us: int, to_us: int) -> Steps:
        """Its steps inside a stretch, the first one where the stretch begins or where the line does."""
        inside = tuple(step for step in self.steps if from_us < step[0] <= to_us)
        first = self.level_at(from_us)
        return inside if first is None else ((from_us, first), *inside)


class Scale(msgspec.Struct, frozen=True):
    """From minor units and instants to the picture's units."""

    low: int
    high: int
    from_us: int
    to_us: int

    def x(self, at_us: int) -> int:
        span = max(1, self.to_us - self.from_us)
        return PAD_LEFT + (WIDTH - PAD_LEFT - PAD_RIGHT) * (at_us - self.from_us) // span

    def y(self, level: int) -> int:
        span = max(1, self.high - self.low)
        return PAD_TOP + (HEIGHT - PAD_TOP - PAD_BOTTOM) * (self.high - level) // span


def gauge(left_bp: int, tone: str, label: str) -> Markup:
    """A half ring: how much of an allowance is left, in basis points of it. `label` is what a screen reader says."""
    left = max(0, min(10_000, left_bp))
    arc = "M 10 62 A 50 50 0 0 1 110 62"
    return Markup(  # noqa: S704  (what could hold a sign of HTML is escaped here: Markup.format takes ten times as long)
        f'<svg class="gauge" viewBox="0 0 120 68" role="img" aria-label="{escape(label)}">'
        f'<path class="gauge-track" d="{arc}" pathLength="10000"/>'
        f'<path class="gauge-left tone-{escape(tone)}" d="{arc}" pathLength="10000" stroke-dasharray="{left} 20000"/></svg>'
    )


def meter(used_bp: int, tone: str, label: str) -> Markup:
    """A thin bar, for a table row."""
    used = max(0, min(10_000, used_bp))
    return Markup(  # noqa: S704  (as above)
        f'<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        '<rect class="meter-track" width="100" height="6"/>'
        f'<rect class="meter-used tone-{escape(tone)}" width="{max(used // 100, 2 if used else 0)}" height="6"/></svg>'
    )


def equity_chart(
    marks: Sequence[Mark],
    lines: Sequence[Line],
    times: Sequence[tuple[int, str]],
    days: Sequence[tuple[int, str]],
    title: str,
) -> Markup:
    """The curve of equity over balance with limit and target lines; `times` are labels for the axis, `days` begin inside it."""
    scale = _scale(marks, lines)
    seen = [line for line in lines if line.between(scale.from_us, scale.to_us)]
    parts = [_day(scale, at_us, label) for at_us, label in days]
    parts += [_level(scale, placed) for placed in _apart(scale, seen)]
    parts += [_time(scale, at_us, text) for at_us, text in times]
    curve = " ".join(f"{scale.x(mark.at_us)},{scale.y(mark.equity)}" for mark in marks)
    steps = _steps(scale, marks)
    if curve:
        first, last = scale.x(marks[0].at_us), scale.x(marks[-1].at_us)
        bottom = HEIGHT - PAD_BOTTOM
        parts.append(
            Markup('<polygon class="curve-area" points="{} {},{} {},{}"/>').format(curve, last, bottom, first, bottom)
        )
        parts.append(Markup('<polyline class="curve-balance" points="{}"/>').format(steps))
        parts.append(Markup('<polyline class="curve-equity" points="{}"/>').format(curve))
        parts.append(
            Markup('<circle class="curve-now" cx="{}" cy="{}" r="3.5"/>').format(last, scale.y(marks[-1].equity))
        )
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" aria-describedby="chart-said">{}</svg>'
    ).format(WIDTH, HEIGHT, title, Markup("").join(parts))


def _scale(marks: Sequence[Mark], lines: Sequence[Line]) -> Scale:
    from_us, to_us = (marks[0].at_us, marks[-1].at_us) if marks else (0, 1)
    steps = [level for line in lines for _, level in line.between(from_us, to_us)]
    levels = steps + [mark.equity for mark in marks] + [mark.balance for mark in marks]
    low, high = (min(levels), max(levels)) if levels else (0, 1)
    room = max(1, (high - low) // 16)
    return Scale(low - room, high + room, from_us, to_us)


def _apart(scale: Scale, lines: Sequence[Line]) -> list[tuple[Line, int]]:
    """Each line with the height of its label, moved down where two would overlap."""
    placed: list[tuple[Line, int]] = []
    lowest_free = 0
    for line in sorted(lines, key=lambda each: -each.level):
        at = max(scale.y(line.level) + 4, lowest_free)
        placed.append((line, at))
        lowest_free = at + 14
    return placed


def _level(scale: Scale, placed: tuple[Line, int]) -> Markup:
    line, label_y = placed
    points: list[str] = []
    before = 0
    for at_us, level in line.between(scale.from_us, scale.to_us):
        x, y = scale.x(at_us), scale.y(level)
        points += [f"{x},{before}", f"{x},{y}"] if points else [f"{x},{y}"]
        before = y
    points.append(f"{scale.x(scale.to_us)},{before}")
    return Markup(
        '<polyline class="level level-{kind}" points="{points}"/>'
        '<text class="level-label level-{kind}" x="{text_x}" y="{text_y}">{label}</text>'
    ).format(
        kind=line.kind, points=" ".join(points), text_x=WIDTH - PAD_RIGHT + 8, text_y=label_y, label=line.label
    )  # fmt: skip


def _day(scale: Scale, at_us: int, label: str) -> Markup:
    x = scale.x(at_us)
    return Markup('<line class="day" x1="{0}" x2="{0}" y1="{1}" y2="{2}"><title>{3}</title></line>').format(
        x, PAD_TOP, HEIGHT - PAD_BOTTOM, label
    )


def _time(scale: Scale, at_us: int, text: str) -> Markup:
    return Markup('<text class="axis" x="{}" y="{}">{}</text>').format(scale.x(at_us), HEIGHT - 6, text)


def _steps(scale: Scale, marks: Sequence[Mark]) -> str:
    """Balance moves in steps: it stands still until a deal."""
    points: list[str] = []
    before: int | None = None
    for mark in marks:
        y = scale.y(mark.balance)
        if before is not None and y != before:
            points.append(f"{scale.x(mark.at_us)},{before}")
        if before != y or mark is marks[-1]:
            points.append(f"{scale.x(mark.at_us)},{y}")
        before = y
    return " ".join(points)
