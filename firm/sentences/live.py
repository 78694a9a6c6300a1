"""Live: how an account stands under a rule now: "Today equity must not fall below 95,000.00 USD; 4,200.00 USD are left"."""

from firm.rules.judged import Judged, Unit, Verdict
from firm.ruleset import Rule
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.objectives import best_result
from firm.sentences.rule import tag_of, upper_first
from firm.sentences.speaker import Speaker
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

_BY_VERDICT = frozenset({"news_window", "holding_limit", "trading_hours", "automation_use", "payout_conditions"})
"""Rules that are kept or broken by what was done: a figure beside that says nothing to a trader."""
_FINAL = frozenset({Verdict.BROKEN, Verdict.MET})


def live_sentence(rule: Rule, judged: Judged, language: Language, figures: Figures) -> str:
    """What a rule found, in words. Of a loss limit `observed` is the mark that is measured, and `limit` its floor."""
    say = Speaker(catalog_of(language), figures, {})
    if judged.verdict is Verdict.SILENT:
        return say("live.silent")
    said = " ".join(map(upper_first, _standing(rule, judged, say)))
    return say("live.subject", subject=say.name(judged.subject), said=said) if judged.subject else said


def _standing(rule: Rule, judged: Judged, say: Speaker) -> list[str]:
    if isinstance(rule.terms, LossLimit):
        return [_floor(rule.terms, judged, say)]
    verdict = say(f"live.verdict.{judged.verdict}")
    if tag_of(rule) in _BY_VERDICT:
        return [verdict]
    return [_figures(rule, judged, say), *([verdict] if judged.verdict in _FINAL else [])]


def _floor(term: LossLimit, judged: Judged, say: Speaker) -> str:
    measured, floor = say(f"measured.{term.measured}"), say.money(judged.limit)
    if judged.is_broken:
        return say("live.floor.broken", measured=measured, floor=floor, now=say.money(judged.observed))
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
            return say(
                "live.of", observed=_measure(observed, judged.unit, say), limit=_measure(limit, judged.unit, say)
            )
        case Consistency() as term if judged.unit is Unit.BP:
            cap = say(f"consistency.cap.{term.boundary}", cap=say.percent(limit))
            of = say(f"consistency.of.{term.of}")
            return say("live.consistency", best=best_result(term, say), share=say.percent(observed), of=of, cap=cap)
        case _:
            return say(
                "live.limit", observed=_measure(observed, judged.unit, say), limit=_measure(limit, judged.unit, say)
            )


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
