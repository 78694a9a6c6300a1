"""Account view: what a page shows of one account, gathered once for the trader's page and for the staff's."""

from collections.abc import Mapping
from typing import Any

import apsw
import msgspec
from litestar.exceptions import NotFoundException

from actors.live import LiveAccount
from firm.explain import rule_in_words
from firm.instant import DAY_US, SECOND_US
from firm.money import Money
from firm.objective import Objective, Progress
from firm.phase import ENDED, Standing
from firm.ruleset import Ruleset
from storage.readmodels.accounts import AccountLine, account_line, ruleset_of
from storage.readmodels.commands import CommandLine, commands_of_account
from storage.readmodels.days import Day, days_of
from storage.readmodels.decisions import DecisionLine, decisions_of
from storage.readmodels.marks import Mark, marks_of
from storage.readmodels.trades import Trade, closed_trades
from web import words
from web.bounds import CHART_POINTS_MAX, COMMANDS_SHOWN, DAYS_SHOWN, DECISIONS_SHOWN, TRADES_PER_PAGE
from web.charts import Line
from web.firm import Firm
from web.objectives_view import (
    LIMIT_KINDS,
    ObjectiveRow,
    limits_that_count,
    nearest_limit,
    objective_rows,
    pause_sentence,
)

RANGES: dict[str, tuple[str, int]] = {"1d": ("1 day", DAY_US), "1w": ("1 week", 7 * DAY_US), "all": ("All", 1 << 60)}
TIMES_ON_AXIS = 5


class Gauge(msgspec.Struct, frozen=True):
    """How much of a loss limit is left. `left_bp`: of the allowance, 0..10000; `floor`: the equity at which it breaks."""

    title: str
    left: Money
    left_bp: int
    allowed: Money
    floor: Money
    tone: str


class Reset(msgspec.Struct, frozen=True):
    """When the trading day ends, and the zone by which it does."""

    at_us: int
    zone: str
    rollover: str


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One account with everything its page shows. `live` is None where the board does not know it."""

    line: AccountLine
    live: LiveAccount | None
    ruleset: Ruleset
    reset: Reset
    gauges: tuple[Gauge, ...]
    days: list[Day]
    trades: list[Trade]
    decisions: list[DecisionLine]
    commands: list[CommandLine]
    now_us: int

    @property
    def ended(self) -> bool:
        return self.line.standing in ENDED

    @property
    def equity(self) -> Money:
        return self.live.equity if self.live and not self.ended else self.line.money(self.line.equity)

    @property
    def ending(self) -> DecisionLine | None:
        """The breach by which the account ended."""
        if self.line.standing is not Standing.BREACHED:
            return None
        return next((each for each in self.decisions if each.decision == self.line.decision), None)

    @property
    def objectives(self) -> tuple[ObjectiveRow, ...]:
        return objective_rows(self.live, self.ruleset, self.ending) if self.live else ()

    @property
    def nearest(self) -> Objective | None:
        """The limit with the least headroom of those that can still be broken."""
        return nearest_limit(self.live, self.ruleset) if self.live and not self.ended else None

    @property
    def paused(self) -> str:
        return pause_sentence(self.live, self.ruleset, self.now_us) if self.live else ""

    @property
    def balance(self) -> Money:
        return self.live.balance if self.live else self.line.money(self.line.balance)

    @property
    def as_of_us(self) -> int:
        return self.live.as_of_us if self.live and not self.ended else self.line.marked_us

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Each rule in words, as it was sold."""
        return [(term.id, _sentence(rule_in_words(term, self.ruleset))) for term in self.ruleset.terms]


async def account_view(firm: Firm, account: int) -> AccountView:
    """Raises NotFoundException where there is no such account."""

    def gather(book: apsw.Connection) -> dict[str, Any]:
        line, ruleset = account_line(book, account), ruleset_of(book, account)
        if line is None or ruleset is None:
            raise NotFoundException("there is no such account")
        return {
            "line": line,
            "ruleset": ruleset,
            "days": days_of(book, account, DAYS_SHOWN),
            "trades": closed_trades(book, account, None, TRADES_PER_PAGE + 1),
            "decisions": decisions_of(book, account, DECISIONS_SHOWN),
            "commands": commands_of_account(book, account, COMMANDS_SHOWN),
        }

    found = await firm.book.read(gather)
    return AccountView(**found, **live_part(firm, account, found["ruleset"]))


def live_part(firm: Firm, account: int, ruleset: Ruleset) -> dict[str, Any]:
    """What changes with each price: read from the live board, without waiting."""
    live, now_us = firm.live.account(account), firm.now_us()
    return {
        "live": live,
        "now_us": now_us,
        "reset": reset_of(ruleset, live, now_us),
        "gauges": gauges_of(live, ruleset) if live else (),
    }


def reset_of(ruleset: Ruleset, live: LiveAccount | None, now_us: int) -> Reset:
    day = live.day if live and live.day and live.day.end_us > now_us else ruleset.calendar.day_at(now_us)
    return Reset(day.end_us, ruleset.calendar.zone, ruleset.calendar.rollover)


def gauges_of(live: LiveAccount, ruleset: Ruleset) -> tuple[Gauge, ...]:
    found = []
    for row in limits_that_count(live, ruleset):
        if row.headroom is not None and row.allowed is not None and row.floor is not None:
            # Gains widen the distance to a floor beyond what was allowed: the ring is full then, the money says more.
            left_bp = max(0, min(10_000, row.headroom.minor * 10_000 // max(1, row.allowed.minor)))
            found.append(Gauge(row.title, row.headroom, left_bp, row.allowed, row.floor, _tone(row.progress)))
    return tuple(found)


def _tone(progress: Progress) -> str:
    return words.PROGRESS[progress][1]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- the chart ---


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The equity chart's figures, for the server's drawing and for the browser's."""

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
    marks = await firm.book.read(lambda book: marks_of(book, view.line.account, since_us, CHART_POINTS_MAX))
    if view.live is not None and not view.ended and marks and marks[-1].at_us < view.as_of_us:
        marks.append(Mark(view.as_of_us, view.live.balance.minor, view.live.equity.minor))
    title = (
        f"Equity from {words.money(view.line.money(marks[0].equity))} to {words.money(view.equity)}" if marks else ""
    )
    return Picture(range=chosen, marks=marks, lines=_lines(view), times=_times(marks), title=title)


def _lines(view: AccountView) -> list[Line]:
    lines = [Line(view.line.initial, "Start", "start")]
    for row in view.live.objectives if view.live else ():
        if row.floor is not None and row.kind in LIMIT_KINDS:
            lines.append(Line(row.floor.minor, row.title, "floor"))
        elif row.target is not None:
            lines.append(Line(row.target.minor, "Target", "target"))
    return lines


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
    return {
        "currency": view.line.currency,
        "exponent": view.line.exponent,
        "at_s": list(by_second),
        "equity": [mark.equity for mark in by_second.values()],
        "balance": [mark.balance for mark in by_second.values()],
        "lines": picture.lines,
    }
