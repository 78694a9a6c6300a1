"""Pass words: a pass and the rules that it rests on, each with what was found and what is asked, in English."""

from collections.abc import Iterable

from firm.arithmetic import Unit
from firm.facts import ConditionMet, PassHeld, PhasePassed, ScoreMet
from firm.money import Money
from firm.plain_figures import percent

COUNTED = frozenset({"trading_days", "minimum_trades"})
"""Kinds of conditions that are counted: where no target or score is asked for, they alone win a phase."""


def pass_in_words(fact: PhasePassed | PassHeld, money: Money) -> str:
    """What won the phase, or seems to have. `money` lends the account's currency."""
    by = _by(fact, money)
    if isinstance(fact, PassHeld):
        return f"The phase looks passed ({by}), but this is not final."
    return f"The phase is passed: {by}, with {_plural(fact.trading_days, 'trading day')}."


def counted_by(fact: PhasePassed | PassHeld) -> ConditionMet | None:
    """The condition that a pass is told by where days or trades alone win the phase; None where there is a target or a score."""
    return next((one for one in fact.conditions if one.rule == fact.rule and one.rule_kind in COUNTED), None)


def conditions_in_words(conditions: Iterable[ConditionMet], money: Money) -> list[str]:
    """One line for each. `money` lends the account's currency."""
    return [f"{one.rule}: {condition_in_words(one, money)}" for one in conditions]


def condition_in_words(one: ConditionMet, money: Money) -> str:
    """What was found, and what is asked: "10 days that count, 10 are asked"."""
    match one.rule_kind:
        case "trading_days":
            verb = "counts" if one.observed == 1 else "count"
            return f"{_plural(one.observed, 'day')} that {verb}, {_asked(one.asked)}"
        case "minimum_trades":
            return f"{_plural(one.observed, 'trade')} closed, {_asked(one.asked)}"
        case "score_target":
            return f"a published score of {one.observed:,}, {_asked(one.asked)}"
        case _ if one.unit is Unit.BP:
            return f"the best result makes up {percent(one.observed)}, the largest share is {percent(one.asked)}"
        case _:
            return f"{money.with_minor(one.observed)}, the target is {money.with_minor(one.asked)}"


def _by(fact: PhasePassed | PassHeld, money: Money) -> str:
    counted = counted_by(fact)
    if counted is not None:
        told = [one for one in fact.conditions if one.rule_kind in COUNTED]
        return " and ".join(condition_in_words(one, money) for one in told)
    if fact.score is not None:
        return _scored(fact.score, fact)
    if isinstance(fact, PassHeld):
        return f"balance {fact.observed}, target {fact.target}"
    return f"the balance of {fact.observed} reached the target of {fact.target}"


def _scored(score: ScoreMet, fact: PhasePassed | PassHeld) -> str:
    told = f"the published score of {score.published:,} on “{score.board}” reached the {score.asked:,} that are asked"
    return (
        told if fact.rule == score.rule else f"{told}, and the balance of {fact.observed} the target of {fact.target}"
    )


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word if count == 1 else f'{word}s'}"


def _asked(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'} asked"
