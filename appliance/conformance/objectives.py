"""Objectives in the neutral vocabulary: targets, inactivity and the range of lots; with `FAMILIES` of these, of days and of shares."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from appliance.conformance.objective_days import day_profit, day_rollover, trading_day, trading_days
from appliance.conformance.objective_shares import cap_discard, consistency, max_today, target_adjusted
from appliance.conformance.objective_terms import amount_in, as_asked, asked_rounded_up, chosen
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import bp_of, lots_e8_of, lots_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN, Figure
from firm.instant import DAY_US, SECOND_US
from firm.rules.clocks import Activity, day_number, judge_inactivity
from firm.rules.days import judge_trading_days
from firm.rules.judged import Verdict
from firm.rules.lot_range import largest_lots, smallest_lots
from firm.rules.targets import (
    TargetMarks,
    judge_profit_target,
    measured_by,
    must_close_at_target,
    reached_since,
    target_balance,
)
from firm.rules.winning import is_nothing_in_the_way
from firm.ruleset import Rule
from firm.terms.objectives import (
    ClockStart,
    DayCounts,
    Inactivity,
    LotConsistency,
    PartialCloses,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import Action, Boundary, Fixed, Scope, Share
from firm.track import DayResult

# --- targets ---

_TARGET_PARAMS = (
    "abs", "auto_close", "hold_seconds_gt", "initial", "latched", "measure", "min_days", "pct", "requires_flat",
)  # fmt: skip


def profit_target(vector: Vector) -> dict[str, Any]:
    """`passed` for each entry; where one word is asked, whether it ever was: a phase that was won is over."""
    require_known(vector.params, _TARGET_PARAMS)
    initial = minor_of(vector.params["initial"])
    amount = amount_in(vector.params, "abs", "pct")
    rule, days_rule = rule_of(target_term(vector.params, amount)), _days_rule(vector.params)
    target = target_balance(PLAIN, initial, asked_rounded_up(amount, initial))
    passed: list[bool] = []
    since: Figure | None = None
    is_latched = False
    for place, entry in enumerate(vector.timeline):
        marks = _marks(rule, target, entry, since)
        since = marks.reached_since
        judged = judge_profit_target(PLAIN, rule, target, marks, is_latched=is_latched)
        is_latched = is_latched or judged.verdict is Verdict.MET
        traded = int(entry.get("day", place + 1))
        days = [DayResult(str(number), number, openings=1, seq=number) for number in range(1, traded + 1)]
        counted = judge_trading_days(PLAIN, days_rule, days, 0, None)
        passed.append(all(map(is_nothing_in_the_way, (judged, counted))))
    first = next((entry.get("t") for entry, is_passed in zip(vector.timeline, passed, strict=True) if is_passed), None)
    return {"passed": passed if isinstance(vector.expect.get("passed"), list) else any(passed), "passed_at_t": first}


def target_term(params: Mapping[str, Any], amount: Fixed | Share) -> ProfitTarget:
    return ProfitTarget(
        id="target",
        amount=amount,
        measured=chosen(params, "measure", {measure.value: measure for measure in TargetMeasure}),
        held_s=int(params.get("hold_seconds_gt", 0)),
        flat_required=params.get("requires_flat", False),
        latched=params.get("latched", False),
        auto_close=params.get("auto_close", False),
    )


def _days_rule(params: Mapping[str, Any]) -> Rule:
    """Every entry is a traded day, so that one is always there."""
    return rule_of(
        TradingDays(
            id="days",
            days_min=int(params.get("min_days", 1)),
            counts=DayCounts.OPENED,
            profit_min=None,
            boundary=Boundary.TOUCHES,
            per=Scope.PHASE,
        )
    )


def _marks(rule: Rule, target: int, entry: Mapping[str, Any], since: Figure | None) -> TargetMarks:
    """Of balance and equity the one that is not told is as the other. What the target closes is closed at equity."""
    balance = Figure(minor_of(entry.get("balance", entry.get("equity"))), "")
    equity = Figure(minor_of(entry.get("equity", entry.get("balance"))), "")
    now = Figure(int(entry.get("t", 0) * SECOND_US), "")
    marks = TargetMarks(balance, balance, equity, None, now, positions=int(entry.get("open", False)))
    measured = measured_by(rule, marks)
    since = None if measured is None else reached_since(since, measured.value, target, now)
    marks = replace(marks, reached_since=since)
    if must_close_at_target(PLAIN, rule, target, marks):
        return replace(marks, balance=equity, closing_balance=equity, positions=0)
    return marks


# --- inactivity ---

_CLOCKS = {"last_trade_closed_or_assignment": ClockStart.LAST_CLOSED}


def inactivity(vector: Vector) -> dict[str, Any]:
    """`inactive` at each check. Days begin at midnight UTC; what is open or waiting is so until it is closed or taken back."""
    params = vector.params
    require_known(params, ("days", "from_", "open_position_is_activity", "pending_is_activity"))
    rule = rule_of(
        Inactivity(
            id="inactivity",
            days_max=int(params["days"]),
            counted_from=chosen(params, "from_", _CLOCKS, absent=ClockStart.LAST_TRADE),
            open_position_counts=params.get("open_position_is_activity", True),
            pending_order_counts=params.get("pending_is_activity", False),
            on_breach=(Action.FAIL,),
        )
    )
    first = _midnight(vector.timeline[0])
    activity = Activity(first, None, None, None, None, positions=0, orders=0)
    answers = []
    for entry in vector.timeline:
        if entry["ev"] == "check":
            answers.append({"inactive": judge_inactivity(PLAIN, rule, activity, _midnight(entry)).is_broken})
        else:
            activity = _after(activity, entry)
    return as_asked(answers, vector.expect)


def _after(activity: Activity, entry: Mapping[str, Any]) -> Activity:
    at = _midnight(entry)
    match entry["ev"]:
        case "assigned":
            return replace(activity, assigned=at)
        case "open":
            first = activity.first_trade or at
            return replace(activity, first_trade=first, last_opened=at, positions=activity.positions + 1)
        case "close":
            return replace(activity, last_closed=at, positions=max(0, activity.positions - 1))
        case "pending_order":
            return replace(activity, orders=activity.orders + 1)
        case unknown:
            raise CannotExpress(f"nothing on an account is called {unknown!r}")


def _midnight(entry: Mapping[str, Any]) -> Figure:
    return Figure(day_number(entry["date"]) * DAY_US, "")


# --- the range of lots ---


def lot_consistency(vector: Vector) -> dict[str, Any]:
    params = vector.params
    require_known(params, ("max_pct", "min_pct", "partial_close"))
    rule = rule_of(
        LotConsistency(
            id="lots",
            min_bp=bp_of(params["min_pct"]),
            max_bp=bp_of(params["max_pct"]),
            partial_closes=chosen(params, "partial_close", {parts.value: parts for parts in PartialCloses}),
            per=Scope.CYCLE,
            on_breach=(Action.WARN,),
            strikes_within=Scope.CYCLE,
        )
    )
    averages = [lots_e8_of(entry["avg_lots"]) for entry in vector.timeline]
    answers = [
        {"min": lots_of(smallest_lots(PLAIN, rule, average, 1)), "max": lots_of(largest_lots(PLAIN, rule, average, 1))}
        for average in averages
    ]
    return as_asked(answers, vector.expect)


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {
    "consistency": consistency,
    "consistency_cap_discard": cap_discard,
    "consistency_max_today": max_today,
    "day_profit": day_profit,
    "day_rollover": day_rollover,
    "inactivity": inactivity,
    "lot_consistency": lot_consistency,
    "profit_target": profit_target,
    "profit_target_adjusted": target_adjusted,
    "trading_day": trading_day,
    "trading_days": trading_days,
}
