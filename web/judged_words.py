"""Judged words: what a rule measured, with its unit, and what a decision is called, with its tone."""

from typing import assert_never

from firm.arithmetic import Unit
from firm.explain import Decision
from firm.facts import PassHeld, PhasePassed
from firm.instant import SECOND_US
from firm.money import Money
from firm.pass_words import condition_in_words, counted_by
from firm.sentences.catalog import catalog_of
from firm.sentences.languages import Language
from firm.sentences.speaker import Speaker
from firm.sentences.subjects import subject_in_words
from web.rule_words import RuleFigures
from web.words import JOINED, count, lots, money, percent, plural, rule_kind, span


def measure(value: int, unit: Unit, money_of: Money) -> str:
    """What a rule measured, or its limit, with its unit. `money_of` lends the account's currency."""
    match unit:
        case Unit.MINOR:
            return money(money_of.with_minor(value))
        case Unit.BP:
            return percent(value)
        case Unit.LOTS_E8:
            return f"{lots(value)}{JOINED}lots"
        case Unit.DAYS:
            return plural(value, "day", "days")
        case Unit.SECONDS:
            return span(value * SECOND_US)
        case Unit.COUNT:
            return count(value)
        case unknown:
            assert_never(unknown)


_SPEAKER = Speaker(catalog_of(Language.ENGLISH), RuleFigures(Language.ENGLISH, "", 0), {})  # of names alone


def subject(kind: str, about: str) -> str:
    """What a rule's decision is about: its position, symbol, day or release. `kind`: the tag of its term."""
    return subject_in_words(kind, about, _SPEAKER)


def counted(fact: Decision, money_of: Money) -> str:
    """What a pass is won by where days or trades alone win it: its figures are no money; "" for any other decision."""
    by = counted_by(fact) if isinstance(fact, PhasePassed | PassHeld) else None
    return "" if by is None else condition_in_words(by, money_of)


def conditions(fact: Decision, money_of: Money) -> list[tuple[str, str]]:
    """The rules that a pass rests on, each by its kind with what was found and what is asked; none of any other decision."""
    met = fact.conditions if isinstance(fact, PhasePassed | PassHeld) else ()
    return [(rule_kind(one.rule_kind), condition_in_words(one, money_of)) for one in met]


_SOFT: dict[str, str] = {
    "warn": "Warning",
    "exclude_profit": "Profit excluded",
    "deduct_profit": "Profit deducted",
    "restrict": "Restriction",
    "close_positions": "Positions closed",
    "to_group": "Group changed",
    "to_leverage": "Leverage changed",
    "pause": "Pause",
}
"""What a breach is called that did not end the account, by what it did."""


def verdict_word(kind: str, severity: str, does: str, settled: str = "") -> tuple[str, str]:
    """What a decision is called, and its tone; `does`: what followed; `settled`: the last word on it."""
    match kind:
        case "BreachDeclared" | "RuleBroken" if settled == "dismissed":
            return (
                "Dismissed breach" if severity == "hard" else f"Dismissed {_SOFT.get(does, 'breach').lower()}",
                "info",
            )
        case "BreachDeclared" | "RuleBroken" if severity == "soft":
            return _SOFT.get(does, "Breach"), "warn"
        case "BreachDeclared" | "RuleBroken":
            return "Breach", "bad"
        case "BreachSuspected" | "RuleSuspected":
            return "Suspected breach", "warn"
        case "PhasePassed":
            return "Pass", "good"
        case "PassHeld":
            return "Pass on hold", "warn"
        case unknown:
            raise AssertionError(f"{unknown} is no decision")
