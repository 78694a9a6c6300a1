"""Trade duration: trades must last: each of them, on average, or those that made most of the profit."""

from collections.abc import Sequence

from firm.arithmetic import Arithmetic
from firm.instant import SECOND_US
from firm.rules.figures import seconds_given, share_rounded_half_away, summed
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.conduct import TradeDuration
from firm.terms.words import BP_WHOLE
from firm.track import Trade


def judge_trade_duration(calc: Arithmetic, rule: Rule, trades: Sequence[Trade]) -> tuple[Judged, ...]:
    """What the term asks of `trades`, those of its scope: one answer a trade, one for the average, one for the share of profit."""
    return (
        *judge_each_duration(calc, rule, trades),
        judge_average_duration(calc, rule, trades),
        judge_profit_of_longer(calc, rule, trades),
    )


def judge_each_duration(calc: Arithmetic, rule: Rule, trades: Sequence[Trade]) -> tuple[Judged, ...]:
    """Whether each trade lasted long enough: exactly so long is."""
    terms = rule.terms
    assert isinstance(terms, TradeDuration)
    if terms.seconds_min is None:
        return ()
    least_us = seconds_given(calc, rule, "shortest that is allowed", terms.seconds_min, "seconds_min")
    answers = []
    for trade in trades:
        lasted_us = _lasted(calc, trade)
        broken = calc.is_below("shorter than is allowed", lasted_us, least_us)
        seconds = int(lasted_us) // SECOND_US
        answers.append(kept(seconds, terms.seconds_min, Unit.SECONDS, trade.position_id, broken=broken))
    return tuple(answers)


def judge_average_duration(calc: Arithmetic, rule: Rule, trades: Sequence[Trade]) -> Judged:
    """Whether trades lasted longer on average: exactly so long is not longer."""
    terms = rule.terms
    assert isinstance(terms, TradeDuration)
    if terms.average_s_min is None or not trades:
        return SILENT
    average_us = seconds_given(calc, rule, "average to exceed", terms.average_s_min, "average_s_min")
    count = calc.given("trades", len(trades), "count", "")
    together_us = summed(calc, "lasted together", [_lasted(calc, trade) for trade in trades])
    broken = calc.is_at_or_below(
        "no longer than that on average", together_us, calc.times("average x trades", average_us, count, "us")
    )
    average = calc.divided_rounded_down("average", together_us, count, "us")
    return kept(average // SECOND_US, terms.average_s_min, Unit.SECONDS, broken=broken)


def judge_profit_of_longer(calc: Arithmetic, rule: Rule, trades: Sequence[Trade]) -> Judged:
    """Whether enough of the gross profit came from trades that lasted longer than `longer_s`. SILENT without any profit."""
    terms = rule.terms
    assert isinstance(terms, TradeDuration)
    if terms.longer_s is None or terms.share_of_longer_bp is None:
        return SILENT
    longer_us = seconds_given(calc, rule, "longer than", terms.longer_s, "longer_s")
    winners = [trade for trade in trades if trade.net > 0]
    gains = [(_net(calc, trade), calc.is_above("a longer trade", _lasted(calc, trade), longer_us)) for trade in winners]
    if not gains:
        return SILENT
    gross = summed(calc, "gross profit", [net for net, _ in gains])
    earned = summed(calc, "profit of longer trades", [net for net, longer in gains if longer])
    asked = calc.given(
        "share to come from longer trades", terms.share_of_longer_bp, "bp", rule.cited("share_of_longer_bp")
    )
    broken = calc.is_below(
        "less than that share",
        calc.times("profit of longer trades x 10000", earned, BP_WHOLE, "scaled"),
        calc.times("gross profit x share", gross, asked, "scaled"),
    )
    share = share_rounded_half_away(calc, "share of longer trades", earned, gross)
    return kept(share, asked, Unit.BP, broken=broken)


def _lasted(calc: Arithmetic, trade: Trade) -> int:
    closed_us = calc.given_of("closing", trade, trade.closed_us, "us", "closed_us")
    opened_us = calc.given_of("opening", trade, trade.began_us, "us", "began_us")
    return calc.minus(f"how long {trade.position_id} lasted", closed_us, opened_us)


def _net(calc: Arithmetic, trade: Trade) -> int:
    return calc.given_of("result", trade, trade.net, "minor", "net/minor")
