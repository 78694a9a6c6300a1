"""Consistency in the neutral vocabulary: scores, what they ask of the profit, and what they do to a target.

Days come one by one, or in sum: the best one with the total, the earlier ones with today's, or a total alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from appliance.conformance.objective_terms import BREACHES_AT, as_asked, chosen
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN
from firm.rules.consistency import Weighed, cap_bp, judge_consistency, weigh
from firm.rules.consistency_bounds import discarded, largest_day, largest_result, raised_target, total_required
from firm.rules.judged import Verdict
from firm.ruleset import Rule
from firm.terms.objectives import Consistency, ConsistencyEffect, DayBasis, Denominator, FailsAt, Numerator
from firm.terms.words import Boundary, Scope
from firm.track import DayResult

_EFFECTS = {"soft": ConsistencyEffect.DELAY, "hard": ConsistencyEffect.FAIL}
DENOMINATORS = {"net_total": Denominator.NET_TOTAL, "positive_days": Denominator.POSITIVE_DAYS}


def consistency(vector: Vector) -> dict[str, Any]:
    params = vector.params
    require_known(params, ("kind", "cap_pct", "cap_pct_by_payout", "denominator", "pass_when", "severity"))
    if ("cap_pct" in params) == ("cap_pct_by_payout" in params):
        raise CannotExpress("one of cap_pct and cap_pct_by_payout says the cap, not both and not none")
    caps = params["cap_pct_by_payout"] if "cap_pct_by_payout" in params else [params["cap_pct"]]
    effect = chosen(params, "severity", _EFFECTS, absent=ConsistencyEffect.DELAY)
    rule = _rule(caps, chosen(params, "denominator", DENOMINATORS), chosen(params, "pass_when", BREACHES_AT), effect)
    if "pnl" in vector.timeline[0]:
        days = _days(vector.timeline)
        counts = range(1, len(days) + 1)
        answers = [_standing(rule, weigh(PLAIN, rule, days[:count], (), 0, None), 0) for count in counts]
    else:
        answers = [_standing_in_sum(rule, entry) for entry in vector.timeline]
    return {**as_asked(answers, vector.expect), "per_day": answers}


def cap_discard(vector: Vector) -> dict[str, Any]:
    """`counted_dayN`: what counts of the Nth day."""
    require_known(vector.params, ("cap_pct", "mode"))
    effect = chosen(vector.params, "mode", {"discard_excess": ConsistencyEffect.DISCARD_EXCESS})
    rule = _rule([vector.params["cap_pct"]], effect=effect)
    cap = cap_bp(PLAIN, rule, 0)
    weighed = weigh(PLAIN, rule, _days(vector.timeline), (), 0, None)
    most = largest_result(PLAIN, rule, weighed.whole, cap)
    excess = discarded(PLAIN, rule, weighed, cap)
    counted = [min(day.profit, most) for day in weighed.results]
    return {
        "total": amount_of(weighed.whole),
        "max_day": amount_of(most),
        "discarded": amount_of(excess),
        "counted_total": amount_of(weighed.whole - excess),
        **{f"counted_day{number}": amount_of(profit) for number, profit in enumerate(counted, start=1)},
    }


def max_today(vector: Vector) -> dict[str, Any]:
    params = vector.params
    require_known(params, ("kind", "cap_pct", "denominator", "pass_when"))
    denominator, boundary = chosen(params, "denominator", DENOMINATORS), chosen(params, "pass_when", BREACHES_AT)
    rule = _rule([params["cap_pct"]], denominator, boundary)
    cap = cap_bp(PLAIN, rule, 0)
    rooms = [largest_day(PLAIN, rule, minor_of(entry["prior_total"]), cap) for entry in vector.timeline]
    return as_asked([{"max_today": _amount_or_none(room)} for room in rooms], vector.expect)


def target_adjusted(vector: Vector) -> dict[str, Any]:
    require_known(vector.params, ("target", "cap_pct"))
    rule = _rule([vector.params["cap_pct"]], effect=ConsistencyEffect.RAISE_TARGET)
    cap, target = cap_bp(PLAIN, rule, 0), minor_of(vector.params["target"])
    answers = [
        {
            "new_target": amount_of(raised_target(PLAIN, rule, minor_of(entry["best_day"]), cap, target)),
            "max_day_for_target": amount_of(largest_result(PLAIN, rule, target, cap)),
        }
        for entry in vector.timeline
    ]
    return as_asked(answers, vector.expect)


def _standing_in_sum(rule: Rule, entry: Mapping[str, Any]) -> dict[str, Any]:
    payouts_made = int(entry.get("payout_no", 1)) - 1
    best = minor_of(entry.get("best_day", 0))
    if "today" not in entry:
        return _standing(rule, Weighed(best, minor_of(entry["total"]), "best day", ()), payouts_made)
    today, others = minor_of(entry["today"]), minor_of(entry["prior_total"])
    added = max(today, 0) if _denominator(rule) is Denominator.POSITIVE_DAYS else today
    standing = _standing(rule, Weighed(max(best, today), others + added, "best day", ()), payouts_made)
    room = largest_day(PLAIN, rule, others, cap_bp(PLAIN, rule, payouts_made))
    return {**standing, "headroom_today": _amount_or_none(None if room is None else room - today)}


def _standing(rule: Rule, weighed: Weighed, payouts_made: int) -> dict[str, Any]:
    """Without a profit in sum the rule does not apply: there is no score, and nothing that was passed or missed."""
    cap = cap_bp(PLAIN, rule, payouts_made)
    verdict = judge_consistency(PLAIN, rule, weighed, cap).verdict
    return {
        "score": Fraction(weighed.best * 100, weighed.whole) if weighed.whole > 0 else None,
        "passed": None if verdict is Verdict.SILENT else verdict in (Verdict.MET, Verdict.KEPT),
        "required_total": amount_of(total_required(PLAIN, rule, weighed.best, cap)),
        "max_day": amount_of(largest_result(PLAIN, rule, weighed.whole, cap)),
    }


def _rule(
    caps: Sequence[Any],
    denominator: Denominator = Denominator.NET_TOTAL,
    boundary: Boundary = Boundary.CROSSES,
    effect: ConsistencyEffect = ConsistencyEffect.DELAY,
) -> Rule:
    return rule_of(
        Consistency(
            id="consistency",
            best=Numerator.BEST_DAY,
            of=denominator,
            day_basis=DayBasis.CLOSE,
            caps_bp=tuple(map(bp_of, caps)),
            boundary=boundary,
            effect=effect,
            per=Scope.CYCLE,
            fails_at=FailsAt.TARGET if effect is ConsistencyEffect.FAIL else None,
        )
    )


def _denominator(rule: Rule) -> Denominator:
    assert isinstance(rule.terms, Consistency)
    return rule.terms.of


def _days(timeline: Iterable[Mapping[str, Any]]) -> list[DayResult]:
    days = []
    for number, entry in enumerate(timeline, start=1):
        if entry.get("ev") != "day":
            raise CannotExpress(f"entry {number} of the timeline is no day")
        days.append(DayResult(str(number), number, closed=minor_of(entry["pnl"]), seq=number))
    return days


def _amount_or_none(minor: int | None) -> Any:
    return None if minor is None else amount_of(minor)
