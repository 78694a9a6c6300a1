"""A ruleset of Northlight's in which each kind of term stands once and nothing contradicts itself, and how to spoil it."""

import copy
import json
import re
from typing import Any

import msgspec

from firm.ruleset import Program, Ruleset

SHARE = {"type": "share", "bp": 1000, "of": "initial"}
NO_MONEY = {"type": "fixed", "minor": 0}
ENFORCED = {"on_breach": ["warn", "fail"], "strikes_within": "phase"}
LIMIT: dict[str, Any] = {
    "type": "loss_limit",
    "scope": "day",
    "amount": {"type": "share", "bp": 500, "of": "anchor"},
    "anchor": "balance",
    "trail": "static",
    "high": "equity",
    "lock": None,
    "steps": [],
    "checked": "every_tick",
    "measured": "equity",
    "boundary": "touches",
    "on_payout": "none",
    "warn_at_bp": [5000, 8000],
    "on_breach": ["pause"],
    "strikes_within": "phase",
}

TERMS: dict[str, dict[str, Any]] = {
    "daily_loss": LIMIT,
    "maximum_loss": LIMIT
    | {
        "scope": "phase",
        "anchor": "initial",
        "amount": SHARE,
        "trail": "end_of_day",
        "high": "balance",
        "lock": {"offset": SHARE | {"bp": 0}, "trigger": {"type": "floor_reaches"}, "permanent": True},
        "steps": [
            {
                "when": {"type": "balance_gain", "gain": SHARE | {"bp": 500}},
                "amount": SHARE | {"bp": 800},
                "effective": "now",
            },
            {
                "when": {"type": "balance_gain", "gain": SHARE | {"bp": 900}},
                "amount": SHARE | {"bp": 600},
                "effective": "next_day",
            },
        ],
        "on_breach": ["fail"],
    },
    "target": {
        "type": "profit_target",
        "amount": SHARE,
        "measured": "balance",
        "held_s": 0,
        "flat_required": True,
        "latched": False,
        "auto_close": False,
    },
    "score": {"type": "score_target", "board": "Spring cup", "score_min": 10},
    "days": {
        "type": "trading_days",
        "days_min": 5,
        "counts": "profit_closed",
        "profit_min": SHARE | {"bp": 50},
        "boundary": "touches",
        "per": "phase",
    },
    "consistency": {
        "type": "consistency",
        "best": "best_day",
        "of": "net_total",
        "day_basis": "close",
        "caps_bp": [4000],
        "boundary": "crosses",
        "effect": "delay",
        "per": "cycle",
    },
    "trades": {"type": "minimum_trades", "trades_min": 10, "per": "cycle"},
    "duration": {"type": "maximum_duration", "days_max": 30, "counted_from": "first_trade"},
    "inactivity": {
        "type": "inactivity",
        "days_max": 14,
        "counted_from": "last_trade",
        "open_position_counts": True,
        "pending_order_counts": False,
        "on_breach": ["warn", "fail"],
    },
    "lot_range": {
        "type": "lot_consistency",
        "min_bp": 5000,
        "max_bp": 15000,
        "partial_closes": "separate",
        "per": "phase",
        **ENFORCED,
    },
    "lots": {
        "type": "exposure_limit",
        "quantity": "lots",
        "limit": 500_000_000,
        "symbols": ["US30", "US100"],
        "counted": "open_at_once",
        "netted": "gross",
        "tiers": [{"profit_from": 100_000, "limit": 600_000_000}, {"profit_from": 200_000, "limit": 700_000_000}],
        "boundary": "crosses",
        **ENFORCED,
    },
    "idea": {
        "type": "idea_risk",
        "amount": SHARE | {"bp": 100},
        "grouping": "symbol",
        "gap_s": 60,
        "measured": "loss",
        "boundary": "crosses",
        **ENFORCED,
    },
    "stop": {"type": "stop_loss_required", "within_s": 60, "risk_max": SHARE | {"bp": 100}, **ENFORCED},
    "reward": {"type": "risk_reward", "stop_to_target_max_bp": 50000, **ENFORCED},
    "together": {
        "type": "across_accounts",
        "measured": "allocation",
        "limit": 40_000_000,
        "funded_only": True,
        "same_program": False,
        **ENFORCED,
    },
    "news": {
        "type": "news_window",
        "before_s": 120,
        "after_s": 120,
        "inclusive": True,
        "impacts": ["high"],
        "symbols": "currency",
        "actions": ["open", "close"],
        "all_day_counts": False,
        "exempt_opened_before_s": 3600,
        **ENFORCED,
    },
    "weekend": {
        "type": "holding_limit",
        "over": "weekend",
        "zone": "America/New_York",
        "cutoff": "15:45",
        "early_close_minutes": 15,
        "break_s": 0,
        "pending_orders": True,
        **ENFORCED,
    },
    "hours": {"type": "trading_hours", "zone": "Europe/Prague", "opens": "09:00", "closes": "17:00", **ENFORCED},
    "lasting": {
        "type": "trade_duration",
        "seconds_min": 60,
        "average_s_min": None,
        "longer_s": 120,
        "share_of_longer_bp": 5000,
        "per": "phase",
        **ENFORCED,
    },
    "hedging": {"type": "hedging", "lots_e8_max": None, **ENFORCED},
    "grid": {"type": "grid", "positions_max": 3, "within_s": 600, "losing_only": True, **ENFORCED},
    "martingale": {"type": "martingale", "factor_bp": 20000, "repeats": 2, "same_symbol": True, **ENFORCED},
    "one_sided": {"type": "one_sided", "trades_from": 10, "share_max_bp": 9000, "per": "phase", **ENFORCED},
    "frequency": {"type": "high_frequency", "openings_max": 50, "within_s": 60, "boundary": "crosses", **ENFORCED},
    "excursion": {
        "type": "adverse_excursion",
        "share_bp": 3000,
        "of_profit": True,
        "minimum_minor": 0,
        "boundary": "crosses",
        **ENFORCED,
    },
    "automation": {"type": "automation_use", "experts_allowed": True, "copiers_allowed": False, **ENFORCED},
    "schedule": {
        "type": "payout_schedule",
        "first": {"days": 14, "day_kind": "calendar", "counted_from": "first_trade"},
        "then": {"days": 7, "day_kind": "business", "counted_from": "last_payout"},
        "windows": [{"type": "weekly", "weekday": 0, "at": "12:00"}, {"type": "monthly", "from_day": 1, "to_day": 5}],
    },
    "conditions": {
        "type": "payout_conditions",
        "flat_required": True,
        "no_pending_orders": True,
        "kyc_required": True,
        "profit_min": SHARE | {"bp": 100},
        "trader_share_min": SHARE | {"bp": 5000, "of": "anchor"},
        "share_of": "daily_loss",
        "boundary": "touches",
        "needs": ["days", "consistency"],
    },
    "amount": {
        "type": "payout_amount",
        "measured": "balance",
        "buffer": {"type": "fixed", "minor": 10_000},
        "buffer_payouts": 3,
        "buffer_plus_drawdown": "maximum_loss",
        "retain_bp": 0,
        "minimum_minor": 5_000,
        "caps": [{"type": "fixed", "minor": 200_000}, SHARE],
        "capped": "profit",
        "balance_share_bp": None,
        "resets_balance": False,
    },
    "split": {
        "type": "profit_split",
        "tiers": [
            {"up_to_minor": 1_000_000, "trader_bp": 10000},
            {"up_to_minor": 2_000_000, "trader_bp": 9000},
            {"up_to_minor": None, "trader_bp": 8000},
        ],
        "counted": "account_total",
        "reset_penalties": [{"phase": "Evaluation", "bp": 2500, "payouts": 2}],
    },
    "refund": {"type": "fee_refund", "with_payout": 1, "fee": "purchase", "share_bp": 10000},
    "loyalty": {"type": "bonus", "earned_by": "loyalty", "after": None, "after_payouts": 5, "share_bp": 500},
    "performance": {
        "type": "bonus",
        "earned_by": "performance",
        "after": SHARE,
        "after_payouts": None,
        "share_bp": 500,
    },
    "inside": {"type": "inside_buffer", "days": 60, "younger_bp": 5000, "older_bp": 8000},
    "salvage": {
        "type": "salvage",
        "after": ["daily_loss"],
        "share_bp": 5000,
        "claim_days": 7,
        "stop_losses_required": True,
        "trade_loss_max": SHARE | {"bp": 100},
    },
    "cycle": {"type": "payout_cycle", "days": 5, "day_kind": "business"},
    "reset": {
        "type": "reset",
        "resets_max": 2,
        "price_bp": 9000,
        "window_days": 30,
        "before_deadline": "kept",
        "after_deadline": "fresh",
        "after_breach": True,
        "history_kept": False,
    },
    "retry": {"type": "retry", "retries_max": 1, "in_profit": True, "flat": True},
    "extension": {"type": "extension", "days": 14, "extensions_max": 1, "in_profit": True},
    "growth": {
        "type": "scaling",
        "steps": [
            {"months": 3, "grows_bp": 2500, "of": "of_original", "times": 1},
            {"months": 3, "grows_bp": 10000, "of": "compound", "times": None},
        ],
        "profit_min": SHARE,
        "payouts_min": 2,
        "balance_above_initial": True,
        "size_max_minor": 200_000_000,
        "split_after_bp": 9000,
    },
    "merge": {"type": "merge", "lots": "sum", "size_max_minor": 40_000_000, "untouched_only": True},
    "live": {"type": "live_start", "largest_only": True},
    "allocation": {"type": "maximum_allocation", "limit_minor": 40_000_000, "accounts_max": 5, "funded_only": False},
}
RULESET: dict[str, Any] = {
    "semantics": 2,
    "name": "Northlight, every kind of term",
    "calendar": {"zone": "Europe/Prague", "rollover": "00:00", "label": "start", "merged": ["2026-12-25"]},
    "late_breach": "review",
    "await_swap": True,
    "failures_reviewed": False,
    "overrides_by_two": True,
    "terms": [{"id": name} | term for name, term in TERMS.items()],
}
PROGRAM: dict[str, Any] = {
    "program": "northlight",
    "title": "Northlight 100K",
    "size": {"minor": 10_000_000, "currency": "USD", "exponent": 2},
    "price": {"minor": 49_900, "currency": "USD", "exponent": 2},
    "bridge": "sim",
    "group": "demo",
    "leverage": 100,
    "accounts_max": 3,
    "phases": [
        {
            "name": "Evaluation",
            "funded": False,
            "ruleset": RULESET | {"terms": [{"id": name} | TERMS[name] for name in ("daily_loss", "target")]},
        },
        {"name": "Funded", "funded": True, "ruleset": RULESET},
    ],
}
GONE = object()
"""In the place of a value: the field is taken out."""


def spoilt(raw: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The same with other values at some paths. A ruleset's terms are named by id: "daily_loss.lock.trigger"."""
    raw = json.loads(json.dumps(raw))  # nothing in it shared any more
    for path, value in changes.items():
        *above, last = (int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path))
        at: Any = raw
        for step in above:
            at = (
                next(term for term in raw["terms"] if term["id"] == step) if at is raw and step not in raw else at[step]
            )
        if value is GONE:
            del at[last]
        else:
            at[last] = copy.deepcopy(value)
    return raw


def ruleset(changes: dict[str, Any] | None = None) -> Ruleset:
    return msgspec.convert(spoilt(RULESET, changes or {}), Ruleset)


def program(changes: dict[str, Any] | None = None) -> Program:
    return msgspec.convert(spoilt(PROGRAM, changes or {}), Program)


def with_term(term: dict[str, Any], **changes: Any) -> Ruleset:
    """With one more term at the end."""
    return msgspec.convert(RULESET | {"terms": [*RULESET["terms"], term | changes]}, Ruleset)


def without(*names: str, **changes: Any) -> Ruleset:
    """Without some terms."""
    terms = [term for term in RULESET["terms"] if term["id"] not in names]
    return msgspec.convert(spoilt(RULESET | {"terms": terms}, changes), Ruleset)
