"""Across accounts: what all accounts of one identity may have together: size, lots one way, their number, lots against each other.

Lots are held against each other between two accounts; what one account holds both ways by itself is hedging, a term of its own.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.inputs import Side
from firm.rules.figures import lots_of, summed
from firm.rules.judged import Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.track import HeldPosition

_UNITS = {
    AccountsTogether.ALLOCATION: Unit.MINOR,
    AccountsTogether.LOTS: Unit.LOTS_E8,
    AccountsTogether.ACCOUNTS: Unit.COUNT,
    AccountsTogether.OPPOSITE_POSITIONS: Unit.LOTS_E8,
}


class AccountOfTrader(msgspec.Struct, frozen=True, gc=False):
    """One running account of the identity. `initial`: its size in minor units, in the currency that all of them are counted in."""

    account: int
    program: str
    funded: bool
    initial: Figure
    held: tuple[HeldPosition, ...]


def judge_across_accounts(
    calc: Arithmetic, rule: Rule, program: str, accounts: Sequence[AccountOfTrader]
) -> tuple[Judged, ...]:
    """One answer for allocation or number; for lots one a symbol (and side) that is held. `program`: the one that the term is of."""
    terms = rule.terms
    assert isinstance(terms, AcrossAccounts)
    counted = [
        account
        for account in accounts
        if (account.funded or not terms.funded_only) and (account.program == program or not terms.same_program)
    ]
    limit = calc.given("most of all accounts together", terms.limit, _UNITS[terms.measured], rule.cited("limit"))
    return tuple(
        kept(
            observed,
            limit,
            _UNITS[terms.measured],
            subject,
            broken=calc.is_above("more than all accounts may have together", observed, limit),
        )
        for subject, observed in _together(calc, terms.measured, counted).items()
    )


def _together(calc: Arithmetic, measured: AccountsTogether, accounts: Sequence[AccountOfTrader]) -> Mapping[str, int]:
    match measured:
        case AccountsTogether.ALLOCATION:
            sizes = [
                calc.given(f"size of account {one.account}", one.initial.value, "minor", one.initial.source)
                for one in accounts
            ]
            return {"": summed(calc, "sizes together", sizes)}
        case AccountsTogether.ACCOUNTS:
            return {"": calc.given("accounts", len(accounts), "count", "")}
        case AccountsTogether.LOTS:
            return {
                f"{symbol} {side}": summed(
                    calc, f"{symbol} {side} together", [_lots(calc, one, symbol, side) for one in accounts]
                )
                for symbol in _symbols(accounts)
                for side in Side
            }
        case AccountsTogether.OPPOSITE_POSITIONS:
            return {symbol: _opposed(calc, symbol, accounts) for symbol in _symbols(accounts)}
        case unknown:
            assert_never(unknown)


def _symbols(accounts: Sequence[AccountOfTrader]) -> list[str]:
    return sorted({position.symbol for account in accounts for position in account.held})


def _lots(calc: Arithmetic, account: AccountOfTrader, symbol: str, side: Side) -> int:
    held = [position for position in account.held if position.symbol == symbol and position.side is side]
    return summed(calc, f"{symbol} {side} of account {account.account}", [lots_of(calc, position) for position in held])


def _opposed(calc: Arithmetic, symbol: str, accounts: Sequence[AccountOfTrader]) -> int:
    """Lots of one account against those of another: at most the long ones, the short ones, and all that the largest one does not hold."""
    long = [_lots(calc, account, symbol, Side.BUY) for account in accounts]
    short = [_lots(calc, account, symbol, Side.SELL) for account in accounts]
    longs, shorts = summed(calc, f"{symbol} long together", long), summed(calc, f"{symbol} short together", short)
    all_lots = calc.plus(f"{symbol} long and short together", longs, shorts)
    elsewhere = [
        calc.minus(f"{symbol} outside account {account.account}", all_lots, calc.plus(f"{symbol} of account", *own))
        for account, *own in zip(accounts, long, short, strict=True)
    ]
    return calc.lowest(f"{symbol} against each other", longs, shorts, *elsewhere)
