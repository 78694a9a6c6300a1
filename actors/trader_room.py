"""Trader room: may a trader be given one more account? By the rules of what is asked for, and by those of the accounts that run.

Asked when an order is placed and when a phase is reached. Counted are accounts that run, are on order or are held. Sizes are added in one
currency alone: no rate was agreed when a rule was sold, and one of today would answer otherwise tomorrow.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from actors.trader_accounts import HeldAccount, Known, OnOrder, counted_words, currency_of
from firm.arithmetic import PLAIN, Figure
from firm.facts import Refusal
from firm.money import Money
from firm.phase import ENDED
from firm.rules.across_accounts import AccountOfTrader, is_counted, is_traded, judge_across_accounts
from firm.rules.judged import Judged, Unit
from firm.rules.lifecycle import AccountHeld, judge_maximum_allocation
from firm.ruleset import AnyRuleset, Phase, Program, Rule
from firm.terms.exposure import AcrossAccounts
from firm.terms.lifecycle import MaximumAllocation


class NoRoom(NamedTuple):
    """Why not: the kind of refusal, and which rule, how much stands together, what is allowed, and what next."""

    refusal: Refusal
    detail: str


class _Asking(NamedTuple):
    """A rule that is asked. `program`, `size`: of what it was sold with, whose currency its limit is in."""

    rule: Rule
    program: str
    size: Money


def why_no_room(
    program: Program, phase: Phase, accounts: dict[int, HeldAccount], ordered: Iterable[OnOrder], running: list[Known]
) -> NoRoom | None:
    """The first rule that the account of this phase would pass; None where the trader may have it."""
    asked = OnOrder(program.program, program.size, phase.funded)
    held = [OnOrder(one.program, one.size, one.funded) for one in accounts.values() if one.standing not in ENDED]
    held += ordered
    for asking in _asking(program, phase, running):
        for answer in _answers(asking, held, asked):
            if answer.is_broken:
                return _no_room(asking, answer, held, asked)
    return None


def _asking(program: Program, phase: Phase, running: list[Known]) -> Iterator[_Asking]:
    """Rules of what is asked for first; of those that run each once, however many accounts have it."""
    yield from _of(phase.ruleset, program.program, program.size)
    seen = {(phase.ruleset.ruleset_id(), program.program)}
    for one in running:
        key = (one.state.ruleset_id, one.program)
        if key not in seen:
            seen.add(key)
            yield from _of(one.state.ruleset, one.program, one.state.initial)


def _of(ruleset: AnyRuleset, program: str, size: Money) -> Iterator[_Asking]:
    for rule in ruleset.rules:
        if isinstance(rule.terms, MaximumAllocation | AcrossAccounts) and not is_traded(rule.terms):
            yield _Asking(rule, program, size)


def _answers(asking: _Asking, held: list[OnOrder], asked: OnOrder) -> tuple[Judged, ...]:
    """Nothing where the rule does not count what is asked for: that passes nothing."""
    terms, is_alike = asking.rule.terms, currency_of(asked.size) == currency_of(asking.size)
    if isinstance(terms, MaximumAllocation):
        size, *number = judge_maximum_allocation(
            PLAIN, asking.rule, list(map(_for_allocation, held)), _for_allocation(asked)
        )
        return (size, *number) if is_alike else tuple(number)
    assert isinstance(terms, AcrossAccounts)
    if not is_counted(terms, _for_term(asked), asking.program):
        return ()
    every = [_for_term(one) for one in (*held, asked)]
    found = judge_across_accounts(PLAIN, asking.rule, asking.program, every, currency=currency_of(asking.size))
    return tuple(answer for answer in found if answer.unit is Unit.COUNT or is_alike)


def _for_allocation(one: OnOrder) -> AccountHeld:
    size = Figure(one.size.minor, "")
    return AccountHeld(
        account="", size=size, balance=size, lots_max_e8=None, is_funded=one.funded, currency=currency_of(one.size)
    )


def _for_term(one: OnOrder) -> AccountOfTrader:
    return AccountOfTrader("", one.program, one.funded, Figure(one.size.minor, ""), (), currency_of(one.size))


def _no_room(asking: _Asking, answer: Judged, held: list[OnOrder], asked: OnOrder) -> NoRoom:
    rule = f"rule “{asking.rule.id}” of {asking.program}"
    if answer.unit is Unit.COUNT:
        told = f"{counted_words(answer.observed - 1)}, and it allows {answer.limit}"
        return NoRoom(Refusal.TOO_MANY_ACCOUNTS, f"{rule}: {told}; another can be had when one of them has ended")
    used, would, most = (
        asking.size.with_minor(minor) for minor in (answer.observed - asked.size.minor, answer.observed, answer.limit)
    )
    told = f"{used} run or are on order, with {asked.size} more it would be {would}, and it allows {most}"
    others = any(currency_of(one.size) != currency_of(asked.size) for one in held)
    apart = "; accounts in other currencies are not added to it" if others else ""
    next_step = "choose a smaller size, or wait until an account has ended"
    return NoRoom(Refusal.ALLOCATION_EXCEEDED, f"{rule}: {told}{apart}; {next_step}")
