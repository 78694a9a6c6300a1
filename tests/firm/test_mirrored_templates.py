"""Mirrored: a template's term has the figures and choices of the published example that its comment names."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from firm.ruleset import Ruleset
from firm.templates import template
from firm.terms.conduct import (
    AdverseExcursion,
    Closure,
    HoldingLimit,
    NewsAction,
    NewsSymbols,
    NewsWindow,
    TradeDuration,
)
from firm.terms.exposure import CountedOver, ExposureLimit, GapFrom, IdeaRisk, Quantity, RiskReward
from firm.terms.lifecycle import Deadline, Growth, LiveStart, LotsMerged, Merge, Reset, Scaling
from firm.terms.losses import Effective, Lock, LossLimit, Measured, OnPayout, Step, Trail
from firm.terms.objectives import (
    ClockStart,
    Consistency,
    ConsistencyEffect,
    DayCounts,
    Denominator,
    Inactivity,
    LotConsistency,
    PartialCloses,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    DayKind,
    FeeRefund,
    FeeRefunded,
    PayoutAmount,
    PayoutCycle,
    ProfitSplit,
    Salvage,
    SplitCounted,
)
from firm.terms.union import Term
from firm.terms.words import (
    Action,
    Amount,
    Anchor,
    BalanceGain,
    Boundary,
    BySize,
    EndOfDayBalance,
    Fixed,
    Share,
    ShareOf,
)
from tests.firm.mirrored import MIRRORED, Mirrored, vectors

LOT_E8 = 10**8
ANCHORS = {"balance": Anchor.BALANCE, "equity": Anchor.EQUITY, "max": Anchor.HIGHER}
BOUNDARIES = {"lt": Boundary.CROSSES, "le": Boundary.TOUCHES}
ACTIONS = {"hard": Action.FAIL, "pause": Action.PAUSE}
MODES = {
    "static": Trail.STATIC,
    "step": Trail.STATIC,
    "eod": Trail.END_OF_DAY,
    "closed": Trail.ON_CLOSE,
    "intraday": Trail.EVERY_TICK,
}
DAILY_TRAILS = {"none": Trail.STATIC, "intraday_equity": Trail.EVERY_TICK}
ON_PAYOUT = {
    "none": OnPayout.NONE,
    "lock_at_initial": OnPayout.LOCK_AT_INITIAL,
    "hwm_minus_payout": OnPayout.HIGH_LESS_PAYOUT,
}
SERVER = "server GMT+2/+3 (US DST)"  # New York and seven hours, the whole year


def minor(units: Decimal | int) -> int:
    return exactly(units * 100)


def bp(percent: Decimal | int) -> int:
    return exactly(percent * 100)


def exactly(number: Decimal | int) -> int:
    assert number == int(number), f"{number} is no whole number of hundredths"
    return int(number)


def share(percent: Decimal | int, of: ShareOf = ShareOf.INITIAL) -> Share:
    return Share(bp=bp(percent), of=of)


def amount_minor(amount: Amount | None, initial_minor: int) -> int:
    match amount:
        case Share(of=ShareOf.INITIAL):
            return exactly(Decimal(initial_minor) * amount.bp / 10_000)
        case Fixed():
            return amount.minor
        case BySize():
            return {row.size_minor: row.minor for row in amount.table}[initial_minor]
        case _:
            raise AssertionError(f"{amount} is no amount of the initial balance alone")


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.template}-{case.term or 'calendar'}-{case.vector}") for case in MIRRORED]
)
def test_a_template_says_what_its_source_publishes(case: Mirrored) -> None:
    vector = vectors()[case.vector]
    assert vector["firm"].split(" (")[0] == case.firm
    ruleset = template(case.template).program.phases[case.phase].ruleset
    assert isinstance(ruleset, Ruleset)
    if case.term is None:
        same_calendar(ruleset, vector["params"])
        return
    (term,) = (term for term in ruleset.terms if term.id == case.term)
    said = {name: value for name, value in vector["params"].items() if name not in case.but}
    SAME[vector["rule"]](term, vector | {"params": said})
    if isinstance(term, LossLimit) and vector["params"].get("tz", "server") != "server":
        same_calendar(ruleset, vector["params"])


def same_calendar(ruleset: Ruleset, params: dict[str, Any]) -> None:
    told = (params["tz"], params["rollover"])
    expected = ("America/New_York", "17:00") if told == (SERVER, "00:00") else told
    assert (ruleset.calendar.zone, ruleset.calendar.rollover) == expected


def same_loss_limit(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, LossLimit)
    params = vector["params"]
    initial_minor = minor(params["initial"])
    same_amount(term, params, initial_minor)
    choices = {
        "anchor": lambda told: (term.anchor, ANCHORS[told]),
        "hwm": lambda told: (term.trail is Trail.STATIC or term.high, term.trail is Trail.STATIC or ANCHORS[told]),
        "mode": lambda told: (term.trail, MODES[told]),
        "trail": lambda told: (term.trail, DAILY_TRAILS[told]),
        "measure": lambda told: (term.measured, Measured(told)),
        "breach_when": lambda told: (term.boundary, BOUNDARIES[told]),
        "on_payout": lambda told: (term.on_payout, ON_PAYOUT[told]),
        "severity": lambda told: (term.on_breach, (ACTIONS[told],)),
    }
    for name, choice in choices.items():
        if name in params:
            said, told = choice(params[name])
            assert said == told, name
    if "lock_at_offset" in params:
        same_lock(term.lock, params, initial_minor)
    assert term.steps == told_steps(params, initial_minor)


def same_amount(term: LossLimit, params: dict[str, Any], initial_minor: int) -> None:
    told = params.get("amount") or params["start"]
    match params.get("amount_base", "initial"):
        case "initial" if "pct" in told:
            assert amount_minor(term.amount, initial_minor) == initial_minor * told["pct"] / 100
        case "initial":
            assert amount_minor(term.amount, initial_minor) == minor(told["abs"])
        case "reference" if params["trail"] == "none":
            assert term.amount == share(told["pct"], ShareOf.ANCHOR)
        case _:
            assert term.amount == share(told["pct"], ShareOf.HIGH)


def same_lock(lock: Lock | None, params: dict[str, Any], initial_minor: int) -> None:
    if params["lock_at_offset"] is None:
        assert lock is None
        return
    assert lock is not None
    assert amount_minor(lock.offset, initial_minor) == minor(params["lock_at_offset"])
    if "lock_trigger" in params:
        assert lock.trigger == BalanceGain(gain=share(params["lock_trigger"]["profit_pct"]))


def told_steps(params: dict[str, Any], initial_minor: int) -> tuple[Step, ...]:
    if "then" in params:
        gained = BalanceGain(gain=share(params["trigger"]["balance_gain_pct"]))
        return (Step(when=gained, amount=share(params["then"]["pct_of_initial"]), effective=Effective.NOW),)
    if step_up := params.get("step_up"):
        gain = Fixed(minor=minor(step_up["when_eod_balance_ge"]) - initial_minor)
        ended = EndOfDayBalance(gain=gain)
        return (Step(when=ended, amount=Fixed(minor=minor(step_up["abs"])), effective=Effective.NEXT_DAY),)
    return ()


def same_payout_floor(term: Term, vector: dict[str, Any]) -> None:
    if not isinstance(term, PayoutAmount):
        same_loss_limit(term, vector)
        return
    params = vector["params"]
    if "retain_pct" in params:
        assert term.retain_bp == bp(params["retain_pct"])
        return
    assert term.buffer == Fixed(minor=minor(params["safety_net_extra"]))
    assert term.buffer_payouts == len(params["applies_to_payouts"])
    assert term.buffer_plus_drawdown == "maximum_loss"


def same_drawdown_table(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, LossLimit)
    assert isinstance(term.amount, BySize)
    told = {minor(int(size)): minor(drawdown) for size, drawdown in vector["params"]["sizes"].items()}
    assert {row.size_minor: row.minor for row in term.amount.table} == told


def same_consistency(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Consistency)
    params = vector["params"]
    assert term.caps_bp[0] == bp(params["cap_pct"])
    if "denominator" in params:
        assert term.of is Denominator(params["denominator"])
        assert term.boundary is {"le": Boundary.CROSSES, "lt": Boundary.TOUCHES}[params["pass_when"]]
    if "mode" in params:
        assert term.effect is ConsistencyEffect(params["mode"])


def same_raised_target(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Consistency)
    assert (term.caps_bp, term.effect) == ((bp(vector["params"]["cap_pct"]),), ConsistencyEffect.RAISE_TARGET)


def same_target(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, ProfitTarget)
    params = vector["params"]
    assert term.amount == share(params["pct"])
    assert term.measured is TargetMeasure(params["measure"])
    assert (term.held_s, term.auto_close) == (params["hold_seconds_gt"], params["auto_close"])


def same_trading_days(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, TradingDays)
    assert vector["params"]["counts"] == "opened_and_closed_same_day"
    assert (term.counts, term.profit_min) == (DayCounts.OPENED_AND_CLOSED, None)


def same_inactivity(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Inactivity)
    params = vector["params"]
    assert (term.days_max, term.counted_from) == (params["days"], ClockStart.LAST_TRADE)
    assert term.open_position_counts is params.get("open_position_is_activity", True)
    assert term.pending_order_counts is params.get("pending_is_activity", False)


def same_idea_risk(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, IdeaRisk)
    assert term.amount == share(vector["params"]["pct"])
    assert term.boundary is BOUNDARIES[vector["params"].get("breach_when", "lt")]
    if vector["firm"] == "FundingPips":  # "within 5 minutes of a loss": no opening before that can begin the time
        assert (term.gap_s, term.gap_from) == (300, GapFrom.LAST_CLOSING)


def same_daily_lots(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, ExposureLimit)
    params = vector["params"]
    assert (term.quantity, term.limit) == (Quantity.LOTS, params["max"] * LOT_E8)
    assert params["carry_counts"]
    assert term.counted is CountedOver.OPENED_IN_DAY_AND_CARRIED
    assert term.on_breach == (ACTIONS[params["severity"]],)


def same_exposure(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, ExposureLimit)
    params = vector["params"]
    told = (Quantity.LOTS, CountedOver.OPEN_AT_ONCE, params["max_open_lots"] * LOT_E8)
    assert (term.quantity, term.counted, term.limit) == told
    traded = {entry["symbol"] for entry in vector["timeline"] if "symbol" in entry}
    assert traded <= set(term.symbols)
    assert bool(term.symbols) is params["scope"].startswith("symbol_group")


def same_news(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, NewsWindow)
    params = vector["params"]
    names = {"tp": "take_profit", "sl": "stop_loss"}
    assert (term.before_s, term.after_s) == (params["before_min"] * 60, params["after_min"] * 60)
    assert term.actions == tuple(NewsAction(names.get(action, action)) for action in params["actions"])
    assert params["applies"] == "targeted"
    assert term.symbols is NewsSymbols.CURRENCY
    assert term.inclusive is vector["expect"]["violation"][0]


def same_duration(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, TradeDuration)
    params = vector["params"]
    assert (term.average_s_min, term.longer_s) == (params["avg_seconds_gt"],) * 2
    assert term.share_of_longer_bp == bp(params["min_share_of_gross_profit_from_longer"])


def same_lot_range(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, LotConsistency)
    params = vector["params"]
    assert (term.min_bp, term.max_bp) == (bp(params["min_pct"]), bp(params["max_pct"]))
    assert term.partial_closes is PartialCloses(params["partial_close"])


def same_weekend(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, HoldingLimit)
    params = vector["params"]
    assert (term.over, term.zone, f"Fri {term.cutoff}") == (Closure.WEEKEND, params["tz"], params["cutoff"])
    assert term.on_breach == (Action.CLOSE_POSITIONS,)


def same_excursion(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, AdverseExcursion)
    assert vector["params"]["pct_of"] == "start_of_day_profit"
    assert (term.share_bp, term.of_profit) == (bp(vector["params"]["pct"]), True)


def same_risk_reward(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, RiskReward)
    assert term.stop_to_target_max_bp == vector["params"]["max_stop_to_target"] * 10_000


def same_merge(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Merge)
    assert term.lots is {"sum": LotsMerged.SUM, "max": LotsMerged.LARGEST}[vector["params"]["lots"]]


def same_reset(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Reset)
    assert vector["params"] == {"window_days": term.window_days, "before": "keep_deadline", "after": "fresh_window"}
    assert (term.before_deadline, term.after_deadline) == (Deadline.KEPT, Deadline.FRESH)


def same_scaling(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, Scaling)
    params = vector["params"]
    told: list[tuple[int, int, Growth]]
    if "first" in params:
        first, then = params["first"], params["then"]
        told = [
            (first["months"], bp(first["add_pct"]), Growth.OF_ORIGINAL),
            (then["months"], (then["multiply"] - 1) * 10_000, Growth.COMPOUND),
        ]
    else:
        told = [(params["every_months"], bp(params["add_pct"]), Growth.OF_ORIGINAL)]
        assert params["conditions"] == ["net>=10%", "payouts>=2", "balance>initial"]
        assert (term.profit_min, term.payouts_min, term.balance_above_initial) == (share(10), 2, True)
        assert term.size_max_minor == minor(params["cap"])
        assert term.split_after_bp == bp(vector["expect"]["split"][-1])
    assert [(step.months, step.grows_bp, step.of) for step in term.steps] == told


def same_live_start(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, LiveStart)
    assert vector["params"]["rule"] == "min(sum(balances), largest account size)"
    assert term.largest_only


def same_fee_refund(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, FeeRefund)
    assert vector["params"] == {"with_payout": term.with_payout, "amount": "most_recent_of(purchase,reset)"}
    assert (term.fee, term.share_bp) == (FeeRefunded.LATEST, 10_000)


def same_payout_amount(term: Term, vector: dict[str, Any]) -> None:
    params = vector["params"]
    match term:
        case Salvage():
            assert params["after"] == "daily_loss_breach"
            told = (bp(params["share_pct"]), params["claim_days"])
            assert (term.share_bp, term.claim_days) == told
            assert params["conditions"] == ["all_trades_have_SL", "no_trade_loss>1%"]
            assert (term.stop_losses_required, term.trade_loss_max) == (True, share(1))
        case Bonus():
            assert (term.earned_by, term.share_bp) == (BonusFor.CHALLENGE_PROFIT, bp(params["challenge_share_pct"]))
            assert term.after == share(params["unlock_when_withdrawn_pct"])
        case _:
            raise AssertionError(term)


def same_cycle(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, PayoutCycle)
    assert (term.days, term.day_kind) == (vector["params"]["cycle_business_days"], DayKind.BUSINESS)


def same_split(term: Term, vector: dict[str, Any]) -> None:
    assert isinstance(term, ProfitSplit)
    params = vector["params"]
    told = [(minor(tier["upto"]) if "upto" in tier else None, bp(tier["pct"])) for tier in params["tiers"]]
    assert [(tier.up_to_minor, tier.trader_bp) for tier in term.tiers] == told
    counted = {"per_account_cumulative": SplitCounted.ACCOUNT_TOTAL}.get(params.get("scope"), SplitCounted.EACH_PAYOUT)
    assert term.counted is counted


SAME: dict[str, Callable[[Term, dict[str, Any]], None]] = {
    "account_merge": same_merge,
    "consistency": same_consistency,
    "consistency_cap_discard": same_consistency,
    "daily_loss": same_loss_limit,
    "daily_lots": same_daily_lots,
    "fee_refund": same_fee_refund,
    "inactivity": same_inactivity,
    "live_start_balance": same_live_start,
    "lot_consistency": same_lot_range,
    "max_adverse_excursion": same_excursion,
    "max_exposure": same_exposure,
    "max_loss": same_loss_limit,
    "min_duration": same_duration,
    "news_window": same_news,
    "payout_amount": same_payout_amount,
    "payout_eligibility": same_cycle,
    "payout_floor": same_payout_floor,
    "payout_min_balance": same_drawdown_table,
    "personal_daily_loss": same_loss_limit,
    "profit_split": same_split,
    "profit_target": same_target,
    "profit_target_adjusted": same_raised_target,
    "reset": same_reset,
    "risk_per_idea": same_idea_risk,
    "risk_reward": same_risk_reward,
    "scaling": same_scaling,
    "trading_days": same_trading_days,
    "weekend": same_weekend,
}
"""How each rule of the vocabulary is held against a term."""
