"""Sentences: each rule of an account in the trader's language with the account's numbers, as rows of the objectives table.

The floors, targets and counts come from the same functions that judge; this file only words them.
"""

from datetime import date, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from firm.account import AccountState, calendar_days_between
from firm.arithmetic import PLAIN
from firm.instant import DAY_US, datetime_of, utc_text
from firm.money import divided_rounded_down
from firm.objective import Objective, Progress
from firm.phase import Standing
from firm.rules.limits import floor_of
from firm.rules.objectives import target_balance
from firm.ruleset import (
    Anchor,
    Boundary,
    DailyLoss,
    Inactivity,
    MaximumDuration,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
    ProfitTarget,
    Term,
    Trail,
)

# From this share of a limit on, the trader is told that it is at risk.
AT_RISK_BP = 7_000

_ANCHORS = {
    Anchor.BALANCE: "the balance",
    Anchor.EQUITY: "the equity",
    Anchor.HIGHER: "the higher of balance and equity",
}


def objectives_of(account: AccountState, equity: int, now_us: int) -> tuple[Objective, ...]:
    """One row a rule, in the order of the ruleset, for the given equity in minor units at firm time `now_us`."""
    rows = (_objective(account, place, term, equity, now_us) for place, term in enumerate(account.ruleset.terms))
    return tuple(row for row in rows if row is not None)


def _objective(account: AccountState, place: int, term: Term, equity: int, now_us: int) -> Objective | None:
    match term:
        case DailyLoss():
            return _daily_loss(account, place, term, equity) if account.day is not None else None
        case MaximumLoss():
            return _maximum_loss(account, place, term, equity)
        case ProfitTarget():
            return _profit_target(account, place, term)
        case MinimumTradingDays():
            return _trading_days(account, term)
        case MaximumDuration():
            return _duration(account, term)
        case Inactivity():
            return _inactivity(account, term, now_us)
        case unknown:
            assert_never(unknown)


def _daily_loss(account: AccountState, place: int, term: DailyLoss, equity: int) -> Objective:
    assert account.day is not None
    floor = floor_of(PLAIN, account, place, term)
    start = {
        Anchor.BALANCE: account.day.balance,
        Anchor.EQUITY: account.day.equity,
        Anchor.HIGHER: max(account.day.balance, account.day.equity),
    }[term.anchor]
    what = "ends the account" if term.on_breach is OnDailyLoss.FAIL else "pauses trading until the next reset"
    sentence = f"Today equity {_must(term.boundary)} {account.money(floor)}; {_breaking(term.boundary)} {what}."
    how = (
        f"The day began with {_ANCHORS[term.anchor]} at {account.money(start)}. "
        f"{_percent(term.loss_max_bp)} of the {'initial balance' if term.base.value == 'initial' else 'same amount'} "
        f"may be lost: {account.money(start - floor)}. {account.money(start)} less that is {account.money(floor)}."
    )
    row = _limit_row(account, term.id, "daily_loss", "Daily loss", sentence, how, floor, start, equity)
    return replace(row, floor_after=account.money(_floor_after_reset(account, place, term, equity)))


def _floor_after_reset(account: AccountState, place: int, term: DailyLoss | MaximumLoss, equity: int) -> int:
    """The floor as it would be if the next day began now."""
    assert account.day is not None
    mark = {Anchor.BALANCE: account.balance, Anchor.EQUITY: equity, Anchor.HIGHER: max(account.balance, equity)}
    high = max(account.rollover_high, mark[term.trails_on]) if isinstance(term, MaximumLoss) else account.rollover_high
    day = replace(account.day, balance=account.balance, equity=equity)
    return floor_of(PLAIN, replace(account, day=day, rollover_high=high), place, term)


def _maximum_loss(account: AccountState, place: int, term: MaximumLoss, equity: int) -> Objective:
    floor = floor_of(PLAIN, account, place, term)
    allowed = divided_rounded_down(account.initial.minor * term.loss_max_bp, 10_000)
    sentence = f"Equity {_must(term.boundary)} {account.money(floor)} at any time; {_breaking(term.boundary)} ends the account."
    how = (
        f"{_percent(term.loss_max_bp)} of the initial balance {account.initial} may be lost: {account.money(allowed)}. "
        f"{_trailing(account, term, floor, allowed)}"
    )
    row = _limit_row(account, term.id, "maximum_loss", "Maximum loss", sentence, how, floor, floor + allowed, equity)
    if term.trail is not Trail.END_OF_DAY or account.day is None:
        return row
    return replace(row, floor_after=account.money(_floor_after_reset(account, place, term, equity)))


def _trailing(account: AccountState, term: MaximumLoss, floor: int, allowed: int) -> str:
    match term.trail:
        case Trail.STATIC:
            return f"The floor never moves: {account.initial} less that is {account.money(floor)}."
        case Trail.END_OF_DAY:
            follows = f"The floor follows {_ANCHORS[term.trails_on]} at each reset"
            return f"{follows}, {account.money(allowed)} below the highest: {account.money(floor)}."
        case Trail.EVERY_TICK:
            return (
                f"The floor follows every new equity high, {account.money(allowed)} below it: {account.money(floor)}."
            )
        case unknown:
            assert_never(unknown)


def _limit_row(
    account: AccountState,
    rule: str,
    kind: str,
    title: str,
    sentence: str,
    how: str,
    floor: int,
    start: int,
    equity: int,
) -> Objective:
    room = max(1, start - floor)
    used_bp = max(0, min(10_000, (start - equity) * 10_000 // room))
    broken = any(finding.rule == rule for finding in account.findings)
    progress = Progress.BROKEN if broken else Progress.AT_RISK if used_bp >= AT_RISK_BP else Progress.WITHIN
    return Objective(
        rule=rule,
        kind=kind,
        title=title,
        progress=progress,
        sentence=sentence,
        how=how,
        floor=account.money(floor),
        headroom=account.money(equity - floor),
        allowed=account.money(start - floor),
        current=account.money(equity),
        used_bp=used_bp,
    )


def _profit_target(account: AccountState, place: int, term: ProfitTarget) -> Objective:
    target = target_balance(PLAIN, account, place, term)
    start = account.initial.minor + account.cash_net
    made, need = account.balance - start, target - start
    met = account.balance >= target
    flat = " with no position open" if term.flat_required else ""
    return Objective(
        rule=term.id,
        kind="profit_target",
        title="Profit target",
        progress=Progress.MET if met or account.standing is Standing.PASSED else Progress.PENDING,
        sentence=f"The balance must reach {account.money(target)}{flat}.",
        how=f"{_percent(term.target_bp)} of the initial balance {account.initial} is {account.money(need)}. "
        f"Closed trades have made {account.money(made)} so far; open positions do not count.",
        target=account.money(target),
        current=account.money(account.balance),
        used_bp=max(0, min(10_000, made * 10_000 // need)),
    )


def _trading_days(account: AccountState, term: MinimumTradingDays) -> Objective:
    met = account.days_traded >= term.days_min
    zone = account.ruleset.calendar
    return Objective(
        rule=term.id,
        kind="minimum_trading_days",
        title="Minimum trading days",
        progress=Progress.MET if met else Progress.PENDING,
        sentence=f"Positions must be opened on at least {_days(term.days_min)}; so far on {account.days_traded}.",
        how=f"A day counts when a position is opened on it. Days run from {zone.rollover} to {zone.rollover} in {zone.zone}.",
        have=account.days_traded,
        need=term.days_min,
        used_bp=min(10_000, account.days_traded * 10_000 // term.days_min),
    )


def _duration(account: AccountState, term: MaximumDuration) -> Objective:
    label = account.day.day.label if account.day is not None else ""
    used = calendar_days_between(account.first_trade_day, label) + 1 if account.first_trade_day and label else 0
    return Objective(
        rule=term.id,
        kind="maximum_duration",
        title="Maximum duration",
        progress=Progress.WITHIN,
        sentence=_until_when(account, term),
        how="Calendar days count, the day of the first trade is day 1, and the phase ends at the reset that ends the last day.",
        have=used,
        need=term.days_max,
        used_bp=min(10_000, used * 10_000 // term.days_max),
    )


def _until_when(account: AccountState, term: MaximumDuration) -> str:
    """The last day's reset, which is the first one at which the phase has taken too long."""
    within = f"The phase must be completed within {_days(term.days_max)} of its first trade"
    if not account.first_trade_day:
        return f"{within}; nothing was traded yet."
    calendar = account.ruleset.calendar
    ends = date.fromisoformat(account.first_trade_day) + timedelta(days=term.days_max)
    return f"{within}: before {_date(ends)}, {calendar.rollover} in {calendar.zone}."


def _inactivity(account: AccountState, term: Inactivity, now_us: int) -> Objective:
    last_us = account.last_trade_us or account.opened_us
    idle = 0 if account.positions else max(0, now_us - last_us) // DAY_US
    return Objective(
        rule=term.id,
        kind="inactivity",
        title="Inactivity",
        progress=Progress.WITHIN,
        sentence=f"At least one trade is needed every {_days(term.days_max)}; an open position counts as activity."
        + ("" if account.positions else f" Without one the account ends {_reset_after(account, term, last_us)}."),
        how=f"Counted from the last trade, {utc_text(last_us)[:16].replace('T', ' ')} UTC, and looked at at each reset.",
        have=idle,
        need=term.days_max,
        used_bp=min(10_000, idle * 10_000 // term.days_max),
    )


def _reset_after(account: AccountState, term: Inactivity, last_us: int) -> str:
    """The first reset at which nothing was traded for too long."""
    calendar = account.ruleset.calendar
    local = datetime_of(calendar.day_at(last_us + term.days_max * DAY_US - 1).end_us).astimezone(
        ZoneInfo(calendar.zone)
    )
    return f"on {_date(local)}, {local:%H:%M} in {calendar.zone}"


def _date(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _must(boundary: Boundary) -> str:
    return "must stay above" if boundary is Boundary.TOUCHES else "must not fall below"


def _breaking(boundary: Boundary) -> str:
    return "reaching it" if boundary is Boundary.TOUCHES else "falling below it"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _percent(bp: int) -> str:
    whole, part = divmod(bp, 100)
    return f"{whole}.{part:02d} %" if part else f"{whole} %"
