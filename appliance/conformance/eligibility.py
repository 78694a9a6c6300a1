"""Eligibility: vectors about when a payout may be asked for."""

import re
from datetime import date
from typing import Any

from msgspec.structs import replace

from appliance.conformance.payout_terms import as_asked, told
from appliance.conformance.spoken import DRAWDOWN, rule_of, spoken
from appliance.conformance.units import bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN, Figure
from firm.instant import datetime_of, parse_utc
from firm.rules.payout_eligibility import (
    PayoutClocks,
    PayoutRequest,
    cycle_end,
    is_eligible,
    judge_payout_conditions,
    judge_payout_schedule,
    next_payout_us,
)
from firm.terms.payouts import DayKind, PayoutClock, PayoutConditions, PayoutCycle, PayoutSchedule, Wait
from firm.terms.words import BP_WHOLE, Boundary, Fixed, Share, ShareOf
from firm.trading_day import TradingCalendar

UTC_DAYS = TradingCalendar("UTC", "00:00")
"""Vectors of payouts name days and no zone."""

_CLOCKS = {
    "first_trade": PayoutClock.FIRST_TRADE,
    "first_trading_day": PayoutClock.FIRST_TRADING_DAY,
    "first_trade_after_payout": PayoutClock.FIRST_TRADE_AFTER_PAYOUT,
    "payout": PayoutClock.LAST_PAYOUT,
    "last_payout": PayoutClock.LAST_PAYOUT,
    "assignment": PayoutClock.ASSIGNMENT,
    "issue": PayoutClock.ASSIGNMENT,
}


def payout_eligibility(vector: Vector) -> dict[str, Any]:
    """By the parts that the vector has: a cycle's end, the days from which a payout may be asked for, and whether one may be now."""
    params = vector.params
    require_known(
        params,
        {"cycle_business_days", "daily_dd_pct", "days", "first", "initial", "min_days_from", "next", "requires",
         "trader_share_must_exceed_pct_of_daily_dd"},
    )  # fmt: skip
    got: dict[str, Any] = {}
    if "cycle_business_days" in params:
        cycle = PayoutCycle(id="cycle", days=params["cycle_business_days"], day_kind=DayKind.BUSINESS)
        spoken(cycle)
        got["cycle_end"] = cycle_end(cycle, _first_day(vector)).isoformat()
    answers = _trader_shares(vector)
    if "first" in params or "min_days_from" in params:
        got |= _opening_days(vector, _schedule(params), answers)
    if answers:
        got["eligible"] = as_asked(vector, "eligible", answers)
    return got


def _first_day(vector: Vector) -> date:
    return date.fromisoformat(next(entry["date"] for entry in vector.timeline if "trad" in entry["ev"]))


def _schedule(params: dict[str, Any]) -> PayoutSchedule:
    if "first" in params:
        first = _wait(params["first"]["days"], params["first"]["days_after"])
        then = params.get("next", {"days": params["first"]["days"], "days_after": "payout"})
    else:
        first, then = _wait(params["days"], params["min_days_from"]), {"days": params["days"], "days_after": "payout"}
    return PayoutSchedule(id="schedule", first=first, then=_wait(then["days"], then["days_after"]), windows=())


def _wait(days: int, clock: str) -> Wait:
    if clock not in _CLOCKS:
        raise CannotExpress(f"no wait is counted from {clock}")
    return Wait(days=days, day_kind=DayKind.CALENDAR, counted_from=_CLOCKS[clock])


def _opening_days(vector: Vector, schedule: PayoutSchedule, answers: list[bool]) -> dict[str, Any]:
    clocks = PayoutClocks(assigned=told(0), first_trade=None, last_payout=None, first_trade_after_payout=None)
    opens = {}
    for entry in vector.timeline:
        if "date" not in entry:
            continue
        at = told(parse_utc(entry["date"]))
        clocks = _ticked(clocks, entry["ev"], at)
        if entry["ev"].startswith("request"):
            answers.append(is_eligible(judge_payout_schedule(PLAIN, rule_of(schedule), clocks, UTC_DAYS, at.value)))
        opening = next_payout_us(schedule, clocks, UTC_DAYS, 0)
        if opening is not None:
            key = "first_eligible" if clocks.last_payout is None else "next_eligible"
            opens[key] = datetime_of(opening).date().isoformat()
    return opens


def _ticked(clocks: PayoutClocks, event: str, at: Figure) -> PayoutClocks:
    if event in {"assignment", "issue"}:
        return replace(clocks, assigned=at)
    if event == "payout":
        return replace(clocks, last_payout=at, first_trade_after_payout=None)
    if "trad" not in event:
        return clocks
    if clocks.last_payout is None:
        return replace(clocks, first_trade=clocks.first_trade or at)
    return replace(clocks, first_trade_after_payout=clocks.first_trade_after_payout or at)


def _trader_shares(vector: Vector) -> list[bool]:
    """Whether each share that would be the trader's own is enough."""
    params = vector.params
    conditions = _conditions(params)
    asked = [entry for entry in vector.timeline if "trader_share" in entry]
    initial = minor_of(params.get("initial", 0))
    loss = initial * bp_of(params["daily_dd_pct"]) // BP_WHOLE if "daily_dd_pct" in params else None
    requests = (
        PayoutRequest(
            initial=told(initial),
            positions=entry.get("open_positions", 0),
            orders=entry.get("pending_orders", 0),
            is_identity_confirmed=True,
            profit=told(minor_of(entry["trader_share"])),
            trader_share=told(minor_of(entry["trader_share"])),
            loss_allowed=None if loss is None else told(loss),
        )
        for entry in asked
    )
    return [is_eligible(judge_payout_conditions(PLAIN, rule_of(conditions), request, {})) for request in requests]


def _conditions(params: dict[str, Any]) -> PayoutConditions:
    """What a vector `requires` and no entry tells is met: an entry tells what is open, and no other condition."""
    required = " ".join(params.get("requires", ()))
    exceeded = params.get("trader_share_must_exceed_pct_of_daily_dd")
    return PayoutConditions(
        id="conditions",
        flat_required=bool(re.search("flat|open|closed", required)),
        no_pending_orders="pending" in required,
        kyc_required=bool(re.search("kyc|identity", required, re.IGNORECASE)),
        profit_min=Fixed(minor=0) if "profit" in required else None,
        trader_share_min=None if exceeded is None else Share(bp=bp_of(exceeded), of=ShareOf.ANCHOR),
        share_of=None if exceeded is None else DRAWDOWN,
        boundary=Boundary.CROSSES,
        needs=(),
    )
