"""Payouts: waits that end, amounts that can be paid, splits without a gap, and terms that are named and exist."""

from collections.abc import Collection
from itertools import pairwise
from typing import get_args

from firm.checks.amounts import OF_INITIAL, OF_SOLD, amount_problems
from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.terms.losses import LossLimit
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    InsideBuffer,
    Monthly,
    PayoutAmount,
    PayoutClock,
    PayoutConditions,
    PayoutSchedule,
    ProfitSplit,
    Salvage,
)
from firm.terms.union import Conduct, Objective
from firm.terms.words import BP_WHOLE, Fixed, Scope, Share, ShareOf

_AFTER_A_PAYOUT = frozenset({PayoutClock.FIRST_TRADE_AFTER_PAYOUT, PayoutClock.LAST_PAYOUT})
_NOTHING_PAID = "nothing could ever be paid"


def schedule_problems(term: PayoutSchedule, _: Beside) -> Problems:
    if term.first.counted_from in _AFTER_A_PAYOUT:
        yield Problem("first.counted_from", "there is no payout before the first one")
    if term.then.counted_from not in _AFTER_A_PAYOUT:
        yield Problem(
            "then.counted_from", "this wait is over by then: count from the last payout or the first trade after it"
        )
    for place, window in enumerate(term.windows):
        if isinstance(window, Monthly) and window.from_day > window.to_day:
            yield Problem(f"windows[{place}].to_day", "the month ends in between: write two windows")


def conditions_problems(term: PayoutConditions, beside: Beside) -> Problems:
    yield from amount_problems("profit_min", term.profit_min, beside, OF_INITIAL)
    of = OF_INITIAL if term.share_of is None else frozenset({ShareOf.ANCHOR})
    yield from amount_problems("trader_share_min", term.trader_share_min, beside, of)
    if term.share_of is not None:
        yield from _limit_problems("share_of", term.share_of, beside)
        limit = beside.named(term.share_of)
        if isinstance(limit, LossLimit) and limit.scope is not Scope.DAY:
            yield Problem("share_of", f"{term.share_of} is no daily limit")
        if not isinstance(term.trader_share_min, Share):
            yield Problem("share_of", "trader_share_min is no share")
    for place, named in enumerate(term.needs):
        needed = beside.named(named)
        if needed is None:
            yield Problem(f"needs[{place}]", f"no term is called {named}")
        elif not isinstance(needed, get_args(Objective | Conduct)):
            yield Problem(
                f"needs[{place}]", f"{named} is nothing to be met or kept: name days, consistency, a target, conduct"
            )
        if named in term.needs[:place]:
            yield Problem(f"needs[{place}]", f"{named} is named already")


def amount_of_payout_problems(term: PayoutAmount, beside: Beside) -> Problems:
    yield from amount_problems("buffer", term.buffer, beside, OF_INITIAL)
    if term.buffer_plus_drawdown is not None:
        yield from _limit_problems("buffer_plus_drawdown", term.buffer_plus_drawdown, beside)
    has_buffer = term.buffer is not None or term.buffer_plus_drawdown is not None
    if term.buffer_payouts is not None and not has_buffer:
        yield Problem("buffer_payouts", "there is no buffer that could hold for them")
    if term.retain_bp == BP_WHOLE:
        yield Problem("retain_bp", f"all of the profit stays on the account: {_NOTHING_PAID}")
    if term.resets_balance and (has_buffer or term.retain_bp):
        yield Problem("resets_balance", "the balance cannot go back to the initial one and keep a buffer or share")
    for place, cap in enumerate(term.caps):
        yield from amount_problems(f"caps[{place}]", cap, beside, OF_INITIAL, nothing=_NOTHING_PAID)
        if isinstance(cap, Fixed) and 0 < cap.minor < term.minimum_minor:
            yield Problem(f"caps[{place}]", f"the most lies below the least that is paid: {_NOTHING_PAID}")


def split_problems(term: ProfitSplit, _: Beside) -> Problems:
    *bounded, last = term.tiers
    if last.up_to_minor is not None:
        yield Problem(
            f"tiers[{len(bounded)}].up_to_minor", "the last tier has no end: what is above it would be nobody's"
        )
    for place, tier in enumerate(bounded):
        if tier.up_to_minor is None:
            yield Problem(f"tiers[{place}].up_to_minor", "without an end the tiers after it are never reached")
        elif tier.up_to_minor == 0:
            yield Problem(f"tiers[{place}].up_to_minor", "a tier up to nothing holds nothing")
    for place, (one, next_one) in enumerate(pairwise(bounded), start=1):
        if one.up_to_minor is not None and next_one.up_to_minor is not None and one.up_to_minor >= next_one.up_to_minor:
            yield Problem(f"tiers[{place}].up_to_minor", "tiers rise: it is not above the one before")


def penalty_problems(term: ProfitSplit, phases: Collection[str]) -> Problems:
    """What resets cost, against the names of the program's phases."""
    for place, penalty in enumerate(term.reset_penalties):
        if penalty.phase not in phases:
            yield Problem(f"reset_penalties[{place}].phase", f"no phase is called {penalty.phase}")


def bonus_problems(term: Bonus, beside: Beside) -> Problems:
    by_payouts = term.earned_by is BonusFor.LOYALTY
    if by_payouts != (term.after_payouts is not None):
        yield Problem("after_payouts", f"{term.earned_by.value} is earned by {'payouts' if by_payouts else 'money'}")
    if by_payouts == (term.after is not None):
        yield Problem("after", f"{term.earned_by.value} is earned by {'payouts' if by_payouts else 'money'}")
    yield from amount_problems("after", term.after, beside, OF_SOLD)


def inside_buffer_problems(_: InsideBuffer, beside: Beside) -> Problems:
    amounts = beside.of_kind(PayoutAmount)
    if all(amount.buffer is None and amount.buffer_plus_drawdown is None for amount in amounts):
        yield Problem("", "there is no buffer to be inside of: a payout_amount with one is missing")


def salvage_problems(term: Salvage, beside: Beside) -> Problems:
    for place, named in enumerate(term.after):
        broken = beside.named(named)
        if broken is None:
            yield Problem(f"after[{place}]", f"no term is called {named}")
        elif not hasattr(broken, "on_breach"):
            yield Problem(f"after[{place}]", f"{named} cannot be broken")
    yield from amount_problems("trade_loss_max", term.trade_loss_max, beside, OF_INITIAL)


def _limit_problems(path: str, named: str, beside: Beside) -> Problems:
    limit = beside.named(named)
    if limit is None:
        yield Problem(path, f"no term is called {named}")
    elif not isinstance(limit, LossLimit):
        yield Problem(path, f"{named} is no loss limit")
