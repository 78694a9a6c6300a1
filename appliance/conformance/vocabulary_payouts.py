"""Vocabulary of payouts and of an account's life."""

from collections.abc import Mapping

from appliance.conformance.words_told import (
    COUNT,
    DATE,
    DAY,
    NAME,
    NOT_NEGATIVE,
    NUMBER,
    ON_A_DATE,
    POSITIVE,
    TEXT,
    TRUTH,
    Rule,
    by_name,
    either,
    fields,
    listed,
    matching,
    words,
)

_ASKED_FOR = ".*(flat|open|closed|pending|order|kyc|identity|profit|day|consisten).*"
_WAIT = fields({"days": NOT_NEGATIVE, "days_after": NAME})
_MONTHS = fields({"months": COUNT, "add_pct": POSITIVE, "multiply": POSITIVE})
_BY_PHASE = matching("[A-Za-z][A-Za-z0-9_ ]{0,63}", "a phase's name")
PAYOUTS_AND_LIFE: Mapping[str, Rule] = {
    "payout_amount": Rule(
        {
            "after": NAME,
            "base": words("balance", "equity"),
            "buffer": POSITIVE,
            "cap_pct_of_initial": POSITIVE,
            "challenge_share_pct": POSITIVE,
            "claim_days": COUNT,
            "conditions": listed(TEXT),
            "initial": NOT_NEGATIVE,
            "inside_buffer": by_name(matching("(lt|ge)_[0-9]+d", "an age as lt_60d or ge_60d"), NOT_NEGATIVE),
            "min_profit": NOT_NEGATIVE,
            "profit_target": POSITIVE,
            "reset_to_initial": TRUTH,
            "schedule": matching(
                "(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):[0-5][0-9]( .+)?", "a weekly instant"
            ),
            "share_pct": POSITIVE,
            "split": POSITIVE,
            "terminates_account": TRUTH,
            "unlock_when_withdrawn_pct": POSITIVE,
        },
        (
            DAY,
            # What these tell says what they are; how a firm calls it does not matter.
            {"ev": NAME, "age_days": NOT_NEGATIVE, "profit": NUMBER},
            {"ev": NAME, "amount": NOT_NEGATIVE},
            {"ev": NAME, "balance": NUMBER, "equity": NUMBER, "initial": NOT_NEGATIVE},
        ),
    ),
    "payout_eligibility": Rule(
        {
            "cycle_business_days": COUNT,
            "daily_dd_pct": POSITIVE,
            "days": NOT_NEGATIVE,
            "first": _WAIT,
            "initial": NOT_NEGATIVE,
            "min_days_from": NAME,
            "next": _WAIT,
            "requires": listed(matching(_ASKED_FOR, "a condition of a payout")),
            "trader_share_must_exceed_pct_of_daily_dd": POSITIVE,
        },
        (
            ON_A_DATE,
            {"ev": NAME, "trader_share": NUMBER, "open_positions": NOT_NEGATIVE, "pending_orders": NOT_NEGATIVE},
        ),
    ),
    "payout_min_balance": Rule({"formula": TEXT, "sizes": by_name(matching("[0-9]+", "a size"), POSITIVE)}),
    "profit_split": Rule(
        {
            "reset_penalty": by_name(_BY_PHASE, NOT_NEGATIVE),
            "scope": words("per_account_cumulative", "per_payout"),
            "tiers": listed(either(POSITIVE, fields({"pct": POSITIVE, "upto": POSITIVE}))),
        },
        ({"ev": words("payout", "request_payout"), "profit": NUMBER},),
    ),
    "fee_refund": Rule(
        {"amount": words("purchase", "most_recent_of(purchase,reset)"), "with_payout": COUNT},
        ({"ev": words("purchase", "reset"), "amount": NOT_NEGATIVE}, {"ev": words("payout"), "no": COUNT}),
    ),
    "scaling": Rule(
        {
            "add_pct": POSITIVE,
            "add_pct_of": words("original", "current"),
            "cap": POSITIVE,
            "conditions": listed(TEXT),
            "every_months": COUNT,
            "first": _MONTHS,
            "initial": NOT_NEGATIVE,
            "mdl_pct": POSITIVE,
            "ml_pct": POSITIVE,
            "then": _MONTHS,
        },
        ({"months": NOT_NEGATIVE},),
    ),
    "reset": Rule(
        {
            "after": words("keep_deadline", "fresh_window"),
            "before": words("keep_deadline", "fresh_window"),
            "window_days": COUNT,
        },
        ({"reset": DATE, "start": DATE},),
    ),
    "account_merge": Rule({"lots": words("sum", "max")}, ({"size": POSITIVE, "lots": POSITIVE},)),
    "live_start_balance": Rule(
        {"rule": words("min(sum(balances), largest account size)", "sum(balances)")},
        ({"balance": NUMBER, "size": POSITIVE},),
    ),
}
