"""Payouts: vectors about how much a trader is paid, what comes on top, and how much must stay."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from appliance.conformance.eligibility import payout_eligibility
from appliance.conformance.lifecycle import account_merge, live_start_balance, reset, scaling
from appliance.conformance.payout_terms import amount_term, as_asked, split_term, told
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, bp_of, minor_of, percentage_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN
from firm.rules.payout_amounts import (
    Funds,
    PayoutSum,
    judge_payout_amount,
    least_balance_rounded_up,
    payout_sum,
    withdrawable,
)
from firm.rules.payout_eligibility import is_eligible
from firm.rules.payout_extras import (
    BonusGrounds,
    bonus_rounded_down,
    fee_refund_rounded_down,
    inside_buffer_rounded_down,
    judge_salvage,
    salvage_rounded_down,
)
from firm.rules.profit_split import ResetMade, trader_share_rounded_down
from firm.ruleset import Rule
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    Capped,
    FeeRefund,
    FeeRefunded,
    InsideBuffer,
    ProfitMeasure,
    ProfitSplit,
    ResetPenalty,
    Salvage,
    SplitCounted,
    Tier,
)
from firm.terms.words import BP_WHOLE, Fixed, Share, ShareOf
from firm.track import PayoutMade


def payout_amount(vector: Vector) -> dict[str, Any]:
    """By what the vector is about: a bonus, a salvage, an end inside the buffer, or payouts."""
    require_known(
        vector.params,
        {"after", "base", "buffer", "cap_pct_of_initial", "challenge_share_pct", "claim_days", "conditions", "initial",
         "inside_buffer", "min_profit", "profit_target", "reset_to_initial", "schedule", "share_pct", "split",
         "terminates_account", "unlock_when_withdrawn_pct"},
    )  # fmt: skip
    if "challenge_share_pct" in vector.params:
        return _challenge_bonus(vector)
    if "after" in vector.params:
        return _salvaged(vector)
    if "inside_buffer" in vector.params:
        return _ended_inside_buffer(vector)
    return _paid(vector)


def _challenge_bonus(vector: Vector) -> dict[str, Any]:
    params = vector.params
    bonus = Bonus(
        id="bonus",
        earned_by=BonusFor.CHALLENGE_PROFIT,
        after=Share(bp=bp_of(params["unlock_when_withdrawn_pct"]), of=ShareOf.INITIAL),
        after_payouts=None,
        share_bp=bp_of(params["challenge_share_pct"]),
    )
    bonuses = []
    for number, entry in enumerate(vector.timeline, start=1):
        grounds = BonusGrounds(
            initial=told(minor_of(params["initial"])),
            number=told(number),
            paid=told(0),
            profit=told(0),
            withdrawn=told(minor_of(entry["amount"])),
            targets=told(minor_of(params["profit_target"])),
        )
        bonuses.append(amount_of(bonus_rounded_down(PLAIN, rule_of(bonus), grounds)))
    return {"bonus": as_asked(vector, "bonus", bonuses)}


_ALL_WITH_STOPS = "all_trades_have_SL"
_LOSS_OF_A_TRADE = re.compile(r"no_trade_loss>([0-9.]+)%")


def _salvaged(vector: Vector) -> dict[str, Any]:
    """No event of these vectors tells a trade or a claim's day, so that their conditions hold."""
    params, conditions = vector.params, vector.params.get("conditions", [])
    losses = [bp_of(Decimal(found[1])) for one in conditions if (found := _LOSS_OF_A_TRADE.fullmatch(one))]
    if len(conditions) != len(losses) + (_ALL_WITH_STOPS in conditions):
        raise CannotExpress(f"no salvage asks all of {', '.join(conditions)}")
    salvage = Salvage(
        id="salvage",
        after=(params["after"],),
        share_bp=bp_of(params["share_pct"]),
        claim_days=params["claim_days"],
        stop_losses_required=_ALL_WITH_STOPS in conditions,
        trade_loss_max=Share(bp=losses[0], of=ShareOf.INITIAL) if losses else None,
    )
    rule, initial = rule_of(salvage), told(minor_of(params["initial"]))
    balance = initial.value + sum(minor_of(entry["pnl"]) for entry in vector.timeline)
    is_due = is_eligible(judge_salvage(PLAIN, rule, params["after"], told(0), 0, initial, ()))
    paid = salvage_rounded_down(PLAIN, rule, told(balance), initial) if is_due else 0
    return {"balance": amount_of(balance), "paid": amount_of(paid)}


def _ended_inside_buffer(vector: Vector) -> dict[str, Any]:
    """Who takes what lies inside the buffer takes everything: what is above it is shared as ever, and the account ends."""
    params = vector.params
    younger_bp, older_bp, days = _ages(params["inside_buffer"])
    inside_rule = rule_of(InsideBuffer(id="inside", days=days, younger_bp=younger_bp, older_bp=older_bp))
    split = rule_of(split_term(bp_of(params.get("split", 100))))
    paid, closed = [], []
    for entry in vector.timeline:
        profit = minor_of(entry["profit"])
        inside = min(profit, minor_of(params["buffer"])) if "buffer" in params else profit
        above = trader_share_rounded_down(PLAIN, split, profit - inside, (), ())
        of_buffer = inside_buffer_rounded_down(PLAIN, inside_rule, told(inside), told(entry["age_days"]))
        paid.append(amount_of(above + of_buffer))
        closed.append(params.get("terminates_account", False) and inside > 0)
    return {"paid": as_asked(vector, "paid", paid), "account_closed": as_asked(vector, "account_closed", closed)}


def _ages(shares: dict[str, Any]) -> tuple[int, int, int]:
    """The younger share, the older one, and the days between them, which `lt_60d` and `ge_60d` both name."""
    (younger, younger_days), (older, older_days) = (
        next(
            (
                (bp_of(share), int(found[1]))
                for key, share in shares.items()
                if (found := re.fullmatch(f"{word}_([0-9]+)d", key))
            ),
            (0, 0),
        )
        for word in ("lt", "ge")
    )
    if len(shares) != len(("lt", "ge")) or younger_days != older_days:
        raise CannotExpress(f"no one age between {' and '.join(shares)}")
    return younger, older, older_days


def _paid(vector: Vector) -> dict[str, Any]:
    params = vector.params
    cap = params.get("cap_pct_of_initial")
    amount = rule_of(
        amount_term(
            buffer=Fixed(minor=minor_of(params["buffer"])) if "buffer" in params else None,
            minimum_minor=minor_of(params.get("min_profit", 0)),
            caps=() if cap is None else (Share(bp=bp_of(cap), of=ShareOf.INITIAL),),
            # The most that such a firm pays is what the trader receives.
            capped=Capped.TRADER_SHARE,
            measured=ProfitMeasure(params.get("base", "balance")),
            resets_balance=params.get("reset_to_initial", False),
        )
    )
    sums = _payouts(vector, amount, rule_of(split_term(bp_of(params.get("split", 100)))))
    got = {
        "paid": [one.trader for one in sums],
        "trader": [one.trader for one in sums],
        "firm": [one.firm for one in sums],
        "withdrawn": [one.withdrawn for one in sums],
        "balance_after": [one.balance for one in sums],
    }
    closed = [params.get("terminates_account", False) and one.withdrawn > 0 for one in sums]
    return {key: as_asked(vector, key, [*map(amount_of, values)]) for key, values in got.items()} | {
        "account_closed": as_asked(vector, "account_closed", closed)
    }


def _payouts(vector: Vector, amount: Rule, split: Rule) -> list[PayoutSum]:
    """One sum for each entry that is no day: days bring a profit, payouts are at the marks that they tell."""
    initial = minor_of(vector.params.get("initial", 0))
    balance, made, sums = initial, list[PayoutMade](), list[PayoutSum]()
    for entry in vector.timeline:
        initial = minor_of(entry["initial"]) if "initial" in entry else initial
        if "pnl" in entry:
            balance += minor_of(entry["pnl"])
            continue
        marks = [minor_of(entry[key]) for key in ("balance", "equity") if key in entry]
        marks += [initial + minor_of(entry["profit"])] if "profit" in entry else []
        balance, equity = (marks[0], marks[-1]) if marks else (balance, balance)
        funds = Funds(
            initial=told(initial),
            start=told(initial),
            balance=told(balance),
            equity=told(equity),
            payouts=tuple(made),
            loss_allowed=None,
        )
        most = withdrawable(PLAIN, amount, funds).most
        asked = minor_of(entry["amount"]) if "amount" in entry else most
        is_paid = is_eligible(judge_payout_amount(PLAIN, amount, asked, most))
        one = payout_sum(PLAIN, amount, split, funds, (), asked) if is_paid else PayoutSum(0, 0, 0, balance)
        made += [PayoutMade(funds.number, one.withdrawn, one.trader, 0, 0)] if is_paid else []
        balance = one.balance
        sums.append(one)
    return sums


# --- how much must stay, how it is split, what comes back ---


def payout_min_balance(vector: Vector) -> dict[str, Any]:
    """The balance from which on profit is free, by size."""
    require_known(vector.params, {"formula", "sizes"})
    parts = [part.strip() for part in vector.params["formula"].split("+")]
    extra = [part for part in parts if part not in {"start", "drawdown"}]
    if "start" not in parts or len(extra) > 1:
        raise CannotExpress(f"no buffer is {vector.params['formula']}")
    buffer = Fixed(minor=minor_of(Decimal(extra[0]))) if extra else None
    amount = rule_of(amount_term(buffer=buffer, drawdown="drawdown" in parts))
    least = {}
    for size, drawdown in vector.params["sizes"].items():
        start, allowed = told(minor_of(Decimal(size))), told(minor_of(drawdown))
        funds = Funds(initial=start, start=start, balance=start, equity=start, payouts=(), loss_allowed=allowed)
        least[size] = amount_of(least_balance_rounded_up(PLAIN, amount, funds))
    return {"min_balance": least}


def profit_split(vector: Vector) -> dict[str, Any]:
    """What payouts bring one after another, and the trader's share after a reset of each phase."""
    require_known(vector.params, {"tiers", "scope", "reset_penalty"})
    tiers = [tier if isinstance(tier, dict) else {"pct": tier} for tier in vector.params["tiers"]]
    # Several tiers without an end are splits to choose from, not one.
    open_ended = [[tier] for tier in tiers if "upto" not in tier]
    choices = [_split(vector.params, chosen) for chosen in (open_ended if len(open_ended) > 1 else [tiers])]
    made, paid = list[PayoutMade](), []
    for number, entry in enumerate(vector.timeline, start=1):
        profit = minor_of(entry["profit"])
        trader = trader_share_rounded_down(PLAIN, rule_of(choices[-1]), profit, made, ())
        made.append(PayoutMade(number, profit, trader, 0, 0))
        paid.append(amount_of(trader))
    got = {"paid": as_asked(vector, "paid", paid)} if paid else {}
    return got | {"split": _splits_after_resets(vector, choices)}


def _split(params: dict[str, Any], tiers: Sequence[dict[str, Any]]) -> ProfitSplit:
    scope = params.get("scope", "per_payout")
    if scope not in {"per_payout", "per_account_cumulative"}:
        raise CannotExpress(f"no split is counted {scope}")
    return ProfitSplit(
        id="split",
        tiers=tuple(
            Tier(up_to_minor=minor_of(tier["upto"]) if "upto" in tier else None, trader_bp=bp_of(tier["pct"]))
            for tier in tiers
        ),
        counted=SplitCounted.ACCOUNT_TOTAL if scope == "per_account_cumulative" else SplitCounted.EACH_PAYOUT,
        reset_penalties=tuple(
            ResetPenalty(phase=phase, bp=bp_of(percentage), payouts=None)
            for phase, percentage in params.get("reset_penalty", {}).items()
        ),
    )


def _splits_after_resets(vector: Vector, choices: Sequence[ProfitSplit]) -> Any:
    """The first share of each split that can be chosen, after a reset of each phase."""
    splits = {
        penalty.phase: [
            percentage_of(
                trader_share_rounded_down(PLAIN, rule_of(choice), BP_WHOLE, (), [ResetMade(penalty.phase, 0)])
            )
            for choice in choices
        ]
        for penalty in choices[0].reset_penalties
    }
    asked = vector.expect.get("split")
    if isinstance(asked, dict):
        return {phase: shares if isinstance(asked.get(phase), list) else shares[0] for phase, shares in splits.items()}
    return [share for shares in splits.values() for share in shares]


_FEES = {"purchase": FeeRefunded.PURCHASE, "most_recent_of(purchase,reset)": FeeRefunded.LATEST}


def fee_refund(vector: Vector) -> dict[str, Any]:
    """What comes back with each payout."""
    require_known(vector.params, {"with_payout", "amount"})
    if vector.params["amount"] not in _FEES:
        raise CannotExpress(f"no fee is {vector.params['amount']}")
    refund = FeeRefund(
        id="refund", with_payout=vector.params["with_payout"], fee=_FEES[vector.params["amount"]], share_bp=BP_WHOLE
    )
    fees = {"purchase": [told(0)], "reset": []}
    refunds = []
    for entry in vector.timeline:
        if entry["ev"] == "payout":
            purchase, resets = fees["purchase"][-1], fees["reset"]
            refunds.append(amount_of(fee_refund_rounded_down(PLAIN, rule_of(refund), entry["no"], purchase, resets)))
        else:
            fees[entry["ev"]].append(told(minor_of(entry["amount"])))
    return {"refund": as_asked(vector, "refund", refunds)}


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {
    "account_merge": account_merge,
    "fee_refund": fee_refund,
    "live_start_balance": live_start_balance,
    "payout_amount": payout_amount,
    "payout_eligibility": payout_eligibility,
    "payout_min_balance": payout_min_balance,
    "profit_split": profit_split,
    "reset": reset,
    "scaling": scaling,
}
