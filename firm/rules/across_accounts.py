"""Across accounts: what all accounts of one identity may have together: size, lots one way, their number, lots against each other.

Lots are held against each other between two accounts; what one account holds both ways by itself is hedging, a term of its own. Symbols
are alike by their names, also of two platforms. Sizes are added in one currency alone, the one that the limit is in.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.facts import Doubt
from firm.inputs import Side
from firm.rules.figures import summed
from firm.rules.judged import Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.terms.words import RuleTerm
from firm.track import HeldPosition

_UNITS = {
    AccountsTogether.ALLOCATION: Unit.MINOR,
    AccountsTogether.LOTS: Unit.LOTS_E8,
    AccountsTogether.ACCOUNTS: Unit.COUNT,
    AccountsTogether.OPPOSITE_POSITIONS: Unit.LOTS_E8,
}


class AccountOfTrader(msgspec.Struct, frozen=True, gc=False):
    """One running account of the identity. `account`: as people read its id. `initial`: its size, in minor units of `currency`.

    `currency`: with its exponent, so that only what is alike is added: "USD/2".
    """

    account: str
    program: str
    funded: bool
    initial: Figure
    held: tuple[HeldPosition, ...]
    currency: str = ""


class Identity(NamedTuple):
    """All running accounts of one identity, as a rule of one of them sees them. `program`: the one that this one was sold in."""

    program: str
    account: str
    accounts: tuple[AccountOfTrader, ...]


class Together(msgspec.Struct, frozen=True, gc=False):
    """What an answer about lots rests on. `program`: of the account whose rule it is. `accounts`: those that it counts, with what they
    held of the subject's symbol at that instant. `doubts`: what is not certain of it.
    """

    program: str
    subject: str
    accounts: tuple[AccountOfTrader, ...]
    doubts: tuple[Doubt, ...] = ()


def judge_across_accounts(
    calc: Arithmetic,
    rule: Rule,
    program: str,
    accounts: Sequence[AccountOfTrader],
    *,
    currency: str = "",
    subject: str | None = None,
) -> tuple[Judged, ...]:
    """One answer for allocation or number; for lots one a symbol (and side) that is held. `program`: the one that the term is of.

    `currency`: the one that its limit is in. Sizes in others are not added: no rate was agreed when it was sold. `subject`: the only one
    that is asked about.
    """
    terms = rule.terms
    assert isinstance(terms, AcrossAccounts)
    counted = [one for one in accounts if is_counted(terms, one, program)]
    limit = calc.given("most of all accounts together", terms.limit, _UNITS[terms.measured], rule.cited("limit"))
    answers = []
    for name, measure in _measured(calc, terms.measured, counted, currency):
        if subject is not None and name != subject:
            continue
        observed = measure()
        broken = calc.is_above("more than all accounts may have together", observed, limit)
        answers.append(kept(observed, limit, _UNITS[terms.measured], name, broken=broken))
    return tuple(answers)


def is_counted(terms: AcrossAccounts, account: AccountOfTrader, program: str) -> bool:
    """Whether the term, sold with `program`, counts the account."""
    return (account.funded or not terms.funded_only) and (account.program == program or not terms.same_program)


def is_traded(terms: RuleTerm) -> bool:
    """Whether it is a term that deals on several accounts can break; others are a matter of sales."""
    return isinstance(terms, AcrossAccounts) and terms.measured in _TRADED


def symbol_of(subject: str) -> str:
    """The symbol that an answer about lots is about."""
    symbol, _, side = subject.rpartition(" ")
    return symbol if symbol and side in _SIDES else subject


_TRADED = frozenset({AccountsTogether.LOTS, AccountsTogether.OPPOSITE_POSITIONS})
_SIDES = frozenset(Side)


def _measured(
    calc: Arithmetic, measured: AccountsTogether, accounts: Sequence[AccountOfTrader], currency: str
) -> Iterator[tuple[str, Callable[[], int]]]:
    """Each subject, with what works out what stands together."""
    match measured:
        case AccountsTogether.ALLOCATION:
            yield "", partial(_sizes, calc, [one for one in accounts if one.currency == currency])
        case AccountsTogether.ACCOUNTS:
            yield "", partial(calc.given, "accounts", len(accounts), "count", "")
        case AccountsTogether.LOTS:
            for symbol in _symbols(accounts):
                for side in Side:
                    yield f"{symbol} {side}", partial(_one_way, calc, symbol, side, accounts)
        case AccountsTogether.OPPOSITE_POSITIONS:
            for symbol in _symbols(accounts):
                yield symbol, partial(_opposed, calc, symbol, accounts)
        case unknown:
            assert_never(unknown)


def _sizes(calc: Arithmetic, accounts: Sequence[AccountOfTrader]) -> int:
    sizes = [
        calc.given(f"size of account {one.account}", one.initial.value, "minor", one.initial.source) for one in accounts
    ]
    return summed(calc, "sizes together", sizes)


def _symbols(accounts: Sequence[AccountOfTrader]) -> list[str]:
    return sorted({position.symbol for account in accounts for position in account.held})


def _one_way(calc: Arithmetic, symbol: str, side: Side, accounts: Sequence[AccountOfTrader]) -> int:
    return summed(calc, f"{symbol} {side} together", _of_each(calc, symbol, side, accounts).values())


def _of_each(calc: Arithmetic, symbol: str, side: Side, accounts: Sequence[AccountOfTrader]) -> dict[str, int]:
    """What each account holds one way, of those that hold anything that way."""
    return {
        one.account: _lots(calc, one, symbol, side)
        for one in accounts
        if any(held.symbol == symbol and held.side is side for held in one.held)
    }


def _lots(calc: Arithmetic, account: AccountOfTrader, symbol: str, side: Side) -> int:
    """Position by position: which account holds each is in its name."""
    held = [position for position in account.held if position.symbol == symbol and position.side is side]
    lots = [
        calc.given(
            f"lots of {one.position_id} on account {account.account}",
            one.lots_e8,
            "lots_e8",
            one.told("lots_e8"),
        )
        for one in held
    ]
    return summed(calc, f"{symbol} {side} of account {account.account}", lots)


def _opposed(calc: Arithmetic, symbol: str, accounts: Sequence[AccountOfTrader]) -> int:
    """Lots of one account against those of another: at most the long ones, the short ones, and all that the largest one does not hold."""
    long, short = (_of_each(calc, symbol, side, accounts) for side in (Side.BUY, Side.SELL))
    if not long or not short:
        return 0
    longs = summed(calc, f"{symbol} long together", long.values())
    shorts = summed(calc, f"{symbol} short together", short.values())
    all_lots = calc.plus(f"{symbol} long and short together", longs, shorts)
    elsewhere = []
    for account in dict.fromkeys((*long, *short)):
        own = [lots[account] for lots in (long, short) if account in lots]
        held = summed(calc, f"{symbol} on account {account}", own)
        elsewhere.append(calc.minus(f"{symbol} outside account {account}", all_lots, held))
    return calc.lowest(f"{symbol} against each other", longs, shorts, *elsewhere)
