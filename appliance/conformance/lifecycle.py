"""Lifecycle: vectors about resets, growth, mergers and the balance of a live account."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from appliance.conformance.payout_terms import as_asked, told
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, bp_of, lots_e8_of, lots_of, minor_of, percentage_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN
from firm.bounds import AMOUNT_MINOR_MAX
from firm.instant import parse_utc
from firm.rules.lifecycle import (
    AccountHeld,
    Grown,
    deadline_after_reset,
    grown_size_rounded_down,
    growth_step,
    judge_scaling,
    live_balance,
    merged_lots_e8,
    merged_size,
    months_later,
    trader_bp_after_growth,
)
from firm.rules.payout_eligibility import is_eligible
from firm.rules.payout_figures import granted_rounded_down
from firm.terms.lifecycle import (
    Deadline,
    Growth,
    GrowthStep,
    LiveStart,
    LotsMerged,
    Merge,
    Reset,
    Scaling,
)
from firm.terms.words import BP_WHOLE, Share, ShareOf
from firm.trading_day import TradingCalendar

UTC_DAYS = TradingCalendar("UTC", "00:00")
_DEADLINES = {"keep_deadline": Deadline.KEPT, "fresh_window": Deadline.FRESH}


def reset(vector: Vector) -> dict[str, Any]:
    """The deadline after a reset, for each."""
    require_known(vector.params, {"window_days", "before", "after"})
    term = Reset(
        id="reset",
        resets_max=1,
        price_bp=BP_WHOLE,
        window_days=vector.params["window_days"],
        before_deadline=_DEADLINES[vector.params["before"]],
        after_deadline=_DEADLINES[vector.params["after"]],
        after_breach=True,
        history_kept=False,
    )
    deadlines = [
        deadline_after_reset(
            PLAIN, rule_of(term), told(parse_utc(entry["start"])), told(parse_utc(entry["reset"])), UTC_DAYS
        )
        for entry in vector.timeline
    ]
    return {"deadline": as_asked(vector, "deadline", [day.isoformat() for day in deadlines])}


def account_merge(vector: Vector) -> dict[str, Any]:
    """The account that the timeline's become."""
    require_known(vector.params, {"lots"})
    kinds = {"sum": LotsMerged.SUM, "max": LotsMerged.LARGEST}
    term = Merge(id="merge", lots=kinds[vector.params["lots"]], size_max_minor=AMOUNT_MINOR_MAX, untouched_only=False)
    accounts = _accounts(vector.timeline)
    lots = merged_lots_e8(term, accounts)
    return {
        "size": amount_of(merged_size(PLAIN, accounts)),
        "max_lots": None if lots is None else lots_of(lots),
    }


def live_start_balance(vector: Vector) -> dict[str, Any]:
    """With what the account starts that follows the timeline's."""
    require_known(vector.params, {"rule"})
    capped = {"min(sum(balances), largest account size)": True, "sum(balances)": False}
    if vector.params["rule"] not in capped:
        raise CannotExpress(f"no live account starts with {vector.params['rule']}")
    term = LiveStart(id="live", largest_only=capped[vector.params["rule"]])
    return {"start_balance": amount_of(live_balance(PLAIN, rule_of(term), _accounts(vector.timeline)))}


def _accounts(timeline: Sequence[dict[str, Any]]) -> list[AccountHeld]:
    return [
        AccountHeld(
            account=str(number),
            size=told(minor_of(entry["size"])),
            balance=told(minor_of(entry.get("balance", entry["size"]))),
            lots_max_e8=lots_e8_of(entry["lots"]) if "lots" in entry else None,
            is_funded=True,
        )
        for number, entry in enumerate(timeline, start=1)
    ]


# --- growth ---

_PUBLISHED_SPLITS_BP = {"FTMO": (8_000, 9_000)}
"""The trader's share before and after growth, where the vectors' sources say so and their parameters do not."""
_FIRST_DAY = date(2025, 1, 1)


def scaling(vector: Vector) -> dict[str, Any]:
    """Size, limits and split at each of the timeline's months, all conditions met."""
    params = vector.params
    require_known(
        params,
        {"every_months", "add_pct", "add_pct_of", "conditions", "mdl_pct", "ml_pct", "cap", "first", "then", "initial"},
    )
    before_bp, after_bp = _PUBLISHED_SPLITS_BP.get(vector.firm, (BP_WHOLE, None))
    term = _scaling(params, after_bp)
    original = _original_minor(vector)
    got: dict[str, list[Any]] = {"initial": [], "mdl": [], "ml": [], "split": []}
    for entry in vector.timeline:
        size, times = _grown_by(term, original, entry["months"])
        split_bp = trader_bp_after_growth(term, before_bp) if times else before_bp
        got["initial"].append(amount_of(size))
        got["split"].append(percentage_of(split_bp))
        for key in ("mdl", "ml"):
            if f"{key}_pct" in params:
                limit = Share(bp=bp_of(params[f"{key}_pct"]), of=ShareOf.INITIAL)
                allowed = granted_rounded_down(PLAIN, rule_of(term), key, limit, {ShareOf.INITIAL: size}, key)
                got[key].append(amount_of(allowed))
    return {key: as_asked(vector, key, values) for key, values in got.items() if values}


def _original_minor(vector: Vector) -> int:
    """These vectors tell the size in their ids alone: "...-400k"."""
    if "initial" in vector.params:
        return minor_of(vector.params["initial"])
    found = re.search(r"-([0-9]+)k\b", vector.id)
    if found is None:
        raise CannotExpress("how large the account was is not told")
    return int(found[1]) * 1_000_00


def _scaling(params: dict[str, Any], split_after_bp: int | None) -> Scaling:
    if "every_months" in params:
        of = {"original": Growth.OF_ORIGINAL, "current": Growth.COMPOUND}[params["add_pct_of"]]
        steps: tuple[GrowthStep, ...] = (_step(params["every_months"], bp_of(params["add_pct"]), of, None),)
    else:
        steps = (_named_step(params["first"], 1), _named_step(params["then"], None))
    conditions = {_condition(text)[0]: _condition(text)[1] for text in params.get("conditions", ())}
    return Scaling(
        id="scaling",
        steps=steps,
        profit_min=Share(bp=conditions["net"], of=ShareOf.INITIAL) if "net" in conditions else None,
        payouts_min=conditions.get("payouts", 0),
        balance_above_initial="balance" in conditions,
        size_max_minor=minor_of(params["cap"]) if "cap" in params else AMOUNT_MINOR_MAX,
        split_after_bp=split_after_bp,
    )


def _step(months: int, grows_bp: int, of: Growth, times: int | None) -> GrowthStep:
    return GrowthStep(months=months, grows_bp=grows_bp, of=of, times=times)


def _named_step(step: dict[str, Any], times: int | None) -> GrowthStep:
    """`add_pct` of the original size, or `multiply` the size of now."""
    if "multiply" in step:
        return _step(step["months"], bp_of(step["multiply"] * 100) - BP_WHOLE, Growth.COMPOUND, times)
    return _step(step["months"], bp_of(step["add_pct"]), Growth.OF_ORIGINAL, times)


def _condition(text: str) -> tuple[str, int]:
    """What must be so: "net>=10%" in basis points, "payouts>=2", "balance>initial"."""
    if text == "balance>initial":
        return "balance", 0
    if found := re.fullmatch(r"net>=([0-9]+)%", text):
        return "net", bp_of(int(found[1]))
    if found := re.fullmatch(r"payouts>=([0-9]+)", text):
        return "payouts", int(found[1])
    raise CannotExpress(f"no growth asks {text}")


def _grown_by(term: Scaling, original: int, months: int) -> tuple[int, int]:
    """The size after so many months, and how often it grew: at each due day an account that just meets every condition."""
    rule, now_us = rule_of(term), _us(months_later(_FIRST_DAY, months))
    size, times, since = original, 0, _FIRST_DAY
    while True:
        grown = Grown(
            since=told(_us(since)),
            size=told(size),
            start=told(size),
            balance=told(size + 1),
            times=times,
            profit=told(size if term.profit_min is None else -(-size * term.profit_min.bp // BP_WHOLE)),
            payouts=term.payouts_min,
        )
        answers = judge_scaling(PLAIN, rule, grown, UTC_DAYS, now_us)
        step = growth_step(term, times)
        if step is None or not is_eligible(answers):
            return size, times
        since = months_later(since, step.months)
        size, times = grown_size_rounded_down(PLAIN, rule, told(original), told(size), times), times + 1


def _us(day: date) -> int:
    return parse_utc(day.isoformat())
