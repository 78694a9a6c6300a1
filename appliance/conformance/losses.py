"""Losses: vectors about daily and maximum loss, held against an account of ours that is led from mark to mark."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from appliance.conformance.marked import BEGINS_US, Marked
from appliance.conformance.news import deducting
from appliance.conformance.objective_days import calendar_of
from appliance.conformance.objective_terms import amount_in
from appliance.conformance.objectives import target_term
from appliance.conformance.spoken import rule_of, spoken
from appliance.conformance.units import amount_of, bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.account_fold import fold
from firm.arithmetic import PLAIN, Figure
from firm.facts import ProfitExcluded
from firm.instant import instant_of, utc_text
from firm.rules.deduction import excluded_rounded_down
from firm.rules.winning import Moment, won
from firm.terms.conduct import NewsWindow
from firm.terms.losses import (
    Checked,
    Effective,
    FloorReaches,
    Lock,
    LossLimit,
    Measured,
    OnPayout,
    Step,
    Trail,
)
from firm.terms.words import (
    Action,
    Amount,
    Anchor,
    BalanceGain,
    Boundary,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    Scope,
    Share,
    ShareOf,
    Trigger,
)
from firm.trading_day import TradingCalendar

_ANCHORS = {"balance": Anchor.BALANCE, "equity": Anchor.EQUITY, "max": Anchor.HIGHER, "min": Anchor.LOWER}
_DAILY_BASES = {"initial": ShareOf.INITIAL, "reference": ShareOf.ANCHOR}
_BASES = {"initial": ShareOf.INITIAL, "hwm": ShareOf.HIGH}
_BOUNDARIES = {"lt": Boundary.CROSSES, "le": Boundary.TOUCHES}
_MEASURES = {"equity": Measured.EQUITY, "balance": Measured.BALANCE, "either": Measured.EITHER, "both": Measured.BOTH}
_DAY_TRAILS = {"none": Trail.STATIC, "intraday_equity": Trail.EVERY_TICK}
_TRAILS = {
    "static": Trail.STATIC,
    "step": Trail.STATIC,
    "closed": Trail.ON_CLOSE,
    "eod": Trail.END_OF_DAY,
    "eod_fixed_buffer": Trail.END_OF_DAY,
    "intraday": Trail.EVERY_TICK,
}
_HIGHS = {"balance": Anchor.BALANCE, "equity": Anchor.EQUITY, "max": Anchor.HIGHER}
_ON_PAYOUT = {
    "none": OnPayout.NONE,
    "hwm_minus_payout": OnPayout.HIGH_LESS_PAYOUT,
    "lock_at_initial": OnPayout.LOCK_AT_INITIAL,
    "floor_to_zero": OnPayout.TO_ZERO,
}
_SEVERITIES = {"hard": Action.FAIL, "pause": Action.PAUSE}
_CHECKS = {None: Checked.EVERY_TICK, "rollover_only": Checked.AT_ROLLOVER}
_EFFECTIVE = {"now": Effective.NOW, "next_session": Effective.NEXT_DAY}
_WORST = {Action.FAIL: "hard", Action.PAUSE: "pause"}


def daily_loss(vector: Vector) -> dict[str, Any]:
    """Marks of one day or more under a daily limit."""
    return _played(vector, daily_limit(vector.params), _calendar(vector.params))


def max_loss(vector: Vector) -> dict[str, Any]:
    """Marks under a limit of the whole phase."""
    return _played(vector, maximum_limit(vector.params), _calendar(vector.params))


def combined_headroom(vector: Vector) -> dict[str, Any]:
    """What may be lost today is what both limits leave."""
    require_known(vector.params, {"daily", "max_loss"})
    daily = vector.params["daily"]
    overall = {"initial": daily["initial"], "breach_when": daily["breach_when"]} | vector.params["max_loss"]
    if "pct" in overall:
        overall["amount"] = {"pct": overall.pop("pct")}
    initial, calendar = minor_of(daily["initial"]), _calendar(daily)
    both = [Marked(limit, initial, calendar) for limit in (daily_limit(daily), maximum_limit(overall))]
    for marked in both:
        for entry in vector.timeline:
            _take(marked, entry)
    least = min(marked.headroom for marked in both)
    return {"permitted_daily": amount_of(least), "permitted_max": amount_of(both[1].headroom)}


def one_tick(vector: Vector) -> dict[str, Any]:
    """A limit and a target at the same price: a breach counts, and nothing is passed."""
    require_known(vector.params, {"initial", "max_loss", "target"})
    marked = _with_target(vector)
    for entry in vector.timeline:
        _take(marked, entry)
    return _outcome(marked)


def deduction(vector: Vector) -> dict[str, Any]:
    """What is deducted of news profit counts for no target, and stays on the account: no floor comes nearer by it."""
    require_known(vector.params, {"initial", "max_loss", "share_pct", "target"})
    marked = _with_target(vector)
    rule = rule_of(deducting(bp_of(vector.params["share_pct"])))
    total = 0
    for entry in vector.timeline:
        if entry["ev"] != "news_profit":
            _take(marked, entry)
            continue
        assert isinstance(rule.terms, NewsWindow)
        profit = Figure(minor_of(entry["profit"]), "")
        taken = excluded_rounded_down(PLAIN, rule, rule.terms.on_breach[0], profit)
        total += taken
        money = marked.account.money
        fact = ProfitExcluded(rule=rule.id, position_id="", deal=0, profit=money(taken), total=money(total))
        marked.account = fold(marked.account, fact, 1, marked.at_us)
    return {**_outcome(marked), **_standing(marked), "deducted": amount_of(total)}


def _with_target(vector: Vector) -> Marked:
    initial, overall = minor_of(vector.params["initial"]), dict(vector.params["max_loss"])
    overall |= {"initial": vector.params["initial"], "amount": {"pct": overall.pop("pct")}}
    asked = vector.params["target"]
    target = target_term(asked, amount_in(asked, "abs", "pct"))
    spoken(target)
    return Marked(maximum_limit(overall), initial, _calendar({}), target)


def _outcome(marked: Marked) -> dict[str, Any]:
    equity = Figure(marked.equity, "")
    passed = not marked.is_broken and won(PLAIN, marked.account, Moment(marked.at_us, equity))
    return {"breached": marked.is_broken, "passed": passed}


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {
    "daily_loss": daily_loss,
    "personal_daily_loss": daily_loss,
    "max_loss": max_loss,
    "combined_headroom": combined_headroom,
    "one_tick": one_tick,
    "deduction": deduction,
}


def _played(vector: Vector, limit: LossLimit, calendar: TradingCalendar) -> dict[str, Any]:
    marked = Marked(limit, minor_of(vector.params["initial"]), calendar, begins_us=_begins_us(vector.timeline))
    named = calendar if vector.params.get("tz", "server") != "server" else None
    checks, opened_with = [], marked.headroom
    for place, entry in enumerate(vector.timeline):
        _take(marked, entry, named)
        opened_with = marked.headroom if entry["ev"] == "rollover" else opened_with
        checks.append({"i": place, **_standing(marked)})
    asked = {check["i"] for check in vector.expect.get("checks", ())}
    does = limit.on_breach[0]
    assert isinstance(does, Action)
    return {
        "checks": [check for check in checks if check["i"] in asked],
        "floor": amount_of(marked.floor),
        "amount": amount_of(marked.high - marked.floor),
        "budget_at_open": amount_of(opened_with),
        "permitted_loss_at_last": amount_of(marked.balance - marked.floor),
        "account_failed": marked.is_broken and does is Action.FAIL,
        "sticky": does is Action.FAIL,
        "on_breach": _WORST[does],
    }


def _standing(marked: Marked) -> dict[str, Any]:
    return {
        "floor": amount_of(marked.floor),
        "headroom": amount_of(marked.headroom),
        "permitted_loss": amount_of(marked.balance - marked.floor),  # open and closed losses together, from the balance
        "breached": marked.is_broken,
    }


def _take(marked: Marked, entry: dict[str, Any], calendar: TradingCalendar | None = None) -> None:
    """`calendar`: of the days that the rule names; None where only the timeline tells them."""
    at_us = instant_of(datetime.fromisoformat(entry["t"])) if "t" in entry else None
    if calendar is not None and at_us is not None:
        _require_in_time(marked, calendar, entry["ev"], at_us)
    marks = minor_of(entry["balance"]), minor_of(entry.get("equity", entry["balance"]))
    match entry["ev"]:
        case "tick":
            marked.tick(*marks, at_us)
        case "rollover":
            marked.rollover(*marks, at_us)
        case unknown:
            raise CannotExpress(f"no event is {unknown}")


def _begins_us(timeline: list[dict[str, Any]]) -> int:
    """In the first day of a timeline; a rollover is that day's end."""
    for entry in timeline:
        if "t" in entry:
            at_us = instant_of(datetime.fromisoformat(entry["t"]))
            return at_us - 1 if entry["ev"] == "rollover" else at_us
    return BEGINS_US


def _require_in_time(marked: Marked, calendar: TradingCalendar, event: str, at_us: int) -> None:
    """A rollover is one of the rule's own calendar, and the day it begins was not begun without it."""
    assert marked.account.day is not None
    if event == "rollover" and calendar.day_at(at_us).start_us != at_us:
        raise CannotExpress(
            f"no day of {calendar.zone} begins at {utc_text(at_us)} with a rollover at {calendar.rollover}"
        )
    if event == "tick" and at_us >= marked.account.day.day.end_us:
        raise CannotExpress(f"{utc_text(at_us)} lies in a day that began without a rollover in the timeline")


def _calendar(params: dict[str, Any]) -> TradingCalendar:
    """Rollovers that only the timeline tells are those of UTC."""
    tz = params.get("tz", "UTC")
    return calendar_of("UTC" if tz == "server" else tz, params.get("rollover", "00:00"))


# --- the terms ---


def daily_limit(params: dict[str, Any]) -> LossLimit:
    """A loss limit by day from the vocabulary's parameters."""
    require_known(
        params,
        {"kind", "amount", "amount_base", "anchor", "breach_when", "initial", "measure", "rollover", "severity", "step_up",
         "trail", "tz"},
    )  # fmt: skip
    return _limit(
        scope=Scope.DAY,
        amount=_amount(params["amount"], _daily_base(params)),
        anchor=_ANCHORS[params["anchor"]],
        trail=_DAY_TRAILS[params.get("trail", "none")],
        high=Anchor.EQUITY,
        steps=_step_up(params),
        measured=_MEASURES[params.get("measure", "equity")],
        boundary=_BOUNDARIES[params["breach_when"]],
        does=_SEVERITIES[params.get("severity", "hard")],
    )


def _daily_base(params: dict[str, Any]) -> ShareOf:
    """What is measured from: where the floor follows the day's high, that high."""
    base = _DAILY_BASES[params.get("amount_base", "initial")]
    return ShareOf.HIGH if base is ShareOf.ANCHOR and params.get("trail") == "intraday_equity" else base


def maximum_limit(params: dict[str, Any]) -> LossLimit:
    """A loss limit of the phase from the vocabulary's parameters."""
    require_known(
        params,
        {"kind", "amount", "amount_base", "breach_when", "check", "hwm", "initial", "lock_at_offset", "lock_trigger", "mode",
         "on_payout", "start", "then", "trigger"},
    )  # fmt: skip
    base = _BASES[params.get("amount_base", "initial")]
    return _limit(
        scope=Scope.PHASE,
        amount=_amount(params.get("amount", params.get("start", {})), base),
        anchor=Anchor.INITIAL,
        trail=_TRAILS[params["mode"]],
        high=_HIGHS[params.get("hwm", "balance")],
        lock=_lock(params),
        steps=_later(params),
        checked=_CHECKS[params.get("check")],
        boundary=_BOUNDARIES[params["breach_when"]],
        on_payout=_ON_PAYOUT[params.get("on_payout", "none")],
        does=Action.FAIL,
    )


def _limit(
    *,
    scope: Scope,
    amount: Amount,
    anchor: Anchor,
    trail: Trail,
    high: Anchor,
    boundary: Boundary,
    does: Action,
    lock: Lock | None = None,
    steps: tuple[Step, ...] = (),
    checked: Checked = Checked.EVERY_TICK,
    measured: Measured = Measured.EQUITY,
    on_payout: OnPayout = OnPayout.NONE,
) -> LossLimit:
    limit = LossLimit(
        id="loss", scope=scope, amount=amount, anchor=anchor, trail=trail, high=high, lock=lock, steps=steps, checked=checked,
        measured=measured, boundary=boundary, on_payout=on_payout, warn_at_bp=(), on_breach=(does,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    spoken(limit)
    return limit


def _amount(amount: dict[str, Any], of: ShareOf) -> Amount:
    match amount:
        case {"abs": number}:
            return Fixed(minor=minor_of(number))
        case {"pct": percentage}:
            return Share(bp=bp_of(percentage), of=of)
        case _:
            raise CannotExpress(f"no amount is {amount}")


def _step_up(params: dict[str, Any]) -> tuple[Step, ...]:
    """From a balance at a day's end on, another amount."""
    if "step_up" not in params:
        return ()
    step = params["step_up"]
    gain = Fixed(minor=minor_of(step["when_eod_balance_ge"]) - minor_of(params["initial"]))
    return (Step(when=EndOfDayBalance(gain=gain), amount=_amount(step, ShareOf.INITIAL),
                 effective=_EFFECTIVE[step.get("effective", "now")]),)  # fmt: skip


def _later(params: dict[str, Any]) -> tuple[Step, ...]:
    """Once so much was gained, another share of the initial balance."""
    if "then" not in params:
        return ()
    then = Share(bp=bp_of(params["then"]["pct_of_initial"]), of=ShareOf.INITIAL)
    return (Step(when=_trigger(params["trigger"]), amount=then, effective=Effective.NOW),)


def _lock(params: dict[str, Any]) -> Lock | None:
    trigger, offset = params.get("lock_trigger"), params.get("lock_at_offset")
    if trigger is None and offset is None:
        return None
    level = Fixed(minor=minor_of(Decimal(0) if offset is None else offset))
    return Lock(offset=level, trigger=FloorReaches() if trigger is None else _trigger(trigger), permanent=False)


def _trigger(trigger: dict[str, Any]) -> Trigger:
    match trigger:
        case {"balance_gain_pct": percentage} | {"profit_pct": percentage}:
            return BalanceGain(gain=Share(bp=bp_of(percentage), of=ShareOf.INITIAL))
        case {"equity_gain_pct": percentage}:
            return EquityGain(gain=Share(bp=bp_of(percentage), of=ShareOf.INITIAL))
        case _:
            raise CannotExpress(f"nothing is triggered by {trigger}")
