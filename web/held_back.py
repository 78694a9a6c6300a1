"""Held back: until when an account that a rule pauses or restricts may not trade, and how far the firm's own closing has come."""

from firm.facts import BreachDeclared, RuleBroken
from firm.phase import Standing
from firm.ruleset import AnyRuleset
from firm.terms.words import Action
from firm.trading_day import TradingDay
from web.shell.speech import ENGLISH, Speech


def until(day: TradingDay, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> str:
    """The instant at which a day ends, by the clock of the account's rules."""
    zone = ruleset.calendar.zone
    time, utc = speech.words.hour(day.end_us, zone), speech.words.hour(day.end_us)
    if zone == "UTC":
        return speech("held_back.until", time=time, zone=zone)
    return speech("held_back.until_utc", time=time, zone=speech.of_rules.name(zone), utc=utc)


def told(
    fact: object, standing: Standing, day: TradingDay, ruleset: AnyRuleset, speech: Speech = ENGLISH, *, closing: bool
) -> str:
    """Beside a breach of the running day that does not end the account; empty where it holds nobody back now."""
    if not isinstance(fact, BreachDeclared | RuleBroken):
        return ""
    if standing is Standing.RESTRICTED and fact.does == Action.RESTRICT:
        return restricted(day, ruleset, speech)
    is_pausing = fact.does in (None, Action.PAUSE)  # the first words said no more of a soft limit
    return paused(day, ruleset, speech, closing=closing) if standing is Standing.PAUSED and is_pausing else ""


def paused(day: TradingDay, ruleset: AnyRuleset, speech: Speech = ENGLISH, *, closing: bool) -> str:
    """Beside a breach that paused the account, while it is."""
    said = speech("held_back.paused", until=until(day, ruleset, speech))
    return f"{said} {speech('held_back.closing')}" if closing else said


def restricted(day: TradingDay, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> str:
    """Beside one that restricted it."""
    return speech("held_back.restricted", until=until(day, ruleset, speech))
