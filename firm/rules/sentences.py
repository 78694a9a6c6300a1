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
from firm.rules.limits import limit_of
from firm.rules.winning import target_with_consistency
from firm.ruleset import Rule
from firm.terms.losses import LossLimit, Trail
from firm.terms.objectives import Inactivity, MaximumDuration, ProfitTarget, TradingDays
from firm.terms.words import Action, Anchor, Boundary, Scope, Share
from firm.track import High, day_mark

# From this share of a limit on, the trader is told that it is at risk.
AT_RISK_BP = 7_000

_ANCHORS = {
    Anchor.BALANCE: "the balance",
    Anchor.EQUITY: "the equity",
    Anchor.HIGHER: "the higher of balance and equity",
    Anchor.LOWER: "the lower of balance and equity",
    Anchor.INITIAL: "the initial balance",
}


def objectives_of(account: AccountState, equity: int, now_us: int) -> tuple[Objective, ...]:
    """One row a rule, in the order of the ruleset, for the given equity in minor units at firm time `now_us`."""
    rows = (_objective(account, rule, equity, now_us) for rule in account.ruleset.rules)
    return tuple(row for row in rows if row is not None)


def _objective(account: AccountState, rule: Rule, equity: int, now_us: int) -> Objective | None:
    match rule.terms:
        case LossLimit() if rule.terms.scope is Scope.DAY:
            return _daily_loss(account, rule, rule.terms, equity) if account.day is not None else None
        case LossLimit():
            return _maximum_loss(account, rule, rule.terms, equity)
        case ProfitTarget():
            return _profit_target(account, rule, rule.terms)
        case TradingDays():
            return _trading_days(account, rule.terms)
        case MaximumDuration():
            return _duration(account, rule.terms)
        case Inactivity():
            return _inactivity(account, rule.terms, now_us)
        case _:
            return None


def _daily_loss(account: AccountState, rule: Rule, term: LossLimit, equity: int) -> Objective:
    assert account.day is not None
    limit = limit_of(account, rule)
    floor, start = limit.floor, limit.begins
    what = "ends the account" if term.on_breach[0] is Action.FAIL else "pauses trading until the next reset"
    sentence = f"Today equity {_must(term.boundary)} {account.money(floor)}; {_breaking(term.boundary)} {what}."
    how = (
        f"The day began with {_ANCHORS[term.anchor]} at {account.money(start)}. "
        f"{_share(term)} "
        f"may be lost: {account.money(start - floor)}. {account.money(start)} less that is {account.money(floor)}."
    )
    row = _limit_row(account, term.id, "daily_loss", "Daily loss", sentence, how, floor, start, equity)
    return replace(row, floor_after=account.money(_floor_after_reset(account, rule, equity)))


def _share(term: LossLimit) -> str:
    if not isinstance(term.amount, Share):
        return "A fixed amount"
    of = "the initial balance" if term.amount.of.value == "initial" else "the same amount"
    return f"{_percent(term.amount.bp)} of {of}"


def _floor_after_reset(account: AccountState, rule: Rule, equity: int) -> int:
    """The floor as it would be if the next day began now."""
    assert account.day is not None
    day = replace(account.day, balance=account.balance, equity=equity)
    highs = tuple(_high_after_reset(high, account.balance, equity) for high in account.track.highs)
    return limit_of(replace(account, day=day, track=replace(account.track, highs=highs)), rule).floor


def _high_after_reset(high: High, balance: int, equity: int) -> High:
    mark = day_mark(high.key.of, balance, equity)
    return high if mark is None else replace(high, minor=max(high.minor, mark[0]))


def _maximum_loss(account: AccountState, rule: Rule, term: LossLimit, equity: int) -> Objective:
    limit = limit_of(account, rule)
    floor, allowed = limit.floor, limit.begins - limit.floor
    what = "ends the account" if term.on_breach[0] is Action.FAIL else "stops trading until the next reset"
    sentence = f"Equity {_must(term.boundary)} {account.money(floor)} at any time; {_breaking(term.boundary)} {what}."
    if isinstance(term.amount, Share) and term.amount.of.value == "initial":
        allowed = divided_rounded_down(account.initial.minor * term.amount.bp, 10_000)
        lost = f"{_percent(term.amount.bp)} of the initial balance {account.initial} may be lost: {account.money(allowed)}. "
    else:
        lost = f"{_share(term)} may be lost: {account.money(allowed)}. "
    how = f"{lost}{_trailing(account, term, floor, allowed)}"
    row = _limit_row(account, term.id, "maximum_loss", "Maximum loss", sentence, how, floor, floor + allowed, equity)
    if term.trail is not Trail.END_OF_DAY or account.day is None:
        return row
    return replace(row, floor_after=account.money(_floor_after_reset(account, rule, equity)))


def _trailing(account: AccountState, term: LossLimit, floor: int, allowed: int) -> str:
    match term.trail:
        case Trail.STATIC:
            return f"The floor never moves: {account.initial} less that is {account.money(floor)}."
        case Trail.END_OF_DAY:
            follows = f"The floor follows {_ANCHORS[term.high]} at each reset"
            return f"{follows}, {account.money(allowed)} below the highest: {account.money(floor)}."
        case Trail.ON_CLOSE:
            return f"The floor follows the highest balance, {account.money(allowed)} below it: {account.money(floor)}."
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


def _profit_target(account: AccountState, rule: Rule, term: ProfitTarget) -> Objective:
    target = target_with_consistency(PLAIN, account, rule, term)
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
        how=f"{_asked(term)} of the initial balance {account.initial} is {account.money(need)}. "
        f"Closed trades have made {account.money(made)} so far; open positions do not count.",
        target=account.money(target),
        current=account.money(account.balance),
        used_bp=max(0, min(10_000, made * 10_000 // need)),
    )


def _asked(term: ProfitTarget) -> str:
    return _percent(term.amount.bp) if isinstance(term.amount, Share) else "A fixed part"


def _trading_days(account: AccountState, term: TradingDays) -> Objective:
    met = account.days_traded >= term.days_min
    zone = account.ruleset.calendar
    return Objective(
        rule=term.id,
        kind="trading_days",
        title="Minimum trading days",
        progress=Progress.MET if met else Progress.PENDING,
        sentence=f"Positions must be opened on at least {_days(term.days_min)}; so far on {account.days_traded}.",
        how=f"A day counts when a position is opened on it. Days run from {zone.rollover} to {zone.rollover} in {zone.zone}.",
        have=account.days_traded,
        need=term.days_min,
        used_bp=min(10_000, account.days_traded * 10_000 // term.days_min),
    )


def _duration(account: AccountState, term: MaximumDuration) -> Objective:
    days_max = term.days_max + account.overrides.days
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
        need=days_max,
        used_bp=min(10_000, used * 10_000 // days_max),
    )


def _until_when(account: AccountState, term: MaximumDuration) -> str:
    """The last day's reset, which is the first one at which the phase has taken too long."""
    days_max = term.days_max + account.overrides.days
    within = f"The phase must be completed within {_days(days_max)} of its first trade"
    if not account.first_trade_day:
        return f"{within}; nothing was traded yet."
    calendar = account.ruleset.calendar
    ends = date.fromisoformat(account.first_trade_day) + timedelta(days=days_max)
    return f"{within}: before {_date(ends)}, {calendar.rollover} in {calendar.zone}."


def _inactivity(account: AccountState, term: Inactivity, now_us: int) -> Objective:
    days_max = term.days_max + account.overrides.days
    last_us = account.last_trade_us or account.opened_us
    idle = 0 if account.positions else max(0, now_us - last_us) // DAY_US
    return Objective(
        rule=term.id,
        kind="inactivity",
        title="Inactivity",
        progress=Progress.WITHIN,
        sentence=f"At least one trade is needed every {_days(days_max)}; an open position counts as activity."
        + ("" if account.positions else f" Without one the account ends {_reset_after(account, days_max, last_us)}."),
        how=f"Counted from the last trade, {utc_text(last_us)[:16].replace('T', ' ')} UTC, and looked at at each reset.",
        have=idle,
        need=days_max,
        used_bp=min(10_000, idle * 10_000 // days_max),
    )


def _reset_after(account: AccountState, days_max: int, last_us: int) -> str:
    """The first reset at which nothing was traded for too long."""
    calendar = account.ruleset.calendar
    local = datetime_of(calendar.day_at(last_us + days_max * DAY_US - 1).end_us).astimezone(ZoneInfo(calendar.zone))
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
