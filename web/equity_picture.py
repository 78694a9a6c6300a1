"""Equity picture: the figures of an account's chart over a range, for the server's drawing and for the browser's, and in words."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import apsw
import msgspec

from firm.instant import DAY_US, SECOND_US
from storage.readmodels.days import Day, days_of
from storage.readmodels.mark_hours import highest_before
from storage.readmodels.marks import Mark, curve_of
from web.account_view import AccountView
from web.bounds import CHART_COLUMNS, CHART_DAY_LINES_MAX, CHART_DAYS_MAX
from web.charts import Line
from web.firm import Firm
from web.floor_lines import floor_lines, follows_every_tick
from web.forms import Wrong, text_in
from web.objectives_view import LIMIT_KINDS
from web.shell.speech import ENGLISH, Speech

RANGES: dict[str, tuple[str, int]] = {
    "1d": ("chart.day", DAY_US),
    "1w": ("chart.week", 7 * DAY_US),
    "all": ("chart.all", 1 << 60),
}
FIRST_RANGE = "1d"
TIMES_ON_AXIS = 5
HOURS_ON_AXIS_US = 14 * DAY_US  # beyond it the axis names days alone


FLOORS = frozenset({"daily", "floor"})


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The equity chart's figures. `days`: where trading days begin (or months, of many days), and what begins there.

    `title` is what the picture is called; `said`, what it shows, for who does not see it.
    """

    range: str
    marks: list[Mark]
    lines: list[Line]
    times: list[tuple[int, str]]
    days: list[tuple[int, str]]
    title: str
    said: str


def wrong_range(query: Mapping[str, Any], speech: Speech = ENGLISH) -> Wrong | None:
    """What is wrong with the stretch that a URL asks for. A curve over another one would be believed."""
    asked = text_in(query, "range")
    if asked in ("", *RANGES):
        return None
    known = speech.of_rules("list.comma").join(speech.lowered(speech(key)) for key, _ in RANGES.values())
    return Wrong({"range": speech("chart.wrong_range", ranges=known)}, {"range": asked})


async def picture_of(firm: Firm, view: AccountView, asked: str) -> Picture:
    """The curve over a range, ending where the account ended, or now."""
    chosen = asked if asked in RANGES else FIRST_RANGE
    end_us = max(view.line.marked_us, view.line.standing_us) if view.ended else view.now_us
    since_us = max(view.line.opened_us, end_us - RANGES[chosen][1])
    account = view.line.account

    def question(book: apsw.Connection) -> tuple[list[Mark], list[Day], int]:
        marks = curve_of(book, account, since_us, end_us, CHART_COLUMNS)
        days = days_of(book, account, CHART_DAYS_MAX)
        return marks, days[::-1], highest_before(book, account, since_us) if follows_every_tick(view.ruleset) else 0

    marks, days, high_before = await firm.book.read(question)
    if view.live is not None and not view.ended and marks and marks[-1].at_us < view.as_of_us:
        marks.append(Mark(view.as_of_us, view.live.balance.minor, view.live.equity.minor))
    money = view.speech.words.money
    first, last = money(view.line.money(marks[0].equity)) if marks else "", money(view.equity)
    title = view.speech("chart.from_to", first=first, last=last) if marks else ""
    lines = _lines(view, marks, days, high_before)
    return Picture(
        range=chosen,
        marks=standing_still(marks),
        lines=lines,
        times=_times(marks, view.speech),
        days=day_lines(days, marks),
        title=title,
        said=_in_words(view, marks, lines) if len(marks) > 1 else "",
    )


def standing_still(marks: Sequence[Mark]) -> list[Mark]:
    """The marks with a point more where nothing was open: equity was the balance then, and stayed it until the next mark.

    A mark on which equity happens to be the balance while something is open is followed by another within the minute.
    """
    drawn: list[Mark] = []
    for mark in marks:
        before = drawn[-1] if drawn else mark
        flat, moved = before.equity == before.balance, mark.equity != before.equity
        if flat and moved and mark.at_us - before.at_us > SECOND_US:
            drawn.append(Mark(mark.at_us - SECOND_US, before.balance, before.equity))
        drawn.append(mark)
    return drawn


def _lines(view: AccountView, marks: list[Mark], days: list[Day], high_before: int) -> list[Line]:
    """Start and target as they are now, and each floor as it was."""
    opened_us = view.line.opened_us
    floors = floor_lines(view.ruleset, view.line.money(view.line.initial), days, marks, high_before, view.speech)
    lines = [Line(view.speech("chart.start"), "start", ((opened_us, view.line.initial),))]
    for row in view.live.objectives if view.live else ():
        if row.target is not None:
            lines.append(Line(view.speech("chart.target"), "target", ((opened_us, row.target.minor),)))
        elif row.rule in floors and row.floor is not None and row.kind in LIMIT_KINDS and not view.ended:
            floors[row.rule] = floors[row.rule].until(view.as_of_us, row.floor.minor)
    return lines + list(floors.values())


def _times(marks: list[Mark], speech: Speech) -> list[tuple[int, str]]:
    """Evenly spaced labels; the day joins in where the range is longer than one."""
    if len(marks) < 2:
        return []
    first, last = marks[0].at_us, marks[-1].at_us
    instants = [first + (last - first) * step // TIMES_ON_AXIS for step in range(TIMES_ON_AXIS)]
    words = speech.words
    write = (
        words.clock_short if last - first <= DAY_US else words.hour if last - first <= HOURS_ON_AXIS_US else words.day
    )
    return [(at_us, write(at_us)) for at_us in instants]


def day_lines(days: Sequence[Day], marks: Sequence[Mark]) -> list[tuple[int, str]]:
    """Where days (oldest first) begin inside the picture; of too many the first of each month, by the days' own labels."""
    if not marks:
        return []
    first_us, last_us = marks[0].at_us, marks[-1].at_us
    inside = [(day.start_us, day.label) for day in days if first_us < day.start_us <= last_us]
    if len(inside) <= CHART_DAY_LINES_MAX:
        return inside
    months = ((day.start_us, day.label[:7]) for before, day in pairwise(days) if before.label[:7] != day.label[:7])
    return [month for month in months if first_us < month[0] <= last_us]


def _in_words(view: AccountView, marks: Sequence[Mark], lines: Sequence[Line]) -> str:
    """Where equity began and ended, how low and how high it was, and how near it came to a floor."""
    low, high = min(marks, key=lambda mark: mark.equity), max(marks, key=lambda mark: mark.equity)

    speech, words = view.speech, view.speech.words

    def told(mark: Mark) -> str:
        amount = words.money(view.line.money(mark.equity))
        return speech("chart.told", amount=amount, moment=words.moment(mark.at_us))

    said = speech("chart.went", first=told(marks[0]), last=told(marks[-1]), low=told(low), high=told(high))
    near = [
        (mark.equity - level, mark.at_us, line.label)
        for line in lines
        if line.kind in FLOORS
        for mark in marks
        if (level := line.level_at(mark.at_us)) is not None
    ]
    if not near:
        return said
    left, at_us, label = min(near)
    told_at = {"floor": speech.lowered(label), "moment": words.moment(at_us)}
    if left == 0:
        return f"{said} {speech('chart.touched', **told_at)}"
    amount = words.money(view.line.money(abs(left)))
    return f"{said} {speech('chart.nearest' if left > 0 else 'chart.below', amount=amount, **told_at)}"


def chart_json(view: AccountView, picture: Picture) -> Mapping[str, Any]:
    """The figures for the browser: whole minor units and seconds, one point a second with the lowest equity in it."""
    by_second: dict[int, Mark] = {}
    for mark in picture.marks:
        second = mark.at_us // SECOND_US
        held = by_second.get(second)
        if held is None or mark.equity < held.equity:
            by_second[second] = mark
    instants = [mark.at_us for mark in by_second.values()]
    return {
        "currency": view.line.currency,
        "exponent": view.line.exponent,
        "at_s": list(by_second),
        "equity": [mark.equity for mark in by_second.values()],
        "balance": [mark.balance for mark in by_second.values()],
        "days": [{"at_s": at_us // SECOND_US, "label": label} for at_us, label in picture.days],
        "lines": [
            {"label": line.label, "kind": line.kind, "levels": [line.level_at(at_us) for at_us in instants]}
            for line in picture.lines
        ],
    }
