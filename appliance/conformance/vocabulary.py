"""Vocabulary: which words the neutral format has, rule by rule, so that a vector with any other one fails and is never half read.

What a word means is in docs/conformance.md; which of them our terms can say is for the adapters and the language's own reader.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.conformance.vector import CannotExpress, Vector
from appliance.conformance.vocabulary_payouts import PAYOUTS_AND_LIFE
from appliance.conformance.words_told import (
    CLOCK,
    COUNT,
    DATE,
    DAY,
    INSTANT,
    MOMENT,
    NOT_NEGATIVE,
    NUMBER,
    ON_A_DATE,
    POSITIVE,
    TEXT,
    TRUTH,
    ZONE,
    Rule,
    either,
    fields,
    listed,
    matching,
    words,
)


def require_spoken(vector: Vector) -> None:
    """Raises CannotExpress, with the place, for the first word that has no meaning here. A rule of nobody's is not looked at."""
    rule = RULES.get(vector.rule)
    if rule is None:
        return
    for wrong in (*fields(rule.params)(vector.params, "params"), *_entries(rule, vector), *_expected(vector.expect)):
        raise CannotExpress(wrong)


def _entries(rule: Rule, vector: Vector) -> Iterator[str]:
    for place, entry in enumerate(vector.timeline):
        told = {name: value for name, value in entry.items() if name != "note"}  # a note is for people
        shapes = [shape for shape in rule.entries if told.keys() <= shape.keys()]
        if not shapes:
            known = {name for shape in rule.entries for name in shape}
            unknown = sorted(told.keys() - known)
            yield f"timeline[{place}]: no entry of {vector.rule} tells {', '.join(unknown or told)}"
        else:
            called = [shape for shape in shapes if "ev" in told and not list(shape["ev"](told["ev"], ""))]
            yield from either(*map(fields, called or shapes))(told, f"timeline[{place}]")


def _expected(expect: Mapping[str, Any]) -> Iterator[str]:
    """What asks for nothing proves nothing."""
    for name, value in expect.items():
        if value == {} or (value == [] and name in ("checks", "per_day")):
            yield f"expect.{name}: it asks for nothing"
        if name == "checks":
            yield from listed(_check)(value, "expect.checks")


def _check(value: Any, path: str) -> Iterator[str]:
    figures = {"floor": NUMBER, "headroom": NUMBER, "permitted_loss": NUMBER, "breached": TRUTH}
    yield from fields({"i": NOT_NEGATIVE, **figures})(value, path)
    if isinstance(value, dict) and not ("i" in value and value.keys() & figures):
        yield f"{path}: it says after which entry, or what of it, not"


# --- words that rules share ---

_AMOUNT = fields({"pct": POSITIVE, "abs": POSITIVE}, only_one=True)
_ON_REACHING = words("lt", "le")
_MARKS = {"balance": NUMBER, "equity": NUMBER, "t": INSTANT}
_TICK, _ROLLOVER = ({"ev": words(word), **_MARKS} for word in ("tick", "rollover"))

_DAILY = {
    "kind": words("daily_loss"),
    "amount": _AMOUNT,
    "amount_base": words("initial", "reference"),
    "anchor": words("balance", "equity", "max", "min"),
    "breach_when": _ON_REACHING,
    "initial": NOT_NEGATIVE,
    "measure": words("equity", "balance", "either", "both"),
    "rollover": CLOCK,
    "severity": words("hard", "pause"),
    "step_up": fields({"abs": POSITIVE, "when_eod_balance_ge": POSITIVE, "effective": words("now", "next_session")}),
    "trail": words("none", "intraday_equity"),
    "tz": ZONE,
}
_GAIN = {"balance_gain_pct": POSITIVE, "equity_gain_pct": POSITIVE, "profit_pct": POSITIVE}
_OVERALL = {
    "kind": words("max_loss"),
    "amount": _AMOUNT,
    "amount_base": words("initial", "hwm"),
    "breach_when": _ON_REACHING,
    "hwm": words("balance", "equity", "max"),
    "initial": NOT_NEGATIVE,
    "lock_at_offset": either(words(None), NOT_NEGATIVE),
    "lock_trigger": either(words(None), fields(_GAIN, only_one=True)),
    "mode": words("static", "step", "closed", "eod", "eod_fixed_buffer", "intraday"),
    "on_payout": words("none", "hwm_minus_payout", "lock_at_initial", "floor_to_zero"),
}
_CONSISTENCY = {
    "kind": words("consistency"),
    "cap_pct": POSITIVE,
    "cap_pct_by_payout": listed(POSITIVE),
    "denominator": words("net_total", "positive_days"),
    "pass_when": words("le", "lt"),
    "severity": words("soft", "hard"),
}
_TARGET = {
    "abs": POSITIVE,
    "pct": POSITIVE,
    "auto_close": TRUTH,
    "hold_seconds_gt": NOT_NEGATIVE,
    "initial": NOT_NEGATIVE,
    "latched": TRUTH,
    "measure": words("balance", "closing_balance", "equity"),
    "min_days": COUNT,
    "requires_flat": TRUTH,
}
_OVERALL_IN_SHORT = {name: check for name, check in _OVERALL.items() if name != "amount"} | {"pct": POSITIVE}
_LOSSES = {
    "daily_loss": Rule(_DAILY, (_TICK, _ROLLOVER)),
    "personal_daily_loss": Rule(_DAILY, (_TICK, _ROLLOVER)),
    "max_loss": Rule(
        {
            **_OVERALL,
            "check": words("rollover_only"),
            "start": fields({"pct": POSITIVE, "abs": POSITIVE}, only_one=True),
            "then": fields({"pct_of_initial": POSITIVE}),
            "trigger": fields(_GAIN, only_one=True),
        },
        (_TICK, _ROLLOVER),
    ),
    "combined_headroom": Rule({"daily": fields(_DAILY), "max_loss": fields(_OVERALL_IN_SHORT)}, (_TICK, _ROLLOVER)),
    "one_tick": Rule(
        {"initial": NOT_NEGATIVE, "max_loss": fields(_OVERALL_IN_SHORT), "target": fields(_TARGET)}, (_TICK, _ROLLOVER)
    ),
    "deduction": Rule(
        {
            "initial": NOT_NEGATIVE,
            "max_loss": fields(_OVERALL_IN_SHORT),
            "share_pct": POSITIVE,
            "target": fields(_TARGET),
        },
        (_TICK, _ROLLOVER, {"ev": words("news_profit"), "profit": NUMBER}),
    ),
    "payout_floor": Rule(
        {
            **_OVERALL,
            "applies_to_payouts": listed(COUNT),
            "drawdown": POSITIVE,
            "first_payout_cap_pct": POSITIVE,
            "floor_locked": POSITIVE,
            "min_profit_pct_to_request": NOT_NEGATIVE,
            "retain_pct": NOT_NEGATIVE,
            "safety_net_extra": NOT_NEGATIVE,
            "split": POSITIVE,
        },
        (
            _TICK,
            _ROLLOVER,
            {"ev": words("payout", "request_payout"), "amount": either(words("max"), POSITIVE)},
            {"ev": words("payout", "request_payout"), "payout_no": COUNT, "profit": NUMBER},
        ),
    ),
}

# --- objectives ---

_OBJECTIVES = {
    "consistency": Rule(
        _CONSISTENCY,
        (DAY, {"best_day": NUMBER, "payout_no": COUNT, "total": NUMBER, "prior_total": NUMBER, "today": NUMBER}),
    ),
    "consistency_cap_discard": Rule({"cap_pct": POSITIVE, "mode": words("discard_excess")}, (DAY,)),
    "consistency_max_today": Rule(_CONSISTENCY, ({"prior_total": NUMBER},)),
    "phase_end": Rule(
        {
            "initial": POSITIVE,
            "target": fields(_TARGET),
            "min_days": COUNT,
            "min_trades": COUNT,
            "consistency": fields(
                {
                    "cap_pct": POSITIVE,
                    "denominator": words("net_total", "positive_days", "target"),
                    "pass_when": words("le", "lt"),
                    "fails_at": words("close", "rollover", "target"),
                }
            ),
        },
        (DAY,),
    ),
    "profit_target": Rule(
        _TARGET, ({"balance": NUMBER, "day": NOT_NEGATIVE, "equity": NUMBER, "open": TRUTH, "t": NOT_NEGATIVE},)
    ),
    "profit_target_adjusted": Rule({"cap_pct": POSITIVE, "target": POSITIVE}, ({"best_day": NUMBER},)),
    "trading_days": Rule(
        {
            "counts": words(
                *("closed_net", "closed_pnl_minus_open_losses", "day_profit", "midnight_equity_diff"),
                *("opened_and_closed_same_day", "position_opened", "profit_on_trades_opened_that_day"),
                "realised_profit_that_day",
            ),
            "cycle_days": COUNT,
            "initial": NOT_NEGATIVE,
            "min_pct": NOT_NEGATIVE,
            "min_profit": NOT_NEGATIVE,
            "min_profitable": COUNT,
            "op": words("ge", "gt"),
            "rollover": CLOCK,
            "tz": ZONE,
        },
        (
            {"open": TEXT, "close": TEXT, "pct": NUMBER},
            {"day": either(NOT_NEGATIVE, TEXT), "closed": NUMBER, "open": NUMBER},
            {"ev": words("tick", "rollover"), "equity": NUMBER},
            {"ev": words("open", "close"), "pos": either(NOT_NEGATIVE, TEXT), "t": MOMENT},
            {"realised_pct": NUMBER, "floating_pct": NUMBER},
            {"pct": NUMBER},
            {"pnl": NUMBER},
        ),
    ),
    "day_profit": Rule(
        {"method": words("equity_snapshot_diff"), "rollover": CLOCK, "tz": ZONE},
        ({"ev": words("tick", "rollover"), "equity": NUMBER},),
    ),
    "day_rollover": Rule({"rollover": CLOCK, "tz": ZONE}, ({"local_date": DATE},)),
    "trading_day": Rule({"open": CLOCK, "close": CLOCK, "tz": ZONE}, ({"ev": words("trade"), "t": MOMENT},)),
    "inactivity": Rule(
        {
            "days": COUNT,
            "from_": words("last_trade_closed_or_assignment"),
            "open_position_is_activity": TRUTH,
            "pending_is_activity": TRUTH,
        },
        (ON_A_DATE,),
    ),
    "lot_consistency": Rule(
        {"max_pct": POSITIVE, "min_pct": POSITIVE, "partial_close": words("separate", "together")},
        ({"avg_lots": POSITIVE},),
    ),
}

# --- exposure and conduct ---

_LOTS = {"lots": POSITIVE}
_WHICH = {"release": TEXT, "symbol": TEXT}
_CONDUCT = {
    "max_exposure": Rule(
        {
            "closure_at": COUNT,
            "count": words("per_position"),
            "max_open_lots": POSITIVE,
            "scope": words("account", "symbol_group:indices"),
        },
        ({"lots": NOT_NEGATIVE, "symbol": TEXT}, {"open": either(listed(NOT_NEGATIVE), NOT_NEGATIVE)}),
    ),
    "daily_lots": Rule(
        {"carry_counts": TRUTH, "max": POSITIVE, "severity": words("pause", "hard", "soft"), "tz": ZONE},
        ({"ev": words("open", "close"), **_LOTS}, {"ev": words("rollover")}),
    ),
    "margin_usage": Rule(
        {
            "contract": COUNT,
            "equity": POSITIVE,
            "leverage": COUNT,
            "limit_pct": POSITIVE,
            "method": words("peak_concurrent"),
            "netted": words("gross", "net"),
        },
        (
            {"open": TEXT, "close": TEXT, "margin_pct": NOT_NEGATIVE},
            {"open": TEXT, "close": TEXT, "side": words("buy", "sell"), **_LOTS, "price": POSITIVE},
        ),
    ),
    "max_adverse_excursion": Rule(
        {"pct": POSITIVE, "pct_of": words("start_of_day_profit")}, ({"start_of_day_profit": NUMBER},)
    ),
    "risk_per_idea": Rule(
        {"breach_when": words("gt", "ge", "lt", "le"), "initial": NOT_NEGATIVE, "pct": POSITIVE},
        ({"loss": NUMBER}, {"risk": NOT_NEGATIVE}),
    ),
    "risk_reward": Rule({"max_stop_to_target": POSITIVE}, ({"stop": NUMBER, "target": NUMBER},)),
    "min_duration": Rule(
        {"avg_seconds_gt": POSITIVE, "min_seconds": POSITIVE, "min_share_of_gross_profit_from_longer": POSITIVE},
        ({"sec": NOT_NEGATIVE, "pnl": NUMBER},),
    ),
    "news_window": Rule(
        {
            "actions": listed(words("open", "close", "tp", "sl", "pending_fill", "modify", "hold")),
            "after_min": NOT_NEGATIVE,
            "applies": words("all_symbols", "targeted"),
            "before_min": NOT_NEGATIVE,
            "effect": words("deduct_profit", "profit_excluded"),
            "exempt_if_opened_before_h": POSITIVE,
            "scope": words("funded_standard_only"),
            "soft_strikes": COUNT,
            "third": words("breach"),
        },
        (
            {"action": TEXT, "offset_s": NUMBER, "opened_offset_h": NUMBER, "opened_offset_s": NUMBER, **_WHICH},
            {"strike": COUNT, "profit": NUMBER},
        ),
    ),
    "weekend": Rule(
        {
            "action": words("auto_close"),
            "cutoff": matching("Fri ([01][0-9]|2[0-3]):[0-5][0-9]", 'a Friday\'s clock as "Fri HH:MM"'),
            "severity": words("soft", "hard"),
            "tz": ZONE,
        },
        ({"t": INSTANT, "open_positions": NOT_NEGATIVE},),
    ),
}

RULES: Mapping[str, Rule] = {**_LOSSES, **_OBJECTIVES, **_CONDUCT, **PAYOUTS_AND_LIFE}
"""Every rule of the format."""
