"""Protection: which orders must guard a position: a stop loss in time, and no stop that is far beyond the target.

Both are judged on the stop as it stands now: one that is moved away, or taken off, is judged again.
"""

from collections.abc import Sequence

from firm.arithmetic import Arithmetic, Figure
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.figures import seconds_given
from firm.rules.judged import Judged, Unit, Verdict, kept
from firm.ruleset import Rule
from firm.terms.exposure import RiskReward, StopLossRequired
from firm.terms.words import BP_WHOLE
from firm.track import HeldPosition


def judge_stop_loss_required(
    calc: Arithmetic, rule: Rule, risk_allowed: int | None, held: Sequence[HeldPosition], now: Figure
) -> tuple[Judged, ...]:
    """One answer a position. `risk_allowed`: `risk_max` in minor units, worked out by `calc`. `now`: microseconds.

    SILENT while a position without a stop still has time for one, and while what its stop would lose has no price.
    """
    terms = rule.terms
    assert isinstance(terms, StopLossRequired)
    return tuple(
        _judged_stop(calc, rule, terms, position, now)
        if not position.stop_loss
        else _judged_risk(calc, risk_allowed, position)
        for position in held
    )


def _judged_stop(calc: Arithmetic, rule: Rule, terms: StopLossRequired, position: HeldPosition, now: Figure) -> Judged:
    opened_us = calc.given_of("opening", position, position.opened_us, "us", "opened_us")
    held_us = calc.minus("held without a stop", calc.given("now", now.value, "us", now.source), opened_us)
    due_us = seconds_given(calc, rule, "time for a stop", terms.within_s, "within_s")
    late = calc.is_at_or_above("time for a stop is over", held_us, due_us)
    verdict = Verdict.BROKEN if late else Verdict.SILENT
    return Judged(verdict, int(held_us) // SECOND_US, terms.within_s, Unit.SECONDS, position.position_id)


def _judged_risk(calc: Arithmetic, risk_allowed: int | None, position: HeldPosition) -> Judged:
    if risk_allowed is None:
        return Judged(Verdict.KEPT, 0, 0, Unit.MINOR, position.position_id)
    if position.stop_risk is None:
        return Judged(Verdict.SILENT, 0, int(risk_allowed), Unit.MINOR, position.position_id)
    risk = calc.given_of("loss at the stop", position, position.stop_risk, "minor", "")
    broken = calc.is_above("risk above what is allowed", risk, risk_allowed)
    return kept(risk, risk_allowed, Unit.MINOR, position.position_id, broken=broken)


def judge_risk_reward(calc: Arithmetic, rule: Rule, held: Sequence[HeldPosition]) -> tuple[Judged, ...]:
    """One answer for each position that has both a stop and a target; the others have nothing to compare.

    The share that is shown is capped where the target is no gain: then any stop that can lose is too far.
    """
    terms = rule.terms
    assert isinstance(terms, RiskReward)
    return tuple(
        _judged_distances(calc, rule, terms, position)
        for position in held
        if position.stop_loss and position.take_profit
    )


def _judged_distances(calc: Arithmetic, rule: Rule, terms: RiskReward, position: HeldPosition) -> Judged:
    entry = calc.given_of("opening price", position, position.price_open, "points", "price_open")
    stop = calc.given_of("stop", position, position.stop_loss, "points", "stop_loss")
    target = calc.given_of("target", position, position.take_profit, "points", "take_profit")
    if position.side is Side.BUY:
        risk, reward = calc.minus("way to the stop", entry, stop), calc.minus("way to the target", target, entry)
    else:
        risk, reward = calc.minus("way to the stop", stop, entry), calc.minus("way to the target", entry, target)
    allowed = calc.given("stop to target", terms.stop_to_target_max_bp, "bp", rule.cited("stop_to_target_max_bp"))
    risked = calc.times("way to the stop x 10000", calc.highest("way that can be lost", risk, 0), BP_WHOLE, "scaled")
    limit = calc.times("way to the target x share", calc.highest("way that can be won", reward, 0), allowed, "scaled")
    broken = calc.is_above("stop too far for the target", risked, limit)
    share = calc.divided_rounded_half_away(
        "stop to target now", risked, calc.highest("way, a point at least", reward, 1), "bp"
    )
    return kept(share, allowed, Unit.BP, position.position_id, broken=broken)
