"""Held back: until when an account that a rule pauses or restricts may not trade, and how far the firm's own closing has come."""

from firm.facts import BreachDeclared, RuleBroken
from firm.phase import Standing
from firm.ruleset import AnyRuleset
from firm.terms.words import Action
from firm.trading_day import TradingDay
from web import words

_CLOSING = " The firm is closing what is open: the platform has not confirmed all of it yet."


def until(day: TradingDay, ruleset: AnyRuleset) -> str:
    """The instant at which a day ends, by the clock of the account's rules."""
    zone = ruleset.calendar.zone
    utc = "" if zone == "UTC" else f" ({words.hour(day.end_us)} UTC)"
    return f"{words.hour(day.end_us, zone)} in {zone}{utc}"


def told(fact: object, standing: Standing, day: TradingDay, ruleset: AnyRuleset, *, closing: bool) -> str:
    """Beside a breach of the running day that does not end the account; empty where it holds nobody back now."""
    if not isinstance(fact, BreachDeclared | RuleBroken):
        return ""
    if standing is Standing.RESTRICTED and fact.does == Action.RESTRICT:
        return restricted(day, ruleset)
    is_pausing = fact.does in (None, Action.PAUSE)  # the first words said no more of a soft limit
    return paused(day, ruleset, closing=closing) if standing is Standing.PAUSED and is_pausing else ""


def paused(day: TradingDay, ruleset: AnyRuleset, *, closing: bool) -> str:
    """Beside a breach that paused the account, while it is."""
    return f"The account is paused until {until(day, ruleset)}.{_CLOSING if closing else ''}"


def restricted(day: TradingDay, ruleset: AnyRuleset) -> str:
    """Beside one that restricted it."""
    return f"Positions can be closed but not opened until {until(day, ruleset)}."
