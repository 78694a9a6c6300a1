"""Live: how an account stands under a rule now: "Today equity must not fall below 95,000.00 USD; 4,200.00 USD are left"."""

from collections.abc import Mapping
from enum import Enum, auto

from firm.deed import PlacedBy
from firm.rules import lifecycle, payout_amounts, payout_extras
from firm.rules.judged import Judged, Unit, Verdict
from firm.rules.payout_eligibility import Condition
from firm.ruleset import Rule
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.objectives import best_result
from firm.sentences.rule import tag_of, upper_first
from firm.sentences.speaker import Speaker
from firm.sentences.subjects import subject_in_words
from firm.terms.losses import LossLimit
from firm.terms.objectives import (
    Consistency,
    Inactivity,
    MaximumDuration,
    MinimumTrades,
    ProfitTarget,
    ScoreTarget,
    TradingDays,
)

BY_VERDICT = frozenset({"news_window", "holding_limit", "trading_hours", "automation_use"})
"""Rules that are kept or broken by what was done: a figure beside that says nothing to a trader."""
_FINAL = frozenset({Verdict.BROKEN, Verdict.MET})


class _Told(Enum):
    """How a condition's figures are told."""

    OF = auto()  # so much of what is needed
    LIMIT = auto()  # so much, and the most that may be
    NOT = auto()  # by its verdict alone


_CONDITIONS: Mapping[str, tuple[str, _Told]] = {
    PlacedBy.PERSON: ("person", _Told.NOT),
    PlacedBy.EXPERT: ("expert", _Told.NOT),
    PlacedBy.COPIER: ("copier", _Told.NOT),
    Condition.WAIT: ("wait", _Told.OF),
    Condition.WINDOW: ("window", _Told.NOT),
    Condition.CYCLE: ("cycle", _Told.OF),
    Condition.POSITIONS: ("positions", _Told.LIMIT),
    Condition.ORDERS: ("orders", _Told.LIMIT),
    Condition.IDENTITY: ("identity", _Told.NOT),
    Condition.PROFIT: ("profit", _Told.OF),
    Condition.TRADER_SHARE: ("trader_share", _Told.OF),
    payout_amounts.LEAST: ("least", _Told.LIMIT),
    payout_amounts.MOST: ("most", _Told.LIMIT),
    payout_extras.CLAIMED_IN_TIME: ("claim", _Told.LIMIT),
    payout_extras.STOP_LOSSES: ("stop_losses", _Told.LIMIT),
    payout_extras.TRADE_LOSS: ("trade_loss", _Told.LIMIT),
    lifecycle.USED: ("used", _Told.LIMIT),
    lifecycle.BREACH: ("breach", _Told.NOT),
    lifecycle.IN_PROFIT: ("in_profit", _Told.OF),
    lifecycle.FLAT: ("positions", _Told.LIMIT),
    lifecycle.MONTHS: ("months", _Told.OF),
    lifecycle.MONTHS_PROFIT: ("months_profit", _Told.OF),
    lifecycle.MONTHS_PAYOUTS: ("months_payouts", _Told.OF),
    lifecycle.SIZE: ("size", _Told.LIMIT),
    lifecycle.ACCOUNTS: ("accounts", _Told.LIMIT),
}
"""What an answer is about where it is no position, day or symbol, but one condition of several that its rule makes."""


def live_sentence(rule: Rule, judged: Judged, language: Language, figures: Figures, *, questioned: bool = False) -> str:
    """What a rule found, in words. Of a loss limit `observed` is the mark that is measured, and `limit` its floor.

    `questioned`: whether a breach of the rule is in question; then it is not told as broken.
    """
    say = Speaker(catalog_of(language), figures, {})
    if judged.verdict is Verdict.SILENT:
        return say("live.silent")
    condition = _CONDITIONS.get(judged.subject)
    if condition is not None:
        key, told = condition
        said = _condition(told, judged, say, questioned=questioned)
        return say("live.subject", subject=say(f"live.condition.{key}"), said=said)
    said = " ".join(map(upper_first, _standing(rule, judged, say, questioned=questioned)))
    about = subject_in_words(tag_of(rule), judged.subject, say)
    return say("live.subject", subject=about, said=said) if about else said


def _verdict(judged: Judged, *, questioned: bool) -> str:
    """The word by which catalogs name it."""
    return "questioned" if questioned and judged.is_broken else judged.verdict.value


def _condition(told: _Told, judged: Judged, say: Speaker, *, questioned: bool) -> str:
    verdict = say(f"live.verdict.{_verdict(judged, questioned=questioned)}")
    match told:
        case _Told.NOT:
            return verdict
        case _Told.OF:
            figures = say("live.of", **measures(judged, say))
        case _Told.LIMIT:
            figures = say("live.limit", **measures(judged, say))
    return f"{figures} {verdict}"


def _standing(rule: Rule, judged: Judged, say: Speaker, *, questioned: bool) -> list[str]:
    if isinstance(rule.terms, LossLimit):
        return [_floor(rule.terms, judged, say, questioned=questioned)]
    verdict = say(f"live.verdict.{_verdict(judged, questioned=questioned)}")
    if tag_of(rule) in BY_VERDICT:
        return [verdict]
    return [_figures(rule, judged, say), *([verdict] if judged.verdict in _FINAL else [])]


def _floor(term: LossLimit, judged: Judged, say: Speaker, *, questioned: bool) -> str:
    measured, floor = say(f"measured.{term.measured}"), say.money(judged.limit)
    if judged.is_broken:
        key = f"live.floor.{_verdict(judged, questioned=questioned)}"
        return say(key, measured=measured, floor=floor, now=say.money(judged.observed))
    left = say.money(judged.observed - judged.limit)
    when = say(f"live.when.{term.scope}")
    return say(f"live.floor.{term.boundary}", when=when, measured=measured, floor=floor, left=left)


def _figures(rule: Rule, judged: Judged, say: Speaker) -> str:
    observed, limit = judged.observed, judged.limit
    match rule.terms:
        case TradingDays():
            return say("live.trading_days", observed=observed, limit=limit)
        case MinimumTrades():
            return say("live.minimum_trades", observed=observed, limit=limit)
        case MaximumDuration():
            return say("live.maximum_duration", observed=observed, limit=limit)
        case Inactivity():
            return say("live.inactivity", observed=observed, limit=limit)
        case ProfitTarget() | ScoreTarget():
            return say("live.of", **measures(judged, say))
        case Consistency() as term if judged.unit is Unit.BP:
            cap = say(f"consistency.cap.{term.boundary}", cap=say.percent(limit))
            of = say(f"consistency.of.{term.of}")
            return say("live.consistency", best=best_result(term, say), share=say.percent(observed), of=of, cap=cap)
        case _:
            return say("live.limit", **measures(judged, say))


def measures(judged: Judged, say: Speaker) -> dict[str, str]:
    """What was measured and its limit, with their unit, by the names of a message's slots."""
    unit = judged.unit
    return {"observed": _measure(judged.observed, unit, say), "limit": _measure(judged.limit, unit, say)}


def _measure(number: int, unit: Unit, say: Speaker) -> str:
    match unit:
        case Unit.MINOR:
            return say.money(number)
        case Unit.BP:
            return say.percent(number)
        case Unit.LOTS_E8:
            return say.lots(number)
        case Unit.SECONDS:
            return say.seconds(number)
        case Unit.DAYS:
            return say("time.days", number=number)
        case Unit.COUNT:
            return say("word.count", number=number)
