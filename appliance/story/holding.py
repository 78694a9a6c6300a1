"""Holding: an expectation held against what was recorded and how the account stands; what there is instead, where it is not met."""

from collections.abc import Sequence
from typing import assert_never

from appliance.story.sentences import is_verdict, sentence_of
from appliance.story.words import (
    BalanceIs,
    Broken,
    Corrected,
    DayBegan,
    DayLasts,
    DaysTraded,
    EquityIs,
    FloorIs,
    IsFlat,
    Nothing,
    OfFacts,
    OfState,
    Recorded,
    Stands,
    Suspected,
    Warned,
    WinHeld,
    Won,
)
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, unpriced
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Fact,
    LimitNeared,
    PassHeld,
    PhasePassed,
    RuleBroken,
    RuleSuspected,
    StandingChanged,
    VerdictCorrected,
)
from firm.instant import HOUR_US
from firm.phase import Standing
from firm.rules.limits import limits_of
from firm.track import DayStart


def missed(what: OfFacts | OfState, facts: Sequence[Fact], state: AccountState, board: Board) -> str:
    """What there is instead; "" where the expectation is met. `facts`: of the account, since expectations were last held against it."""
    match what:
        case Nothing():
            told = [fact for fact in facts if _is_something(fact)]
            return "; ".join(map(sentence_of, told))
        case Broken() | Suspected() | Won() | WinHeld() | Corrected() | Warned() | Recorded():
            return "" if any(_is(what, fact) for fact in facts) else _instead(what, facts, state)
        case _:
            return _differs(what, state, board)


def _is(what: OfFacts, fact: Fact) -> bool:
    """Whether this is the fact that is expected."""
    match what, fact:
        case Broken(), BreachDeclared():
            return what.rule == fact.rule and _has_figures(what, fact)
        case Broken(), RuleBroken():  # of no equity, and against no floor
            return what.rule == fact.rule and what.observed is what.floor is None
        case Suspected(), BreachSuspected():
            return _is_of(what, fact) and _has_figures(what, fact)
        case Suspected(), RuleSuspected():
            return _is_of(what, fact) and what.observed is what.floor is None
        case Won(), PhasePassed():
            return what.balance in (None, fact.observed.minor)
        case WinHeld(), PassHeld():
            return not what.doubts or what.doubts == frozenset(fact.doubts)
        case Corrected(), VerdictCorrected():
            return what.verdict == fact.verdict
        case Warned(), LimitNeared():
            return (what.rule, what.share_bp) == (fact.rule, fact.share_bp)
        case Recorded(), _:
            return what.kind == type(fact).__name__
        case _:
            return False


def _is_of(what: Suspected, fact: BreachSuspected | RuleSuspected) -> bool:
    return what.rule in ("", fact.rule) and (not what.doubts or what.doubts == frozenset(fact.doubts))


def _has_figures(what: Broken | Suspected, fact: BreachDeclared | BreachSuspected) -> bool:
    return what.observed in (None, fact.observed.minor) and what.floor in (None, fact.floor.minor)


def _is_something(fact: Fact) -> bool:
    """A verdict, or a standing that is not the account's first."""
    if isinstance(fact, StandingChanged):
        return fact.before is not Standing.PROVISIONING
    return is_verdict(fact)


def _instead(what: OfFacts, facts: Sequence[Fact], state: AccountState) -> str:
    told = [sentence_of(fact) for fact in facts if _is_something(fact)]
    if isinstance(what, Recorded):
        return f"recorded were {', '.join(dict.fromkeys(type(fact).__name__ for fact in facts)) or 'no facts'}"
    return "; ".join(told) or f"nothing was decided, and the account is {_words(state.standing)}"


def _differs(what: OfState, state: AccountState, board: Board) -> str:
    """How the account is, where that is not as expected."""
    match what:
        case Stands():
            return _unless(state.standing is what.standing, f"it is {_words(state.standing)}")
        case FloorIs():
            limit = next((limit for limit in limits_of(state) if limit.rule.id == what.rule), None)
            if limit is None:
                return f"this phase has no limit called {what.rule}, or none yet"
            return _unless(limit.floor == what.minor, f"it is {state.money(limit.floor)}")
        case BalanceIs():
            return _unless(state.balance == what.minor, f"it is {state.money(state.balance)}")
        case EquityIs():
            if unpriced(state, board):
                return "it is not known: a price is missing"
            equity = equity_of(PLAIN, state, board)
            return _unless(equity == what.minor, f"it is {state.money(equity)}")
        case DayBegan():
            return "no day has begun" if state.day is None else _day_differs(what, state.day, state)
        case DayLasts():
            us = 0 if state.day is None else state.day.day.end_us - state.day.day.start_us
            return _unless(us == what.hours * HOUR_US, f"it has {us // HOUR_US}")
        case DaysTraded():
            return _unless(state.days_traded == what.count, f"there are {state.days_traded}")
        case IsFlat():
            return _unless(not state.positions, f"positions are open: {len(state.positions)}")
        case unknown:
            assert_never(unknown)


def _day_differs(what: DayBegan, day: DayStart, state: AccountState) -> str:
    same = day.balance == what.balance and what.equity in (None, day.equity) and what.final in (None, day.final)
    settled = "final" if day.final else "provisional"
    return _unless(
        same, f"it began with balance {state.money(day.balance)}, equity {state.money(day.equity)}, {settled}"
    )


def _unless(holds: bool, told: str) -> str:
    return "" if holds else told


def _words(standing: Standing) -> str:
    return standing.value.replace("_", " ")
