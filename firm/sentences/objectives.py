"""Objectives in words: what wins a phase, what must be shown on the way, and the clocks that end it."""

from collections.abc import Iterator

from firm.checks.objectives import BY_PROFIT
from firm.sentences.breaches import breach_sentences, consequence_sentence
from firm.sentences.speaker import Speaker, whether
from firm.terms.objectives import (
    Consistency,
    Denominator,
    Inactivity,
    LotConsistency,
    MaximumDuration,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    ScoreTarget,
    TradingDays,
)


def profit_target(term: ProfitTarget, say: Speaker) -> Iterator[str]:
    yield say("profit_target.amount", amount=say.amount(term.amount))
    yield say(f"profit_target.measured.{term.measured}")
    if term.held_s:
        yield say("profit_target.held", time=say.seconds(term.held_s))
    if term.flat_required:
        yield say("profit_target.flat")
    yield say(f"profit_target.latched.{whether(term.latched)}")
    if term.auto_close:
        yield say("profit_target.auto_close")


def score_target(term: ScoreTarget, say: Speaker) -> Iterator[str]:
    yield say("score_target.score", score=term.score_min, board=say.quoted(term.board))


def trading_days(term: TradingDays, say: Speaker) -> Iterator[str]:
    yield say("trading_days.days", days=term.days_min, within=say(f"within.{term.per}"))
    if term.counts in BY_PROFIT:
        yield say(f"trading_days.counts.{term.counts}", profit=_day_profit(term, say))
    else:
        yield say(f"trading_days.counts.{term.counts}")


def _day_profit(term: TradingDays, say: Speaker) -> str:
    assert term.profit_min is not None, f"term {term.id} counts days by their profit and names none"
    return say(f"trading_days.profit.{term.boundary}", amount=say.amount(term.profit_min))


def maximum_duration(term: MaximumDuration, say: Speaker) -> Iterator[str]:
    yield say("maximum_duration.days", days=term.days_max)
    yield say(f"maximum_duration.counted_from.{term.counted_from}")


def inactivity(term: Inactivity, say: Speaker) -> Iterator[str]:
    yield say("inactivity.days", days=term.days_max)
    yield say(f"inactivity.counted_from.{term.counted_from}")
    yield say(f"inactivity.open_position.{whether(term.open_position_counts)}")
    yield say(f"inactivity.pending_order.{whether(term.pending_order_counts)}")
    yield consequence_sentence(term.on_breach, say)


def consistency(term: Consistency, say: Speaker) -> Iterator[str]:
    best, of, within = best_result(term, say), say(f"consistency.of.{term.of}"), say(f"within.{term.per}")
    caps = [say.percent(cap) for cap in term.caps_bp]
    if len(caps) == 1:
        yield say(f"consistency.share.{term.boundary}", best=best, of=of, within=within, cap=caps[0])
    else:
        turns = say.by_payout([say(f"consistency.cap.{term.boundary}", cap=cap) for cap in caps])
        yield say("consistency.shares", best=best, of=of, within=within, caps=turns)
    if term.best is Numerator.BEST_DAY or term.of is Denominator.POSITIVE_DAYS:
        yield say(f"consistency.day_basis.{term.day_basis}")
    yield say(f"consistency.effect.{term.effect}")
    if term.fails_at is not None:
        yield say(f"consistency.fails_at.{term.fails_at}")
    yield say("consistency.no_profit")


def best_result(term: Consistency, say: Speaker) -> str:
    return say(f"consistency.best.{term.best}")


def lot_consistency(term: LotConsistency, say: Speaker) -> Iterator[str]:
    largest, within = say.percent(term.max_bp), say(f"within.{term.per}")
    if term.min_bp:
        yield say("lot_consistency.between", smallest=say.percent(term.min_bp), largest=largest, within=within)
    else:
        yield say("lot_consistency.at_most", largest=largest, within=within)
    yield say(f"lot_consistency.partial_closes.{term.partial_closes}")
    yield from breach_sentences(term, say)


def minimum_trades(term: MinimumTrades, say: Speaker) -> Iterator[str]:
    yield say("minimum_trades.trades", trades=term.trades_min, within=say(f"within.{term.per}"))
