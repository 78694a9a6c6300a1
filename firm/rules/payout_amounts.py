"""Payout amounts: how much of the profit may leave the account now, what of it is the trader's, and what is left to trade with.

Who withdraws everything may be stopped out by the spread of the next trade: `largest_payout_that_leaves_room` is what to offer instead.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from firm.arithmetic import PLAIN, Arithmetic, Figure
from firm.rules.judged import Judged, Unit, met
from firm.rules.payout_figures import Bases, asked_rounded_up, granted_rounded_down, share_rounded_down
from firm.rules.profit_split import ResetMade, least_profit_for_share, trader_share_rounded_down
from firm.ruleset import Rule
from firm.terms.payouts import Capped, PayoutAmount, ProfitMeasure
from firm.terms.words import BP_WHOLE, Boundary, ShareOf
from firm.track import PayoutMade

LEAST = "least payout"
MOST = "most that may be withdrawn"


class Funds(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account's money, in minor units.

    `initial`: as it was sold. `start`: that with deposits and withdrawals since, payouts apart. `payouts`: those made, oldest first.
    `loss_allowed`: the amount of the loss limit that the terms name, None where they name none.
    """

    initial: Figure
    start: Figure
    balance: Figure
    equity: Figure
    payouts: tuple[PayoutMade, ...]
    loss_allowed: Figure | None

    @property
    def number(self) -> int:
        """Of the payout that comes next."""
        return len(self.payouts) + 1


class Withdrawable(NamedTuple):
    """`profit`: all there is. `kept`: what stays on the account. `most`: what may leave it at once, before the split. Minor units."""

    profit: int
    kept: int
    most: int


class PayoutSum(NamedTuple):
    """`withdrawn` leaves the account, `trader` and `firm` get it, `balance` is left. Minor units."""

    withdrawn: int
    trader: int
    firm: int
    balance: int


def withdrawable(calc: Arithmetic, rule: Rule, funds: Funds) -> Withdrawable:
    """How much may leave the account now, rounded down. A cap on the trader's share is no part of it: it follows the split."""
    terms = _terms(rule)
    bases = {ShareOf.INITIAL: _given(calc, "initial balance that was sold", funds.initial)}
    mark = funds.balance if terms.measured is ProfitMeasure.BALANCE else funds.equity
    gain = calc.minus("gain", _given(calc, terms.measured, mark), _given(calc, "starting balance", funds.start))
    profit = calc.highest("profit", gain, 0)
    kept = _kept_rounded_up(calc, rule, terms, funds, bases, profit)
    most = calc.highest("profit that is free", calc.minus("profit less what stays", profit, kept), 0)
    if terms.balance_share_bp is not None:
        share = share_rounded_down(calc, rule, "balance_share_bp", terms.balance_share_bp, profit, "profit at once")
        most = calc.lowest("free profit at once", most, share)
    if terms.caps and terms.capped is Capped.PROFIT:
        most = calc.lowest(MOST, most, _cap_rounded_down(calc, rule, terms, funds, bases))
    return Withdrawable(profit, kept, most)


def least_balance_rounded_up(calc: Arithmetic, rule: Rule, funds: Funds) -> int:
    """The balance from which on profit is free, in minor units."""
    terms = _terms(rule)
    bases = {ShareOf.INITIAL: _given(calc, "initial balance that was sold", funds.initial)}
    start = _given(calc, "starting balance", funds.start)
    return calc.plus("least balance", start, _buffer_rounded_up(calc, rule, terms, funds, bases))


def judge_payout_amount(calc: Arithmetic, rule: Rule, asked: int, most: int) -> tuple[Judged, Judged]:
    """Whether an amount before the split, in minor units, is enough for a payout and not more than may leave."""
    least = calc.given(LEAST, _terms(rule).minimum_minor, "minor", rule.cited("minimum_minor"))
    is_enough = calc.is_at_or_above("enough for a payout", asked, least)
    is_free = calc.is_at_or_below("no more than may be withdrawn", asked, most)
    return met(asked, least, Unit.MINOR, LEAST, is_met=is_enough), met(asked, most, Unit.MINOR, MOST, is_met=is_free)


def payout_sum(
    calc: Arithmetic, rule: Rule, split: Rule, funds: Funds, resets: Sequence[ResetMade], asked: int | None
) -> PayoutSum:
    """A payout of `asked` minor units before the split; None: of all that may leave."""
    terms = _terms(rule)
    profit, _, most = withdrawable(calc, rule, funds)
    if asked is not None:
        assert 0 <= asked <= most, f"term {rule.id}: {asked} asked, {most} may be withdrawn"
    leaves = most if asked is None else calc.given("amount asked for", asked, "minor", "")
    trader = trader_share_rounded_down(calc, split, leaves, funds.payouts, resets)
    if terms.caps and terms.capped is Capped.TRADER_SHARE:
        bases = {ShareOf.INITIAL: _given(calc, "initial balance that was sold", funds.initial)}
        cap = _cap_rounded_down(calc, rule, terms, funds, bases)
        if calc.is_above("trader's share is capped", trader, cap):
            trader = cap
            least = least_profit_for_share(split, int(cap), int(leaves), funds.payouts, resets)
            leaves = calc.given("least profit that gives this share", least, "minor", "")
    if terms.resets_balance:
        leaves = profit
    firm = calc.minus("firm's share", leaves, trader)
    balance = calc.minus("balance after the payout", _given(calc, "balance", funds.balance), leaves)
    return PayoutSum(int(leaves), int(trader), int(firm), int(balance))


# --- room to trade on ---


def leaves_room(calc: Arithmetic, boundary: Boundary, equity: int, floor: int, first_loss: int) -> bool:
    """Whether an account with this equity and floor survives a first loss, such as the spread of its next trade. Minor units."""
    lowest = calc.minus("equity after the first loss", equity, first_loss)
    match boundary:
        case Boundary.TOUCHES:
            return calc.is_above("still above the floor", lowest, floor)
        case Boundary.CROSSES:
            return calc.is_at_or_above("still at or above the floor", lowest, floor)


def largest_payout_that_leaves_room(
    calc: Arithmetic, boundary: Boundary, equity: int, most: int, first_loss: int, floor_after: Callable[[int], int]
) -> int:
    """The largest payout up to `most` after which the account survives a first loss; 0 where none does. Minor units.

    `floor_after`: the limit's floor once so much was paid out. It must not fall by more than the payout: room never grows with it.
    Under several limits the least of theirs leaves room under each.
    """

    def is_too_much(payout: int) -> bool:
        return not leaves_room(PLAIN, boundary, equity - payout, floor_after(payout), first_loss)

    largest = bisect_left(range(1, most + 1), True, key=is_too_much)
    if largest:
        payout = calc.given("largest payout that leaves room", largest, "minor", "")
        floor = calc.given("floor after it", floor_after(largest), "minor", "")
        leaves_room(calc, boundary, calc.minus("equity after it", equity, payout), floor, first_loss)
    return largest


# --- what stays, and what is the most ---


def _kept_rounded_up(calc: Arithmetic, rule: Rule, terms: PayoutAmount, funds: Funds, bases: Bases, profit: int) -> int:
    """A buffer and a share that stays are both kept by the larger of the two."""
    buffer = _buffer_rounded_up(calc, rule, terms, funds, bases)
    share = calc.given("share of the profit that stays", terms.retain_bp, "bp", rule.cited("retain_bp"))
    scaled = calc.times("profit that stays before rounding", profit, share, "minor x bp")
    return calc.highest("stays", buffer, calc.divided_rounded_up("profit that stays", scaled, BP_WHOLE, "minor"))


def _buffer_rounded_up(calc: Arithmetic, rule: Rule, terms: PayoutAmount, funds: Funds, bases: Bases) -> int:
    if terms.buffer_payouts is not None:
        last = calc.given("last payout with a buffer", terms.buffer_payouts, "count", rule.cited("buffer_payouts"))
        number = calc.given("number of this payout", funds.number, "count", _number_source(funds))
        if calc.is_above("no buffer any more", number, last):
            return 0
    buffer = 0 if terms.buffer is None else asked_rounded_up(calc, rule, "buffer", terms.buffer, bases, "buffer")
    if terms.buffer_plus_drawdown is None:
        return buffer
    assert funds.loss_allowed is not None, f"term {terms.id}: needs the amount of {terms.buffer_plus_drawdown}"
    drawdown = _given(calc, f"amount of {terms.buffer_plus_drawdown}", funds.loss_allowed)
    return calc.plus("buffer with the drawdown", drawdown, buffer)


def _cap_rounded_down(calc: Arithmetic, rule: Rule, terms: PayoutAmount, funds: Funds, bases: Bases) -> int:
    calc.given("number of this payout", funds.number, "count", _number_source(funds))
    place = min(funds.number, len(terms.caps)) - 1
    return granted_rounded_down(calc, rule, f"caps/{place}", terms.caps[place], bases, "cap of this payout")


def _number_source(funds: Funds) -> str:
    return f"{funds.payouts[-1].seq}/number" if funds.payouts else ""


def _given(calc: Arithmetic, name: str, figure: Figure) -> int:
    return calc.given(name, figure.value, "minor", figure.source)


def _terms(rule: Rule) -> PayoutAmount:
    assert isinstance(rule.terms, PayoutAmount)
    return rule.terms
