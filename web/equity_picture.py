"""Equity picture: the figures of an account's chart over a range, for the server's drawing and for the browser's."""

from collections.abc import Mapping, Sequence
from typing import Any

import apsw
import msgspec

from firm.instant import DAY_US, SECOND_US
from storage.readmodels.days import Day, days_of
from storage.readmodels.marks import Mark, highest_before, marks_of
from web import words
from web.account_view import AccountView
from web.bounds import CHART_DAYS_MAX, CHART_POINTS_MAX
from web.charts import Line
from web.firm import Firm
from web.floor_lines import floor_lines, follows_every_tick
from web.objectives_view import LIMIT_KINDS

RANGES: dict[str, tuple[str, int]] = {"1d": ("1 day", DAY_US), "1w": ("1 week", 7 * DAY_US), "all": ("All", 1 << 60)}
TIMES_ON_AXIS = 5


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The equity chart's figures."""

    range: str
    marks: list[Mark]
    lines: list[Line]
    times: list[tuple[int, str]]
    title: str


async def picture_of(firm: Firm, view: AccountView, asked: str) -> Picture:
    """The curve over a range, ending where the account ended, or now."""
    chosen = asked if asked in RANGES else "1d"
    end_us = max(view.line.marked_us, view.line.standing_us) if view.ended else view.now_us
    since_us = max(view.line.opened_us, end_us - RANGES[chosen][1])
    account = view.line.account

    def question(book: apsw.Connection) -> tuple[list[Mark], list[Day], int]:
        marks, days = marks_of(book, account, since_us, CHART_POINTS_MAX), days_of(book, account, CHART_DAYS_MAX)
        return marks, days[::-1], highest_before(book, account, since_us) if follows_every_tick(view.ruleset) else 0

    marks, days, high_before = await firm.book.read(question)
    if view.live is not None and not view.ended and marks and marks[-1].at_us < view.as_of_us:
        marks.append(Mark(view.as_of_us, view.live.balance.minor, view.live.equity.minor))
    title = (
        f"Equity from {words.money(view.line.money(marks[0].equity))} to {words.money(view.equity)}" if marks else ""
    )
    lines = _lines(view, marks, days, high_before)
    return Picture(range=chosen, marks=standing_still(marks), lines=lines, times=_times(marks), title=title)


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
    floors = floor_lines(view.ruleset, view.line.money(view.line.initial), days, marks, high_before)
    lines = [Line("Start", "start", ((opened_us, view.line.initial),))]
    for row in view.live.objectives if view.live else ():
        if row.target is not None:
            lines.append(Line("Target", "target", ((opened_us, row.target.minor),)))
        elif row.rule in floors and row.floor is not None and row.kind in LIMIT_KINDS and not view.ended:
            floors[row.rule] = floors[row.rule].until(view.as_of_us, row.floor.minor)
    return lines + list(floors.values())


def _times(marks: list[Mark]) -> list[tuple[int, str]]:
    """Evenly spaced labels; the day joins in where the range is longer than one."""
    if len(marks) < 2:
        return []
    first, last = marks[0].at_us, marks[-1].at_us
    instants = [first + (last - first) * step // TIMES_ON_AXIS for step in range(TIMES_ON_AXIS)]
    write = words.clock_short if last - first <= DAY_US else words.hour
    return [(at_us, write(at_us)) for at_us in instants]


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
        "lines": [
            {"label": line.label, "kind": line.kind, "levels": [line.level_at(at_us) for at_us in instants]}
            for line in picture.lines
        ],
    }
