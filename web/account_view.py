"""Account view: what a page shows of one account, gathered once for the trader's page and for the staff's."""

from typing import Any

import apsw
import msgspec
from litestar.exceptions import NotFoundException

from actors.live import Health, LiveAccount, LiveOwed
from firm.money import Money
from firm.objective import Objective, Progress
from firm.phase import ENDED, Standing
from firm.ruleset import AnyRuleset
from firm.sentences.rule import title_of
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine, account_line, account_of_phase, ruleset_of
from storage.readmodels.commands import WITHHELD, CommandLine, commands_of_account
from storage.readmodels.days import Day, days_of
from storage.readmodels.decisions import DecisionLine, decisions_of
from storage.readmodels.held_phases import HeldPhase, held_phase
from storage.readmodels.incidents import Impact, impacts_on
from storage.readmodels.overrides import OverrideLine, overrides_of
from storage.readmodels.trades import Trade, closed_trades, costs_of_open
from web import owed_view, words
from web.bounds import (
    COMMANDS_SHOWN,
    DAYS_SHOWN,
    DECISIONS_SHOWN,
    INCIDENTS_ON_ACCOUNT,
    NOTICES_SHOWN,
    OVERRIDES_SHOWN,
    TRADES_SHOWN,
)
from web.firm import Firm
from web.notice_view import Notice, notices_told
from web.objectives_view import (
    ObjectiveRow,
    left_bp,
    limits_that_count,
    nearest_limit,
    not_judged_sentence,
    objective_rows,
    pause_sentence,
    title_in,
)
from web.rule_texts import rule_text
from web.shell.speech import ENGLISH, Speech


class Gauge(msgspec.Struct, frozen=True):
    """How much of a loss limit is left. `left_bp`: of the allowance, 0..10000; `floor`: the equity at which it breaks.

    `of_day`: it is today's profit that is left on top of the allowance where more is left than that."""

    title: str
    left: Money
    left_bp: int
    allowed: Money
    floor: Money
    tone: str
    of_day: bool

    def allowance(self, speech: Speech) -> str:
        """What is left, in its parts."""
        more, figure = self.left - self.allowed, speech.words.figure
        if more.minor <= 0:
            return speech("gauge.allowed", allowed=figure(self.allowed))
        profit = speech("gauge.profit_today" if self.of_day else "gauge.profit")
        return speech("gauge.allowed_more", allowed=figure(self.allowed), more=figure(more), profit=profit)


class Reset(msgspec.Struct, frozen=True):
    """When the trading day ends, and the zone by which it does."""

    at_us: int
    zone: str
    rollover: str


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One account with everything its page shows. `live` is None where the board does not know it. `every_rule`: its rows of then.

    `newest_seq`: the account's last ledger row that this rests on. `costs`: what each open position cost so far, by its id.
    `next_phase`: the account that followed when this one was passed; `held_phase`: it waits for a person.
    `owed`, `next_owed`: what enforcement withheld from each.
    `prices_ended_us`: when the replay was over that its prices came from, 0 while they come. `held_since_us`: since when the firm
    judges no prices, 0 while it does. `told_us`: the wall clock when `now_us` was firm time, by which a browser counts on.
    `speech`: in whose words it is told.
    """

    speech: Speech
    line: AccountLine
    newest_seq: int
    live: LiveAccount | None
    every_rule: tuple[Objective, ...]
    ruleset: AnyRuleset
    reset: Reset
    gauges: tuple[Gauge, ...]
    days: list[Day]
    trades: list[Trade]
    decisions: list[DecisionLine]
    commands: list[CommandLine]
    overrides: list[OverrideLine]
    incidents: list[Impact]
    notices: list[Notice]
    costs: dict[str, Money]
    next_phase: AccountLine | None
    held_phase: HeldPhase | None
    owed: LiveOwed | None
    next_owed: LiveOwed | None
    prices_ended_us: int
    held_since_us: int
    now_us: int
    told_us: int

    @property
    def ended(self) -> bool:
        return self.line.standing in ENDED

    @property
    def closing(self) -> bool:
        """Over, and the platform was asked to close everything, but has not confirmed yet that it did."""
        asked = any(command.state != WITHHELD for command in self.commands if command.for_decision)
        return self.ended and self.line.flat_us is None and asked and not self.not_closed

    @property
    def not_closed(self) -> str:
        """Over, but the platform was never asked to close it: how much of it is open."""
        return owed_view.not_closed(self.line, self.owed, self.live, self.speech)

    @property
    def closed(self) -> bool:
        """Over, and the platform confirmed that everything is closed: only then a figure may be called so."""
        return self.ended and self.line.flat_us is not None

    @property
    def watched(self) -> bool:
        """Whether anything on the page can still change by itself."""
        return not self.ended or self.closing or bool(self.not_closed)

    @property
    def granted(self) -> list[OverrideLine]:
        """The exceptions from its rules, newest first."""
        return [each for each in self.overrides if each.granted]

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
        if self.live is None:
            return ()
        return objective_rows(self.rules_now, self.live, self.ruleset, self.ending, self.speech)

    @property
    def rules_now(self) -> tuple[Objective, ...]:
        """Every rule: those that prices move as they are now, the others as they were when the page was asked for."""
        moving = {row.rule: row for row in self.live.objectives} if self.live else {}
        return tuple(moving.get(row.rule, row) for row in self.every_rule)

    @property
    def nearest(self) -> Objective | None:
        """The limit with the least headroom of those that can still be broken."""
        return nearest_limit(self.live, self.ruleset) if self.live and not self.ended else None

    @property
    def nearest_title(self) -> str:
        """What that limit is called inside a sentence."""
        nearest = self.nearest
        return "" if nearest is None else self.speech.lowered(title_in(nearest, self.ruleset, self.speech))

    @property
    def floors_after_reset(self) -> list[tuple[str, Money]]:
        """Where each floor that a reset moves will be after the next one, at the present balance and equity."""
        rows = self.live.objectives if self.live and not self.ended else ()
        return [
            (title_in(row, self.ruleset, self.speech), row.floor_after) for row in rows if row.floor_after is not None
        ]

    @property
    def not_judged(self) -> str:
        """Which of its loss limits people waived, and until when."""
        return not_judged_sentence(self.live, self.ruleset, self.speech) if self.live and not self.ended else ""

    @property
    def paused(self) -> str:
        return pause_sentence(self.live, self.ruleset, self.now_us, self.speech) if self.live else ""

    @property
    def balance(self) -> Money:
        return self.live.balance if self.live else self.line.money(self.line.balance)

    @property
    def as_of_us(self) -> int:
        return self.live.as_of_us if self.live and not self.ended else self.line.marked_us

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Each rule in words, as it was sold."""
        size = self.line.money(self.line.initial)
        speech = self.speech
        told = (
            (title_of(rule, speech.language), rule_text(rule, self.ruleset, size, speech))
            for rule in self.ruleset.rules
        )
        return list(told)


async def account_view(firm: Firm, account: int, speech: Speech = ENGLISH) -> AccountView:
    """Told in the words of `speech`. Raises NotFoundException where there is no such account."""
    found = await firm.book.look(lambda reader: _look_up(reader, account, speech))
    ended_us = prices_ended_us(firm.pulse.now(), found["line"].bridge)
    moving = live_part(firm, found["line"], found["ruleset"], found["next_phase"], ended_us, speech)
    return AccountView(speech=speech, **found, **moving, every_rule=firm.live.every_rule(account))


def _look_up(reader: LedgerReader, account: int, speech: Speech) -> dict[str, Any]:
    """The newest row is looked up first, so that what is read next is never older than it says."""
    rows = reader.account_rows(account, limit=1)
    with reader.connection() as book:
        found = {"newest_seq": rows[0].seq if rows else 0, **_gather(book, account)}
    notices = notices_told(reader, found["line"], found["ruleset"], speech.language, None, NOTICES_SHOWN)
    return {**found, "notices": notices}


def _gather(book: apsw.Connection, account: int) -> dict[str, Any]:
    line, ruleset = account_line(book, account), ruleset_of(book, account)
    if line is None or ruleset is None:
        raise NotFoundException
    passed = line.standing is Standing.PASSED
    return {
        "line": line,
        "ruleset": ruleset,
        "days": days_of(book, account, DAYS_SHOWN),
        "trades": closed_trades(book, account, None, TRADES_SHOWN),
        "decisions": decisions_of(book, account, DECISIONS_SHOWN),
        "commands": commands_of_account(book, account, COMMANDS_SHOWN),
        "overrides": overrides_of(book, account, OVERRIDES_SHOWN),
        "incidents": impacts_on(book, account, INCIDENTS_ON_ACCOUNT),
        "costs": {position: line.money(costs) for position, costs in costs_of_open(book, account)},
        "next_phase": account_of_phase(book, line.challenge, line.phase + 1) if passed else None,
        "held_phase": held_phase(book, account) if passed else None,
    }


def live_part(
    firm: Firm, line: AccountLine, ruleset: AnyRuleset, next_phase: AccountLine | None, ended_us: int, speech: Speech
) -> dict[str, Any]:
    """What changes with each price: read from the live board, without waiting. `ended_us`: see `prices_ended_us`."""
    live, now_us = firm.live.account(line.account), firm.now_us()
    return {
        "live": live,
        "prices_ended_us": ended_us,
        "held_since_us": firm.held_since_us() if firm.held() else 0,
        "owed": firm.live.owed_to(line.account),
        "next_owed": firm.live.owed_to(next_phase.account) if next_phase is not None else None,
        "now_us": now_us,
        "told_us": firm.wall_us(),
        "reset": reset_of(ruleset, live, now_us),
        "gauges": gauges_of(live, ruleset, speech) if live else (),
    }


def prices_ended_us(health: Health, bridge: str = "") -> int:
    """When a replay was over: of this bridge, or the last of all where each is over. 0 where prices go on."""
    ended = [one.prices_ended_us for one in health.bridges if bridge in ("", one.bridge)]
    return max(ended) if ended and all(ended) else 0


def reset_of(ruleset: AnyRuleset, live: LiveAccount | None, now_us: int) -> Reset:
    day = live.day if live and live.day and live.day.end_us > now_us else ruleset.calendar.day_at(now_us)
    return Reset(day.end_us, ruleset.calendar.zone, ruleset.calendar.rollover)


def gauges_of(live: LiveAccount, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> tuple[Gauge, ...]:
    return tuple(
        Gauge(
            title_in(row, ruleset, speech),
            row.headroom,
            left_bp(row),
            row.allowed,
            row.floor,
            _tone(row.progress),
            row.kind == "daily_loss",
        )
        for row in limits_that_count(live, ruleset)
        if row.headroom is not None and row.allowed is not None and row.floor is not None
    )


def _tone(progress: Progress) -> str:
    return words.PROGRESS[progress][1]
