"""Amounts: what a share, a fixed sum or a table by size comes to for an account."""

from typing import assert_never

from firm.account import AccountState
from firm.arithmetic import Arithmetic
from firm.ruleset import Rule
from firm.terms.objectives import ProfitTarget
from firm.terms.words import BP_WHOLE, Amount, BySize, Fixed, Share, ShareOf

_OF = {
    ShareOf.INITIAL: "initial balance",
    ShareOf.ANCHOR: "starting figure",
    ShareOf.HIGH: "highest mark",
    ShareOf.TARGET: "profit target",
    ShareOf.DAY_START_PROFIT: "profit at the day's start",
}


class Sums:
    """The figures of one working that more than one of its steps rests on, each given once.

    `by_day`: of a floor that begins anew. Its working has other words and another order, as it had in the first release: so one offline
    verifier reads the decisions of all releases.
    """

    def __init__(self, calc: Arithmetic, account: AccountState, *, by_day: bool = False) -> None:
        self.calc, self.account, self.by_day = calc, account, by_day
        self._sold_name = "initial balance" if by_day else "initial balance that was sold"
        self._sold: int | None = None
        self._start: int | None = None
        self._target: int | None = None

    @property
    def sold(self) -> int:
        """The initial balance that was sold, whatever was paid in or out since."""
        if self._sold is None:
            source = f"{self.account.opened_seq}/initial/minor"
            self._sold = self.calc.given(self._sold_name, self.account.initial.minor, "minor", source)
        return self._sold

    @property
    def start(self) -> int:
        """The initial balance, with deposits and withdrawals since: what static floors and targets are measured from."""
        if self._start is None:
            self._start = starting_balance(self.calc, self.account)
        return self._start

    @property
    def target(self) -> int:
        """The profit that the phase's target asks as it was sold, whatever has raised it since."""
        if self._target is None:
            found = profit_target_of(self.account)
            assert found is not None, (
                f"account {self.account.account}: its phase has no profit target to take a share of"
            )
            rule, terms = found
            self._target = rounded_up(self, rule, terms.amount, "amount", ("profit target", "profit to make"))
        return self._target

    def share_of(self, of: ShareOf, others: dict[ShareOf, int]) -> int:
        """What a share is a share of; `others`: what the caller has in its working beside the balance that was sold."""
        if of is ShareOf.INITIAL:
            return self.sold
        if of is ShareOf.TARGET:
            return self.target
        assert of in others, f"account {self.account.account}: there is no {_OF[of]} to take a share of"
        return others[of]


def profit_target_of(account: AccountState) -> tuple[Rule, ProfitTarget] | None:
    """The phase's target of money, if it has one."""
    return next(((rule, rule.terms) for rule in account.ruleset.rules if isinstance(rule.terms, ProfitTarget)), None)


def starting_balance(calc: Arithmetic, account: AccountState) -> int:
    """The initial balance, with deposits and withdrawals since."""
    initial = calc.given("initial balance", account.initial.minor, "minor", f"{account.opened_seq}/initial/minor")
    if not account.cash_seq:
        return initial
    net = calc.given("deposits less withdrawals", account.cash_net, "minor", f"{account.cash_seq}/net/minor")
    return calc.plus("initial balance with deposits and withdrawals", initial, net)


def rounded_down(
    sums: Sums, rule: Rule, amount: Amount, path: str, names: tuple[str, str], others: dict[ShareOf, int] | None = None
) -> int:
    """An amount that is granted, in minor units: never more than the share that was sold.

    `path`: where it stands in its term. `names`: of the amount as it is sold, and of what it comes to.
    """
    if not isinstance(amount, Share):
        return _plain(sums, rule, amount, path, names[0])
    scaled = _scaled(sums, rule, amount, path, names[0], others or {})
    return sums.calc.divided_rounded_down(names[1], scaled, BP_WHOLE, "minor")


def rounded_up(sums: Sums, rule: Rule, amount: Amount, path: str, names: tuple[str, str]) -> int:
    """An amount that is asked, in minor units: never less than the share that was sold."""
    if not isinstance(amount, Share):
        return _plain(sums, rule, amount, path, names[0])
    scaled = _scaled(sums, rule, amount, path, names[0], {})
    return sums.calc.divided_rounded_up(names[1], scaled, BP_WHOLE, "minor")


def _scaled(sums: Sums, rule: Rule, share: Share, path: str, name: str, others: dict[ShareOf, int]) -> int:
    of = None if sums.by_day else sums.share_of(share.of, others)
    bp = sums.calc.given(name, share.bp, "bp", rule.cited(f"{path}/bp"))
    if of is None:
        return sums.calc.times(f"{name} x base", sums.share_of(share.of, others), bp, "minor x bp")
    return sums.calc.times(f"{_SCALED.get(name, name)} x {_OF[share.of]}", of, bp, "minor x bp")


_SCALED = {"lock above initial balance": "lock"}


def _plain(sums: Sums, rule: Rule, amount: Fixed | BySize, path: str, name: str) -> int:
    match amount:
        case Fixed():
            return sums.calc.given(name, amount.minor, "minor", rule.cited(f"{path}/minor"))
        case BySize():
            size = sums.account.initial.minor
            place = next(place for place, line in enumerate(amount.table) if line.size_minor == size)
            cited = rule.cited(f"{path}/table/{place}/minor")
            return sums.calc.given(name, amount.table[place].minor, "minor", cited)
        case unknown:
            assert_never(unknown)
