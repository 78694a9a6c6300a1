"""Amounts: what a share, a fixed sum or a table by size comes to for an account, and whether a level was reached."""

from typing import NamedTuple, assert_never

from firm.account import AccountState
from firm.arithmetic import Arithmetic, Figure
from firm.ruleset import Rule
from firm.terms.words import BP_WHOLE, Amount, BySize, Fixed, Share, ShareOf


class Bases(NamedTuple):
    """What a share may be a share of, as the caller has it in its working."""

    anchor: int | None = None
    high: int | None = None
    target: int | None = None
    day_start_profit: int | None = None


NO_BASES = Bases()


def sold(calc: Arithmetic, account: AccountState) -> int:
    """The initial balance that was sold, whatever was paid in or out since."""
    figure = Figure(account.initial.minor, f"{account.opened_seq}/initial/minor")
    return calc.given("initial balance that was sold", figure.value, "minor", figure.source)


def starting_balance(calc: Arithmetic, account: AccountState) -> int:
    """The initial balance, with deposits and withdrawals since: what static floors and targets are measured from."""
    initial = calc.given("initial balance", account.initial.minor, "minor", f"{account.opened_seq}/initial/minor")
    if not account.cash_seq:
        return initial
    net = calc.given("deposits less withdrawals", account.cash_net, "minor", f"{account.cash_seq}/net/minor")
    return calc.plus("initial balance with deposits and withdrawals", initial, net)


def loss_rounded_down(
    calc: Arithmetic, account: AccountState, rule: Rule, amount: Amount, path: str, name: str, bases: Bases
) -> int:
    """An allowed loss, in minor units: never more than the share that was sold. `path`: where the amount stands in its term."""
    scaled = _scaled(calc, account, rule, amount, path, name, bases)
    if scaled is None:
        return _plain(calc, account, rule, amount, path, name)
    return calc.divided_rounded_down(f"allowed {name}", scaled, BP_WHOLE, "minor")


def gain_rounded_up(
    calc: Arithmetic, account: AccountState, rule: Rule, amount: Amount, path: str, name: str, bases: Bases = NO_BASES
) -> int:
    """A gain that is asked, in minor units: never less than the share that was sold."""
    scaled = _scaled(calc, account, rule, amount, path, name, bases)
    if scaled is None:
        return _plain(calc, account, rule, amount, path, name)
    return calc.divided_rounded_up(f"{name} to make", scaled, BP_WHOLE, "minor")


def _scaled(
    calc: Arithmetic, account: AccountState, rule: Rule, amount: Amount, path: str, name: str, bases: Bases
) -> int | None:
    if not isinstance(amount, Share):
        return None
    of = _base(calc, account, amount.of, bases)
    assert of is not None, f"term {rule.id}: nothing to take a share of ({amount.of})"
    bp = calc.given(name, amount.bp, "bp", rule.cited(f"{path}/bp"))
    return calc.times(f"{name} x {_BASE_WORDS[amount.of]}", of, bp, "minor x bp")


_BASE_WORDS = {
    ShareOf.INITIAL: "initial balance",
    ShareOf.ANCHOR: "starting figure",
    ShareOf.HIGH: "highest mark",
    ShareOf.TARGET: "profit target",
    ShareOf.DAY_START_PROFIT: "profit at the day's start",
}


def _base(calc: Arithmetic, account: AccountState, of: ShareOf, bases: Bases) -> int | None:
    match of:
        case ShareOf.INITIAL:
            return sold(calc, account)
        case ShareOf.ANCHOR:
            return bases.anchor
        case ShareOf.HIGH:
            return bases.high
        case ShareOf.TARGET:
            return bases.target
        case ShareOf.DAY_START_PROFIT:
            return bases.day_start_profit
        case unknown:
            assert_never(unknown)


def _plain(calc: Arithmetic, account: AccountState, rule: Rule, amount: Amount, path: str, name: str) -> int:
    match amount:
        case Fixed():
            return calc.given(name, amount.minor, "minor", rule.cited(f"{path}/minor"))
        case BySize():
            size = account.initial.minor
            place, line = next((place, line) for place, line in enumerate(amount.table) if line.size_minor == size)
            return calc.given(name, line.minor, "minor", rule.cited(f"{path}/table/{place}/minor"))
        case Share():
            raise AssertionError("a share is no plain amount")
        case unknown:
            assert_never(unknown)
