"""Judged words: what a rule measured, with its unit, and what a decision is called, with its tone."""

from typing import assert_never

from firm.arithmetic import Unit
from firm.explain import Decision
from firm.facts import ConditionMet, PassHeld, PhasePassed
from firm.instant import SECOND_US
from firm.money import Money
from firm.pass_words import counted_by
from firm.ruleset import AnyRuleset
from firm.sentences.subjects import subject_in_words
from web.rule_texts import rule_title
from web.shell.speech import ENGLISH, Speech


def measure(value: int, unit: Unit, money_of: Money, speech: Speech = ENGLISH) -> str:
    """What a rule measured, or its limit, with its unit. `money_of` lends the account's currency."""
    match unit:
        case Unit.MINOR:
            return speech.words.money(money_of.with_minor(value))
        case Unit.BP:
            return speech.words.percent(value)
        case Unit.LOTS_E8:
            return speech("unit.lots", lots=speech.words.lots(value))
        case Unit.DAYS:
            return speech("unit.days", number=value)
        case Unit.SECONDS:
            return speech.words.span(value * SECOND_US)
        case Unit.COUNT:
            return speech.words.count(value)
        case unknown:
            assert_never(unknown)


def subject(kind: str, about: str, speech: Speech = ENGLISH) -> str:
    """What a rule's decision is about: its position, symbol, day or release. `kind`: the tag of its term."""
    return subject_in_words(kind, about, speech.of_rules)


def counted(fact: Decision, money_of: Money, speech: Speech = ENGLISH) -> str:
    """What a pass is won by where days or trades alone win it: its figures are no money; "" for any other decision."""
    by = counted_by(fact) if isinstance(fact, PhasePassed | PassHeld) else None
    return "" if by is None else _met(by, money_of, speech)


def conditions(fact: Decision, money_of: Money, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> list[tuple[str, str]]:
    """The rules that a pass rests on, each by its kind with what was found and what is asked; none of any other decision."""
    met = fact.conditions if isinstance(fact, PhasePassed | PassHeld) else ()
    return [(rule_title(one.rule, one.rule_kind, ruleset, speech), _met(one, money_of, speech)) for one in met]


def _met(one: ConditionMet, money_of: Money, speech: Speech) -> str:
    """What was found, and what is asked."""
    match one.rule_kind:
        case "trading_days" | "minimum_trades":
            return speech(f"met.{one.rule_kind}", observed=one.observed, asked=one.asked)
        case "score_target":
            return speech("met.score", observed=speech.words.count(one.observed), asked=one.asked)
        case _:
            observed, asked = (measure(value, one.unit, money_of, speech) for value in (one.observed, one.asked))
            return speech("met.share" if one.unit is Unit.BP else "met.money", observed=observed, asked=asked)


def _soft(does: str, speech: Speech) -> str:
    """What a breach is called that did not end the account, by what it did."""
    key = f"soft.{does}"
    return speech(key if speech.knows(key) else "verdict.breach")


def verdict_word(kind: str, severity: str, does: str, settled: str = "", speech: Speech = ENGLISH) -> tuple[str, str]:
    """What a decision is called, and its tone; `does`: what followed; `settled`: the last word on it."""
    match kind:
        case "BreachDeclared" | "RuleBroken" if settled == "dismissed":
            if severity == "hard":
                return speech("verdict.dismissed"), "info"
            return speech("verdict.dismissed_soft", what=speech.lowered(_soft(does, speech))), "info"
        case "BreachDeclared" | "RuleBroken" if severity == "soft":
            return _soft(does, speech), "warn"
        case "BreachDeclared" | "RuleBroken":
            return speech("verdict.breach"), "bad"
        case "BreachSuspected" | "RuleSuspected":
            return speech("verdict.suspected"), "warn"
        case "PhasePassed":
            return speech("verdict.passed"), "good"
        case "PassHeld":
            return speech("verdict.held"), "warn"
        case unknown:
            raise AssertionError(f"{unknown} is no decision")
