"""Objective rows: loss limits, targets, days and clocks of an account as rows of its objectives table, for each price anew.

Floors, targets and counts come from the same functions that judge; this file only words them. What other rules found is in
`firm/objective_answers.py`: it costs more, and no price moves most of it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from firm.account import AccountState
from firm.arithmetic import PLAIN, Figure
from firm.instant import DAY_US, datetime_of, utc_text
from firm.needs import is_counted_as_it_comes
from firm.objective import Objective, Progress
from firm.phase import Standing
from firm.plain_figures import PlainFigures, percent
from firm.rules.clocks import day_number, judge_inactivity, judge_maximum_duration, last_active
from firm.rules.endings import activity_of, first_day
from firm.rules.judged import Unit, Verdict, kept
from firm.rules.judged import met as judged_met
from firm.rules.limits import Limit, limit_of, measured_of
from firm.rules.winning import Moment, judge_target, score_of, target_with_consistency
from firm.ruleset import AnyRuleset, Rule, kept_with
from firm.sentences.languages import Language
from firm.sentences.rule import Sentence, ruleset_sentences
from firm.terms.losses import LossLimit, Measured
from firm.terms.objectives import (
    ClockStart,
    Inactivity,
    MaximumDuration,
    ProfitTarget,
    ScoreTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import Action, Boundary, Consequence, DeductProfit, Scope, ToGroup, ToLeverage
from firm.track import High, day_mark

# From this share of a limit on, the trader is told that it is at risk.
AT_RISK_BP = 7_000

_WHEN = {
    Scope.DAY: "Today {} {} {}",
    Scope.WEEK: "This week {} {} {}",
    Scope.CYCLE: "In this payout cycle {} {} {}",
    Scope.PHASE: "{} {} {} at any time",
}
_MEASURED = {
    Measured.EQUITY: "equity",
    Measured.BALANCE: "the balance",
    Measured.EITHER: "the lower of equity and balance",
    Measured.BOTH: "the higher of equity and balance",
}
KINDS_OF_LIMIT = {
    Scope.DAY: "daily_loss",
    Scope.WEEK: "weekly_loss",
    Scope.CYCLE: "cycle_loss",
    Scope.PHASE: "maximum_loss",
}


def objectives_of(account: AccountState, equity: int, now_us: int) -> tuple[Objective, ...]:
    """One row for each of these rules, in the order of the ruleset, for the given equity in minor units at firm time `now_us`."""
    asked = in_question(account)
    rows = (_objective(account, rule, equity, now_us) for rule in account.ruleset.rules)
    found = (row for row in rows if row is not None)
    return tuple(replace(row, in_question=True) if row.rule in asked else row for row in found)


def in_question(account: AccountState) -> frozenset[str]:
    """Rules of which a breach is not final, or was put in question since."""
    return frozenset(finding.rule for finding in account.findings if finding.doubts or finding.questioned)


def told_of(account: AccountState, rule: Rule) -> Sentence:
    """What the rule is called and how it was told when it was sold, in English."""
    currency, exponent = account.initial.currency, account.initial.exponent

    def told(ruleset: AnyRuleset) -> Mapping[str, Sentence]:
        said = ruleset_sentences(ruleset, Language.ENGLISH, PlainFigures(currency, exponent))
        return {one.id: sentence for one, sentence in zip(ruleset.rules, said, strict=True)}

    return kept_with(account.ruleset, f"told in {currency} with {exponent}", told)[rule.id]


def _objective(account: AccountState, rule: Rule, equity: int, now_us: int) -> Objective | None:
    match rule.terms:
        case LossLimit() if account.day is not None or rule.terms.scope is Scope.PHASE:
            return _loss_limit(account, rule, rule.terms, equity)
        case ProfitTarget():
            return _profit_target(account, rule, rule.terms, equity, now_us)
        case ScoreTarget():
            return _score_target(account, rule, rule.terms, now_us)
        case TradingDays() if is_counted_as_it_comes(rule.terms):
            return _trading_days(account, rule.terms)
        case MaximumDuration():
            return _duration(account, rule, rule.terms)
        case Inactivity():
            return _inactivity(account, rule, rule.terms, now_us)
        case _:
            return None


# --- loss limits ---


def _loss_limit(account: AccountState, rule: Rule, term: LossLimit, equity: int) -> Objective:
    limit = limit_of(account, rule)
    measured = measured_of(PLAIN, limit, equity, account.balance)
    figures = (limit.floor, limit.begins, limit.begins - limit.floor)
    floor, begins, allowed = (str(account.money(minor)) for minor in figures)
    must = "must stay above" if term.boundary is Boundary.TOUCHES else "must not fall below"
    breaking = "reaching it" if term.boundary is Boundary.TOUCHES else "falling below it"
    stays = _WHEN[term.scope].format(_MEASURED[term.measured], must, floor)
    worked = f"Measured from {begins}; {allowed} may be lost: {begins} less that is {floor}."
    told = told_of(account, rule)
    row = _limit_row(account, limit, measured)
    return replace(
        row,
        title=told.title,
        sentence=f"{stays[:1].upper()}{stays[1:]}; {breaking} {_does(limit.does)}.",
        how=f"{told.text} {worked}" if limit.begins > limit.floor else told.text,
        floor_after=account.money(_floor_after_reset(account, rule, equity)) if limit.is_measured_from_day else None,
    )


def _does(does: Consequence) -> str:
    match does:
        case Action():
            return _DOES[does]
        case ToGroup():
            return f"moves the account to the group “{does.group}”"
        case ToLeverage():
            return f"sets the leverage to 1:{does.leverage}"
        case DeductProfit():
            return f"takes {percent(does.share_bp)} of the profit away"


_DOES = {
    Action.WARN: "is told to you",
    Action.EXCLUDE_PROFIT: "takes the profit out of targets and payouts",
    Action.RESTRICT: "lets nothing be opened until the next reset",
    Action.CLOSE_POSITIONS: "closes the positions",
    Action.PAUSE: "pauses trading until the next reset",
    Action.REVIEW: "has a person decide",
    Action.FAIL: "ends the account",
}


def _floor_after_reset(account: AccountState, rule: Rule, equity: int) -> int:
    """The floor as it would be if the next day began now."""
    day = account.day and replace(account.day, balance=account.balance, equity=equity)
    highs = tuple(_high_after_reset(high, account.balance, equity) for high in account.track.highs)
    return limit_of(replace(account, day=day, track=replace(account.track, highs=highs)), rule).floor


def _high_after_reset(high: High, balance: int, equity: int) -> High:
    mark = day_mark(high.key.of, balance, equity)
    return high if mark is None else replace(high, minor=max(high.minor, mark[0]))


def _limit_row(account: AccountState, limit: Limit, measured: int) -> Objective:
    start, floor, rule = limit.begins, limit.floor, limit.rule.id
    room = max(1, start - floor)
    used_bp = max(0, min(10_000, (start - measured) * 10_000 // room))
    broken = any(finding.rule == rule for finding in account.findings)
    progress = Progress.BROKEN if broken else Progress.AT_RISK if used_bp >= AT_RISK_BP else Progress.WITHIN
    return Objective(
        rule=rule,
        kind=KINDS_OF_LIMIT[limit.terms.scope],
        title="",
        progress=progress,
        sentence="",
        how="",
        floor=account.money(floor),
        headroom=account.money(measured - floor),
        allowed=account.money(start - floor),
        current=account.money(measured),
        used_bp=used_bp,
        judged=kept(measured, floor, Unit.MINOR, broken=broken),
    )


# --- targets ---


def _profit_target(account: AccountState, rule: Rule, term: ProfitTarget, equity: int, now_us: int) -> Objective:
    target = target_with_consistency(PLAIN, account, rule, term)
    start = account.initial.minor + account.cash_net
    measured, name = _measured_by(account, term, equity)
    made, need = measured - start, target - start
    answer = judge_target(PLAIN, account, rule, Moment(now_us, Figure(equity, "")))
    met = answer.verdict is Verdict.MET or account.standing is Standing.PASSED
    flat = " with no position open" if term.flat_required else ""
    held = f" and stay there for more than {term.held_s} s" if term.held_s else ""
    told, reached = told_of(account, rule), account.money(target)
    in_words = str(reached)
    return Objective(
        rule=term.id,
        kind="profit_target",
        title=told.title,
        progress=Progress.MET if met else Progress.PENDING,
        sentence=f"{name} must reach {in_words}{held}{flat}.",
        how=f"{told.text} {account.money(need)} above {account.money(start)} is {in_words}; "
        f"{account.money(made)} is made so far.",
        target=reached,
        current=account.money(measured),
        used_bp=max(0, min(10_000, made * 10_000 // max(1, need))),
        judged=answer,
    )


def _measured_by(account: AccountState, term: ProfitTarget, equity: int) -> tuple[int, str]:
    match term.measured:
        case TargetMeasure.BALANCE:
            return account.balance, "The balance"
        case TargetMeasure.EQUITY:
            return equity, "Equity"
        case TargetMeasure.CLOSING_BALANCE:
            return account.balance if account.day is None else account.day.balance, "The balance at a day’s end"


def _score_target(account: AccountState, rule: Rule, term: ScoreTarget, now_us: int) -> Objective:
    answer = judge_target(PLAIN, account, rule, Moment(now_us))
    told, score = told_of(account, rule), score_of(account, term.board)
    published = "Nothing is published yet." if score is None else f"It is {score.value:,} now."
    return Objective(
        rule=term.id,
        kind="score_target",
        title=told.title,
        progress=Progress.MET if answer.verdict is Verdict.MET else Progress.PENDING,
        sentence=told.text,
        how=f"The score is published by the firm, as “{term.board}”. {published}",
        used_bp=max(0, min(10_000, answer.observed * 10_000 // max(1, answer.limit))),
        judged=answer,
    )


# --- days and clocks ---


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
        used_bp=min(10_000, account.days_traded * 10_000 // term.days_min),
        judged=judged_met(account.days_traded, term.days_min, Unit.DAYS, is_met=met),
    )


def _duration(account: AccountState, rule: Rule, term: MaximumDuration) -> Objective:
    days_max = term.days_max + account.overrides.days
    first = first_day(account, term)
    begins = Figure(day_number(account.day.day.label), "") if account.day is not None else None
    # The running day is one of them, though it is not over.
    used = judge_maximum_duration(PLAIN, rule, first, begins).observed + 1 if first and begins else 0
    return Objective(
        rule=term.id,
        kind="maximum_duration",
        title=told_of(account, rule).title,
        progress=Progress.WITHIN,
        sentence=_until_when(account, term, first),
        how="Calendar days count, and the phase ends at the reset that ends the last day.",
        used_bp=min(10_000, used * 10_000 // days_max),
        judged=kept(used, days_max, Unit.DAYS, broken=False),
    )


def _until_when(account: AccountState, term: MaximumDuration, first: Figure | None) -> str:
    """The last day's reset, which is the first one at which the phase has taken too long."""
    days_max = term.days_max + account.overrides.days
    of = "its first trade" if term.counted_from is ClockStart.FIRST_TRADE else "its start"
    within = f"The phase must be completed within {_days(days_max)} of {of}"
    if first is None:
        return f"{within}; nothing was traded yet."
    calendar = account.ruleset.calendar
    ends = date.fromordinal(first.value) + timedelta(days=days_max)
    return f"{within}: before {_date(ends)}, {calendar.rollover} in {calendar.zone}."


def _inactivity(account: AccountState, rule: Rule, term: Inactivity, now_us: int) -> Objective:
    days_max = term.days_max + account.overrides.days
    activity = activity_of(account)
    last_us = last_active(term, activity).value
    idle = judge_inactivity(PLAIN, rule, activity, Figure(max(now_us, last_us), "")).observed
    is_active = (term.open_position_counts and activity.positions) or (term.pending_order_counts and activity.orders)
    counts = "; an open position counts as activity" if term.open_position_counts else ""
    ends = "" if is_active else f" Without one the account ends {_reset_after(account, days_max, last_us)}."
    return Objective(
        rule=term.id,
        kind="inactivity",
        title=told_of(account, rule).title,
        progress=Progress.WITHIN,
        sentence=f"At least one trade is needed every {_days(days_max)}{counts}.{ends}",
        how=f"Counted from the last activity, {utc_text(last_us)[:16].replace('T', ' ')} UTC, and looked at at each reset.",
        used_bp=min(10_000, idle * 10_000 // days_max),
        judged=kept(idle, days_max, Unit.DAYS, broken=False),
    )


def _reset_after(account: AccountState, days_max: int, last_us: int) -> str:
    """The first reset at which nothing was traded for too long."""
    calendar = account.ruleset.calendar
    local = datetime_of(calendar.day_at(last_us + days_max * DAY_US - 1).end_us).astimezone(ZoneInfo(calendar.zone))
    return f"on {_date(local)}, {local:%H:%M} in {calendar.zone}"


def _date(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
